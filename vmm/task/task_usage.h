/*
 * task_usage.h: what threads have used: times in microseconds, the rest as
 * getrusage(2) has it.
 */
#ifndef TASK_USAGE_H
#define TASK_USAGE_H

#include <stdint.h>

#include "cpu_clock.h"

struct task_usage {
	int64_t user_us, system_us;
	int64_t cpu_ns[CPU_CLOCKS]; /* cpu_clock.h */
	int64_t maxrss, minflt, majflt, inblock, oublock, nvcsw, nivcsw;
};

#endif
