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
#include "stop.h"

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

#define FOR_EVER INT64_MAX
#define SECOND	 1000000000ll

static int64_t nanoseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * SECOND + t.tv_nsec;
}

/* For at most `timeout` nanoseconds, or FOR_EVER. */
static int64_t wait_events(struct call *c, int max, int64_t timeout)
{
	struct epoll_event *buf = (void *)io_buffer();
	int64_t start = timeout == FOR_EVER ? 0 : nanoseconds(), r;
	int host = call_host_fd(c, 0);

	if (host < 0 || fcntl(host, F_GETFL) & O_PATH)
		return -EBADF;
	if (max > 0 && max <= INT_MAX / (int)sizeof(*buf) &&
	    !call_access_ok(c->arg[1], (uint64_t)max * sizeof(*buf)))
		return -EFAULT;
	if (max > (int)EVENTS_AT_ONCE && max <= INT_MAX / (int)sizeof(*buf))
		max = EVENTS_AT_ONCE;
	for (;;) {
		int64_t left = timeout == FOR_EVER
				       ? 0
				       : timeout - (nanoseconds() - start);
		struct timespec t = {0};

		if (left > 0)
			t = (struct timespec){left / SECOND, left % SECOND};
		r = host_call(SYS_epoll_pwait2, host, buf, max,
			      timeout == FOR_EVER ? NULL : &t, NULL, 0);
		if (r != -EINTR || stop_signal())
			break;
	}
	if (r > 0 && call_put(c, c->arg[1], buf, (size_t)r * sizeof(*buf)) < 0)
		return -EFAULT;
	return r;
}

int64_t event_epoll_wait(struct call *c)
{
	int timeout = (int)c->arg[3];

	return wait_events(c, (int)c->arg[2],
			   timeout < 0 ? FOR_EVER : timeout * 1000000ll);
}

/* The mask is without effect: no signal comes from outside yet. */
static int check_mask(struct call *c)
{
	uint64_t mask;

	if (c->arg[4] && c->arg[5] != sizeof(mask))
		return -EINVAL;
	if (c->arg[4] && call_get(c, c->arg[4], &mask, sizeof(mask)) < 0)
		return -EFAULT;
	return 0;
}

int64_t event_epoll_pwait(struct call *c)
{
	int r = check_mask(c);

	return r < 0 ? r : event_epoll_wait(c);
}

int64_t event_epoll_pwait2(struct call *c)
{
	int64_t timeout = FOR_EVER;
	struct timespec t;
	int r;

	if (c->arg[3]) {
		if (call_get(c, c->arg[3], &t, sizeof(t)) < 0)
			return -EFAULT;
		if (t.tv_sec < 0 || t.tv_nsec < 0 || t.tv_nsec >= SECOND)
			return -EINVAL;
		if (t.tv_sec < FOR_EVER / SECOND)
			timeout = t.tv_sec * SECOND + t.tv_nsec;
	}
	r = check_mask(c);
	return r < 0 ? r : wait_events(c, (int)c->arg[2], timeout);
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
