/*
 * trap.h: what traps of the program mean. trap.c decodes them, by the
 * processor's rules, and hands them in to task/, which serves them.
 *
 * The program's registers are whole while any of these runs: they lie in the
 * vCPU area, where the host may change them too.
 */
#ifndef TRAP_H
#define TRAP_H

#include <stdbool.h>
#include <stdint.h>

#include "hv_boot.h"
#include "hv_vcpu.h"

/* Once, before the program runs. */
void trap_init(struct hv_boot *boot);

/* Called by the entry code with the user's registers, in the vCPU area. */
void trap_handle(struct hv_regs *regs);

/*
 * Likewise, back in the kernel by the host's will: it has more to say of a call
 * that was forwarded than a result, or it interrupted the program.
 */
void trap_resume(struct hv_regs *regs);

/*
 * Whether IRETQ can go to the user's rip; if not, raises the signal that it is
 * on Linux. For where the program or the host may have chosen rip.
 */
bool trap_check_return(struct hv_regs *regs);

/* ---- What task/ provides ----------------------------------------------- */

/* The program was at va, by HV_ACCESS_*; regs->err is the error code. */
void task_page_fault(struct hv_regs *regs, uint64_t va, uint32_t access);
/* What raises this signal on Linux; the vector is in regs. */
void task_signal(const struct hv_regs *regs, int sig, int code, uint64_t addr);
/* SYSCALL: number in rax, arguments as on Linux. */
void task_syscall(struct hv_regs *regs);
/* The host, which was asked on the way out, has more to say than a result. */
void task_resume(struct hv_regs *regs);

#endif
