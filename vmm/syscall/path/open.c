/*
 * open.c: open and its kin, under the rules for files: all may be read that is
 * not another process's, only --rw trees may be written, and of the devices
 * only harmless ones opened.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "families.h"
#include "fdpath.h"
#include "hostfs.h"
#include "hv_map.h"
#include "path.h"
#include "procfs.h"
#include "rights.h"

/* Flags that Linux knows (VALID_OPEN_FLAGS); open and openat drop others. */
#define OPEN_FLAGS                                                             \
	(O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND |        \
	 O_NONBLOCK | O_SYNC | O_DSYNC | O_ASYNC | O_DIRECT | O_LARGEFILE |    \
	 0100000 | O_DIRECTORY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC | O_PATH | \
	 O_TMPFILE)
/* O_PATH goes with these alone. */
#define PATH_FLAGS  (O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define TMPFILE_BIT (O_TMPFILE & ~O_DIRECTORY)
/* Decided here, not to be seen by the host when it opens what was found. */
#define OPEN_OURS (O_CREAT | O_EXCL | O_NOFOLLOW | O_ASYNC)

struct opening {
	struct call *c;
	int dirfd;
	char path[PATH_MAX];
	int flags;
	mode_t mode;
	uint64_t resolve;
	unsigned proc; /* out: what was opened, if procfs.h has it */
	unsigned proc_arg;
	int proc_pid;
};

static bool wants_write(int flags)
{
	return (flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC);
}

/* Linux Documentation/admin-guide/devices.txt: memory and tty devices. */
static bool is_safe_device(dev_t dev)
{
	static const unsigned char minors[] = {3, 5, 7, 8, 9};
	struct stat st;

	if (major(dev) == 1) /* null, zero, full, random, urandom */
		for (size_t i = 0; i < sizeof(minors); i++)
			if (minor(dev) == minors[i])
				return true;
	if (dev == makedev(5, 0)) /* the controlling terminal */
		return true;
	for (int fd = 0; fd <= 2; fd++) /* the terminal it was started on */
		if (fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) &&
		    st.st_rdev == dev && isatty(fd))
			return true;
	return false;
}

/* A descriptor that is open for writing may be so again: /dev/stdout. */
static bool is_writable_fd(const struct path_ref *ref)
{
	int mode;

	if (ref->guest_fd < 0)
		return false;
	mode = fcntl(ref->fd, F_GETFL);
	return mode >= 0 && !(mode & O_PATH) && (mode & O_ACCMODE) != O_RDONLY;
}

/* An own one may be read, and what was there before: /dev/stdin. */
static int may_open_fifo(const struct opening *o, const struct path_ref *ref)
{
	if (wants_write(o->flags))
		return is_writable_fd(ref)
			       ? 0
			       : path_may_change(o->c->p, ref->fd, NULL);
	return ref->guest_fd >= 0 || path_is_changeable(o->c->p, ref->fd)
		       ? 0
		       : -EACCES;
}

static int may_open_file(const struct opening *o, const struct path_ref *ref,
			 const struct stat *st)
{
	int r = 0;

	if (!ref->proc && hostfs_is_private(o->c->p, ref->fd, st))
		return -EACCES;
	if (!wants_write(o->flags) || procfs_is_writable(ref->proc))
		return 0;
	if (!is_writable_fd(ref))
		r = path_may_change(o->c->p, ref->fd, NULL);
	return r < 0 ? r : rights_drop(o->c->p, ref->fd, st);
}

static int may_open(const struct opening *o, const struct path_ref *ref,
		    const struct stat *st)
{
	switch (st->st_mode & S_IFMT) {
	case S_IFLNK:
		return -ELOOP;
	case S_IFDIR:
		if ((o->flags & O_CREAT) || wants_write(o->flags))
			return -EISDIR;
		return 0;
	case S_IFREG:
		return may_open_file(o, ref, st);
	case S_IFIFO: /* the other end may be a daemon's */
		return may_open_fifo(o, ref);
	case S_IFCHR:
		return is_safe_device(st->st_rdev) ? 0 : -EACCES;
	case S_IFBLK:
		return -EACCES;
	default:
		return 0;
	}
}

/* A FIFO waits for the other end, others for a lease to be given back. */
static int64_t open_again(struct call *c, int fd, int flags, mode_t mode)
{
	char self[FDPATH_SELF_MAX];
	struct fd_hold hold;
	int64_t r;

	fdpath_self(self, fd);
	fdtable_hold(&c->p->fds, fd, &hold);
	r = call_wait(c, SYS_openat, (uint64_t)AT_FDCWD, (uint64_t)self,
		      (uint64_t)flags | O_CLOEXEC, mode);
	call_release(c, &hold);
	return r;
}

