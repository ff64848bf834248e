/*
 * areas.h: the memory of all vCPUs but the first: hv_map.h, HV_AREAS_GPA.
 */
#ifndef AREAS_H
#define AREAS_H

#include <stdint.h>

#include "hv_map.h"

struct vm;

/*
 * See that it is there: reserved, mapped in the kernel's root and, for a kernel
 * at CPL 3, in that of the gate, and known to KVM. 0 or -errno.
 */
int areas_make(struct vm *vm);

/* Of vCPU n, from 1. */
static inline hv_gpa_t areas_gpa(unsigned n)
{
	return (hv_gpa_t){HV_AREAS_GPA + n * 32768ull};
}

static inline uint64_t areas_va(unsigned n)
{
	return HV_VA_AREAS + n * 32768ull;
}

#endif
