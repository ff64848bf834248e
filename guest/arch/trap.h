/*
 * trap.h: from entry code to the kernel proper and back, and what each level
 * (cpl0/, cpl3/) provides for trap.c. Only arch/ and sys/ include this.
 */
#ifndef TRAP_H
#define TRAP_H

#include <stdbool.h>
#include <stdint.h>

#include "hv_abi.h"

/* Called by the entry code with the user's registers, in the vCPU area. */
void trap_handle(struct hv_regs *regs);

/* Start or go on with the user program. */
_Noreturn void user_enter(struct hv_regs *regs);

/* SYSCALL enters here (MSR_LSTAR). */
extern const char syscall_entry[];

/* Whether the registers are those of the kernel itself, which is a bug. */
bool level_trap_in_kernel(const struct hv_regs *regs);
/* CR2 of the trap that is being handled. */
uint64_t level_fault_address(void);
/* Trap to the host; arguments and answer are in the vCPU's call page. */
void level_hypercall(enum hv_call_nr nr);
/*
 * Have the host serve the system call in the user's registers: now, or when the
 * kernel is left, which must be the next thing to happen.
 */
void level_forward_syscall(void);
/*
 * Whether IRETQ can go to the user's rip; if not, raises the signal that it is
 * on Linux. For where the program or the host may have chosen rip.
 */
bool trap_check_return(struct hv_regs *regs);
/* Have the record in the call page logged, before anything else happens. */
void level_fault_log(void);
/* See that it is done: before another fault is resolved in the same trap. */
void level_log_now(void);
/* Once, on the boot vCPU, before anything else here is used. */
void level_init(const struct hv_boot *boot);

#endif
