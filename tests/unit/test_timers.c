/*
 * Do timers signal as Linux's do: which errors, what siginfo says, how often
 * they expire, and what becomes of a signal that waits when its timer changes?
 * Each script runs natively, too (two_worlds.h).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/utsname.h>
#include <time.h>

#include "timers.h"
#include "two_worlds.h"
#include "wait.h"

TestSuite(timers, .init = sys_setup, .fini = sys_teardown, .timeout = 60);

#define RT1    (uint64_t)40
#define RT2    (uint64_t)41
#define MS     1000000l
#define SECOND 1000000000l
#define EVENT  VA0
#define ID     VA1
#define SPEC   VA2
#define OLD    (VA2 + 256)
#define SET    (VA2 + 512)
#define INFO   (VA2 + 1024)
#define TIME   (VA2 + 2048)

/* ---- What scripts are made of -------------------------------------------- */

static uint64_t set_of(int sig)
{
	return 1ull << (sig - 1);
}

static void block(const struct world *w, uint64_t set)
{
	CALL(w, SYS_rt_sigprocmask, SIG_SETMASK, PUT(w, SET, set), 0, 8);
}

static struct itimerspec spec_of(int64_t first, int64_t interval)
{
	return (struct itimerspec){
		.it_value = {first / SECOND, first % SECOND},
		.it_interval = {interval / SECOND, interval % SECOND},
	};
}

static void event(const struct world *w, int notify, int sig, int tid)
{
	struct sigevent e = {
		.sigev_notify = notify,
		.sigev_signo = sig,
		.sigev_value.sival_ptr = (void *)0x123456789abcul,
	};

	e._sigev_un._tid = tid;
	PUT(w, EVENT, e);
}

/* Returns the number, or what was wrong. */
static int64_t create(const struct world *w, clockid_t clock, int notify,
		      int sig)
{
	event(w, notify, sig, 0);
	PUT(w, ID, -1);
	if (DO(w, SYS_timer_create, (uint64_t)clock, EVENT, ID))
		return -1;
	return SAY(w, GET(w, ID, int));
}

static void arm(const struct world *w, int64_t id, int64_t first,
		int64_t interval)
{
	PUT(w, SPEC, spec_of(first, interval));
	DO(w, SYS_timer_settime, (uint64_t)id, 0, SPEC, 0);
}

/* The next of the set within some milliseconds; says what siginfo has. */
static siginfo_t next(const struct world *w, uint64_t set, int64_t ms)
{
	siginfo_t si = {0};
	const struct timespec t = {ms / 1000, ms % 1000 * MS};

	PUT(w, INFO, si);
	if (DO(w, SYS_rt_sigtimedwait, PUT(w, SET, set), INFO, PUT(w, TIME, t),
	       8) < 0)
		return si;
	si = GET(w, INFO, siginfo_t);
	SAY(w, si.si_signo);
	SAY(w, si.si_code);
	return si;
}

static void sleep_ms(const struct world *w, int64_t ms)
{
	const struct timespec t = {ms / 1000, ms % 1000 * MS};

	CALL(w, SYS_nanosleep, PUT(w, TIME, t), 0);
}

static void say_pending(const struct world *w)
{
	DO(w, SYS_rt_sigpending, PUT(w, SET, 0ul), 8);
	SAY(w, GET(w, SET, uint64_t));
}

/* In seconds, rounded up, as time passes between. */
static void say_spec(const struct world *w, uint64_t va)
{
	const struct itimerspec s = GET(w, va, struct itimerspec);

	SAY(w, s.it_value.tv_sec + !!s.it_value.tv_nsec);
	SAY(w, s.it_interval.tv_sec);
	SAY(w, s.it_interval.tv_nsec);
}

static void say_time(const struct world *w, int64_t id)
{
	DO(w, SYS_timer_gettime, (uint64_t)id, OLD);
	say_spec(w, OLD);
}

