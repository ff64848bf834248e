/*
 * stat.c: calls that look at a path: stat, access, readlink, statfs.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "families.h"
#include "fdpath.h"
#include "path.h"

/* Since Linux 6.11 a null path, where allowed, is an empty one. */
static int lookup(struct call *c, int dirfd, uint64_t va, unsigned flags,
		  struct path_ref *ref)
{
	if (!va && (flags & PATH_EMPTY))
		return path_resolve(c->t, dirfd, "", flags, 0, ref);
	return path_lookup(c, dirfd, va, flags, ref);
}

static int64_t stat_at(struct call *c, int dirfd, uint64_t va, uint64_t out,
		       unsigned flags)
{
	struct path_ref ref;
	struct stat st;
	int r = lookup(c, dirfd, va, flags, &ref);

	if (r == 0 && fstat(ref.fd, &st) < 0)
		r = -errno;
	path_release(&ref);
	return r < 0 ? r : call_put(c, out, &st, sizeof(st));
}

int64_t stat_fstat(struct call *c)
{
	int fd = (int)c->arg[0];

	return fd < 0 ? -EBADF : stat_at(c, fd, 0, c->arg[1], PATH_EMPTY);
}

int64_t stat_stat(struct call *c)
{
	return stat_at(c, AT_FDCWD, c->arg[0], c->arg[1], 0);
}

int64_t stat_lstat(struct call *c)
{
	return stat_at(c, AT_FDCWD, c->arg[0], c->arg[1], PATH_NOFOLLOW);
}

int64_t stat_newfstatat(struct call *c)
{
	uint64_t flags = c->arg[3];
	bool by_fd = (int)c->arg[0] >= 0 && flags & AT_EMPTY_PATH;
	char first = '/';

	/* Of a descriptor alone no other flags are looked at. */
	if (by_fd)
		call_get(c, c->arg[1], &first, 1);
	if (first && (uint32_t)flags & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT |
					 AT_EMPTY_PATH))
		return -EINVAL;
	return stat_at(c, (int)c->arg[0], c->arg[1], c->arg[2],
		       path_flags(flags));
}

int64_t stat_statx(struct call *c)
{
	uint32_t flags = (uint32_t)c->arg[2], mask = (uint32_t)c->arg[3];
	struct path_ref ref;
	struct statx st;
	int64_t r;

	if ((mask & 0x80000000u) ||
	    (flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE ||
	    (flags & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH |
		       AT_STATX_SYNC_TYPE)))
		return -EINVAL;
	r = lookup(c, (int)c->arg[0], c->arg[1], path_flags(flags), &ref);
	if (r == 0)
		r = host_call(SYS_statx, ref.fd, "",
			      AT_EMPTY_PATH | (flags & AT_STATX_SYNC_TYPE),
			      mask, &st);
	path_release(&ref);
	return r < 0 ? r : call_put(c, c->arg[4], &st, sizeof(st));
}

/*
 * What the rules forbid is not writable either: else programs would find out
 * only when they try. A read-only file system answers EROFS here, as on Linux.
 */
static int64_t access_fd(struct call *c, const struct path_ref *ref, int mode,
			 int flags)
{
	struct stat st;
	int64_t r = host_call(SYS_faccessat2, ref->fd, "", mode,
			      AT_EMPTY_PATH | (flags & AT_EACCESS));

	if (r < 0 || !(mode & W_OK) || fstat(ref->fd, &st) < 0)
		return r;
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return r;
	return path_is_writable(c->p, ref->fd) ? r : -EROFS;
}

static int64_t access_at(struct call *c, int dirfd, uint64_t va, int mode,
			 uint64_t flags)
{
	struct path_ref ref;
	int64_t r;

	if ((mode & ~7) || ((uint32_t)flags & ~(AT_EACCESS | AT_EMPTY_PATH |
						AT_SYMLINK_NOFOLLOW)))
		return -EINVAL;
	r = path_lookup(c, dirfd, va, path_flags(flags), &ref);
	if (r == 0)
		r = access_fd(c, &ref, mode, (int)flags);
	path_release(&ref);
	return r;
}

int64_t stat_access(struct call *c)
{
	return access_at(c, AT_FDCWD, c->arg[0], (int)c->arg[1], 0);
}

int64_t stat_faccessat(struct call *c)
{
	return access_at(c, (int)c->arg[0], c->arg[1], (int)c->arg[2], 0);
}

int64_t stat_faccessat2(struct call *c)
{
	return access_at(c, (int)c->arg[0], c->arg[1], (int)c->arg[2],
			 c->arg[3]);
}

static int64_t link_text(const struct path_ref *ref, char buf[PATH_MAX])
{
	struct stat st;
	ssize_t n;

	if (ref->own_link) {
		strcpy(buf, ref->target);
		return (int64_t)strlen(buf);
	}
	if (fstat(ref->fd, &st) < 0)
		return -errno;
	/* Linux's answer if an empty path names no link. */
	if (!S_ISLNK(st.st_mode))
		return ref->borrowed ? -ENOENT : -EINVAL;
	n = readlinkat(ref->fd, "", buf, PATH_MAX);
	return n < 0 ? -errno : n;
}

static int64_t readlink_at(struct call *c, int dirfd, uint64_t va, uint64_t out,
			   int size)
{
	char buf[PATH_MAX];
	struct path_ref ref;
	int64_t r;

	if (size <= 0)
		return -EINVAL;
	r = path_lookup(c, dirfd, va, PATH_NOFOLLOW | PATH_EMPTY, &ref);
	if (r == 0)
		r = link_text(&ref, buf);
	path_release(&ref);
	if (r > size)
		r = size;
	if (r > 0 && call_put(c, out, buf, (size_t)r) < 0)
		return -EFAULT;
	return r;
}

int64_t stat_readlink(struct call *c)
{
	return readlink_at(c, AT_FDCWD, c->arg[0], c->arg[1], (int)c->arg[2]);
}

int64_t stat_readlinkat(struct call *c)
{
	return readlink_at(c, (int)c->arg[0], c->arg[1], c->arg[2],
			   (int)c->arg[3]);
}

int64_t stat_statfs(struct call *c)
{
	struct path_ref ref;
	struct statfs fs;
	int r = path_lookup(c, AT_FDCWD, c->arg[0], 0, &ref);

	if (r == 0 && fstatfs(ref.fd, &fs) < 0)
		r = -errno;
	path_release(&ref);
	return r < 0 ? r : call_put(c, c->arg[1], &fs, sizeof(fs));
}
