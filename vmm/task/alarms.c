/*
 * alarms.c: see alarms.h.
 *
 * The host thread sleeps for a span of CLOCK_MONOTONIC. An alarm that comes
 * first now wakes it by an eventfd; a clock that was set, or a machine that has
 * slept, by a timer that is cancelled then (timerfd_create(2)).
 */
#include "alarms.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "process.h"
#include "thread.h"
#include "vcpu.h"

#define NSEC	 1000000000l
#define FOR_EVER INT64_MAX

/* Between two looks at CPU time, while some is used, and while none is. */
#define LOOK_NS	     1000000
#define LOOK_IDLE_NS 10000000

static const clockid_t clocks[] = {
	[ALARM_MONOTONIC] = CLOCK_MONOTONIC,
	[ALARM_REALTIME] = CLOCK_REALTIME,
	[ALARM_BOOTTIME] = CLOCK_BOOTTIME,
	[ALARM_TAI] = CLOCK_TAI,
};
#define CLOCKS (sizeof(clocks) / sizeof(*clocks))

static struct {
	bool running;
	bool busy; /* it looks for what is next when it is through */
	bool over;
	pthread_t host;
	struct vcpu *vcpu; /* whose lock is the machine's */
	int wake, clock_set;
	struct heap by_clock[CLOCKS];
	struct alarm *cpu; /* those of CPU time */
} alarms = {.wake = -1, .clock_set = -1};

int64_t alarm_ns(const struct timespec *t)
{
	return t->tv_sec >= INT64_MAX / NSEC ? INT64_MAX
					     : t->tv_sec * NSEC + t->tv_nsec;
}

struct timespec alarm_timespec(int64_t ns)
{
	return (struct timespec){ns / NSEC, ns % NSEC};
}

static int64_t clock_now(clockid_t clock)
{
	struct timespec now = {0};

	clock_gettime(clock, &now);
	return alarm_ns(&now);
}

int64_t alarm_now(const struct alarm *a)
{
	if (a->clock != ALARM_CPU)
		return clock_now(clocks[a->clock]);
	if (a->thread)
		return cputime_thread(a->thread, a->which);
	return a->process ? cputime_process(a->process, a->which) : 0;
}

/* ---- What is set --------------------------------------------------------- */

static void wake_host(void)
{
	const uint64_t one = 1;

	if (!alarms.busy && write(alarms.wake, &one, sizeof(one)) < 0)
		return; /* it is full: nobody has read the last one yet */
}

void alarm_set(struct alarm *a, int64_t when)
{
	alarm_cancel(a);
	a->set = true;
	a->node.key = when;
	if (a->clock != ALARM_CPU) {
		heap_add(&alarms.by_clock[a->clock], &a->node);
		if (alarms.by_clock[a->clock].root == &a->node)
			wake_host();
		return;
	}
	a->seen = -1;
	a->next = alarms.cpu;
	a->at = &alarms.cpu;
	if (a->next)
		a->next->at = &a->next;
	alarms.cpu = a;
	wake_host();
}

void alarm_cancel(struct alarm *a)
{
	if (!a->set)
		return;
	a->set = false;
	if (a->clock != ALARM_CPU) {
		heap_remove(&alarms.by_clock[a->clock], &a->node);
		return;
	}
	*a->at = a->next;
	if (a->next)
		a->next->at = a->at;
}

/* ---- The host thread ----------------------------------------------------- */

static int64_t sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static void do_alarm(struct alarm *a)
{
	alarm_cancel(a);
	a->fn(a);
}

/* What has come; returns how long the next takes. */
static int64_t look_at_clock(enum alarm_clock clock)
{
	struct heap *h = &alarms.by_clock[clock];
	int64_t now = h->root ? clock_now(clocks[clock]) : 0;

	while (h->root && h->root->key <= now)
		do_alarm((struct alarm *)h->root);
	return h->root ? h->root->key - now : FOR_EVER;
}
_Static_assert(offsetof(struct alarm, node) == 0, "a node is its alarm");