static void burn(int64_t ms)
{
	struct timespec now, end;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
	end.tv_nsec += ms * MS;
	end.tv_sec += end.tv_nsec / SECOND;
	end.tv_nsec %= SECOND;
	do
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	while (now.tv_sec < end.tv_sec ||
	       (now.tv_sec == end.tv_sec && now.tv_nsec < end.tv_nsec));
}

static bool is_linux(int major, int minor)
{
	struct utsname u;
	int a = 0, b = 0;

	uname(&u);
	sscanf(u.release, "%d.%d", &a, &b);
	return a > major || (a == major && b >= minor);
}

/* ---- Errors -------------------------------------------------------------- */

static void timer_errors(const struct world *w)
{
	static const struct itimerspec bad[] = {
		{.it_value = {-1, 0}},
		{.it_value = {0, SECOND}},
		{.it_value = {0, -1}},
		{.it_value = {1, 0}, .it_interval = {0, SECOND}},
		{.it_interval = {-1, 0}},
	};

	PUT(w, SPEC, spec_of(SECOND, 0));
	DO(w, SYS_timer_settime, 0, 0, 0, 0);
	DO(w, SYS_timer_settime, 0, 0, BAD, 0);
	DO(w, SYS_timer_settime, 0, 0, SPEC, BAD);
	DO(w, SYS_timer_gettime, 0, BAD);
	DO(w, SYS_timer_getoverrun, 0);
	DO(w, SYS_timer_delete, 0);
	DO(w, SYS_timer_create, CLOCK_MONOTONIC, BAD, ID);
	create(w, CLOCK_MONOTONIC, SIGEV_SIGNAL, RT1);
	for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		PUT(w, SPEC, bad[i]);
		DO(w, SYS_timer_settime, 0, 0, SPEC, 0);
	}
	PUT(w, SPEC, spec_of(SECOND, 0));
	DO(w, SYS_timer_settime, 0, 0, SPEC, BAD);
	DO(w, SYS_timer_settime, 0, 0xfffffffe, SPEC, OLD);
	say_spec(w, OLD);
	DO(w, SYS_timer_settime, 0x100000000ul, 0, SPEC, 0);
	DO(w, SYS_timer_settime, (uint64_t)-1, 0, SPEC, 0);
	DO(w, SYS_timer_gettime, 0, BAD);
	DO(w, SYS_timer_getoverrun, 0);
	DO(w, SYS_timer_delete, 0);
	DO(w, SYS_timer_delete, 0);
}

Test(timers, errors_come_in_the_kernels_order)
{
	same_in_both(timer_errors);
}

static void creation(const struct world *w)
{
	static const int notify[] = {0, 1, 2, 3, 4, 5, 8, -1};
	static const int sig[] = {-1, 0, 1, 9, 31, 32, 64, 65};
	const int self = (int)CALL(w, SYS_gettid);

	/* Below, they name processes that are there natively alone. */
	for (int clock = -8; clock < 13; clock++)
		if (clock != CLOCK_REALTIME_ALARM &&
		    clock != CLOCK_BOOTTIME_ALARM)
			create(w, clock, SIGEV_SIGNAL, RT1);
	for (unsigned i = 0; i < sizeof(notify) / sizeof(*notify); i++)
		create(w, CLOCK_REALTIME, notify[i], RT1);
	for (unsigned i = 0; i < sizeof(sig) / sizeof(*sig); i++)
		create(w, CLOCK_REALTIME, SIGEV_SIGNAL, sig[i]);
	create(w, CLOCK_REALTIME, SIGEV_NONE, 1000);
	event(w, SIGEV_THREAD_ID, RT1, self);
	DO(w, SYS_timer_create, CLOCK_TAI, EVENT, ID);
	event(w, SIGEV_THREAD_ID, RT1, 1);
	DO(w, SYS_timer_create, CLOCK_TAI, EVENT, ID);
	event(w, SIGEV_THREAD_ID, 99, self);
	DO(w, SYS_timer_create, CLOCK_TAI, EVENT, ID);
	DO(w, SYS_timer_create, CLOCK_TAI, 0, BAD);
	DO(w, SYS_timer_create, 99, 0, BAD);
	DO(w, SYS_timer_create, 99, BAD, BAD);
	/* Numbers are used up by what failed, too. */
	DO(w, SYS_timer_create, CLOCK_TAI, 0, ID);
	SAY(w, GET(w, ID, int));
}

