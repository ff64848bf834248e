/*
 * time.c: sleeping, and futexes of a program with one thread. Reading clocks
 * needs translation only (table.c).
 *
 * Sleeps end at a deadline, so interruptions of the VMM's own only restart
 * them. Clocks that count this process's CPU time count the VMM's.
 */
#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "families.h"
#include "stop.h"

#define NSEC 1000000000l

static bool is_valid(const struct timespec *t)
{
	return t->tv_sec >= 0 && t->tv_nsec >= 0 && t->tv_nsec < NSEC;
}

static int64_t sleep_until(clockid_t clock, const struct timespec *until)
{
	int64_t r;

	do {
		r = host_call(SYS_clock_nanosleep, clock, TIMER_ABSTIME, until,
			      NULL);
	} while (r == -EINTR && !stop_signal());
	return r;
}

static int64_t sleep_for(clockid_t clock, const struct timespec *time)
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
	return sleep_until(clock, &until);
}

int64_t time_nanosleep(struct call *c)
{
	struct timespec t;

	if (call_get(c, c->arg[0], &t, sizeof(t)) < 0)
		return -EFAULT;
	if (!is_valid(&t))
		return -EINVAL;
	return sleep_for(CLOCK_MONOTONIC, &t);
}

int64_t time_clock_nanosleep(struct call *c)
{
	clockid_t clock = (clockid_t)c->arg[0];
	struct timespec t;

	if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC &&
	    clock != CLOCK_BOOTTIME && clock != CLOCK_TAI)
		return clock == CLOCK_MONOTONIC_RAW ||
				       clock == CLOCK_REALTIME_COARSE ||
				       clock == CLOCK_MONOTONIC_COARSE
			       ? -EOPNOTSUPP
			       : -EINVAL;
	if (call_get(c, c->arg[2], &t, sizeof(t)) < 0)
		return -EFAULT;
	if (!is_valid(&t))
		return -EINVAL;
	if (c->arg[1] & TIMER_ABSTIME)
		return sleep_until(clock, &t);
	/* A relative sleep is not moved by setting the clock. */
	return sleep_for(clock == CLOCK_REALTIME ? CLOCK_MONOTONIC : clock, &t);
}

/* The host's clock is not the program's to set; only that one can be at all. */
int64_t time_clock_settime(struct call *c)
{
	struct timespec t;

	if ((clockid_t)c->arg[0] != CLOCK_REALTIME)
		return -EINVAL;
	if (call_get(c, c->arg[1], &t, sizeof(t)) < 0)
		return -EFAULT;
	return is_valid(&t) ? -EPERM : -EINVAL;
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
	return c->arg[0] || c->arg[1] ? -EPERM : 0;
}

/* Reading is for all; what would steer the host's clock is not. */
int64_t time_adjtimex(struct call *c)
{
	uint32_t modes;

	if (call_get(c, c->arg[c->nr == SYS_clock_adjtime], &modes,
		     sizeof(modes)) < 0)
		return -EFAULT;
	if (modes && modes != ADJ_OFFSET_SS_READ)
		return -EPERM;
	return call_forward(c, call_row(c->nr));
}

/* ---- futex ------------------------------------------------------------- */

/* Nobody can wake a lone thread: it sleeps for its time, or for ever. */
static int64_t futex_sleep(struct call *c, int op)
{
	clockid_t clock = (uint32_t)c->arg[1] & FUTEX_CLOCK_REALTIME
				  ? CLOCK_REALTIME
				  : CLOCK_MONOTONIC;
	struct timespec t;
	int64_t r;

	if (!c->arg[3])
		while (!stop_signal())
			pause();
	if (call_get(c, c->arg[3], &t, sizeof(t)) < 0)
		return -EFAULT;
	if (!is_valid(&t))
		return -EINVAL;
	/* WAIT has a length of time, WAIT_BITSET a point in time. */
	r = op == FUTEX_WAIT ? sleep_for(clock, &t) : sleep_until(clock, &t);
	return r < 0 ? r : -ETIMEDOUT;
}

