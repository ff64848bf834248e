/*
 * path.h: from a path of the program to an O_PATH descriptor that it may have.
 *
 * The host resolves; the result is judged by where it really is. What belongs
 * to the VMM's own process in /proc is never reached: there, `exe`, `cwd`,
 * `root` and `fd/N` (also by /dev/fd, /dev/stdin, ...) mean the program's,
 * files that procfs.h has are the program's too (`proc` says so: fd is good to
 * look at, never to be read), and everything else does not exist. Magic links
 * of other processes are not followed. Calls then act on the descriptor, not on
 * the name, so nothing can be exchanged in between.
 */
#ifndef PATH_H
#define PATH_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "call.h"

#define PATH_NOFOLLOW 1u /* the last component may be a symbolic link */
#define PATH_EMPTY    2u /* an empty path means dirfd itself */
#define PATH_PARENT   4u /* to change a name: parent and last, fd optional */

struct path_ref {
	int fd;	       /* O_PATH (or the program's, see borrowed), or -1 */
	bool borrowed; /* fd belongs to someone else */
	int guest_fd;  /* the program's descriptor that was named, or -1 */
	int parent;    /* O_PATH directory of the last component, or -1 */
	bool slash;    /* the path ended in '/' */
	unsigned proc; /* fd is the host's file of that name (procfs.h) */
	unsigned proc_arg;
	struct process *of; /* whose part of /proc it is in */
	bool own_link; /* fd is a link in our /proc; `target` is its text */
	char last[NAME_MAX + 1];
	char target[PATH_MAX];
};

/*
 * Resolve `path` from the guest descriptor dirfd (or AT_FDCWD). Returns 0 with
 * out->fd set, or -errno; on -ENOENT, parent and last are set if only the last
 * component is missing (parent -1 if not). With PATH_PARENT, last is never a
 * link followed, and a missing one is no error (fd is -1). resolve: RESOLVE_*
 * of openat2(2), 0 for all other calls. path_release in any case.
 */
int path_resolve(struct thread *t, int dirfd, const char *path, unsigned flags,
		 uint64_t resolve, struct path_ref *out);
void path_release(struct path_ref *ref);

/* The same with the path taken from the program's memory. */
int path_lookup(struct call *c, int dirfd, uint64_t va, unsigned flags,
		struct path_ref *out);
/* AT_SYMLINK_NOFOLLOW and AT_EMPTY_PATH as PATH_*. */
unsigned path_flags(uint64_t at_flags);

/*
 * May the program change the object behind fd, or, with name, the entry `name`
 * of directory fd? PATH_UNNAMED stands for a new file without a name. Returns
 * 0, or -EROFS and remembers the path.
 */
#define PATH_UNNAMED "/unnamed"
int path_may_change(struct process *p, int fd, const char *name);

/*
 * The mode of what the program makes in directory fd, by the umask of the
 * process: Linux mode_strip_umask, posix_acl_create.
 */
mode_t path_new_mode(const struct process *p, int fd, mode_t mode);
/* The program has made the entry `name` of directory fd. */
void path_made(struct process *p, int fd, const char *name);
/* A directory for temporary files, itself? */
bool path_is_temp_dir(const struct process *p, int fd);
/* Of what the program made in one? `--rw` does not count. */
bool path_is_temporary(const struct process *p, int fd);
/* As path_may_change of the object, and nothing is remembered. */
bool path_is_changeable(const struct process *p, int fd);
/* May something be written there? For a directory: inside it. */
bool path_is_writable(const struct process *p, int fd);

#endif
