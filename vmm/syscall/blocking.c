/*
 * blocking.c: calls of the host's that may block or take long: see call.h.
 */
#include <errno.h>
#include <poll.h>
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

/* ---- Sockets that wait for a limited time only --------------------------- */

/* SO_RCVTIMEO or SO_SNDTIMEO; false: none, or no socket's. */
static bool has_timeout(int host, bool sends, struct timespec *time)
{
	struct timeval tv;
	socklen_t size = sizeof(tv);

	if (getsockopt(host, SOL_SOCKET, sends ? SO_SNDTIMEO : SO_RCVTIMEO, &tv,
		       &size) < 0)
		return false;
	*time = (struct timespec){tv.tv_sec, tv.tv_usec * 1000};
	return tv.tv_sec || tv.tv_usec;
}

/* Linux sock_intr_errno. */
int64_t call_wait_socket(int host, bool sends, int64_t r)
{
	struct timespec time;

	return r == -ERESTARTSYS && has_timeout(host, sends, &time) ? -EINTR
								    : r;
}

/* > 0: ready; 0: it is too late; -EINTR: something is due. */
static int64_t wait_ready(struct call *c, int host, bool sends,
			  const struct timespec *until)
{
	struct pollfd fd = {host, sends ? POLLOUT : POLLIN, 0};
	struct timespec left;
	int64_t r;

	do {
		left = time_left(CLOCK_MONOTONIC, until);
		r = wait_host(c->t, SYS_ppoll, (uint64_t)&fd, 1,
			      (uint64_t)&left);
	} while (r == -EINTR && !wait_due(c->t));
	return r;
}

int64_t call_wait_fd_args(struct call *c, int host, bool sends, long nr,
			  const uint64_t arg[6])
{
	struct timespec start, time, until;
	int64_t r;

	if (wait_due(c->t))
		return -ERESTARTNOINTR;
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (;;) {
		r = wait_call(c->t, nr, arg);
		if (r != -EINTR)
			return r;
		if (wait_due(c->t))
			break;
		/* For nothing: the host would begin to count anew. */
		if (!has_timeout(host, sends, &time))
			continue;
		until = time_sum(&start, &time);
		r = wait_ready(c, host, sends, &until);
		if (r <= 0)
			return r ? r : -EAGAIN;
	}
	return call_wait_socket(host, sends, -ERESTARTSYS);
}

/* ---- Descriptors, and restart_syscall ------------------------------------ */

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