/* All threads may run at once. */
static int64_t cpu_left(struct alarm *a, int64_t now)
{
	unsigned threads = a->process ? a->process->nr_threads : 1;
	int64_t left = (a->node.key - now) / (threads ? threads : 1);
	int64_t least = now == a->seen ? LOOK_IDLE_NS : LOOK_NS;

	a->seen = now;
	return left < least ? least : left;
}

/* What is set anew meanwhile comes at the front, where it is not seen. */
static int64_t look_at_cpu(void)
{
	int64_t next = FOR_EVER, now;

	for (struct alarm *a = alarms.cpu, *after; a; a = after) {
		after = a->next;
		now = alarm_now(a);
		if (a->node.key <= now)
			do_alarm(a);
		else
			next = sooner(next, cpu_left(a, now));
		if (a->set && a->node.key <= now)
			next = sooner(next, LOOK_NS);
	}
	return next;
}

static int64_t look(void)
{
	int64_t next;

	alarms.busy = true;
	next = look_at_cpu();
	for (unsigned i = 0; i < CLOCKS; i++)
		next = sooner(next, look_at_clock(i));
	alarms.busy = false;
	return next;
}

static void sleep_for(int64_t ns)
{
	struct pollfd fds[] = {
		{alarms.wake, POLLIN, 0},
		{alarms.clock_set, POLLIN, 0}, /* -1: is not looked at */
	};
	const struct timespec span = alarm_timespec(ns);
	uint64_t count;

	ppoll(fds, 2, ns == FOR_EVER ? NULL : &span, NULL);
	for (int i = 0; i < 2; i++)
		if (fds[i].revents &&
		    read(fds[i].fd, &count, sizeof(count)) < 0)
			continue; /* ECANCELED, and may be again */
}

static bool is_over(void)
{
	return __atomic_load_n(&alarms.over, __ATOMIC_SEQ_CST);
}

static void *run(void *arg)
{
	int64_t next;

	prctl(PR_SET_NAME, "alarms");
	prctl(PR_SET_TIMERSLACK, 1);
	vcpu_lock(alarms.vcpu);
	while (!is_over()) {
		next = look();
		vcpu_unlock(alarms.vcpu);
		sleep_for(next);
		vcpu_lock(alarms.vcpu);
	}
	vcpu_unlock(alarms.vcpu);
	return arg;
}

/* Where the host cannot tell it, a clock that is set is seen late. */
static int watch_clock_set(void)
{
	const struct itimerspec far = {.it_value.tv_sec = INT64_MAX / NSEC};
	int fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd < 0 ||
	    !timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET,
			     &far, NULL))
		return fd;
	close(fd);
	return -1;
}

static void close_all(void)
{
	close(alarms.wake);
	if (alarms.clock_set >= 0)
		close(alarms.clock_set);
	alarms.wake = alarms.clock_set = -1;
}

static int start_host(void)
{
	sigset_t all, old;
	int ret;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	ret = pthread_create(&alarms.host, NULL, run, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -ret;
}

int alarms_begin(struct thread *t)
{
	int ret;

	if (alarms.running)
		return 0;
	alarms.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (alarms.wake < 0)
		return -EAGAIN;
	alarms.clock_set = watch_clock_set();
	alarms.vcpu = t->vcpu;
	vcpu_share_lock(t->vcpu);
	ret = start_host();
	if (ret)
		close_all();
	alarms.running = !ret;
	return ret;
}

void alarms_stop(void)
{
	__atomic_store_n(&alarms.over, true, __ATOMIC_SEQ_CST);
}

void alarms_fini(void)
{
	const uint64_t one = 1;

	if (alarms.running) {
		while (write(alarms.wake, &one, sizeof(one)) < 0 &&
		       errno == EINTR)
			;
		pthread_join(alarms.host, NULL);
		close_all();
	}
	alarms.running = alarms.over = false;
}
