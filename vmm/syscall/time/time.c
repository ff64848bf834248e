/*
 * time.c: sleeping. Reading clocks needs translation only (table.c).
 *
 * Sleeps end at a deadline, so being broken off for nothing only starts them
 * again. Clocks of CPU time are cpuclock.c's.
 */
#include <errno.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "capable.h"
#include "cpuclock.h"
#include "families.h"
#include "wait.h"

#define NSEC 1000000000l

bool time_is_valid(const struct timespec *t)
{
	return t->tv_sec >= 0 && t->tv_nsec >= 0 && t->tv_nsec < NSEC;
}

/* Some 292e9 years: the sum saturates, as the kernel's does. */
struct timespec time_sum(const struct timespec *a, const struct timespec *b)
{
	struct timespec sum = {.tv_nsec = a->tv_nsec + b->tv_nsec};

	if (__builtin_add_overflow(a->tv_sec, b->tv_sec, &sum.tv_sec) ||
	    sum.tv_sec > INT64_MAX / NSEC)
		sum.tv_sec = INT64_MAX / NSEC - 1;
	if (sum.tv_nsec >= NSEC) {
		sum.tv_nsec -= NSEC;
		sum.tv_sec++;
	}
	return sum;
}

int64_t time_deadline(clockid_t clock, const struct timespec *time,
		      struct timespec *until)
{
	struct timespec now;

	if (clock_gettime(clock, &now) < 0)
		return -errno;
	*until = time_sum(&now, time);
	return 0;
}

struct timespec time_left(clockid_t clock, const struct timespec *until)
{
	struct timespec now, left;

	clock_gettime(clock, &now);
	left.tv_sec = until->tv_sec - now.tv_sec;
	left.tv_nsec = until->tv_nsec - now.tv_nsec;
	if (left.tv_nsec < 0) {
		left.tv_nsec += NSEC;
		left.tv_sec--;
	}
	if (left.tv_sec < 0)
		left = (struct timespec){0};
	return left;
}

int64_t time_sleep_until(struct call *c, clockid_t clock,
			 const struct timespec *until)
{
	int64_t r;

	do {
		r = wait_host(c->t, SYS_clock_nanosleep, (uint64_t)clock,
			      TIMER_ABSTIME, (uint64_t)until);
	} while (r == -EINTR && !wait_due(c->t));
	return r;
}

/* Linux kernel/time/hrtimer.c, do_nanosleep, nanosleep_copyout. */
static int64_t sleep_or_restart(struct call *c, clockid_t clock,
				const struct timespec *until, uint64_t va_left);

/* restart_syscall: what was left is written anew. */
static int64_t sleep_on(struct call *c)
{
	const struct restart r = c->t->restart;

	return sleep_or_restart(c, r.clock, &r.until, c->arg[0]);
}

static int64_t sleep_or_restart(struct call *c, clockid_t clock,
				const struct timespec *until, uint64_t va_left)
{
	int64_t r = time_sleep_until(c, clock, until);
	struct timespec left;

	if (r != -EINTR)
		return r;
	left = time_left(clock, until);
	if (!left.tv_sec && !left.tv_nsec)
		return 0;
	if (call_put_opt(c, va_left, &left, sizeof(left)) < 0)
		return -EFAULT;
	c->t->restart = (struct restart){
		.fn = sleep_on,
		.arg = {va_left},
		.clock = clock,
		.until = *until,
	};
	return -ERESTART_RESTARTBLOCK;
}

static int64_t sleep_for(struct call *c, clockid_t clock,
			 const struct timespec *time, uint64_t va_left)
{
	struct timespec until;
	int64_t r = time_deadline(clock, time, &until);

	return r < 0 ? r : sleep_or_restart(c, clock, &until, va_left);
}

int64_t time_nanosleep(struct call *c)
{
	struct timespec t;

	if (call_get(c, c->arg[0], &t, sizeof(t)) < 0)
		return -EFAULT;
	if (!time_is_valid(&t))
		return -EINVAL;
	c->t->restart.fn = NULL;
	return sleep_for(c, CLOCK_MONOTONIC, &t, c->arg[1]);
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
	if (cpuclock_is(clock))
		return cpuclock_nanosleep(c, clock, c->arg[1] & TIMER_ABSTIME,
					  &t, c->arg[3]);
	c->t->restart.fn = NULL;
	if (c->arg[1] & TIMER_ABSTIME) {
		r = time_sleep_until(c, clock, &t);
		return r == -EINTR ? -ERESTARTNOHAND : r;
	}
	/* A relative sleep is not moved by setting the clock. */
	return sleep_for(c, clock == CLOCK_REALTIME ? CLOCK_MONOTONIC : clock,
			 &t, c->arg[3]);
}

/* The host's clocks are not the program's to set. */
int64_t time_clock_settime(struct call *c)
{
	clockid_t clock = (clockid_t)c->arg[0];
	struct cpuclock cpu;
	struct timespec t;
	/* Without a time the host says whether it is one that can be set. */
	int64_t r = host_call(SYS_clock_settime, c->arg[0], NULL);

	if (r != -EFAULT)
		return r;
	if (call_get(c, c->arg[1], &t, sizeof(t)) < 0)
		return -EFAULT;
	if (clock == CLOCK_REALTIME)
		return time_is_valid(&t) ? -EPERM : -EINVAL;
	if (cpuclock_is(clock))
		r = cpuclock_find(c, clock, false, &cpu);
	else
		r = cpuclock_of_host(c, &clock);
	if (!r && !cpuclock_is(clock))
		r = host_call(SYS_clock_getres, clock, NULL); /* is it one? */
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
	bool of_clock = c->nr == SYS_clock_adjtime;
	clockid_t clock = (clockid_t)c->arg[0];
	struct timex look = {0};
	uint32_t modes;
	int64_t r;

	if (call_get(c, c->arg[of_clock], &modes, sizeof(modes)) < 0)
		return -EFAULT;
	if (of_clock) {
		r = cpuclock_of_host(c, &clock);
		if (r < 0)
			return r;
		c->arg[0] = (uint64_t)clock;
	}
	if (modes && modes != ADJ_OFFSET_SS_READ) {
		r = of_clock ? host_call(c->nr, c->arg[0], &look) : 0;
		return r < 0 ? r : -EPERM;
	}
	return call_forward(c, call_row(c->nr));
}
