/*
 * timers.c: alarm, setitimer, timer_create and their kin: what the program
 * asks for, and which error comes first (Linux kernel/time/posix-timers.c,
 * itimer.c). What timers do is task/timers.c.
 */
#include "timers.h"

#include <errno.h>
#include <signal.h>
#include <sys/time.h>
#include <time.h>

#include "cpuclock.h"
#include "families.h"

#define NSEC 1000000000l

/* ---- alarm and setitimer ------------------------------------------------- */

int64_t timers_alarm(struct call *c)
{
	const struct itimerspec next = {
		.it_value.tv_sec = (unsigned)c->arg[0],
	};
	struct itimerspec old;
	int r = itimer_set(c->t, ITIMER_REAL, &next, &old);

	if (r < 0)
		return r;
	/* Never 0 if there was one: rather too much than too little. */
	if ((!old.it_value.tv_sec && old.it_value.tv_nsec) ||
	    old.it_value.tv_nsec >= NSEC / 2)
		old.it_value.tv_sec++;
	return (unsigned)old.it_value.tv_sec;
}

static bool is_itimer(uint64_t which)
{
	return (uint32_t)which <= ITIMER_PROF;
}

static int64_t put_itimer(struct call *c, uint64_t va,
			  const struct itimerspec *spec)
{
	const struct itimerval out = {
		.it_interval = {spec->it_interval.tv_sec,
				spec->it_interval.tv_nsec / 1000},
		.it_value = {spec->it_value.tv_sec,
			     spec->it_value.tv_nsec / 1000},
	};

	return call_put(c, va, &out, sizeof(out));
}

int64_t timers_getitimer(struct call *c)
{
	struct itimerspec now;

	if (!is_itimer(c->arg[0]))
		return -EINVAL;
	itimer_get(c->p, (int)c->arg[0], &now);
	return put_itimer(c, c->arg[1], &now);
}

/* Linux get_itimerval, timeval_valid. */
static int to_timespec(const struct timeval *tv, struct timespec *t)
{
	if (tv->tv_sec < 0 || tv->tv_usec < 0 || tv->tv_usec >= 1000000)
		return -EINVAL;
	*t = (struct timespec){tv->tv_sec, tv->tv_usec * 1000};
	return 0;
}

int64_t timers_setitimer(struct call *c)
{
	struct itimerspec next, old;
	struct itimerval in = {0}; /* no address: as if it were zeroes */
	int r;

	if (c->arg[1] && call_get(c, c->arg[1], &in, sizeof(in)) < 0)
		return -EFAULT;
	if (to_timespec(&in.it_interval, &next.it_interval) < 0 ||
	    to_timespec(&in.it_value, &next.it_value) < 0 ||
	    !is_itimer(c->arg[0]))
		return -EINVAL;
	r = itimer_set(c->t, (int)c->arg[0], &next, &old);
	return r < 0 || !c->arg[2] ? r : put_itimer(c, c->arg[2], &old);
}

/* ---- timer_create -------------------------------------------------------- */

/* As the kernel has it: struct sigevent, 64 bytes. */
struct event {
	uint64_t value;
	int32_t sig, notify, tid;
	int32_t rest[11];
};
_Static_assert(sizeof(struct event) == 64, "kernel ABI");

/* Linux good_sigevent. */
static int good_event(const struct call *c, const struct event *e)
{
	const struct thread *t = c->p->threads;

	if (e->notify == SIGEV_NONE)
		return 0;
	if (e->notify == SIGEV_THREAD_ID) {
		while (t && t->tid != e->tid)
			t = t->next;
		if (!t)
			return -EINVAL;
	} else if (e->notify != SIGEV_SIGNAL && e->notify != SIGEV_THREAD) {
		return -EINVAL;
	}
	return e->sig <= 0 || e->sig > SIGNALS ? -EINVAL : 0;
}

/*
 * Does a timer know this clock? The host says so: of all it can, it finds no
 * room for the number. Of those that wake the machine up, it is asked in full.
 */
