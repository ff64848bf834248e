/*
 * cpu.h: what the kernel keeps for each vCPU, in the vCPU area behind the call
 * page. Found by rounding the stack pointer down, at either privilege level.
 */
#ifndef CPU_H
#define CPU_H

#include <stdbool.h>
#include <stddef.h>

#include "hv_const.h"
#include "hv_vcpu.h"

struct mm;

struct cpu {
	uint64_t scratch;   /* entry.S: the user's rsp for three instructions */
	uint64_t stack_top; /* entry.S: end of struct hv_regs */
	uint64_t fault_address; /* level 3: CR2, from the gate */
	struct mm *mm;		/* address space of the thread */
	uint64_t limit_changes; /* of hv_limits, that mm knows of */
	/* Level 3 alone: */
	bool in_kernel;	  /* to tell the kernel's own traps */
	bool forward_due; /* a system call for the host */
	bool log_due;	  /* the record in the call page is to be logged */
	uint64_t *leave_entry, leave_value;	/* stored by the gate */
	uint64_t *pending_entry, pending_value; /* level.h: not stored yet */
	uint32_t pid, tid;			/* of the thread, for the log */
};
_Static_assert(offsetof(struct cpu, fault_address) == 16, "entry.S");
_Static_assert(offsetof(struct cpu, leave_entry) == 48, "entry.S");
_Static_assert(offsetof(struct hv_vcpu_area, stack) == 8192, "entry.S");
_Static_assert(offsetof(struct cpu, stack_top) == 8, "entry.S");

static inline struct hv_vcpu_area *cpu_area(void)
{
	uint64_t sp = (uint64_t)__builtin_frame_address(0);

	return (struct hv_vcpu_area *)(sp & -(uint64_t)HV_VCPU_AREA_SIZE);
}

static inline struct cpu *cpu_this(void)
{
	return (struct cpu *)cpu_area()->stack;
}

#endif