Test(timers, each_clock_event_and_signal_is_taken_or_refused)
{
	same_in_both(creation);
}

static void limit(const struct world *w)
{
	struct rlimit none = {0, 100000}, some = {100000, 100000};

	DO(w, SYS_prlimit64, 0, RLIMIT_SIGPENDING, PUT(w, VA2, none), 0);
	DO(w, SYS_timer_create, CLOCK_MONOTONIC, 0, ID);
	DO(w, SYS_timer_create, CLOCK_MONOTONIC, 0, BAD);
	DO(w, SYS_prlimit64, 0, RLIMIT_SIGPENDING, PUT(w, VA2, some), 0);
	DO(w, SYS_timer_create, CLOCK_MONOTONIC, 0, ID);
	SAY(w, GET(w, ID, int));
}

Test(timers, there_are_as_many_as_signals_may_wait)
{
	same_in_both(limit);
}

static void itimer_errors(const struct world *w)
{
	static const struct itimerval bad[] = {
		{.it_value = {-1, 0}},
		{.it_value = {0, 1000000}},
		{.it_value = {1, 0}, .it_interval = {0, 1000000}},
	};
	const struct itimerval zero = {{0, 0}, {0, 0}};

	for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		DO(w, SYS_setitimer, 0, PUT(w, SPEC, bad[i]), 0);
	DO(w, SYS_setitimer, 3, PUT(w, SPEC, bad[0]), 0);
	DO(w, SYS_setitimer, 3, PUT(w, SPEC, zero), 0);
	DO(w, SYS_setitimer, 3, BAD, 0);
	DO(w, SYS_setitimer, (uint64_t)-1, SPEC, 0);
	DO(w, SYS_setitimer, 0, SPEC, BAD);
	DO(w, SYS_setitimer, 0, 0, 0);
	DO(w, SYS_getitimer, 3, BAD);
	for (uint64_t which = 0; which < 3; which++)
		DO(w, SYS_getitimer, which, BAD);
}

Test(timers, errors_of_setitimer)
{
	same_in_both(itimer_errors);
}

/* ---- setitimer, alarm ---------------------------------------------------- */

static void say_itimer(const struct world *w, uint64_t va)
{
	const struct itimerval v = GET(w, va, struct itimerval);

	SAY(w, v.it_value.tv_sec + (v.it_value.tv_usec > 500000));
	SAY(w, v.it_interval.tv_sec);
	SAY(w, v.it_interval.tv_usec);
}

static void itimers(const struct world *w)
{
	const struct itimerval v = {{3, 7}, {10, 0}}, stop = {{5, 6}, {0, 0}};

	for (uint64_t which = 0; which < 3; which++) {
		DO(w, SYS_getitimer, which, OLD);
		say_itimer(w, OLD);
		DO(w, SYS_setitimer, which, PUT(w, SPEC, v), OLD);
		say_itimer(w, OLD);
		DO(w, SYS_getitimer, which, OLD);
		say_itimer(w, OLD);
		DO(w, SYS_setitimer, which, PUT(w, SPEC, stop), OLD);
		say_itimer(w, OLD);
		DO(w, SYS_getitimer, which, OLD);
		say_itimer(w, OLD);
	}
	DO(w, SYS_alarm, 100);
	DO(w, SYS_getitimer, 0, OLD);
	say_itimer(w, OLD);
	DO(w, SYS_alarm, 7);
	DO(w, SYS_alarm, 0);
	DO(w, SYS_alarm, 0);
	DO(w, SYS_alarm, 0xffffffff);
	DO(w, SYS_alarm, 0);
}

