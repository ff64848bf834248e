/*
 * path_internal.h: between path.c, which walks, and path_own.c, which says what
 * there is in this process's part of /proc.
 */
#ifndef PATH_INTERNAL_H
#define PATH_INTERNAL_H

/* O_PATH, magic links refused. resolve: further RESOLVE_*. Or -errno. */
int path_open(int dir, const char *path, bool follow, uint64_t resolve);

bool path_in_procfs(int fd);
/* Is fd in our part? See the comment there for `rest`. */
bool path_is_own(const struct process *p, int fd, char rest[PATH_MAX]);
/*
 * Take fd (or an error, which is returned) into out: what is ours must be a
 * directory that the program has, or it is closed: -ENOENT.
 */
int path_own_dir(const struct process *p, int fd, struct path_ref *out);
/* The entry `name` of our directory `rest`, which is open as out->parent. */
int path_own_lookup(struct thread *t, const char *rest, const char *name,
		    unsigned flags, struct path_ref *out);
/* The program's descriptor fd, the host's `host`, is what was named. */
int path_use_descriptor(struct process *p, int fd, int host,
			struct path_ref *out);

/*
 * A path that begins with /proc/N, a process of the guest: whose it is goes to
 * out->of, and the path that the host has for it is returned, in `renamed`; any
 * other is returned as it is. Also of what is relative to such a directory.
 */
const char *path_of_other(struct process *p, int dirfd, const char *path,
			  char renamed[PATH_MAX], struct path_ref *out);

#endif
