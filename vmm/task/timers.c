/*
 * timers.c: see timers.h.
 */
#include "timers.h"

#include <errno.h>
#include <limits.h>
#include <search.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/time.h>

#include "process.h"
#include "task_signal.h"
#include "thread.h"

#define ITIMERS 3

enum timer_state {
	TIMER_IDLE,
	TIMER_SET,
	TIMER_SIGNALLED, /* until its signal is taken, then it goes on */
};

struct timer {
	struct alarm alarm;
	struct process *owner;
	int id;
	struct timer_kind kind;
	enum timer_state state;
	int64_t expires, interval; /* nanoseconds */
	int64_t overrun, overrun_last;
	/* Its signal counts if it is of this turn; it is somewhere in a queue.
	 */
	uint64_t turn, signal_turn;
	bool queued;
};

struct timers {
	struct process *owner;
	void *by_id; /* tsearch(3) */
	unsigned next_id;
	struct timer itimer[ITIMERS];
	struct timers *next;
};

static struct {
	struct timers *all; /* of processes that have some */
	unsigned nr;	    /* by timer_new */
} timers;

static const int itimer_signal[ITIMERS] = {
	[ITIMER_REAL] = SIGALRM,
	[ITIMER_VIRTUAL] = SIGVTALRM,
	[ITIMER_PROF] = SIGPROF,
};

static struct timer *timer_of(struct alarm *a)
{
	return (struct timer *)a;
}
_Static_assert(offsetof(struct timer, alarm) == 0, "an alarm is its timer");

static int64_t sum(int64_t a, int64_t b)
{
	return a > INT64_MAX - b ? INT64_MAX : a + b;
}

/* ---- Time ---------------------------------------------------------------- */

/* To the first expiry after now; how many it passes (Linux hrtimer_forward). */
static int64_t forward(struct timer *t, int64_t now)
{
	int64_t late = now - t->expires, n;

	if (late < 0)
		return 0;
	n = late / t->interval + 1;
	if (n > (INT64_MAX - t->expires) / t->interval)
		t->expires = INT64_MAX;
	else
		t->expires += n * t->interval;
	return n;
}

static void set_alarm(struct timer *t)
{
	t->state = TIMER_SET;
	alarm_set(&t->alarm, t->expires);
}

/* Linux common_timer_get, posix_cpu_timer_get. */
void timer_get(struct timer *t, struct itimerspec *out)
{
	bool silent = t->kind.notify == SIGEV_NONE;
	int64_t now, left;

	*out = (struct itimerspec){
		.it_interval = alarm_timespec(t->interval),
	};
	if (!t->interval && t->state == TIMER_IDLE && !silent)
		return;
	now = alarm_now(&t->alarm);
	if (t->interval && t->state != TIMER_SET)
		t->overrun += forward(t, now);
	left = t->expires - now;
	if (left > 0)
		out->it_value = alarm_timespec(left);
	else if (!silent)
		out->it_value.tv_nsec = 1; /* it is about to come */
}

/* ---- Signals ------------------------------------------------------------- */

static struct process *process_of(struct signal_shared *s)
{
	return (struct process *)((char *)s -
				  offsetof(struct process, signals));
}

static struct thread *target(const struct timer *t)
{
	struct thread *to = t->owner->threads;

	while (to && to->tid != t->kind.tid)
		to = to->next;
	return to;
}

/* `dropped` may be called by it. */
static void send(struct timer *t)
{
	const struct signal_info info = {
		.sig = t->kind.sig,
		.code = SI_TIMER,
		.timer = true,
		.pid = t->id,
		.value = t->kind.value,
	};
	struct thread *to = t->kind.tid ? target(t) : NULL;

	if (t->queued || (t->kind.tid && !to))
		return;
	t->queued = true;
	if (to)
		task_signal_thread(to, &info);
	else
		task_signal(t->owner, &info);
}

/* Linux posix_timer_fn, posixtimer_send_sigqueue. */
static void expire(struct alarm *a)
{
	struct timer *t = timer_of(a);

	t->state = t->interval ? TIMER_SIGNALLED : TIMER_IDLE;
	t->signal_turn = t->turn;
	send(t);
}

static void rearm_real(struct timer *t)
{
	if (t->state == TIMER_SET || !t->interval)
		return;
	forward(t, alarm_now(&t->alarm));
	set_alarm(t);
}

/* Linux posixtimer_deliver_signal; and of SIGALRM dequeue_signal. */
static bool taken(struct signal_shared *s, struct signal_info *info)
{
	struct process *p = process_of(s);
	struct timer *t;

	if (info->sig == SIGALRM && info->process)
		rearm_real(&p->timers->itimer[ITIMER_REAL]);
	if (!info->timer)
		return true;
	t = timer_find(p, (uint64_t)info->pid);
	if (!t)
		return false;
	t->queued = false;
	if (t->signal_turn != t->turn)
		return false;
	if (!t->interval || t->state != TIMER_SIGNALLED)
		return true;
	t->overrun += forward(t, alarm_now(&t->alarm));
	set_alarm(t);
	t->overrun_last = t->overrun;
	t->overrun = -1;
	t->turn++;
	info->uid = (uint32_t)timer_overrun(t);
	return true;
}

