/*
 * attr.c: calls that change what a file is but for its names: mode, owner,
 * length, times. Allowed in --rw trees only, through an O_PATH descriptor of
 * the file, which was judged.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>
#include <utime.h>

#include "families.h"
#include "fdpath.h"
#include "path.h"
#include "rights.h"

/* ---- Mode, owner, length ------------------------------------------------ */

/* The file at a path, if it may be changed. */
static int lookup_file(struct call *c, int dirfd, uint64_t va, unsigned flags,
		       struct path_ref *ref)
{
	int r = path_lookup(c, dirfd, va, flags, ref);

	if (r < 0)
		return r;
	return ref->own_link ? -EROFS : path_may_change(c->p, ref->fd, NULL);
}

static mode_t new_mode(struct call *c, int fd, uint64_t mode)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		return (mode_t)mode;
	return rights_mode(c->p, fd, (mode_t)mode);
}

static int64_t chmod_at(struct call *c, int dirfd, uint64_t va, uint64_t mode,
			uint64_t flags)
{
	char self[FDPATH_SELF_MAX];
	struct path_ref ref;
	int64_t r;

	if ((uint32_t)flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	r = lookup_file(c, dirfd, va, path_flags(flags), &ref);
	fdpath_self(self, ref.fd);
	if (r == 0)
		r = host_call(SYS_fchmodat, AT_FDCWD, self,
			      new_mode(c, ref.fd, mode));
	path_release(&ref);
	return r;
}

int64_t attr_chmod(struct call *c)
{
	return chmod_at(c, AT_FDCWD, c->arg[0], c->arg[1], 0);
}

int64_t attr_fchmodat(struct call *c)
{
	return chmod_at(c, (int)c->arg[0], c->arg[1], c->arg[2],
			c->nr == SYS_fchmodat ? 0 : c->arg[3]);
}

static int64_t chown_fd(struct call *c, int fd, uint64_t uid, uint64_t gid)
{
	int64_t r = rights_chown(c->p, fd, (uid_t)uid, (gid_t)gid);

	return r > 0 ? host_call(SYS_fchownat, fd, "", uid, gid, AT_EMPTY_PATH)
		     : r;
}

static int64_t chown_at(struct call *c, int dirfd, uint64_t va, uint64_t uid,
			uint64_t gid, uint64_t flags)
{
	struct path_ref ref;
	int64_t r;

	if ((uint32_t)flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	r = lookup_file(c, dirfd, va, path_flags(flags), &ref);
	if (r == 0)
		r = chown_fd(c, ref.fd, uid, gid);
	path_release(&ref);
	return r;
}

int64_t attr_chown(struct call *c)
{
	return chown_at(c, AT_FDCWD, c->arg[0], c->arg[1], c->arg[2], 0);
}

int64_t attr_lchown(struct call *c)
{
	return chown_at(c, AT_FDCWD, c->arg[0], c->arg[1], c->arg[2],
			AT_SYMLINK_NOFOLLOW);
}

int64_t attr_fchownat(struct call *c)
{
	return chown_at(c, (int)c->arg[0], c->arg[1], c->arg[2], c->arg[3],
			c->arg[4]);
}

int64_t attr_truncate(struct call *c)
{
	char self[FDPATH_SELF_MAX];
	struct path_ref ref;
	int64_t r;

	if ((int64_t)c->arg[1] < 0)
		return -EINVAL;
	r = lookup_file(c, AT_FDCWD, c->arg[0], 0, &ref);
	fdpath_self(self, ref.fd);
	if (r == 0)
		r = call_size_grow(c, ref.fd, c->arg[1]);
	if (r == 0)
		r = call_wait(c, SYS_truncate, (uint64_t)self, c->arg[1]);
	path_release(&ref);
	return r;
}

/* fchmod, fchown: by a descriptor that may have been opened to read only. */
int64_t attr_by_fd(struct call *c)
{
	int host = call_host_fd(c, 0);
	int mode = host < 0 ? host : fcntl(host, F_GETFL);
	int r;

	if (mode < 0 || (mode & O_PATH))
		return -EBADF;
	r = path_may_change(c->p, host, NULL);
	if (r < 0)
		return r;
	if (c->nr == SYS_fchown)
		return chown_fd(c, host, c->arg[1], c->arg[2]);
	return host_call(SYS_fchmod, host, new_mode(c, host, c->arg[1]));
}

int64_t attr_umask(struct call *c)
{
	mode_t old = c->p->umask;

	c->p->umask = c->arg[0] & 0777;
	return old;
}

/* ---- Times ------------------------------------------------------------- */

static int64_t set_times(struct call *c, int dirfd, uint64_t va,
			 const struct timespec *times, uint64_t flags)
{
	struct path_ref ref;
	int64_t r;

	if ((uint32_t)flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (!va) { /* futimens */
		int host = fdtable_host(&c->p->fds, dirfd);

		if (host < 0)
			return dirfd == AT_FDCWD ? -EFAULT : host;
		r = path_may_change(c->p, host, NULL);
		return r < 0 ? r
			     : host_call(SYS_utimensat, host, NULL, times, 0);
	}
	r = lookup_file(c, dirfd, va, path_flags(flags), &ref);
	if (r == 0)
		r = host_call(SYS_utimensat, ref.fd, "", times, AT_EMPTY_PATH);
	path_release(&ref);
	return r;
}

int64_t attr_utimensat(struct call *c)
{
	struct timespec t[2];

	if (c->arg[2] && call_get(c, c->arg[2], t, sizeof(t)) < 0)
		return -EFAULT;
	return set_times(c, (int)c->arg[0], c->arg[1], c->arg[2] ? t : NULL,
			 c->arg[3]);
}

static int64_t set_timevals(struct call *c, int dirfd, uint64_t path,
			    uint64_t va)
{
	struct timeval tv[2];
	struct timespec t[2];

	if (!va)
		return set_times(c, dirfd, path, NULL, 0);
	if (call_get(c, va, tv, sizeof(tv)) < 0)
		return -EFAULT;
	for (int i = 0; i < 2; i++) {
		if (tv[i].tv_usec < 0 || tv[i].tv_usec >= 1000000)
			return -EINVAL;
		t[i].tv_sec = tv[i].tv_sec;
		t[i].tv_nsec = tv[i].tv_usec * 1000;
	}
	return set_times(c, dirfd, path, t, 0);
}

int64_t attr_utimes(struct call *c)
{
	return set_timevals(c, AT_FDCWD, c->arg[0], c->arg[1]);
}

int64_t attr_futimesat(struct call *c)
{
	return set_timevals(c, (int)c->arg[0], c->arg[1], c->arg[2]);
}

int64_t attr_utime(struct call *c)
{
	struct timespec t[2] = {0};
	struct utimbuf ut;

	if (!c->arg[1])
		return set_times(c, AT_FDCWD, c->arg[0], NULL, 0);
	if (call_get(c, c->arg[1], &ut, sizeof(ut)) < 0)
		return -EFAULT;
	t[0].tv_sec = ut.actime;
	t[1].tv_sec = ut.modtime;
	return set_times(c, AT_FDCWD, c->arg[0], t, 0);
}
