/*
 * cputime.c: see cputime.h.
 */
#include "cputime.h"

#include <time.h>

#include "process.h"
#include "thread.h"

#define CPU_PER_THREAD 4 /* a bit of a clock id; the id itself is inverted */

int64_t cputime_host(int host_tid, enum cpu_clock which)
{
	clockid_t clock =
		(clockid_t)(~(unsigned)host_tid << 3 | CPU_PER_THREAD | which);
	struct timespec now;

	if (!host_tid || clock_gettime(clock, &now) < 0)
		return 0;
	return now.tv_sec * 1000000000l + now.tv_nsec;
}

int64_t cputime_thread(const struct thread *t, enum cpu_clock which)
{
	int64_t now = cputime_host(t->host_tid, which);

	return now > t->usage_base.cpu_ns[which]
		       ? now - t->usage_base.cpu_ns[which]
		       : 0;
}

int64_t cputime_process(const struct process *p, enum cpu_clock which)
{
	int64_t sum = p->usage->cpu_ns[which];

	for (const struct thread *t = p->threads; t; t = t->next)
		sum += cputime_thread(t, which);
	return sum;
}
