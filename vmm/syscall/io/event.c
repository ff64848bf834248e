/*
 * event.c: epoll, timer and inotify descriptors. The host keeps the sets; the
 * program's data words pass through, so what comes back names its own
 * descriptors. What is watched for changes is found as all paths are.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "families.h"
#include "fdpath.h"
#include "path.h"
#include "wait.h"

/* Linux's EP_MAX_EVENTS, INT_MAX / size; we give fewer at a time. */
#define EVENTS_AT_ONCE (IO_CHUNK / sizeof(struct epoll_event))

/* Linux's ALL_INOTIFY_BITS: what a mask must have one of. */
#define ALL_INOTIFY                                                            \
	(IN_ALL_EVENTS | IN_UNMOUNT | IN_Q_OVERFLOW | IN_IGNORED |             \
	 IN_ONLYDIR | IN_DONT_FOLLOW | IN_EXCL_UNLINK | IN_MASK_ADD |          \
	 IN_MASK_CREATE | IN_ISDIR | IN_ONESHOT)

int64_t event_epoll_create1(struct call *c)
{
	int flags = (int)c->arg[0];
	int64_t host = host_call(SYS_epoll_create1, flags | EPOLL_CLOEXEC);

	return host < 0 ? host : call_new_fd(c, (int)host, flags);
}

int64_t event_epoll_create(struct call *c)
{
	if ((int)c->arg[0] <= 0)
		return -EINVAL;
	c->arg[0] = 0;
	return event_epoll_create1(c);
}

int64_t event_epoll_ctl(struct call *c)
{
	struct epoll_event event = {0};
	int op = (int)c->arg[1], set, host;

	if (op != EPOLL_CTL_DEL &&
	    call_get(c, c->arg[3], &event, sizeof(event)) < 0)
		return -EFAULT;
	set = call_host_fd(c, 0);
	host = call_host_fd(c, 2);
	if (set < 0 || host < 0)
		return -EBADF;
	return host_call(SYS_epoll_ctl, set, op, host, &event);
}

/* Until when epoll_wait waits. */
struct limit {
	bool forever;
	bool never; /* one look is all */
	struct timespec until;
};

static void limit_start(struct limit *limit, const struct timespec *time)
{
	*limit = (struct limit){.forever = !time};
	if (!time)
		return;
	limit->never = !time->tv_sec && !time->tv_nsec;
	time_deadline(CLOCK_MONOTONIC, time, &limit->until);
}

/*
 * Linux ep_poll: what is ready is seen before a signal is, and with no time to
 * wait no signal is.
 */
static int64_t host_wait(struct call *c, int host, void *buf, int max,
			 const struct limit *limit)
{
	struct timespec left = {0};
	int64_t r;

	do {
		if (!limit->forever && !limit->never)
			left = time_left(CLOCK_MONOTONIC, &limit->until);
		r = wait_host(c->t, SYS_epoll_pwait2, (uint64_t)host,
			      (uint64_t)buf, (uint64_t)max,
			      limit->forever ? 0 : (uint64_t)&left);
		if (r != -EINTR)
			return r;
	} while (!wait_due(c->t));
	left = (struct timespec){0};
	r = host_call(SYS_epoll_pwait2, host, buf, max, &left, NULL, 0);
	return r || limit->never ? r : -EINTR;
}

static int64_t wait_events(struct call *c, int max, const struct limit *limit)
{
	struct epoll_event *buf = (void *)io_buffer();
	int host = call_host_fd(c, 0);
	struct fd_hold hold;
	int64_t r;

	if (host < 0 || fcntl(host, F_GETFL) & O_PATH)
		return -EBADF;
	if (max > 0 && max <= INT_MAX / (int)sizeof(*buf) &&
	    !call_access_ok(c->arg[1], (uint64_t)max * sizeof(*buf)))
		return -EFAULT;
	if (max > (int)EVENTS_AT_ONCE && max <= INT_MAX / (int)sizeof(*buf))
		max = EVENTS_AT_ONCE;
	call_hold_fd(c, (int)c->arg[0], &hold);
	r = host_wait(c, host, buf, max, limit);
	call_release(c, &hold);
	if (r > 0 && call_put(c, c->arg[1], buf, (size_t)r * sizeof(*buf)) < 0)
		return -EFAULT;
	return r;
}

int64_t event_epoll_wait(struct call *c)
{
	int ms = (int)c->arg[3];
	const struct timespec t = {ms / 1000, ms % 1000 * 1000000l};
	struct limit limit;

	limit_start(&limit, ms < 0 ? NULL : &t);
	return wait_events(c, (int)c->arg[2], &limit);
}

/* Its mask is that of the wait: Linux do_epoll_pwait. */
static int64_t masked(struct call *c, int64_t r)
{
	sig_mask_end(c, r == -EINTR);
	return r;
}

int64_t event_epoll_pwait(struct call *c)
{
	int r = sig_mask_begin(c, c->arg[4], c->arg[5]);

	return r < 0 ? r : masked(c, event_epoll_wait(c));
}

int64_t event_epoll_pwait2(struct call *c)
{
	struct limit limit;
	struct timespec t;
	int r;

	if (c->arg[3] && call_get(c, c->arg[3], &t, sizeof(t)) < 0)
		return -EFAULT;
	if (c->arg[3] && !time_is_valid(&t))
		return -EINVAL;
	limit_start(&limit, c->arg[3] ? &t : NULL);
	r = sig_mask_begin(c, c->arg[4], c->arg[5]);
	return r < 0 ? r : masked(c, wait_events(c, (int)c->arg[2], &limit));
}

int64_t event_timerfd_create(struct call *c)
{
	int flags = (int)c->arg[1];
	int64_t host =
		host_call(SYS_timerfd_create, c->arg[0], flags | O_CLOEXEC);

	return host < 0 ? host : call_new_fd(c, (int)host, flags);
}

int64_t event_inotify_init1(struct call *c)
{
	int flags = (int)c->arg[0];
	int64_t host = host_call(SYS_inotify_init1, flags | IN_CLOEXEC);

	return host < 0 ? host : call_new_fd(c, (int)host, flags);
}

int64_t event_inotify_init(struct call *c)
{
	c->arg[0] = 0;
	return event_inotify_init1(c);
}

/* The host looks at the mask and the descriptor first, as Linux does. */
static int64_t judge_watch(int host, uint32_t mask)
{
	int64_t r = host_call(SYS_inotify_add_watch, host, "", mask);

	return r == -ENOENT ? 0 : r;
}

int64_t event_inotify_add_watch(struct call *c)
{
	uint32_t mask = (uint32_t)c->arg[2];
	unsigned flags = mask & IN_DONT_FOLLOW ? PATH_NOFOLLOW : 0;
	int host = call_host_fd(c, 0);
	char self[FDPATH_SELF_MAX];
	struct path_ref ref;
	int64_t r;

	/* Linux asks for some bit of the mask before it asks for the set. */
	if (host < 0)
		return mask & ALL_INOTIFY && !(mask & ~ALL_INOTIFY) ? host
								    : -EINVAL;
	r = judge_watch(host, mask);
	if (r < 0)
		return r;
	r = path_lookup(c, AT_FDCWD, c->arg[1], flags, &ref);
	fdpath_self(self, ref.fd);
	if (r == 0)
		r = host_call(SYS_inotify_add_watch, host, self,
			      mask & ~IN_DONT_FOLLOW);
	path_release(&ref);
	return r;
}
