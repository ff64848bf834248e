/*
 * cpuclock.h: which clock ids count CPU time, and of whom: CLOCK_*_CPUTIME_ID,
 * and those made of a number of a process or thread (Linux
 * include/linux/posix-timers_types.h; clock_getcpuclockid(3)).
 */
#ifndef CPUCLOCK_H
#define CPUCLOCK_H

#include <stdbool.h>
#include <time.h>

#include "cputime.h"

struct call;

struct cpuclock {
	enum cpu_clock which;
	const struct process *process; /* or NULL: */
	const struct thread *thread;
};

bool cpuclock_is(clockid_t clock);
/*
 * One that cpuclock_is: 0 or -EINVAL. to_read: by the number of one's own
 * thread one may read the process's, but no more (pid_for_clock).
 */
int cpuclock_find(const struct call *c, clockid_t clock, bool to_read,
		  struct cpuclock *out);
/*
 * The host's id of another clock: it differs for one of a descriptor. 0, or
 * -EINVAL: that is not open.
 */
int cpuclock_of_host(const struct call *c, clockid_t *clock);
/* clock_nanosleep(2), whose time is `t`: its answer. */
int64_t cpuclock_nanosleep(struct call *c, clockid_t clock, bool absolute,
			   const struct timespec *t, uint64_t va_left);

#endif
