/*
 * cpu_clock.h: CPU time of a host thread of ours, by Linux's clocks of it
 * (kernel/time/posix-cpu-timers.c).
 */
#ifndef CPU_CLOCK_H
#define CPU_CLOCK_H

#include <stdint.h>

/* As clock ids name them, in their two lowest bits. */
enum cpu_clock {
	CPU_PROF,  /* user and system time */
	CPU_VIRT,  /* user time; as exact as the host counts it */
	CPU_SCHED, /* all, exact */
	CPU_CLOCKS,
};

/* In nanoseconds; 0: there is no such thread. */
int64_t cpu_clock_read(int host_tid, enum cpu_clock which);
/* How exact it is, on this host: CPU_PROF and CPU_VIRT a tick. */
int64_t cpu_clock_resolution(enum cpu_clock which);

#endif