/* O_PATH: the program gets the very descriptor that resolution made. */
static int64_t open_as_path(const struct opening *o, struct path_ref *ref,
			    const struct stat *st)
{
	int fd;

	if (ref->own_link)
		return -ELOOP;
	if ((o->flags & O_DIRECTORY) && !S_ISDIR(st->st_mode))
		return -ENOTDIR;
	if (ref->borrowed)
		return open_again(o->c, ref->fd, O_PATH, 0);
	if (o->flags & O_DIRECTORY) { /* which F_GETFL shows */
		fd = openat(ref->fd, ".", (o->flags & PATH_FLAGS) | O_CLOEXEC);
		if (fd >= 0)
			return fd;
	}
	fd = ref->fd;
	ref->fd = -1;
	return fd;
}

/* A file of procfs, which the host would open too. */
static int64_t open_proc(const struct opening *o, const struct path_ref *ref)
{
	static const int modes[] = {R_OK, W_OK, R_OK | W_OK, R_OK | W_OK};
	int64_t r = host_call(SYS_faccessat2, ref->fd, "",
			      modes[o->flags & O_ACCMODE],
			      AT_EMPTY_PATH | AT_EACCESS);

	if (r < 0)
		return r;
	procfs_about(o->c->t, ref->of);
	return procfs_open(o->c->t, ref->proc, ref->proc_arg, o->flags);
}

/* A name, and a slash: Linux's open_last_lookups makes no such file. */
static bool names_a_directory(const char *path)
{
	size_t len = strlen(path), end = len;

	while (end && path[end - 1] == '/')
		end--;
	if (end == len || !end)
		return false;
	for (len = end; len && path[len - 1] != '/';)
		len--;
	return strncmp(path + len, ".", end - len) &&
	       strncmp(path + len, "..", end - len);
}

/* Of a file that is made in directory `at`. */
static mode_t new_mode(const struct opening *o, int at)
{
	return rights_mode(o->c->p, at, path_new_mode(o->c->p, at, o->mode));
}

static int64_t open_found(const struct opening *o, struct path_ref *ref)
{
	mode_t mode = 0;
	struct stat st;
	int r;

	if (fstat(ref->fd, &st) < 0)
		return -errno;
	if (o->flags & O_PATH)
		return open_as_path(o, ref, &st);
	if ((o->flags & O_CREAT) && (o->flags & O_EXCL))
		return names_a_directory(o->path) ? -EISDIR : -EEXIST;
	if ((o->flags & O_TMPFILE) == O_TMPFILE) {
		r = S_ISDIR(st.st_mode)
			    ? path_may_change(o->c->p, ref->fd, PATH_UNNAMED)
			    : -ENOTDIR;
		mode = new_mode(o, ref->fd);
	} else if ((o->flags & O_DIRECTORY) && !S_ISDIR(st.st_mode)) {
		r = S_ISLNK(st.st_mode) ? -ELOOP : -ENOTDIR;
	} else {
		r = may_open(o, ref, &st);
	}
	if (r < 0)
		return r;
	if (ref->proc && !procfs_is_dir(ref->proc))
		return open_proc(o, ref);
	return open_again(o->c, ref->fd, o->flags & ~OPEN_OURS, mode);
}

/* The last component is missing, and its directory is held by ref. */
static int64_t open_new(const struct opening *o, const struct path_ref *ref)
{
	int64_t host;
	int r;

	if (ref->slash)
		return -EISDIR;
	r = path_may_change(o->c->p, ref->parent, ref->last);
	if (r < 0)
		return r;
	/* O_EXCL: nothing that someone else puts there is opened instead. */
	host = host_call(SYS_openat, ref->parent, ref->last,
			 (o->flags & ~O_ASYNC) | O_EXCL | O_CLOEXEC,
			 new_mode(o, ref->parent));
	if (host >= 0)
		path_made(o->c->p, ref->parent, ref->last);
	return host;
}

static int64_t open_once(struct opening *o)
{
	unsigned flags = o->flags & O_NOFOLLOW ? PATH_NOFOLLOW : 0;
	struct path_ref ref;
	int64_t host;
	int r;

	if ((o->flags & O_CREAT) && (o->flags & O_EXCL))
		flags |= PATH_NOFOLLOW;
	r = path_resolve(o->c->t, o->dirfd, o->path, flags, o->resolve, &ref);
	if (r == 0)
		host = open_found(o, &ref);
	else if (r == -ENOENT && (o->flags & O_CREAT) && ref.parent >= 0)
		host = open_new(o, &ref);
	else if ((o->flags & O_CREAT) && r == -ENOTDIR && ref.parent >= 0 &&
		 o->path[strlen(o->path) - 1] == '/')
		host = -EISDIR; /* Linux open_last_lookups */
	else
		host = r;
	o->proc = r == 0 ? ref.proc : PROCFS_NONE;
	o->proc_arg = ref.proc_arg;
	o->proc_pid = ref.of && ref.of != o->c->p ? ref.of->pid : 0;
	path_release(&ref);
	return host;
}

