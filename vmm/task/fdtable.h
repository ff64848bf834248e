/*
 * fdtable.h: the program's descriptors: guest number -> host descriptor.
 *
 * Each open guest number owns one host descriptor, which always has
 * FD_CLOEXEC; the program's own close-on-exec flag is kept here. Numbers are
 * given lowest first, as POSIX asks. A host descriptor that is not in the table
 * (the VMM's own) has no number and cannot be reached.
 */
#ifndef FDTABLE_H
#define FDTABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct fd_entry {
	int host; /* -1: free */
	bool cloexec;
	uint32_t opened; /* mapped.c: opening_of, 0: was not asked for */
	/* mapped.c: the mapped file behind it, as of files_version. */
	uint32_t file;
	uint64_t files_version;
	int lost;	 /* lost.c: what it is to be told, -errno; or 0 */
	int lost_fs;	 /* likewise, of the file system */
	int shown_flags; /* of F_GETFL: those that the host was not told */
	dev_t dev;
	ino_t ino;
	bool own;      /* without a name because of the program, or new */
	uint8_t lock;  /* locks.c: LOCK_SH, LOCK_EX */
	bool bulk;     /* a read of any length is answered in full */
	uint8_t lease; /* owner.c: 0 none, else its type + 1 */
	bool streams;  /* a write takes what it wants and looks at no more */
	uint8_t proc;  /* procfs.h: number of the file; or 0 */
	uint32_t proc_arg;
	int proc_pid;	   /* of another process of the guest; or 0 */
	uint64_t proc_id;  /* which opening of it: copies have the same */
	int pidfd;	   /* of this process of the guest, or 0: pidfd.c */
	uint32_t signalfd; /* signalfd.h: its number, as copies have; or 0 */
	uint64_t signals;  /* that it takes */
};

/*
 * A host descriptor that a call uses without the machine's lock: closed
 * meanwhile, it stays open until the call ends, as in Linux (fdget).
 */
struct fd_hold {
	struct fd_hold *next;
	int host; /* < 0: none */
	bool closed;
};

struct fdtable {
	struct fd_entry *entry;
	struct fd_hold *holds;
	unsigned size;	/* entries allocated: FDSize of /proc/PID/status */
	unsigned limit; /* RLIMIT_NOFILE: numbers are below it */
	int owner;	/* pid: whose record locks go when one is closed */
	/*
	 * Host descriptors are below it: where our own limit is no higher than
	 * the program's, some must be left for calls on paths.
	 */
	int host_end;
};

/* limit: the program's; the process's own is raised already. */
void fdtable_init(struct fdtable *t, uint64_t limit);
void fdtable_set_limit(struct fdtable *t, uint64_t limit);
/* Closes all. */
void fdtable_fini(struct fdtable *t);

/*
 * Make the descriptors that this process inherited the program's, under the
 * same numbers: 0 to 2 (copied: the VMM keeps its own), and, if `all`, every
 * other one without FD_CLOEXEC, which is taken over. The VMM must have opened
 * its own with O_CLOEXEC, and few. As at execve, the table is of the size that
 * this process has. Returns 0 or -errno.
 */
int fdtable_inherit(struct fdtable *t, bool all);

/* The host descriptor of guest number fd, or -EBADF. */
int fdtable_host(const struct fdtable *t, int fd);
/* The entry of fd, or NULL. Valid until the next change of the table. */
struct fd_entry *fdtable_entry(const struct fdtable *t, int fd);

/*
 * Give `host` the lowest free number that is at least `min`. Takes ownership,
 * also on failure. Returns the number, -EMFILE or -ENOMEM.
 */
int fdtable_install(struct fdtable *t, int host, bool cloexec, unsigned min);
/* Give `host` the number fd, closing what was there. Owns `host` likewise. */
int fdtable_install_at(struct fdtable *t, int fd, int host, bool cloexec);
/*
 * A file has lost its last name by the program's doing: nobody else has it. And
 * is one that has none the program's in this way? One that it was given, or
 * that others have removed, is not.
 */
struct stat;
void fdtable_set_own(struct fdtable *t, const struct stat *st);
bool fdtable_is_own(const struct fdtable *t, const struct stat *st);
/* As fork has it: the same open files. 0 or -errno; then `to` has none. */
int fdtable_copy(struct fdtable *to, const struct fdtable *from);
/* A new host descriptor for the same file, or -errno. */
int fdtable_dup_host(const struct fdtable *t, int fd);
/* Returns 0 or -EBADF (the errors of close(2) are passed on). */
int fdtable_close(struct fdtable *t, int fd);
/* All that are to be closed at execve. */
void fdtable_close_on_exec(struct fdtable *t);

/* Hold `host` (nothing if it is negative) until fdtable_release. */
void fdtable_hold(struct fdtable *t, int host, struct fd_hold *hold);
void fdtable_release(struct fdtable *t, struct fd_hold *hold);

#endif
