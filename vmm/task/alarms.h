/*
 * alarms.h: what is to be done at a time, of a clock or of the CPU time that
 * the guest uses. One host thread of the machine waits for it all and does it,
 * with the machine's lock; it is made when the first alarm is needed, and takes
 * no signal.
 *
 * CPU time is looked at as often as it may have come so far: a late look is a
 * few milliseconds late, as by Linux's tick. All is called with the lock held.
 */
#ifndef ALARMS_H
#define ALARMS_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "cputime.h"
#include "heap.h"

struct process;
struct thread;

enum alarm_clock {
	ALARM_MONOTONIC,
	ALARM_REALTIME,
	ALARM_BOOTTIME,
	ALARM_TAI,
	ALARM_CPU, /* of `thread`, or else of `process`; neither: it stands */
};

struct alarm {
	struct heap_node node; /* key: when, in nanoseconds */
	enum alarm_clock clock;
	bool set;
	void (*fn)(struct alarm *a); /* the time has come; it is not set now */
	/* ALARM_CPU: */
	enum cpu_clock which;
	const struct process *process;
	const struct thread *thread;
	int64_t seen; /* what it was at the last look */
	struct alarm *next, **at;
};

/* Before alarm_set; t's call is being served. 0 or -errno. */
int alarms_begin(struct thread *t);

int64_t alarm_now(const struct alarm *a);
/* Its clock is not to change until it is cancelled, or has been done. */
void alarm_set(struct alarm *a, int64_t when);
void alarm_cancel(struct alarm *a);

/* A time in nanoseconds, saturating as the kernel's ktime_t; and back. */
int64_t alarm_ns(const struct timespec *t);
struct timespec alarm_timespec(int64_t ns);

/*
 * The machine ends: first nothing is done any more, then, when nobody has the
 * lock, the host thread is gone. Both without the lock.
 */
void alarms_stop(void);
void alarms_fini(void);

#endif
