/*
 * procfs.h: /proc as the program sees it: its own directory, and those files in
 * the root that tell of the machine's memory. Made from what the guest says of
 * itself, in Linux's format (fs/proc/); what has no meaning in the guest, or
 * the same, is the host's line about this process. See docs/inspect.md.
 *
 * A file is known by a number from 1. The program's descriptor of one is a
 * memory file, filled when it is read, and made anew by a read of its start. A
 * descriptor of a directory is the host's, but its list of names is ours.
 */
#ifndef PROCFS_H
#define PROCFS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct hv_desc_mm;
struct sys;
struct vcpu;

#define PROCFS_NONE 0u
/* Directories; the numbers of files come after them. */
#define PROCFS_SELF 1u /* /proc/PID */
#define PROCFS_FD   2u
#define PROCFS_TASK 3u
#define PROCFS_TID  4u /* /proc/PID/task/TID: as PROCFS_SELF, but for task */
#define PROCFS_DIRS 4u
/* What is the same for all processes here, and says nothing about the VMM. */
#define PROCFS_COMMON                                                          \
	"mounts", "mountinfo", "cpuset", "cgroup", "oom_score",                \
		"oom_score_adj", "oom_adj", "loginuid", "sessionid",           \
		"uid_map", "gid_map", "projid_map", "setgroups"

/*
 * The directory at `rest`, which is what follows /proc/PID: "", "/fd",
 * "/task/TID/fd". PROCFS_NONE if the program has no such directory.
 */
unsigned procfs_find_dir(const char *rest);
/* A file of PROCFS_SELF and PROCFS_TID (or, dir == PROCFS_NONE, of /proc
 * itself) by name. */
unsigned procfs_find(unsigned dir, const char *name);
/* Its name; "" for a process's and a thread's. */
const char *procfs_name(unsigned number);
static inline bool procfs_is_dir(unsigned number)
{
	return number >= 1 && number <= PROCFS_DIRS;
}

/* A file of PROCFS_SELF. */
bool procfs_is_own(unsigned number);
/* Where the program sees a file: "/proc/PID/maps". */
void procfs_path(unsigned number, char *buf);
/* O_PATH of the host's file of that name, to look at; or -errno. */
int procfs_open_host(const struct sys *s, unsigned number);

/* Whether processes have the page [vsyscall] here. */
bool procfs_has_vsyscall(void);

/* A new host descriptor for a file. flags: of open(2). Or -errno. */
int64_t procfs_open(struct sys *s, struct vcpu *v, unsigned number, int flags);
/*
 * The program is about to read `len` bytes at `offset` (-1: at the position)
 * from the file behind host descriptor fd: see that they are there, or as many
 * as one read of Linux's gives. Returns 0 or -errno.
 */
int procfs_refresh(struct sys *s, struct vcpu *v, unsigned number, int fd,
		   int64_t offset, uint64_t len);
/* lseek. Most of these files know no end, so nothing can be sought from it. */
int64_t procfs_seek(unsigned number, int fd, int64_t offset, unsigned whence);
/* getdents64 of a directory into buf; fd: the host's. Bytes or -errno. */
int64_t procfs_getdents(struct sys *s, unsigned number, int fd, uint8_t *buf,
			size_t size);

/*
 * Of the program's faults, those that Linux would call major: that waited for
 * a file which the host's cache had not. The guest's own cache is cold at the
 * start and no measure.
 */
uint64_t procfs_major(const struct sys *s, const struct hv_desc_mm *mm);

/* sysinfo(2): put the guest's memory in place of the host's. */
struct sysinfo;
void procfs_sysinfo(struct vcpu *v, struct sysinfo *info);

/* The whole file, for --dump. Returns 0 or -errno. */
int procfs_show(struct sys *s, struct vcpu *v, unsigned number, FILE *out);
/* Names for --dump: the i-th, or NULL. */
const char *procfs_dump_name(unsigned i);
/* A name for --dump, of either directory; PROCFS_NONE. */
unsigned procfs_find_dump(const char *name);

#endif
