/*
 * timers.h: the timers of a process that signal: timer_create(2) (Linux
 * kernel/time/posix-timers.c, posix-cpu-timers.c) and setitimer(2) (itimer.c).
 *
 * As on Linux, the signal of a timer waits but once; how often the timer has
 * expired meanwhile is reckoned when the signal is taken, and only then does
 * the timer go on. A timer that was set anew or deleted takes back what waits.
 * A child has none of its parent's. All is called with the machine's lock held.
 */
#ifndef TIMERS_H
#define TIMERS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "alarms.h"

struct process;
struct thread;
struct timer;

/* What a timer is, from timer_begin on. */
struct timer_kind {
	clockid_t clock; /* as the program names it */
	enum alarm_clock base;
	enum cpu_clock which; /* of ALARM_CPU */
	const struct process *process;
	const struct thread *thread;
	int notify; /* SIGEV_*; SIGEV_THREAD signals, too */
	int sig;
	int tid; /* who gets it; 0: the process */
	uint64_t value;
};

/*
 * A timer of t's process that does nothing yet, with a number that no other has
 * had. NULL: errno, EAGAIN where its user has as many as RLIMIT_SIGPENDING.
 */
struct timer *timer_new(struct thread *t);
void timer_begin(struct timer *t, const struct timer_kind *kind);
void timer_free(struct timer *t);

int timer_id(const struct timer *t);
/* NULL: none. */
struct timer *timer_find(const struct process *p, uint64_t id);

/* *spec is valid. old: what timer_get says, or NULL. 0 or -ESRCH. */
int timer_set(struct timer *t, bool absolute, const struct itimerspec *spec,
	      struct itimerspec *old);
void timer_get(struct timer *t, struct itimerspec *now);
/* Of the last signal that was taken. */
int timer_overrun(const struct timer *t);

/* which: ITIMER_REAL, _VIRTUAL, _PROF. 0 or -errno. */
int itimer_set(struct thread *t, int which, const struct itimerspec *spec,
	       struct itimerspec *old);
void itimer_get(struct process *p, int which, struct itimerspec *now);

/* The action of a signal was to ignore it, and is no more. */
void timers_unignore(struct process *p, int sig);

/* execve: the timers of timer_create go. */
void timers_exec(struct process *p);
/* It is about to end: its CPU time will go no further. */
void timers_thread_end(const struct thread *t);
/* It has no thread any more. */
void timers_process_end(struct process *p);
/* The machine has ended (alarms_fini). */
void timers_end(void);

#endif
