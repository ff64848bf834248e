/*
 * procfs.h: /proc as the program sees it: its own directory, and those files in
 * the root that tell of the machine's memory. Made from what the guest says of
 * itself, in Linux's format (fs/proc/); what has no meaning in the guest, or
 * the same, is the host's line about this process. See docs/inspect.md.
 *
 * A file is known by a number from 1, and fdinfo/N by the descriptor, too. The
 * program's descriptor of one is a memory file, filled when it is read, and
 * made anew by a read of its start; what is written goes where it belongs at
 * once. A descriptor of a directory is the host's, but its list of names is
 * ours.
 */
#ifndef PROCFS_H
#define PROCFS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct hv_desc_mm;
struct machine;
struct process;
struct thread;
struct vcpu;

#define PROCFS_NONE 0u
/* Directories; the numbers of files come after them. */
#define PROCFS_SELF	 1u /* /proc/PID */
#define PROCFS_FD	 2u
#define PROCFS_TASK	 3u
#define PROCFS_TID	 4u /* /proc/PID/task/TID: as PROCFS_SELF, but for task */
#define PROCFS_FDINFO	 5u
#define PROCFS_MAP_FILES 6u
#define PROCFS_DIRS	 6u

/*
 * The directory at `rest`, which is what follows /proc/PID: "", "/fd",
 * "/task/TID/fd". PROCFS_NONE if the program has no such directory.
 */
unsigned procfs_find_dir(const char *rest);
/* A file of PROCFS_SELF and PROCFS_TID by name. */
unsigned procfs_find(unsigned dir, const char *name);
/* A file of the machine's, by its path. */
unsigned procfs_find_path(const char *path);
/* The file in PROCFS_FDINFO: its arg is the program's descriptor. */
unsigned procfs_find_fdinfo(void);
/* A directory in a process's or a thread's, by name. */
unsigned procfs_find_subdir(unsigned dir, const char *name);
/* Is that name there, and the host's: read by the program as it is? */
bool procfs_is_hosts(const char *name);
/* Is `rest` (as above) in such a directory, or one itself? */
bool procfs_in_hosts(const char *rest);
/*
 * The entry "START-END" of PROCFS_MAP_FILES: the mapping, of a file or of
 * shared memory without one. 0 or -errno.
 */
struct hv_desc_vma;
int procfs_find_mapped(struct thread *t, const char *name,
		       struct hv_desc_vma *v);
/* Its name; "" for a process's and a thread's. */
const char *procfs_name(unsigned number);
static inline bool procfs_is_dir(unsigned number)
{
	return number >= 1 && number <= PROCFS_DIRS;
}

/* A file of a process, not of the machine. */
bool procfs_is_own(unsigned number);
/* Where the program sees a file: "/proc/PID/maps". */
void procfs_path(int pid, unsigned number, unsigned arg, char *buf);
/* O_PATH of the host's file of that name, to look at; or -errno. */
int procfs_open_host(const struct process *p, unsigned number, unsigned arg);

/* Whether processes have the page [vsyscall] here. */
bool procfs_has_vsyscall(void);

/*
 * The calls that follow are about this process: NULL, or its own: the thread's.
 * Until another call of it, which is at the end of each system call.
 */
void procfs_about(struct thread *t, const struct process *whose);

/* A new host descriptor for a file. flags: of open(2). Or -errno. */
int64_t procfs_open(struct thread *t, unsigned number, unsigned arg, int flags);
/* May one write to it? */
bool procfs_is_writable(unsigned number);
/* Does procfs_write and procfs_read move the bytes, not the memory file? */
bool procfs_is_live(unsigned number, bool writes);
/*
 * At `offset`, -1: at the position of fd, which is moved. A count or -errno.
 */
int64_t procfs_read(struct thread *t, unsigned number, int fd, void *dst,
		    size_t len, int64_t offset);
int64_t procfs_write(struct thread *t, unsigned number, int fd, const void *src,
		     size_t len, int64_t offset);
/*
 * The program is about to read `len` bytes at `offset` (-1: at the position)
 * from the file behind a descriptor: see that they are there, or as many as one
 * read of Linux's gives; made anew unless the read goes on where the last one
 * ended. Returns 0 or -errno.
 */
struct fd_entry;
int procfs_refresh(struct thread *t, const struct fd_entry *e, int64_t offset,
		   uint64_t len);
/* A read of it has ended at `end`. */
void procfs_note_read(struct machine *m, const struct fd_entry *e,
		      uint64_t end);
/* lseek(2) of one: the new position or -errno. */
int64_t procfs_seek(struct thread *t, const struct fd_entry *e, int64_t offset,
		    int whence);
/* getdents64 of a directory into buf; fd: the host's. Bytes or -errno. */
int64_t procfs_getdents(struct thread *t, unsigned number, int fd, uint8_t *buf,
			size_t size);

/*
 * Of the program's faults, those that Linux would call major: that waited for
 * a file which the host's cache had not. The guest's own cache is cold at the
 * start and no measure.
 */
uint64_t procfs_major(const struct machine *m, const struct hv_desc_mm *mm);
/* ioctl(2) on such a file: PROCMAP_QUERY, PAGEMAP_SCAN; arg: its third. */
int64_t procfs_ioctl(struct thread *t, unsigned number, uint32_t request,
		     uint64_t arg);

/* sysinfo(2): put the guest's memory in place of the host's. */
struct sysinfo;
void procfs_sysinfo(struct vcpu *v, struct sysinfo *info);

/* The whole file, for --dump. Returns 0 or -errno. */
int procfs_show(struct thread *t, unsigned number, unsigned arg, FILE *out);
/* Names for --dump: the i-th, or NULL. */
const char *procfs_dump_name(unsigned i);
/* A name for --dump, of either directory; PROCFS_NONE. */
unsigned procfs_find_dump(const char *name);

#endif
