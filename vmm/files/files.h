/*
 * files.h: files that are mapped into guests, numbered from 1: the program
 * itself is added first and gets 1. One number for an inode, as long as the
 * guest keeps it, or an exec under way holds it for the guest. The table owns a
 * read descriptor of its own for each, and one to write back by once a shared
 * mapping may write.
 */
#ifndef FILES_H
#define FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* As a line of /proc/PID/maps names it. */
struct file_identity {
	unsigned major, minor;
	uint64_t ino;
};

/* A name by which it was opened: two links may lead to one inode. */
struct file_name {
	uint32_t opened; /* opening_of; 0: all that have no other */
	int fd;		 /* to ask what the name is now; -1: nobody knows */
	char *path;	 /* as it was then */
};

struct file {
	int fd;	    /* for reading; -1: free */
	int wfd;    /* for writing back, -1: not allowed */
	off_t size; /* when last looked at */
	bool zero;  /* /dev/zero: nothing is ever written to it */
	dev_t dev;
	ino_t ino;
	bool in_memory;		 /* of a tmpfs, as a memfd is */
	struct file_name *names; /* the first is that of fd */
	unsigned nr_names;
	void *window; /* mapping of wfd, or NULL; files_window_open() */
	size_t window_size;
	struct file_identity shown; /* by maps; kept by procfs_maps.c */
	bool shown_known;
	bool given;	/* the guest has the number */
	uint32_t holds; /* by execs that are not given yet */
};

struct files {
	struct file *file; /* number n is file[n - 1] */
	uint32_t size;
	uint32_t nr_writable; /* with a wfd */
	uint64_t waits;	      /* reads that the host's cache could not serve */
	/* Changes with each number given or taken back; 0: none ever was. */
	uint64_t version;
};

void files_fini(struct files *f);
/*
 * A number for the inode behind fd (not consumed), or -errno: the guest is
 * given it, and puts it back.
 */
int files_add(struct files *f, int fd, const char *path);
/* The same, but the guest may never see it: held until files_release. */
int files_hold(struct files *f, int fd, const char *path);
void files_release(struct files *f, uint32_t number, bool given);
/* NULL if there is none of that number. */
struct file *files_find(const struct files *f, uint32_t number);
/* The number of the inode behind fd, 0: it has none. */
uint32_t files_number(const struct files *f, int fd);
/* Get a descriptor for writing back, like fd. 0 or -errno. */
int files_allow_write(struct files *f, uint32_t number, int fd);
/* The guest has no use for it any more. */
void files_put(struct files *f, uint32_t number);
/* This opening of the file, fd (not consumed), has another name. 0 or -ENOMEM
 */
int file_add_name(struct file *file, uint32_t opened, int fd, const char *path);
/* The name by which an opening was made; never NULL. */
const struct file_name *file_name_of(const struct file *file, uint32_t opened);

/*
 * A mapping of the VMM's own, as the program has one that may write: the host's
 * kernel refuses a seal because of it, and it can be written to where a seal
 * forbids write(2). Needs wfd. 0 or -errno.
 */
int files_window_open(struct file *f);
void files_window_close(struct file *f);
/* [offset, offset + len) lies in the file. 0, -ENOMEM or -EIO. */
int files_window_write(struct file *f, uint64_t offset, const void *src,
		       size_t len);

/* HV_FILE_TMPFS, HV_FILE_HUGE: what file system a host descriptor is of. */
uint32_t files_kind(int fd);
/* A seal forbids that a new shared mapping may write. */
bool files_is_sealed(int fd);

#endif
