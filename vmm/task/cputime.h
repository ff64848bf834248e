/*
 * cputime.h: the CPU time of processes and threads of the guest: that of their
 * host threads, since each began to run one (thread_usage_begin). What the VMM
 * does for a thread counts as the thread's. Linux
 * kernel/time/posix-cpu-timers.c.
 */
#ifndef CPUTIME_H
#define CPUTIME_H

#include <stdint.h>

struct process;
struct thread;

/* As clock ids name them, in their two lowest bits. */
enum cpu_clock {
	CPU_PROF,  /* user and system time */
	CPU_VIRT,  /* user time; as exact as the host counts it */
	CPU_SCHED, /* all, exact */
	CPU_CLOCKS,
};

/* Nanoseconds of a host thread; 0: it has ended. */
int64_t cputime_host(int host_tid, enum cpu_clock which);
int64_t cputime_thread(const struct thread *t, enum cpu_clock which);
/* Of all threads, those that have ended too. */
int64_t cputime_process(const struct process *p, enum cpu_clock which);

#endif