static void dropped(struct signal_shared *s, const struct signal_info *info)
{
	struct timer *t = timer_find(process_of(s), (uint64_t)info->pid);

	if (t)
		t->queued = false;
}

/* ---- timer_create -------------------------------------------------------- */

static struct timers *timers_of(struct process *p)
{
	struct timers *ts = p->timers;

	if (ts)
		return ts;
	ts = calloc(1, sizeof(*ts));
	if (!ts)
		return NULL;
	ts->owner = p;
	ts->next = timers.all;
	timers.all = ts;
	p->timers = ts;
	p->signals.taken = taken;
	p->signals.dropped = dropped;
	return ts;
}

static int compare(const void *a, const void *b)
{
	const struct timer *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

struct timer *timer_find(const struct process *p, uint64_t id)
{
	const struct timer key = {.id = (int)id};
	struct timer **found = NULL;

	if (p->timers && id <= INT_MAX)
		found = tfind(&key, &p->timers->by_id, compare);
	return found ? *found : NULL;
}

int timer_id(const struct timer *t)
{
	return t->id;
}

/* Linux posix_timer_add. */
static int new_id(struct timers *ts)
{
	int id;

	do
		id = (int)(ts->next_id++ & INT_MAX);
	while (timer_find(ts->owner, (uint64_t)id));
	return id;
}

static struct timer *make(struct process *p)
{
	struct timers *ts = timers_of(p);
	struct timer *t = ts ? calloc(1, sizeof(*t)) : NULL;

	if (!t)
		return NULL;
	t->owner = p;
	t->overrun = -1;
	t->alarm.fn = expire;
	t->kind.notify = SIGEV_NONE;
	t->id = new_id(ts);
	if (tsearch(t, &ts->by_id, compare))
		return t;
	free(t);
	return NULL;
}

struct timer *timer_new(struct thread *t)
{
	struct process *p = t->process;
	uint64_t limit = p->limits.of[RLIMIT_SIGPENDING].rlim_cur;
	struct timer *n;
	int ret =
		timers.nr + p->signals.more < limit ? alarms_begin(t) : -EAGAIN;

	n = ret ? NULL : make(p);
	if (n)
		timers.nr++;
	else
		errno = EAGAIN;
	return n;
}

void timer_begin(struct timer *t, const struct timer_kind *kind)
{
	t->kind = *kind;
	t->alarm.clock = kind->base;
	t->alarm.which = kind->which;
	t->alarm.process = kind->process;
	t->alarm.thread = kind->thread;
}

static void discard(struct timer *t)
{
	alarm_cancel(&t->alarm);
	timers.nr--;
	free(t);
}

void timer_free(struct timer *t)
{
	tdelete(t, &t->owner->timers->by_id, compare);
	discard(t);
}

/* A relative time of CLOCK_REALTIME is not moved by setting the clock. */
static void choose_base(struct timer *t, bool absolute)
{
	if (t->kind.clock == CLOCK_REALTIME)
		t->alarm.clock = absolute ? ALARM_REALTIME : ALARM_MONOTONIC;
}

/* Linux common_timer_set, posix_cpu_timer_set. */
int timer_set(struct timer *t, bool absolute, const struct itimerspec *spec,
	      struct itimerspec *old)
{
	int64_t value = alarm_ns(&spec->it_value), now;

	if (t->alarm.clock == ALARM_CPU && !t->alarm.process &&
	    !t->alarm.thread)
		return -ESRCH;
	if (old)
		timer_get(t, old);
	alarm_cancel(&t->alarm);
	t->turn++;
	t->state = TIMER_IDLE;
	t->interval = value ? alarm_ns(&spec->it_interval) : 0;
	t->overrun_last = 0;
	t->overrun = -1;
	if (!value && t->alarm.clock == ALARM_CPU)
		t->expires = 0; /* of others timer_get goes by the last one */
	if (!value)
		return 0;
	choose_base(t, absolute);
	now = alarm_now(&t->alarm);
	t->expires = absolute ? value : sum(now, value);
	if (t->kind.notify == SIGEV_NONE)
		return 0;
	if (t->expires <= now)
		expire(&t->alarm);
	else
		set_alarm(t);
	return 0;
}

int timer_overrun(const struct timer *t)
{
	return t->overrun_last > INT_MAX ? INT_MAX : (int)t->overrun_last;
}

static void unignore(const void *node, VISIT visit, void *sig)
{
	struct timer *t = *(struct timer *const *)node;

	if ((visit == postorder || visit == leaf) &&
	    t->kind.sig == *(int *)sig && t->state == TIMER_SIGNALLED)
		send(t);
}

void timers_unignore(struct process *p, int sig)
{
	if (p->timers)
		twalk_r(p->timers->by_id, unignore, &sig);
}

/* ---- setitimer ----------------------------------------------------------- */

#define USEC 1000

static void expire_real(struct alarm *a)
{
	struct timer *t = timer_of(a);

	t->state = t->interval ? TIMER_SIGNALLED : TIMER_IDLE;
	task_signal_self(t->owner, SIGALRM);
}

/* These wait for nobody (Linux check_cpu_itimer). */
static void expire_cpu(struct alarm *a)
{
	struct timer *t = timer_of(a);

	t->expires = sum(t->expires, t->interval);
	if (t->interval)
		set_alarm(t);
	else
		t->state = TIMER_IDLE;
	task_signal_self(t->owner, t->kind.sig);
}

static void tell_itimer(const struct timer *t, int64_t now,
			struct itimerspec *out)
{
	int64_t least = t->alarm.clock == ALARM_CPU
				? cpu_clock_resolution(CPU_PROF)
				: USEC;
	int64_t left = t->expires > now ? t->expires - now : least;

	*out = (struct itimerspec){
		.it_interval = alarm_timespec(t->interval),
	};
	if (t->state == TIMER_SET)
		out->it_value = alarm_timespec(left);
}

static void begin_itimer(struct timer *t, struct process *p, int which)
{
	t->owner = p;
	t->kind.sig = itimer_signal[which];
	t->alarm.process = p;
	t->alarm.clock = which == ITIMER_REAL ? ALARM_MONOTONIC : ALARM_CPU;
	t->alarm.which = which == ITIMER_VIRTUAL ? CPU_VIRT : CPU_PROF;
	t->alarm.fn = which == ITIMER_REAL ? expire_real : expire_cpu;
}

void itimer_get(struct process *p, int which, struct itimerspec *out)
{
	const struct timer *t = p->timers ? &p->timers->itimer[which] : NULL;

	if (t && t->owner)
		tell_itimer(t, alarm_now(&t->alarm), out);
	else
		*out = (struct itimerspec){0};
}

/* Linux do_setitimer, set_cpu_itimer. */
int itimer_set(struct thread *th, int which, const struct itimerspec *spec,
	       struct itimerspec *old)
{
	int64_t value = alarm_ns(&spec->it_value), now;
	struct timers *ts = timers_of(th->process);
	int ret = ts ? alarms_begin(th) : -ENOMEM;
	struct timer *t;

	if (ret)
		return ret;
	t = &ts->itimer[which];
	if (!t->owner)
		begin_itimer(t, th->process, which);
	now = alarm_now(&t->alarm);
	tell_itimer(t, now, old);
	alarm_cancel(&t->alarm);
	t->state = TIMER_IDLE;
	t->interval = alarm_ns(&spec->it_interval);
	if (which == ITIMER_REAL && !value)
		t->interval = 0;
	if (!value)
		return 0;
	/* By a tick more, as its clock may be late. */
	if (which != ITIMER_REAL)
		value = sum(value, cpu_clock_resolution(CPU_PROF));
	t->expires = sum(now, value);
	set_alarm(t);
	return 0;
}

/* ---- Ends ---------------------------------------------------------------- */

static void discard_node(void *node)
{
	discard(node);
}

void timers_exec(struct process *p)
{
	if (!p->timers)
		return;
	tdestroy(p->timers->by_id, discard_node);
	p->timers->by_id = NULL;
}

/* A clock that nobody drives any more: Linux disarms its timers. */
static void stand_still(struct timer *t)
{
	alarm_cancel(&t->alarm);
	t->alarm.process = NULL;
	t->alarm.thread = NULL;
	t->state = TIMER_IDLE;
	t->expires = 0;
}

static void leave_thread(const void *node, VISIT visit, void *thread)
{
	struct timer *t = *(struct timer *const *)node;

	if ((visit == postorder || visit == leaf) && t->alarm.thread == thread)
		stand_still(t);
}

static void leave_process(const void *node, VISIT visit, void *process)
{
	struct timer *t = *(struct timer *const *)node;

	if ((visit == postorder || visit == leaf) &&
	    t->alarm.process == process)
		stand_still(t);
}

void timers_thread_end(const struct thread *t)
{
	if (t->process->timers)
		twalk_r(t->process->timers->by_id, leave_thread, (void *)t);
}

static void free_all(struct timers *ts)
{
	struct timers **at = &timers.all;

	timers_exec(ts->owner);
	for (int i = 0; i < ITIMERS; i++)
		alarm_cancel(&ts->itimer[i].alarm);
	while (*at != ts)
		at = &(*at)->next;
	*at = ts->next;
	free(ts);
}

void timers_process_end(struct process *p)
{
	for (struct timers *ts = timers.all; ts; ts = ts->next)
		if (ts->owner != p)
			twalk_r(ts->by_id, leave_process, p);
	if (!p->timers)
		return;
	p->signals.taken = NULL;
	p->signals.dropped = NULL;
	free_all(p->timers);
	p->timers = NULL;
}

void timers_end(void)
{
	while (timers.all)
		timers_process_end(timers.all->owner);
}