Test(timers, itimers_say_what_is_left)
{
	same_in_both(itimers);
}

static void itimer_signal(const struct world *w)
{
	const struct itimerval v = {{0, 5000}, {0, 5000}};
	const struct itimerval stop = {{0, 0}, {0, 0}};
	siginfo_t si;

	block(w, set_of(SIGALRM));
	DO(w, SYS_setitimer, 0, PUT(w, SPEC, v), 0);
	for (int i = 0; i < 3; i++) {
		si = next(w, set_of(SIGALRM), 5000);
		SAY(w, si.si_pid);
		SAY(w, si.si_uid);
	}
	/* It waits until its signal is taken. */
	sleep_ms(w, 30);
	say_pending(w);
	DO(w, SYS_getitimer, 0, OLD);
	say_itimer(w, OLD);
	SAY(w, GET(w, OLD + 16, uint64_t) | GET(w, OLD + 24, uint64_t));
	DO(w, SYS_setitimer, 0, PUT(w, SPEC, stop), 0);
	next(w, set_of(SIGALRM), 0);
	next(w, set_of(SIGALRM), 20);
}

Test(timers, an_interval_goes_on_when_its_signal_is_taken)
{
	same_in_both(itimer_signal);
}

static void cpu_itimer(const struct world *w)
{
	const struct itimerval v = {{0, 0}, {0, 20000}};

	block(w, set_of(SIGPROF) | set_of(SIGVTALRM));
	DO(w, SYS_setitimer, ITIMER_PROF, PUT(w, SPEC, v), 0);
	/* Sleeping uses none. */
	next(w, set_of(SIGPROF), 60);
	burn(100);
	next(w, set_of(SIGPROF), 1000);
	DO(w, SYS_setitimer, ITIMER_VIRTUAL, PUT(w, SPEC, v), 0);
	burn(200);
	next(w, set_of(SIGVTALRM), 1000);
	next(w, set_of(SIGVTALRM) | set_of(SIGPROF), 0);
}

Test(timers, itimers_of_cpu_time_come_after_it_was_used)
{
	same_in_both(cpu_itimer);
}

/* ---- timer_create -------------------------------------------------------- */

static void signals(const struct world *w)
{
	static const clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC,
					   CLOCK_BOOTTIME, CLOCK_TAI};
	siginfo_t si;

	block(w, ~0ull);
	for (unsigned i = 0; i < 4; i++) {
		int64_t id = create(w, clocks[i],
				    i % 2 ? SIGEV_SIGNAL : SIGEV_THREAD, RT1);

		arm(w, id, 2 * MS, 0);
		si = next(w, set_of(RT1), 5000);
		SAY(w, si.si_timerid);
		SAY(w, si.si_overrun);
		SAY(w, si.si_value.sival_ptr);
		say_time(w, id);
	}
	DO(w, SYS_timer_create, CLOCK_MONOTONIC, 0, ID);
	arm(w, GET(w, ID, int), 2 * MS, 0);
	si = next(w, set_of(SIGALRM), 5000);
	SAY(w, si.si_value.sival_ptr);
}

Test(timers, siginfo_tells_number_and_value)
{
	same_in_both(signals);
}

static void overruns(const struct world *w)
{
	int64_t id, n;
	siginfo_t si;

	block(w, ~0ull);
	id = create(w, CLOCK_MONOTONIC, SIGEV_SIGNAL, RT1);
	arm(w, id, 4 * MS, 4 * MS);
	sleep_ms(w, 60);
	DO(w, SYS_timer_getoverrun, (uint64_t)id);
	si = next(w, set_of(RT1), 0);
	n = CALL(w, SYS_timer_getoverrun, (uint64_t)id);
	SAY(w, n == si.si_overrun);
	SAY(w, n >= 13 && n < 40);
	/* One of the next is in time. */
	for (int i = 0; i < 20; i++)
		if (!next(w, set_of(RT1), 1000).si_overrun)
			n = 0;
	SAY(w, n);
	arm(w, id, 0, 0);
	DO(w, SYS_timer_getoverrun, (uint64_t)id);
	say_time(w, id);
}

