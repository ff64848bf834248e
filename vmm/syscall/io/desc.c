/*
 * desc.c: calls on descriptors as such: close, dup, pipe, fcntl, lseek, new
 * ones.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "families.h"
#include "procfs.h"

int64_t desc_close(struct call *c)
{
	return fdtable_close(&c->p->fds, (int)c->arg[0]);
}

int64_t desc_close_range(struct call *c)
{
	unsigned first = (unsigned)c->arg[0], last = (unsigned)c->arg[1];
	struct fdtable *t = &c->p->fds;
	unsigned flags = (unsigned)c->arg[2];

	/* UNSHARE has nothing to do: nobody shares the table. */
	if (first > last ||
	    (flags & ~(CLOSE_RANGE_CLOEXEC | CLOSE_RANGE_UNSHARE)))
		return -EINVAL;
	for (unsigned fd = first; fd <= last && fd < t->size; fd++) {
		if (t->entry[fd].host < 0)
			continue;
		if (flags & CLOSE_RANGE_CLOEXEC)
			t->entry[fd].cloexec = true;
		else
			fdtable_close(t, (int)fd);
	}
	return 0;
}

int64_t desc_carry(struct call *c, int fd, int64_t to)
{
	const struct fd_entry *from;
	struct fd_entry *e;

	if (to < 0)
		return to;
	from = fdtable_entry(&c->p->fds, fd);
	e = fdtable_entry(&c->p->fds, (int)to);
	e->shown_flags = from->shown_flags;
	e->proc = from->proc;
	e->proc_arg = from->proc_arg;
	e->proc_pid = from->proc_pid;
	e->proc_id = from->proc_id;
	e->lease = from->lease;
	e->signalfd = from->signalfd;
	e->signals = from->signals;
	e->lost = from->lost;
	e->lost_fs = from->lost_fs;
	e->lock = from->lock;
	e->opened = from->opened;
	return to;
}

static int64_t dup_from(struct call *c, int flags, unsigned min)
{
	int host = fdtable_dup_host(&c->p->fds, (int)c->arg[0]);

	if (host < 0)
		return host;
	return desc_carry(
		c, (int)c->arg[0],
		fdtable_install(&c->p->fds, host, flags & O_CLOEXEC, min));
}

int64_t desc_dup(struct call *c)
{
	return dup_from(c, 0, 0);
}

static int64_t dup_to(struct call *c, int flags)
{
	int to = (int)c->arg[1], host;

	if (to < 0 || (unsigned)to >= c->p->fds.limit)
		return -EBADF;
	host = fdtable_dup_host(&c->p->fds, (int)c->arg[0]);
	if (host < 0)
		return host;
	return desc_carry(
		c, (int)c->arg[0],
		fdtable_install_at(&c->p->fds, to, host, flags & O_CLOEXEC));
}

int64_t desc_dup2(struct call *c)
{
	if ((int)c->arg[0] == (int)c->arg[1]) {
		int host = call_host_fd(c, 0);

		return host < 0 ? host : (int)c->arg[0];
	}
	return dup_to(c, 0);
}

int64_t desc_dup3(struct call *c)
{
	if (((int)c->arg[2] & ~O_CLOEXEC) || (int)c->arg[0] == (int)c->arg[1])
		return -EINVAL;
	return dup_to(c, (int)c->arg[2]);
}

static int64_t pipe_with(struct call *c, uint64_t va, int flags)
{
	int host[2];
	int32_t fd[2];

	if (pipe2(host, flags | O_CLOEXEC) < 0)
		return -errno;
	fd[0] = (int32_t)call_new_fd(c, host[0], flags);
	if (fd[0] < 0) {
		close(host[1]);
		return fd[0];
	}
	fd[1] = (int32_t)call_new_fd(c, host[1], flags);
	if (fd[1] >= 0 && call_put(c, va, fd, sizeof(fd)) == 0)
		return 0;
	fdtable_close(&c->p->fds, fd[0]);
	if (fd[1] < 0)
		return fd[1];
	fdtable_close(&c->p->fds, fd[1]);
	return -EFAULT;
}

int64_t desc_pipe(struct call *c)
{
	return pipe_with(c, c->arg[0], 0);
}

