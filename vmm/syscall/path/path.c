/*
 * path.c: path resolution. See path.h.
 */
#include "path.h"
#include "fdpath.h"
#include "kernelfs.h"
#include "path_internal.h"
#include "procfs.h"
#include "stop.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#define LINKS_MAX 40 /* as in Linux: MAXSYMLINKS */
#define DEPTH_MAX 8  /* magic links inside of links */

/* What a path may take yet. */
struct budget {
	unsigned links, depth;
};

static int walk(struct thread *t, int base, const char *path, unsigned flags,
		struct budget *left, struct path_ref *out);

int path_open(int dir, const char *path, bool follow, uint64_t resolve)
{
	const struct open_how how = {
		.flags = O_PATH | O_CLOEXEC |
			 (follow ? 0u : (unsigned)O_NOFOLLOW),
		.resolve = RESOLVE_NO_MAGICLINKS | resolve,
	};
	int64_t r;

	do {
		r = host_call(SYS_openat2, dir, path, &how, sizeof(how));
	} while (r == -EINTR && !stop_signal());
	return (int)r;
}

/* Split off the last component; dir gets "" if there is no other. */
static int split(const char *path, char dir[PATH_MAX], struct path_ref *out)
{
	size_t len = strlen(path), start;

	while (len > 1 && path[len - 1] == '/') {
		out->slash = true;
		len--;
	}
	for (start = len; start && path[start - 1] != '/';)
		start--;
	memcpy(dir, path, start);
	dir[start] = '\0';
	if (len - start > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(out->last, path + start, len - start);
	out->last[len - start] = '\0';
	if (start == len) /* "/" */
		strcpy(out->last, ".");
	return 0;
}

static void path_begin(struct path_ref *out)
{
	out->fd = out->parent = out->guest_fd = -1;
	out->borrowed = out->slash = out->own_link = false;
	out->proc = PROCFS_NONE;
	out->proc_arg = 0;
	out->of = NULL;
	out->last[0] = out->target[0] = '\0';
}

/*
 * Bytes of the shortest beginning of path that leads over a magic link; or what
 * else is wrong.
 */
static int find_magic(int base, char path[PATH_MAX])
{
	size_t len = 0;

	for (;;) {
		char end;
		int fd;

		len += strspn(path + len, "/");
		if (!path[len])
			return -ELOOP;
		len += strcspn(path + len, "/");
		end = path[len];
		path[len] = '\0';
		fd = path_open(base, path, true, 0);
		path[len] = end;
		if (fd == -ELOOP)
			return (int)len;
		if (fd < 0)
			return fd;
		close(fd);
	}
}

static int open_parent(struct thread *t, int base, const char *dir,
		       struct budget *left);

/* A magic link, which the host does not follow for us, is on the way to dir. */
static int open_behind_magic(struct thread *t, int base, const char *dir,
			     struct budget *left)
{
	char path[PATH_MAX];
	struct path_ref ref;
	int len, r;

	if (!left->links || !left->depth)
		return -ELOOP;
	strcpy(path, dir);
	len = find_magic(base, path);
	if (len < 0)
		return len;
	path[len] = '\0';
	left->links--;
	left->depth--;
	path_begin(&ref);
	r = walk(t, base, path, 0, left, &ref);
	if (r == 0)
		r = open_parent(t, ref.fd, dir + len + strspn(dir + len, "/"),
				left);
	left->depth++;
	path_release(&ref);
	return r;
}

/* The directory that a last component is in. */
static int open_parent(struct thread *t, int base, const char *dir,
		       struct budget *left)
{
	struct stat st;
	int fd = path_open(base, *dir ? dir : ".", true, 0);

	if (fd == -ELOOP)
		return open_behind_magic(t, base, dir, left);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode)) {
		close(fd);
		return -ENOTDIR;
	}
	return fd;
}

static int accept_fd(struct process *p, int fd, struct path_ref *out)
{
	struct stat st;
	int r = path_own_dir(p, fd, out);

	if (r < 0)
		return r;
	if (out->slash && fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode)) {
		close(fd);
		out->fd = -1;
		return -ENOTDIR;
	}
	return 0;
}

/* Is it an entry of /proc itself? */
static bool is_root(const struct process *p, const struct path_ref *ref)
{
	char real[PATH_MAX];

	return path_in_procfs(ref->parent) &&
	       fdpath_real(p->machine, ref->parent, real, sizeof(real)) == 0 &&
	       !strcmp(real, "/proc");
}