Test(timers, what_expired_meanwhile_is_counted)
{
	same_in_both(overruns);
}

static void waiting_and_changed(const struct world *w)
{
	int64_t id;

	block(w, ~0ull);
	/* Set anew while its signal waits: that one is nothing. */
	id = create(w, CLOCK_MONOTONIC, SIGEV_SIGNAL, RT1);
	arm(w, id, 1 * MS, 0);
	sleep_ms(w, 20);
	say_pending(w);
	arm(w, id, 100 * SECOND, 0);
	say_pending(w);
	next(w, set_of(RT1), 0);
	say_pending(w);
	/* And if it expires again, that is what the waiting one is for. */
	arm(w, id, 1 * MS, 0);
	sleep_ms(w, 20);
	arm(w, id, 1 * MS, 0);
	sleep_ms(w, 20);
	next(w, set_of(RT1), 0);
	next(w, set_of(RT1), 0);
	/* Deleted. */
	arm(w, id, 1 * MS, 1 * MS);
	sleep_ms(w, 20);
	DO(w, SYS_timer_delete, (uint64_t)id);
	say_pending(w);
	next(w, set_of(RT1), 0);
	say_pending(w);
}

Test(timers, a_change_takes_back_what_waits)
{
	if (!is_linux(6, 13))
		cr_skip("Linux before 6.13 delivers it");
	same_in_both(waiting_and_changed);
}

static void many(const struct world *w)
{
	int64_t id[3];

	block(w, ~0ull);
	for (int i = 0; i < 3; i++)
		id[i] = create(w, CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1);
	DO(w, SYS_kill, (uint64_t)CALL(w, SYS_getpid), SIGUSR1);
	for (int i = 2; i >= 0; i--) {
		arm(w, id[i], 1 * MS, 0);
		sleep_ms(w, 10);
	}
	/* kill's is there once, each timer's as well. */
	DO(w, SYS_kill, (uint64_t)CALL(w, SYS_getpid), SIGUSR1);
	next(w, set_of(SIGUSR1), 0);
	for (int i = 0; i < 4; i++)
		SAY(w, next(w, set_of(SIGUSR1), 0).si_timerid);
}

Test(timers, each_timer_has_a_place_in_the_queue)
{
	same_in_both(many);
}

/* SIG_IGN, but not blocked: nothing waits; and when it is not ignored again? */
static void ignored(const struct world *w)
{
	struct signal_action action = {.handler = (uint64_t)SIG_IGN};
	int64_t once, often;

	block(w, 0);
	DO(w, SYS_rt_sigaction, RT1, PUT(w, VA0, action), 0, 8);
	once = create(w, CLOCK_MONOTONIC, SIGEV_SIGNAL, RT1);
	often = create(w, CLOCK_MONOTONIC, SIGEV_SIGNAL, RT1);
	arm(w, once, 1 * MS, 0);
	arm(w, often, 1 * MS, 100 * SECOND);
	sleep_ms(w, 20);
	say_time(w, once);
	say_time(w, often);
	block(w, set_of(RT1));
	say_pending(w);
	action.handler = (uint64_t)SIG_DFL;
	DO(w, SYS_rt_sigaction, RT1, PUT(w, VA0, action), 0, 8);
	say_pending(w);
	SAY(w, next(w, set_of(RT1), 0).si_timerid);
	next(w, set_of(RT1), 0);
}

Test(timers, an_ignored_interval_waits_for_better_times)
{
	if (!is_linux(6, 13))
		cr_skip("Linux before 6.13 lets it run on");
	same_in_both(ignored);
}

