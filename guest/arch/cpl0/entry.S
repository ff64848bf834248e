/*
 * entry.S: every way into and out of a kernel at CPL 0.
 *
 * A trap from user mode starts at the top of the vCPU's stack (TSS.RSP0), a
 * system call is given the same frame, so that struct hv_regs always lies at
 * the end of the vCPU area. A trap inside the kernel is a bug, which
 * trap_handle reports. No interrupts exist here; the kernel never uses GS but
 * for the six instructions that find the stack.
 *
 * MSR_KERNEL_GS_BASE = the vCPU area; struct cpu (arch/cpu.h) follows the call
 * and gate pages at +8192: +0 is a scratch word, +8 the top of the stack.
 */
#include "hv_const.h"

#include "../entry_macros.S"

	.set CPU, 8192

	.text
	.globl kernel_entry, user_enter, syscall_entry
/* From the host: rdi = boot information, rsp = the vCPU's stack. */
kernel_entry:
	probe_ring0
	call kernel_main
	ud2

/* user_enter(struct hv_regs *): never returns. */
user_enter:
	mov %rdi, %rsp
	jmp return_to_user

	.balign 16
syscall_entry:
	swapgs
	mov %rsp, %gs:CPU
	mov %gs:CPU+8, %rsp
	push $HV_SEL_USER_DS
	push %gs:CPU
	swapgs
	push %r11
	push $HV_SEL_USER_CS
	push %rcx
	push %rax
	push $HV_VECTOR_SYSCALL
	jmp save_registers

/* The host has put us here; rsp = struct hv_regs. */
	.balign 16
	.globl kernel_resume
kernel_resume:
	mov %rsp, %rdi
	call trap_resume
	jmp return_to_user

	.balign 16
save_registers:
	push_registers %rax
return_to_user:
	pop_first_registers
	pop %rax
	pop %rcx
	pop %rdx
	pop %rsi
	pop %rdi
	add $16, %rsp
	iretq

/*
 * One stub of 16 bytes for each exception; those for which the processor
 * pushes no error code push 0 (Intel SDM vol. 3A, table 6-1).
 */
	.balign 16
	.globl vector_table
vector_table:
	.set n, 0
	.rept 32
	.balign 16
	.if !(n == 8 || n == 10 || n == 11 || n == 12 || n == 13 || n == 14 || \
	      n == 17 || n == 21 || n == 29 || n == 30)
	push $0
	.endif
	push $n
	jmp save_registers
	.set n, n + 1
	.endr
