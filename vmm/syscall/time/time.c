/*
 * time.c: sleeping. Reading clocks needs translation only (table.c).
 *
 * Sleeps end at a deadline, so interruptions of the VMM's own only restart
 * them. Clocks that count this process's CPU time count the VMM's.
 */
#include <errno.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "capable.h"
#include "families.h"
#include "stop.h"

#define NSEC 1000000000l

bool time_is_valid(const struct timespec *t)
{
	return t->tv_sec >= 0 && t->tv_nsec >= 0 && t->tv_nsec < NSEC;
}

int64_t time_sleep_until(clockid_t clock, const struct timespec *until)
{
	int64_t r;

	do {
		r = host_call(SYS_clock_nanosleep, clock, TIMER_ABSTIME, until,
			      NULL);
	} while (r == -EINTR && !stop_signal());
	return r;
}

int64_t time_sleep_for(clockid_t clock, const struct timespec *time)
{
	struct timespec until;

	if (clock_gettime(clock, &until) < 0)
		return -errno;
	/* Some 292e9 years: the sum saturates, as the kernel's does. */
	if (__builtin_add_overflow(until.tv_sec, time->tv_sec, &until.tv_sec) ||
	    until.tv_sec > INT64_MAX / NSEC)
		until.tv_sec = INT64_MAX / NSEC - 1;
	until.tv_nsec += time->tv_nsec;
	if (until.tv_nsec >= NSEC) {
		until.tv_nsec -= NSEC;
		until.tv_sec++;
	}
	return time_sleep_until(clock, &until);
}

int64_t time_nanosleep(struct call *c)
{
	struct timespec t;

	if (call_get(c, c->arg[0], &t, sizeof(t)) < 0)
		return -EFAULT;
	if (!time_is_valid(&t))
		return -EINVAL;
	return time_sleep_for(CLOCK_MONOTONIC, &t);
}

/* They alone look at all flags. */
static bool is_alarm(clockid_t clock)
{
	return clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM;
}

int64_t time_clock_nanosleep(struct call *c)
{
	clockid_t clock = (clockid_t)c->arg[0];
	struct timespec t;
	/* Without a time the host says whether one can sleep by that clock. */
	int64_t r = host_call(SYS_clock_nanosleep, clock, 0, NULL, NULL);

	if (r != -EFAULT)
		return r;
	if (call_get(c, c->arg[2], &t, sizeof(t)) < 0)
		return -EFAULT;
	if (!time_is_valid(&t) ||
	    (is_alarm(clock) && (int)c->arg[1] & ~TIMER_ABSTIME))
		return -EINVAL;
	if (c->arg[1] & TIMER_ABSTIME)
		return time_sleep_until(clock, &t);
	/* A relative sleep is not moved by setting the clock. */
	return time_sleep_for(clock == CLOCK_REALTIME ? CLOCK_MONOTONIC : clock,
			      &t);
}

/* The host's clocks are not the program's to set. */
int64_t time_clock_settime(struct call *c)
{
	struct timespec t;
	/* Without a time the host says whether it is one that can be set. */
	int64_t r = host_call(SYS_clock_settime, c->arg[0], NULL);

	if (r != -EFAULT)
		return r;
	if (call_get(c, c->arg[1], &t, sizeof(t)) < 0)
		return -EFAULT;
	if ((clockid_t)c->arg[0] == CLOCK_REALTIME)
		return time_is_valid(&t) ? -EPERM : -EINVAL;
	r = host_call(SYS_clock_getres, c->arg[0], NULL); /* a process's? */
	return r < 0 ? r : -EPERM;
}

int64_t time_settimeofday(struct call *c)
{
	struct timezone zone;
	struct timeval tv;

	if (c->arg[0]) {
		if (call_get(c, c->arg[0], &tv, sizeof(tv)) < 0)
			return -EFAULT;
		if (tv.tv_sec < 0 || tv.tv_usec < 0 || tv.tv_usec >= 1000000)
			return -EINVAL;
	}
	if (c->arg[1] && call_get(c, c->arg[1], &zone, sizeof(zone)) < 0)
		return -EFAULT;
	return c->arg[0] || c->arg[1] || !capable(CAP_SYS_TIME) ? -EPERM : 0;
}

/* Reading is for all; what would steer the host's clock is not. */
int64_t time_adjtimex(struct call *c)
{
	struct timex look = {0};
	uint32_t modes;

	if (call_get(c, c->arg[c->nr == SYS_clock_adjtime], &modes,
		     sizeof(modes)) < 0)
		return -EFAULT;
	if (modes && modes != ADJ_OFFSET_SS_READ) {
		int64_t r = c->nr == SYS_clock_adjtime
				    ? host_call(c->nr, c->arg[0], &look)
				    : 0;

		return r < 0 ? r : -EPERM;
	}
	return call_forward(c, call_row(c->nr));
}