static void silent(const struct world *w)
{
	int64_t id = create(w, CLOCK_MONOTONIC, SIGEV_NONE, 0);

	say_time(w, id);
	arm(w, id, 100 * SECOND, 0);
	say_time(w, id);
	arm(w, id, 1 * MS, 0);
	sleep_ms(w, 5);
	say_time(w, id);
	arm(w, id, 1 * MS, 50 * SECOND);
	sleep_ms(w, 5);
	say_time(w, id);
	DO(w, SYS_timer_getoverrun, (uint64_t)id);
	arm(w, id, 0, 50 * SECOND);
	say_time(w, id);
}

Test(timers, one_without_a_signal_only_tells_the_time)
{
	same_in_both(silent);
}

static void absolute(const struct world *w)
{
	static const clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC,
					   CLOCK_BOOTTIME, CLOCK_TAI,
					   CLOCK_PROCESS_CPUTIME_ID};
	struct itimerspec s;
	struct timespec now;
	int64_t id;

	block(w, ~0ull);
	for (unsigned i = 0; i < 5; i++) {
		id = create(w, clocks[i], SIGEV_SIGNAL, RT1);
		CALL(w, SYS_clock_gettime, (uint64_t)clocks[i], TIME);
		now = GET(w, TIME, struct timespec);
		s = (struct itimerspec){.it_value = now};
		s.it_value.tv_sec += 100;
		PUT(w, SPEC, s);
		DO(w, SYS_timer_settime, (uint64_t)id, TIMER_ABSTIME, SPEC, 0);
		say_time(w, id);
		/* What was before is now. */
		s = (struct itimerspec){.it_value = {0, 1}};
		PUT(w, SPEC, s);
		DO(w, SYS_timer_settime, (uint64_t)id, TIMER_ABSTIME, SPEC,
		   OLD);
		say_spec(w, OLD);
		say_pending(w);
		next(w, set_of(RT1), 100);
		s = (struct itimerspec){.it_value = {INT64_MAX, 0}};
		PUT(w, SPEC, s);
		DO(w, SYS_timer_settime, (uint64_t)id, TIMER_ABSTIME, SPEC, 0);
		DO(w, SYS_timer_settime, (uint64_t)id, 0, SPEC, 0);
		next(w, set_of(RT1), 5);
	}
}

Test(timers, absolute_times)
{
	same_in_both(absolute);
}

static void cpu_timers(const struct world *w)
{
	static const clockid_t clocks[] = {CLOCK_PROCESS_CPUTIME_ID,
					   CLOCK_THREAD_CPUTIME_ID};
	int64_t id;

	block(w, ~0ull);
	for (unsigned i = 0; i < 2; i++) {
		id = create(w, clocks[i], SIGEV_SIGNAL, RT1);
		arm(w, id, 20 * MS, 0);
		next(w, set_of(RT1), 50);
		burn(60);
		SAY(w, next(w, set_of(RT1), 1000).si_timerid);
		say_time(w, id);
		arm(w, id, 10 * MS, 10 * MS);
		burn(60);
		SAY(w, next(w, set_of(RT1), 1000).si_timerid);
		SAY(w, CALL(w, SYS_timer_getoverrun, (uint64_t)id) > 0);
		arm(w, id, 0, 0);
	}
}

Test(timers, timers_of_cpu_time)
{
	same_in_both(cpu_timers);
}

/* ---- Clocks of CPU time -------------------------------------------------- */

static clockid_t clock_of(int64_t id, bool own, unsigned which)
{
	return (clockid_t)(~(unsigned)id << 3 | (own ? 4 : 0) | which);
}