/* Of Linux build_open_flags what all of them have. */
static int check_flags(int flags)
{
	if ((flags & O_CREAT) && (flags & O_DIRECTORY))
		return -EINVAL;
	return (flags & TMPFILE_BIT) && (!(flags & O_DIRECTORY) ||
					 (flags & O_ACCMODE) == O_RDONLY)
		       ? -EINVAL
		       : 0;
}

/* The flags have been looked at; the name is read now. */
static int64_t open_path(struct opening *o, uint64_t va)
{
	int64_t host = usermem_read_str(o->c->v, va, o->path, sizeof(o->path));

	if (host < 0)
		return host;
	/* Someone else may create the file between our two looks. */
	for (int i = 0; i < 8; i++) {
		host = open_once(o);
		if (host != -EEXIST || (o->flags & O_EXCL))
			break;
	}
	if (host < 0)
		return host;
	host = call_new_fd(o->c, (int)host, o->flags);
	if (host >= 0) {
		struct fd_entry *e = fdtable_entry(&o->c->p->fds, (int)host);

		e->shown_flags = o->flags & (O_NOFOLLOW | O_ASYNC);
		e->proc = (uint8_t)o->proc;
		e->proc_arg = o->proc_arg;
		e->proc_pid = o->proc_pid;
		e->proc_id = ++o->c->m->reads.opened;
		e->own |= (o->flags & O_TMPFILE) == O_TMPFILE;
	}
	return host;
}

static int64_t open_at(struct call *c, int dirfd, uint64_t va, uint64_t flags,
		       uint64_t mode)
{
	struct opening o = {
		.c = c,
		.dirfd = dirfd,
		.flags = (int)(flags & OPEN_FLAGS),
		.mode = mode & 07777,
	};
	int r;

	if (o.flags & O_PATH)
		o.flags &= PATH_FLAGS;
	r = check_flags(o.flags);
	return r < 0 ? r : open_path(&o, va);
}

int64_t open_open(struct call *c)
{
	return open_at(c, AT_FDCWD, c->arg[0], c->arg[1], c->arg[2]);
}

int64_t open_openat(struct call *c)
{
	return open_at(c, (int)c->arg[0], c->arg[1], c->arg[2], c->arg[3]);
}

int64_t open_creat(struct call *c)
{
	return open_at(c, AT_FDCWD, c->arg[0], O_CREAT | O_WRONLY | O_TRUNC,
		       c->arg[1]);
}

#define RESOLVE_KNOWN                                                          \
	(RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS |       \
	 RESOLVE_BENEATH | RESOLVE_IN_ROOT | RESOLVE_CACHED)

/* Linux copy_struct_from_user: what a later kernel's has more must be zero. */
static int get_how(struct call *c, struct open_how *how)
{
	uint64_t size = c->arg[3], va = c->arg[2];
	uint8_t rest[HV_PAGE_SIZE];

	if (size < sizeof(*how))
		return -EINVAL;
	if (size > sizeof(rest))
		return -E2BIG;
	if (call_get(c, va, rest, size) < 0)
		return -EFAULT;
	memcpy(how, rest, sizeof(*how));
	for (uint64_t i = sizeof(*how); i < size; i++)
		if (rest[i])
			return -E2BIG;
	return 0;
}

/* Linux build_open_flags; what open(2) has to check, too, is in open_path. */
static int check_how(const struct open_how *how)
{
	const uint64_t scopes = RESOLVE_BENEATH | RESOLVE_IN_ROOT;
	const uint64_t makes = O_CREAT | TMPFILE_BIT;

	if ((how->flags & ~(uint64_t)OPEN_FLAGS) ||
	    (how->resolve & ~(uint64_t)RESOLVE_KNOWN) ||
	    (how->resolve & scopes) == scopes)
		return -EINVAL;
	if (how->flags & makes ? how->mode & ~07777ull : how->mode)
		return -EINVAL;
	if ((how->flags & O_PATH) && (how->flags & ~(uint64_t)PATH_FLAGS))
		return -EINVAL;
	if ((how->resolve & RESOLVE_CACHED) && (how->flags & (makes | O_TRUNC)))
		return -EAGAIN;
	return 0;
}

int64_t open_openat2(struct call *c)
{
	struct opening o = {.c = c, .dirfd = (int)c->arg[0]};
	struct open_how how;
	int r = get_how(c, &how);

	if (r == 0)
		r = check_how(&how);
	if (r == 0)
		r = check_flags((int)how.flags);
	if (r < 0)
		return r;
	o.flags = (int)how.flags;
	o.mode = (mode_t)how.mode;
	o.resolve = how.resolve;
	return open_path(&o, c->arg[1]);
}
