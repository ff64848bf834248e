/*
 * cputime.h: the CPU time of processes and threads of the guest: that of their
 * host threads, since each began to run one (thread_usage_begin). What the VMM
 * does for a thread counts as the thread's.
 */
#ifndef CPUTIME_H
#define CPUTIME_H

#include <stdint.h>

#include "cpu_clock.h"

struct process;
struct thread;

/* Nanoseconds. */
int64_t cputime_thread(const struct thread *t, enum cpu_clock which);
/* Of all threads, those that have ended too. */
int64_t cputime_process(const struct process *p, enum cpu_clock which);

#endif