static void clocks(const struct world *w)
{
	const int64_t self = CALL(w, SYS_getpid);
	const struct timespec zero = {0, 0};

	for (unsigned which = 0; which < 4; which++)
		for (int of = 0; of < 2; of++) {
			uint64_t own = (uint32_t)clock_of(0, of, which);
			uint64_t named = (uint32_t)clock_of(self, of, which);
			uint64_t none = (uint32_t)clock_of(4194304, of, which);

			DO(w, SYS_clock_gettime, own, TIME);
			DO(w, SYS_clock_gettime, named, TIME);
			DO(w, SYS_clock_gettime, none, TIME);
			DO(w, SYS_clock_gettime, own, BAD);
			DO(w, SYS_clock_gettime, none, BAD);
			DO(w, SYS_clock_getres, own, 0);
			DO(w, SYS_clock_getres, none, 0);
			DO(w, SYS_clock_getres, named, TIME);
			SAY(w, GET(w, TIME, struct timespec).tv_nsec);
			DO(w, SYS_clock_settime, own, PUT(w, TIME, zero));
			DO(w, SYS_clock_settime, none, TIME);
			DO(w, SYS_clock_nanosleep, own, 0, TIME, 0);
			DO(w, SYS_clock_nanosleep, named, 0, TIME, 0);
			DO(w, SYS_clock_nanosleep, none, 0, TIME, 0);
			DO(w, SYS_clock_nanosleep, own, 1, TIME, 0);
			DO(w, SYS_clock_nanosleep, own, 0, BAD, 0);
		}
	DO(w, SYS_clock_nanosleep, CLOCK_THREAD_CPUTIME_ID, 0, TIME, 0);
	DO(w, SYS_clock_nanosleep, CLOCK_PROCESS_CPUTIME_ID, 0, TIME, 0);
}

Test(timers, clocks_of_cpu_time_by_number)
{
	same_in_both(clocks);
}

static int64_t our_cpu_ns(clockid_t clock)
{
	struct timespec t;

	cr_assert_eq(call(SYS_clock_gettime, (uint64_t)clock, VA0), 0);
	memcpy(&t, fake_at(&cpu, VA0), sizeof(t));
	return t.tv_sec * SECOND + t.tv_nsec;
}

static void burn_there(struct thread *t)
{
	burn(50);
	call_of(t, SYS_pause); /* it is to have a clock until it is asked */
}

Test(timers, a_process_has_the_time_of_all_its_threads)
{
	int64_t before = our_cpu_ns(CLOCK_PROCESS_CPUTIME_ID), both, own;

	other_start(burn_there);
	usleep(200000);
	both = our_cpu_ns(CLOCK_PROCESS_CPUTIME_ID) - before;
	own = our_cpu_ns(CLOCK_THREAD_CPUTIME_ID);
	cr_assert_geq(both, 50 * MS);
	cr_assert_lt(own, both);
	thread_lock(&thread);
	raise_in(process.threads, SIGTERM);
	thread_unlock(&thread);
	other_join();
}

/* ---- The thread that is computing ---------------------------------------- */

static uint32_t interrupted;

static void on_kick(int sig)
{
	(void)sig;
	interrupted = 1;
}

static void compute(struct thread *t)
{
	struct timespec now, end;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += 20;
	do
		clock_gettime(CLOCK_MONOTONIC, &now);
	while (!__atomic_load_n(&t->kicked, __ATOMIC_SEQ_CST) &&
	       now.tv_sec < end.tv_sec);
}

/* The other thread makes no call; the main one blocks the signal. */
Test(timers, whoever_computes_is_kicked)
{
	const struct itimerval v = {{0, 0}, {0, 50000}};
	struct thread *t;

	signal(35, on_kick); /* STOP_KICK */
	other_start(compute);
	t = process.threads;
	cr_assert_neq(t, &thread);
	thread.signals.mask = set_of(SIGALRM);
	fake_put(&cpu, VA0, &v, sizeof(v));
	cr_assert_eq(call(SYS_setitimer, 0, VA0, 0), 0);
	other_join();
	cr_assert(t->kicked);
	cr_assert(interrupted);
	cr_assert(signals_ready(&t->signals));
	cr_assert(!signals_ready(&thread.signals));
}

/* ---- Timers that end ----------------------------------------------------- */