static bool in_sysfs(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == SYSFS_MAGIC;
}

/* A file of the machine's that tells of the guest. */
static void find_special(const struct process *p, int fd, struct path_ref *ref)
{
	char real[PATH_MAX];

	if (fd >= 0 && fdpath_real(p->machine, fd, real, sizeof(real)) == 0)
		ref->proc = procfs_find_path(real);
}

/*
 * A link in /proc: those in its root are ordinary, all others are magic, and
 * the host is asked once more, which refuses to follow magic ones.
 */
static bool is_magic(const struct process *p, const struct path_ref *ref)
{
	return path_in_procfs(ref->parent) && !is_root(p, ref);
}

/*
 * One step: look at the last component of `path` from base. Returns 0 or
 * -errno when done, or 1 with the link's text in `path`.
 */
static int step(struct thread *t, int base, char path[PATH_MAX], unsigned flags,
		struct budget *left, struct path_ref *out)
{
	char dir[PATH_MAX], rest[PATH_MAX];
	bool keep = flags & (PATH_NOFOLLOW | PATH_PARENT);
	struct stat st;
	struct process *p = t->process;
	ssize_t n;
	int too_long = split(path, dir, out), fd;

	out->parent = open_parent(t, base, dir, left);
	if (out->parent < 0)
		return out->parent;
	if (too_long)
		return too_long;
	if (path_is_own(p, out->parent, rest)) {
		fd = path_own_lookup(t, rest, out->last, flags, out);
		if (fd == 0 && out->slash && fstat(out->fd, &st) == 0 &&
		    !S_ISDIR(st.st_mode))
			return -ENOTDIR;
		return fd;
	}
	fd = path_open(out->parent, out->last, false, 0);
	find_special(p, fd, out);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISLNK(st.st_mode) ||
	    (keep && (!out->slash || (flags & PATH_PARENT))))
		return flags & PATH_PARENT && fd >= 0 ? (out->fd = fd, 0)
						      : accept_fd(p, fd, out);
	if (is_magic(p, out)) {
		close(fd);
		return accept_fd(p, path_open(out->parent, out->last, true, 0),
				 out);
	}
	n = readlinkat(fd, "", path, PATH_MAX - 1);
	close(fd);
	if (n < 0)
		return -errno;
	path[n] = '\0';
	return n ? 1 : -ENOENT;
}

static int walk(struct thread *t, int base, const char *path, unsigned flags,
		struct budget *left, struct path_ref *out)
{
	char buf[PATH_MAX];
	int from = -1, r;

	strcpy(buf, path);
	for (; left->links; left->links--) {
		out->parent = -1;
		r = step(t, from < 0 ? base : from, buf, flags, left, out);
		if (from >= 0)
			close(from);
		if (r <= 0)
			return r;
		from = out->parent;
	}
	if (from >= 0)
		close(from);
	out->parent = -1;
	return -ELOOP;
}

static int resolve_empty(struct process *p, int dirfd, struct path_ref *out)
{
	int host = dirfd == AT_FDCWD ? p->cwd : fdtable_host(&p->fds, dirfd);

	if (host < 0)
		return host;
	if (dirfd != AT_FDCWD)
		return path_use_descriptor(p, dirfd, host, out);
	out->fd = host;
	out->borrowed = true;
	return 0;
}

int path_resolve(struct thread *t, int dirfd, const char *path, unsigned flags,
		 uint64_t resolve, struct path_ref *out)
{
	struct budget left = {LINKS_MAX, DEPTH_MAX};
	struct process *p = t->process;
	char renamed[PATH_MAX];
	int base = p->cwd, fd, r;

	path_begin(out);
	path = path_of_other(p, dirfd, path, renamed, out);
	if (!*path)
		return flags & PATH_EMPTY ? resolve_empty(p, dirfd, out)
					  : -ENOENT;
	if ((*path != '/' || resolve) && dirfd != AT_FDCWD)
		base = fdtable_host(&p->fds, dirfd);
	if (base < 0)
		return base;
	if (resolve)
		return accept_fd(p,
				 path_open(base, path, !(flags & PATH_NOFOLLOW),
					   resolve),
				 out);
	if (!(flags & PATH_PARENT)) {
		fd = path_open(base, path, !(flags & PATH_NOFOLLOW), 0);
		if (fd >= 0 && !path_in_procfs(fd)) {
			if (in_sysfs(fd))
				find_special(p, fd, out);
			out->fd = fd;
			return 0;
		}
		if (fd >= 0)
			close(fd);
	}
	r = walk(t, base, path, flags, &left, out);
	return r == -ENOENT && (flags & PATH_PARENT) && out->parent >= 0 ? 0
									 : r;
}