static int64_t judge_clock(clockid_t clock)
{
	struct event none = {.notify = SIGEV_NONE};
	bool wakes =
		clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM;
	int32_t id;
	int64_t r;

	if (clock < 0 && cpuclock_is(clock))
		return 0;
	r = host_call(SYS_timer_create, clock, &none, wakes ? &id : NULL);
	if (wakes && r == 0)
		host_call(SYS_timer_delete, id);
	return r == -EFAULT ? 0 : r;
}

static enum alarm_clock base_of(clockid_t clock)
{
	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_ALARM:
		return ALARM_REALTIME;
	case CLOCK_BOOTTIME:
	case CLOCK_BOOTTIME_ALARM:
		return ALARM_BOOTTIME;
	case CLOCK_TAI:
		return ALARM_TAI;
	default:
		return cpuclock_is(clock) ? ALARM_CPU : ALARM_MONOTONIC;
	}
}

static int set_clock(const struct call *c, clockid_t clock,
		     struct timer_kind *kind)
{
	struct cpuclock cpu;
	int r;

	kind->clock = clock;
	kind->base = base_of(clock);
	if (kind->base != ALARM_CPU)
		return 0;
	r = cpuclock_find(c, clock, false, &cpu);
	kind->which = cpu.which;
	kind->process = cpu.process;
	kind->thread = cpu.thread;
	return r;
}

/* In Linux's order, which is that of do_timer_create. */
static int begin(struct call *c, struct timer *t, const struct event *e)
{
	clockid_t clock = (clockid_t)c->arg[0];
	const int32_t id = timer_id(t);
	struct timer_kind kind = {
		.notify = e ? e->notify : SIGEV_SIGNAL,
		.sig = e ? e->sig : SIGALRM,
		.tid = e && e->notify == SIGEV_THREAD_ID ? e->tid : 0,
		.value = e ? e->value : (uint32_t)id,
	};
	int r = e ? good_event(c, e) : 0;

	if (!r && call_put(c, c->arg[2], &id, sizeof(id)) < 0)
		r = -EFAULT;
	r = r ? r : set_clock(c, clock, &kind);
	if (!r)
		timer_begin(t, &kind);
	return r;
}

int64_t timers_create(struct call *c)
{
	struct timer *t;
	struct event e;
	int64_t r;

	if (c->arg[1] && call_get(c, c->arg[1], &e, sizeof(e)) < 0)
		return -EFAULT;
	r = judge_clock((clockid_t)c->arg[0]);
	if (r == -EINVAL || r == -EOPNOTSUPP)
		return r;
	t = timer_new(c->t);
	if (!t)
		return -errno;
	r = r ? r : begin(c, t, c->arg[1] ? &e : NULL);
	if (r < 0)
		timer_free(t);
	return r;
}

int64_t timers_delete(struct call *c)
{
	struct timer *t = timer_find(c->p, (uint32_t)c->arg[0]);

	if (!t)
		return -EINVAL;
	timer_free(t);
	return 0;
}

int64_t timers_settime(struct call *c)
{
	struct itimerspec next, old;
	struct timer *t;
	int r;

	if (!c->arg[2])
		return -EINVAL;
	if (call_get(c, c->arg[2], &next, sizeof(next)) < 0)
		return -EFAULT;
	t = timer_find(c->p, (uint32_t)c->arg[0]);
	if (!time_is_valid(&next.it_interval) ||
	    !time_is_valid(&next.it_value) || !t)
		return -EINVAL;
	r = timer_set(t, c->arg[1] & TIMER_ABSTIME, &next, &old);
	return r < 0 ? r : call_put_opt(c, c->arg[3], &old, sizeof(old));
}

int64_t timers_gettime(struct call *c)
{
	struct timer *t = timer_find(c->p, (uint32_t)c->arg[0]);
	struct itimerspec now;

	if (!t)
		return -EINVAL;
	timer_get(t, &now);
	return call_put(c, c->arg[1], &now, sizeof(now));
}

int64_t timers_getoverrun(struct call *c)
{
	const struct timer *t = timer_find(c->p, (uint32_t)c->arg[0]);

	return t ? timer_overrun(t) : -EINVAL;
}
