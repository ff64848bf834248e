/*
 * cpuclock.c: clocks of CPU time: see cpuclock.h; and reading any clock. A
 * descriptor's clock is the host's: dynamic clocks, /dev/ptp0.
 */
#include "cpuclock.h"

#include <errno.h>

#include "alarms.h"
#include "families.h"
#include "tasks.h"
#include "wait.h"

#define PER_THREAD 4 /* bits of a clock id below the inverted number */
#define WHICH	   3
#define BY_FD	   3 /* the three lowest bits */

static bool is_fd_clock(clockid_t clock)
{
	return clock < 0 && (clock & (PER_THREAD | WHICH)) == BY_FD;
}

static int number_of(clockid_t clock)
{
	return ~(clock >> 3);
}

bool cpuclock_is(clockid_t clock)
{
	return clock == CLOCK_PROCESS_CPUTIME_ID ||
	       clock == CLOCK_THREAD_CPUTIME_ID ||
	       (clock < 0 && !is_fd_clock(clock));
}

static int find_thread(const struct call *c, int tid, struct cpuclock *out)
{
	out->thread = tid ? tasks_thread(c->p->tasks, tid) : c->t;
	return out->thread && out->thread->process == c->p ? 0 : -EINVAL;
}

static int find_process(const struct call *c, int pid, bool to_read,
			struct cpuclock *out)
{
	bool own = !pid || (to_read && pid == c->t->tid);

	out->process = own ? c->p : tasks_process(c->p->tasks, pid);
	return out->process ? 0 : -EINVAL;
}

/* Linux pid_for_clock. */
int cpuclock_find(const struct call *c, clockid_t clock, bool to_read,
		  struct cpuclock *out)
{
	*out = (struct cpuclock){.which = CPU_SCHED};
	if (clock == CLOCK_PROCESS_CPUTIME_ID)
		return find_process(c, 0, to_read, out);
	if (clock == CLOCK_THREAD_CPUTIME_ID)
		return find_thread(c, 0, out);
	out->which = clock & WHICH;
	if (out->which >= CPU_CLOCKS)
		return -EINVAL;
	return clock & PER_THREAD
		       ? find_thread(c, number_of(clock), out)
		       : find_process(c, number_of(clock), to_read, out);
}

static int64_t now_of(const struct cpuclock *k)
{
	return k->thread ? cputime_thread(k->thread, k->which)
			 : cputime_process(k->process, k->which);
}

/* ---- Reading ------------------------------------------------------------- */

int cpuclock_of_host(const struct call *c, clockid_t *clock)
{
	int host;

	if (!is_fd_clock(*clock))
		return 0;
	host = fdtable_host(&c->p->fds, number_of(*clock));
	*clock = (clockid_t)(~(unsigned)host << 3 | BY_FD);
	return host < 0 ? -EINVAL : 0;
}

/* Another clock than those of CPU time: the host's. */
static int64_t forward_clock(struct call *c)
{
	clockid_t clock = (clockid_t)c->arg[0];
	int r = cpuclock_of_host(c, &clock);

	c->arg[0] = (uint64_t)clock;
	return r < 0 ? r : call_forward(c, call_row(c->nr));
}

int64_t cpuclock_gettime(struct call *c)
{
	clockid_t clock = (clockid_t)c->arg[0];
	struct cpuclock k;
	struct timespec now;
	int r;

	if (!cpuclock_is(clock))
		return forward_clock(c);
	r = cpuclock_find(c, clock, true, &k);
	if (r < 0)
		return r;
	now = alarm_timespec(now_of(&k));
	return call_put(c, c->arg[1], &now, sizeof(now));
}

/* Of the host's own clocks of that kind. */
int64_t cpuclock_getres(struct call *c)
{
	clockid_t clock = (clockid_t)c->arg[0];
	struct timespec res;
	struct cpuclock k;
	int r;

	if (!cpuclock_is(clock))
		return forward_clock(c);
	r = cpuclock_find(c, clock, true, &k);
	if (r < 0)
		return r;
	res = alarm_timespec(cpu_clock_resolution(k.which));
	return call_put_opt(c, c->arg[1], &res, sizeof(res));
}

/* ---- Sleeping ------------------------------------------------------------ */

#define LOOK_NS 1000000 /* as alarms.h */

static void wait_for_cpu(struct call *c, const struct cpuclock *k, int64_t left,
			 struct timespec *until)
{
	unsigned threads = k->process ? k->process->nr_threads : 1;
	struct timespec span;

	left /= threads ? threads : 1;
	span = alarm_timespec(left < LOOK_NS ? LOOK_NS : left);
	(void)c;
	time_deadline(CLOCK_MONOTONIC, &span, until);
}

/* 0 or -EINTR. Whose clock stands may wait for ever. */
static int sleep_until(struct call *c, clockid_t clock, int64_t until,
		       int64_t *left)
{
	struct timespec next;
	struct cpuclock k;
	bool stands;

	for (;;) {
		stands = cpuclock_find(c, clock, false, &k) < 0;
		*left = stands ? 0 : until - now_of(&k);
		if (!stands && *left <= 0)
			return 0;
		if (!stands)
			wait_for_cpu(c, &k, *left, &next);
		if (wait_sleep(c->t, CLOCK_MONOTONIC, stands ? NULL : &next) ==
		    -EINTR)
			return -EINTR;
	}
}

static int64_t sleep_on(struct call *c);

static int64_t sleep_or_restart(struct call *c, clockid_t clock, int64_t until,
				uint64_t va_left)
{
	struct timespec left;
	int64_t ns;

	if (!sleep_until(c, clock, until, &ns))
		return 0;
	left = alarm_timespec(ns);
	if (call_put_opt(c, va_left, &left, sizeof(left)) < 0)
		return -EFAULT;
	c->t->restart = (struct restart){
		.fn = sleep_on,
		.arg = {va_left},
		.clock = clock,
		.until = alarm_timespec(until),
	};
	return -ERESTART_RESTARTBLOCK;
}

static int64_t sleep_on(struct call *c)
{
	const struct restart r = c->t->restart;

	return sleep_or_restart(c, r.clock, alarm_ns(&r.until), c->arg[0]);
}

/* Linux posix_cpu_nsleep. */
int64_t cpuclock_nanosleep(struct call *c, clockid_t clock, bool absolute,
			   const struct timespec *t, uint64_t va_left)
{
	struct cpuclock k;
	int64_t ns = alarm_ns(t), now;
	int r = cpuclock_find(c, clock, false, &k);

	if (r < 0 || k.thread == c->t)
		return -EINVAL;
	c->t->restart.fn = NULL;
	if (absolute)
		return sleep_until(c, clock, ns, &now) ? -ERESTARTNOHAND : 0;
	now = now_of(&k);
	ns = ns > INT64_MAX - now ? INT64_MAX : now + ns;
	return sleep_or_restart(c, clock, ns, va_left);
}
