/*
 * kernel.h: the kernel as a whole: boot, the program's end, system calls.
 */
#ifndef KERNEL_H
#define KERNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "hv_boot.h"
#include "hv_fault.h"

/* What boot information says and code asks often. Constant after boot. */
extern struct kernel_boot {
	const struct hv_boot *info;
	bool trace;	      /* report each fault */
	bool check;	      /* tear down and count at the end */
	struct hv_ring *ring; /* NULL: a trap for each record */
	uint32_t ring_records;
} kernel_boot;

/* The first C code: makes the address space and enters the program. */
_Noreturn void kernel_main(struct hv_boot *boot);

/* The program has ended: tear down if asked to, and tell the host. */
_Noreturn void kernel_exit(void);

/* See that mm knows the limits of today: before it looks at them. */
void kernel_update_limits(void);

/* Fault in a user page for the host. Returns 0 or -EFAULT. */
int kernel_fault_in(uint64_t va, uint32_t access);

/* What the host may ask while it serves a hypercall: the above, describe.c. */
extern const struct hv_upcalls kernel_upcalls;

#endif
