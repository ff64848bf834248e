/*
 * lock.h: the machine's lock (hv_boot.h, struct hv_lock). The kernel has it
 * from a trap until it returns to the program; hypercalls are made with it, and
 * the host gives it back or keeps it as vmm/machine/biglock.h says.
 */
#ifndef LOCK_H
#define LOCK_H

#include <stdbool.h>

#include "hv_boot.h"

extern struct hv_lock *kernel_lock; /* by trap_init */

/* Where there are many vCPUs. */
void lock_take_many(void);
void lock_give_many(void);

static inline bool lock_is_needed(void)
{
	return __builtin_expect(kernel_lock->many, 0);
}

static inline void lock_take(void)
{
	if (lock_is_needed())
		lock_take_many();
}

static inline void lock_give(void)
{
	if (lock_is_needed())
		lock_give_many();
}

#endif
