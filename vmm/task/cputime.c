/*
 * cputime.c: see cputime.h.
 */
#include "cputime.h"

#include "process.h"
#include "thread.h"

int64_t cputime_thread(const struct thread *t, enum cpu_clock which)
{
	int64_t now = cpu_clock_read(t->host_tid, which);

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