static void make_timer(clockid_t clock, int sig)
{
	struct sigevent e = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = sig};
	struct itimerspec s = spec_of(100 * SECOND, 0);

	fake_put(&cpu, VA0, &e, sizeof(e));
	cr_assert_eq(call(SYS_timer_create, (uint64_t)clock, VA0, VA1), 0);
	fake_put(&cpu, VA2, &s, sizeof(s));
	cr_assert_eq(call(SYS_timer_settime, *(uint32_t *)fake_at(&cpu, VA1), 0,
			  VA2, 0),
		     0);
}

Test(timers, exec_keeps_itimers_alone)
{
	const struct itimerval v = {{0, 0}, {100, 0}};

	fake_put(&cpu, VA0, &v, sizeof(v));
	cr_assert_eq(call(SYS_setitimer, 0, VA0, 0), 0);
	make_timer(CLOCK_MONOTONIC, RT1);
	make_timer(CLOCK_REALTIME, RT1);
	thread_lock(&thread);
	timers_exec(&process);
	thread_unlock(&thread);
	cr_assert_eq(call(SYS_timer_gettime, 0, VA2), -EINVAL);
	cr_assert_eq(call(SYS_timer_gettime, 1, VA2), -EINVAL);
	cr_assert_geq(call(SYS_alarm, 0), 99);
	make_timer(CLOCK_MONOTONIC, RT1);
	cr_assert_eq(*(int *)fake_at(&cpu, VA1), 2);
}

Test(timers, a_thread_that_ends_takes_its_clock_along)
{
	make_timer(CLOCK_THREAD_CPUTIME_ID, RT1);
	make_timer(CLOCK_PROCESS_CPUTIME_ID, RT1);
	thread_lock(&thread);
	timers_thread_end(&thread);
	thread_unlock(&thread);
	cr_assert_eq(call(SYS_timer_gettime, 0, VA0), 0);
	cr_assert_eq(((struct itimerspec *)fake_at(&cpu, VA0))->it_value.tv_sec,
		     0);
	cr_assert_eq(call(SYS_timer_settime, 0, 0, VA2, 0), -ESRCH);
	cr_assert_eq(call(SYS_timer_settime, 1, 0, VA2, 0), 0);
}

Test(timers, a_process_that_ends_has_none)
{
	make_timer(CLOCK_THREAD_CPUTIME_ID, RT1);
	make_timer(CLOCK_BOOTTIME, RT1);
	cr_assert_eq(call(SYS_alarm, 100), 0);
	thread_lock(&thread);
	timers_process_end(&process);
	thread_unlock(&thread);
	cr_assert_null(process.timers);
	cr_assert_eq(call(SYS_timer_delete, 0), -EINVAL);
	cr_assert_eq(call(SYS_alarm, 0), 0);
}

Test(timers, many_come_in_the_order_of_their_times)
{
	enum { N = 500 };
	struct itimerspec s;
	int64_t last = 0;

	thread.signals.mask = ~0ull;
	for (unsigned i = 0; i < N; i++) {
		make_timer(i % 2 ? CLOCK_MONOTONIC : CLOCK_BOOTTIME, RT1);
		s = spec_of((20 + i * 7919 % N) * MS / 2, 0);
		fake_put(&cpu, VA2, &s, sizeof(s));
		call(SYS_timer_settime, i, 0, VA2, 0);
	}
	usleep(500000);
	for (unsigned i = 0; i < N; i++) {
		const uint64_t set = set_of(RT1);
		const siginfo_t *si = fake_at(&cpu, VA2);
		int64_t when;

		fake_put(&cpu, VA0, &set, 8);
		s = (struct itimerspec){0};
		fake_put(&cpu, VA1, &s, sizeof(s));
		cr_assert_eq(call(SYS_rt_sigtimedwait, VA0, VA2, VA1, 8), RT1);
		when = si->si_timerid * 7919 % N;
		/* Setting them took time, too. */
		cr_assert_geq(when, last - 100, "%u", i);
		last = when > last ? when : last;
	}
}