static int64_t futex_wait(struct call *c, int op)
{
	uint32_t value;

	if (op == FUTEX_WAIT_BITSET && !(uint32_t)c->arg[5])
		return -EINVAL;
	if (c->arg[0] % sizeof(value))
		return -EINVAL;
	if (call_get(c, c->arg[0], &value, sizeof(value)) < 0)
		return -EFAULT;
	if (value != (uint32_t)c->arg[2])
		return -EAGAIN;
	return futex_sleep(c, op);
}

static int64_t futex_wake(struct call *c, int op)
{
	if (op == FUTEX_WAKE_BITSET && !(uint32_t)c->arg[5])
		return -EINVAL;
	return c->arg[0] % sizeof(uint32_t) ? -EINVAL : 0;
}

static int64_t futex_requeue(struct call *c, int op)
{
	uint32_t value;

	if (c->arg[0] % sizeof(value) || c->arg[4] % sizeof(value))
		return -EINVAL;
	if (op == FUTEX_REQUEUE)
		return 0;
	if (call_get(c, c->arg[0], &value, sizeof(value)) < 0)
		return -EFAULT;
	return value == (uint32_t)c->arg[5] ? 0 : -EAGAIN;
}

int64_t time_futex(struct call *c)
{
	int op = (int)c->arg[1] & FUTEX_CMD_MASK;

	switch (op) {
	case FUTEX_WAIT:
	case FUTEX_WAIT_BITSET:
		return futex_wait(c, op);
	case FUTEX_WAKE:
	case FUTEX_WAKE_BITSET:
		return futex_wake(c, op);
	case FUTEX_REQUEUE:
	case FUTEX_CMP_REQUEUE:
		return futex_requeue(c, op);
	default:
		return -ENOSYS;
	}
}

#define WAITV_MAX     128
#define WAITV_U32     2u
#define WAITV_PRIVATE 128u

/* Linux <linux/futex.h>, struct futex_waitv. */
struct waiter {
	uint64_t value, address;
	uint32_t flags, reserved;
};

static int64_t get_waiter(struct call *c, uint64_t i, struct waiter *w)
{
	if (call_get(c, c->arg[0] + i * sizeof(*w), w, sizeof(*w)) < 0)
		return -EFAULT;
	if ((w->flags & ~WAITV_PRIVATE) != WAITV_U32 || w->reserved ||
	    w->value > UINT32_MAX)
		return -EINVAL;
	return 0;
}

/* 0 if the program would have to sleep for all of them. */
static int64_t check_waiters(struct call *c, uint64_t n)
{
	struct waiter w;
	uint32_t value;
	int64_t r = 0;

	for (uint64_t i = 0; i < n && r == 0; i++)
		r = get_waiter(c, i, &w);
	for (uint64_t i = 0; i < n && r == 0; i++) {
		r = get_waiter(c, i, &w);
		if (r == 0 && w.address % sizeof(value))
			r = -EINVAL;
		if (r == 0)
			r = call_get(c, w.address, &value, sizeof(value));
		if (r == 0 && value != (uint32_t)w.value)
			r = -EAGAIN;
	}
	return r;
}

int64_t time_futex_waitv(struct call *c)
{
	clockid_t clock = (clockid_t)c->arg[4];
	uint32_t n = (uint32_t)c->arg[1];
	struct timespec t;
	int64_t r;

	if ((uint32_t)c->arg[2] || !n || n > WAITV_MAX || !c->arg[0])
		return -EINVAL;
	if (c->arg[3]) {
		if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)
			return -EINVAL;
		if (call_get(c, c->arg[3], &t, sizeof(t)) < 0)
			return -EFAULT;
		if (!is_valid(&t))
			return -EINVAL;
	}
	r = check_waiters(c, n);
	if (r < 0)
		return r;
	if (!c->arg[3]) {
		while (!stop_signal())
			pause();
		return -EINTR;
	}
	r = sleep_until(clock, &t);
	return r < 0 ? r : -ETIMEDOUT;
}
