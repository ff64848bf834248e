/*
 * vdso_clock.h: the host kernel's own conversion from TSC ticks to time.
 *
 * The kernel keeps mult, shift and the time of its last update for its vDSO in
 * the area [vvar] of every process, ours too, and changes them there as it
 * follows NTP. The layout of that page is no ABI, so it is not believed: it is
 * searched for a record whose every clock reads, from now's TSC, between two
 * answers of clock_gettime(2). A host whose clock is not the TSC, or a kernel
 * that keeps its data otherwise, has none, and the guest makes system calls.
 */
#ifndef VDSO_CLOCK_H
#define VDSO_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hv_vdso.h"

struct vdso_clock {
	const uint8_t *hres, *raw; /* records in the host's page; NULL: none */
	bool has_max; /* a field max_cycles: Linux 6.10 and later */
};

/* Find both records in a page of len bytes. False if one is missing. */
bool vdso_clock_find(struct vdso_clock *c, const void *page, size_t len);

/* Take scales and bases over. False if the kernel was always writing. */
bool vdso_clock_read(const struct vdso_clock *c, struct hv_vdso_data *d);

/* What the vDSO answers for `clock` at this TSC, in nanoseconds. */
uint64_t vdso_clock_ns(const struct hv_vdso_data *d, int clock, uint64_t tsc);

/*
 * `next` is to follow `now`, which the program has been reading until tsc.
 * Where the host's rate has fallen meanwhile, so that time would go back, put
 * next's clocks so much forward, less a little (1 us at most): they converge.
 */
void vdso_clock_keep_monotonic(const struct hv_vdso_data *now,
			       struct hv_vdso_data *next, uint64_t tsc);

static inline uint64_t vdso_clock_tsc(void)
{
	uint32_t lo, hi;

	__asm__ volatile("lfence; rdtsc" : "=a"(lo), "=d"(hi)::"memory");
	return (uint64_t)hi << 32 | lo;
}

#endif
