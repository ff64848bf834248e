/*
 * level.h: what each privilege level (cpl0/, cpl3/) provides for trap.c, hv.c
 * and task/. There is one image for each, so the linker chooses.
 *
 * Everything here is of the vCPU that runs; arguments and answers of the calls
 * to the host lie in its call page (cpu.h).
 */
#ifndef LEVEL_H
#define LEVEL_H

#include <stdbool.h>
#include <stdint.h>

#include "hv_boot.h"
#include "hv_call.h"
#include "hv_vcpu.h"

/* Once, on the boot vCPU, before anything else here is used. */
void level_init(const struct hv_boot *boot);

/* Start or go on with the user program. */
_Noreturn void user_enter(struct hv_regs *regs);

/* SYSCALL enters here (MSR_LSTAR). */
extern const char syscall_entry[];

/* Whether the registers are those of the kernel itself, which is a bug. */
bool level_trap_in_kernel(const struct hv_regs *regs);
/* CR2 of the trap that is being handled. */
uint64_t level_fault_address(void);

/* The trap is handled: what remains is the return to the program. */
void level_end(void);

/* Trap to the host. */
void level_hypercall(enum hv_call_nr nr);
/*
 * Have the host serve the system call in the user's registers. True: it has
 * been asked, and may have asked back. False: it will be when the kernel is
 * left, which must be the next thing to happen.
 */
bool level_forward_syscall(void);
/* Have the record in the call page logged, before anything else happens. */
void level_fault_log(void);
/* See that it is done: before another fault is resolved in the same trap. */
void level_log_now(void);

#endif