void path_release(struct path_ref *ref)
{
	if (ref->fd >= 0 && !ref->borrowed)
		close(ref->fd);
	if (ref->parent >= 0)
		close(ref->parent);
	ref->fd = ref->parent = -1;
}

int path_lookup(struct call *c, int dirfd, uint64_t va, unsigned flags,
		struct path_ref *out)
{
	char path[PATH_MAX];
	int64_t len = usermem_read_str(c->v, va, path, sizeof(path));

	out->fd = out->parent = -1;
	if (len < 0)
		return (int)len;
	return path_resolve(c->t, dirfd, path, flags, 0, out);
}

unsigned path_flags(uint64_t at_flags)
{
	return (at_flags & AT_SYMLINK_NOFOLLOW ? PATH_NOFOLLOW : 0) |
	       (at_flags & AT_EMPTY_PATH ? PATH_EMPTY : 0);
}

static bool rw_reaches(const struct process *p, int fd, const char *real)
{
	return rw_allows(&p->machine->rw, real) && !kernelfs_has(fd);
}

/* An object that is in a file system. */
static bool may_change_object(const struct process *p, int fd, const char *real)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode))
		return false;
	/* It is not what has that name now, and others may have it open. */
	if (!st.st_nlink)
		return rw_reaches(p, fd, real) || fdtable_is_own(&p->fds, &st);
	return rw_reaches(p, fd, real) || temp_allows(&p->machine->temp, real);
}

static bool may_change_entry(const struct process *p, int fd, const char *real,
			     const char *name)
{
	if (rw_reaches(p, fd, real) || temp_allows(&p->machine->temp, real))
		return true;
	return temp_is_dir(&p->machine->temp, real) &&
	       (*name == '/' || temp_is_free(&p->machine->temp, fd, name));
}

bool path_is_changeable(const struct process *p, int fd)
{
	char real[PATH_MAX];

	if (fdpath_real(p->machine, fd, real, sizeof(real)) < 0)
		return false;
	/* Else it is a pipe, a socket: in no file system. */
	return real[0] != '/' || may_change_object(p, fd, real);
}

int path_may_change(struct process *p, int fd, const char *name)
{
	char real[PATH_MAX + NAME_MAX + 2];

	if (!name && path_is_changeable(p, fd))
		return 0;
	if (fdpath_real(p->machine, fd, real, PATH_MAX) < 0)
		return -EROFS;
	if (name && may_change_entry(p, fd, real, name))
		return 0;
	if (kernelfs_has(fd))
		return -EROFS; /* --rw would not help */
	if (name) {
		if (real[1] && *name != '/')
			strcat(real, "/");
		strcat(real, name);
	}
	rw_refuse(&p->machine->rw, real);
	return -EROFS;
}

bool path_is_temporary(const struct process *p, int fd)
{
	char real[PATH_MAX];

	return p->machine->temp.used &&
	       fdpath_real(p->machine, fd, real, sizeof(real)) == 0 &&
	       temp_allows(&p->machine->temp, real);
}

bool path_is_writable(const struct process *p, int fd)
{
	return path_is_changeable(p, fd) || path_is_temp_dir(p, fd);
}

bool path_is_temp_dir(const struct process *p, int fd)
{
	char real[PATH_MAX];

	return p->machine->temp.nr_dirs &&
	       fdpath_real(p->machine, fd, real, sizeof(real)) == 0 &&
	       temp_is_dir(&p->machine->temp, real);
}

/* An access list for what is made there stands in the mask's place. */
static bool has_default_acl(int fd)
{
	char self[FDPATH_SELF_MAX];

	fdpath_self(self, fd);
	return getxattr(self, "system.posix_acl_default", NULL, 0) > 0;
}

mode_t path_new_mode(const struct process *p, int fd, mode_t mode)
{
	return has_default_acl(fd) ? mode : mode & ~p->umask;
}

void path_made(struct process *p, int fd, const char *name)
{
	if (path_is_temp_dir(p, fd))
		temp_made(&p->machine->temp, fd, name);
}
