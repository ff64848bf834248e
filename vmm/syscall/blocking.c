/*
 * blocking.c: calls of the host's that may block or take long: see call.h.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "call.h"
#include "families.h"
#include "stop.h"
#include "wait.h"

int64_t call_wait_args(struct call *c, long nr, const uint64_t arg[6])
{
	int64_t r;

	/* It came before the call: first the handler, then the call. */
	if (wait_due(c->t))
		return -ERESTARTNOINTR;
	do {
		r = wait_call(c->t, nr, arg);
	} while (r == -EINTR && !wait_due(c->t));
	return r == -EINTR ? -ERESTARTSYS : r;
}

int64_t call_long_args(struct call *c, long nr, const uint64_t arg[6])
{
	int64_t r;

	thread_unlock(c->t);
	do {
		r = host_call(nr, arg[0], arg[1], arg[2], arg[3], arg[4],
			      arg[5]);
	} while (r == -EINTR && !stop_signal());
	thread_lock(c->t);
	return r;
}

/* Linux sock_intr_errno. */
int64_t call_wait_socket(int host, bool sends, int64_t r)
{
	struct timeval time;
	socklen_t size = sizeof(time);

	if (r == -ERESTARTSYS &&
	    getsockopt(host, SOL_SOCKET, sends ? SO_SNDTIMEO : SO_RCVTIMEO,
		       &time, &size) == 0 &&
	    (time.tv_sec || time.tv_usec))
		return -EINTR;
	return r;
}

int call_hold_fd(struct call *c, int guest_fd, struct fd_hold *hold)
{
	int host = fdtable_host(&c->p->fds, guest_fd);

	fdtable_hold(&c->p->fds, host, hold);
	return host;
}

void call_release(struct call *c, struct fd_hold *hold)
{
	fdtable_release(&c->p->fds, hold);
}

int64_t blocking_restart(struct call *c)
{
	const struct restart *r = &c->t->restart;

	if (!r->fn)
		return -EINTR;
	memcpy(c->arg, r->arg, sizeof(c->arg));
	return r->fn(c);
}