int64_t desc_pipe2(struct call *c)
{
	return pipe_with(c, c->arg[0], (int)c->arg[1]);
}

int64_t desc_eventfd2(struct call *c)
{
	int flags = (int)c->arg[1];
	int64_t host = host_call(SYS_eventfd2, c->arg[0], flags | EFD_CLOEXEC);

	return host < 0 ? host : call_new_fd(c, (int)host, flags);
}

int64_t desc_eventfd(struct call *c)
{
	c->arg[1] = 0;
	return desc_eventfd2(c);
}

int64_t desc_memfd_create(struct call *c)
{
	unsigned flags = (unsigned)c->arg[1];
	char name[250];
	int64_t host = usermem_read_str(c->v, c->arg[0], name, sizeof(name));

	if (host == -ENAMETOOLONG)
		return -EINVAL;
	if (host < 0) /* flags are looked at before the name: EINVAL, EFAULT */
		return host_call(SYS_memfd_create, NULL, flags);
	host = host_call(SYS_memfd_create, name, flags | 1u /* CLOEXEC */);
	if (host >= 0)
		host = call_new_fd(c, (int)host, flags & 1 ? O_CLOEXEC : 0);
	if (host >= 0)
		fdtable_entry(&c->p->fds, (int)host)->own = true;
	return host;
}

/* ---- fcntl ------------------------------------------------------------- */

static int64_t fcntl_flags(struct call *c, int cmd)
{
	struct fd_entry *e = fdtable_entry(&c->p->fds, (int)c->arg[0]);

	if (cmd == F_GETFD)
		return e->cloexec ? FD_CLOEXEC : 0;
	e->cloexec = c->arg[2] & FD_CLOEXEC;
	return 0;
}

static int64_t fcntl_dup(struct call *c, int cmd)
{
	if ((unsigned)c->arg[2] >= c->p->fds.limit)
		return -EINVAL;
	return dup_from(c, cmd == F_DUPFD_CLOEXEC ? O_CLOEXEC : 0,
			(unsigned)c->arg[2]);
}

int64_t desc_fcntl(struct call *c)
{
	int host = call_host_fd(c, 0), cmd = (int)c->arg[1];

	if (host < 0)
		return host;
	switch (cmd) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		return fcntl_dup(c, cmd);
	case F_GETFD:
	case F_SETFD:
		return fcntl_flags(c, cmd);
	case F_GETFL:
		return host_call(SYS_fcntl, host, cmd) |
		       fdtable_entry(&c->p->fds, (int)c->arg[0])->shown_flags;
	}
	/* Of a path alone there is no more to be asked. */
	if (host_call(SYS_fcntl, host, F_GETFL) & O_PATH)
		return -EBADF;
	switch (cmd) {
	case F_SETFL: /* O_ASYNC would signal the VMM */
		return host_call(SYS_fcntl, host, cmd,
				 c->arg[2] & ~(uint64_t)O_ASYNC);
	case F_GETPIPE_SZ:
	case F_SETPIPE_SZ:
	case F_GET_SEALS:
	case F_GETSIG:
	case F_SETSIG:
		return host_call(SYS_fcntl, host, cmd, c->arg[2]);
	case F_ADD_SEALS:
		return seals_add(c, host);
	case F_GETOWN:
	case F_SETOWN:
	case F_GETOWN_EX:
	case F_SETOWN_EX:
		return owner_fcntl(c, host);
	case F_GETLEASE:
	case F_SETLEASE:
		return lease_fcntl(c, host);
	case F_GETLK:
	case F_SETLK:
	case F_SETLKW:
	case F_OFD_GETLK:
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
		return locks_fcntl(c, host, cmd);
	default:
		return -EINVAL;
	}
}

int64_t desc_lseek(struct call *c)
{
	const struct fd_entry *e = fdtable_entry(&c->p->fds, (int)c->arg[0]);
	struct fd_entry copy; /* the table may change in an upcall */

	if (!e || !e->proc || procfs_is_dir(e->proc))
		return call_forward(c, call_row(c->nr));
	copy = *e;
	return procfs_seek(c->t, &copy, (int64_t)c->arg[1], (int)c->arg[2]);
}
