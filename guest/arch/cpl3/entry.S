/*
 * entry.S: the CPL 3 side of the gate. Native instructions, user pages of the
 * kernel root. The stack begins at the end of the vCPU area (struct hv_regs
 * last); the gate page lies at a fixed distance below it.
 */
#include "hv_const.h"

#include "../entry_macros.S"

	.set TOP, HV_VCPU_AREA_SIZE
	.set GATE, 4096 - TOP		/* gate page, from the stack's top */
	.set CPU, 8192 - TOP		/* struct cpu, likewise */
	.set WHICH, GATE + 960
	.set RAX, GATE + 968
	.set OUT_RDX, GATE + 960	/* on the way out */
	.set OUT_RCX, GATE + 968
	.set OUT_RAX, GATE + 976
	.set SAVED, GATE + 984
	.set SS, GATE + 1016

	.text
	.globl kernel_start, kernel_fault, kernel_exception
	.globl kernel_resume, user_enter, level_gate_call

kernel_start:
	call kernel_main
	ud2

/* ss, rsp, rflags, cs, rip, err: one distance fits all, as both move by 8. */
	.macro push_saved
	.rept 6
	push SS(%rsp)
	.endr
	.endm

	.balign 16
kernel_fault:
	push_saved
	mov WHICH + 48(%rsp), %rax
	mov %rax, CPU + 48 + 16(%rsp)	/* cpu.fault_address */
	push $14
	push_registers RAX+88(%rsp)
	jmp return_to_user

	.balign 16
kernel_exception:
	push_saved
	push WHICH + 48(%rsp)
	push_registers RAX+88(%rsp)
	jmp return_to_user

/* A forwarded system call is not over; rsp = struct hv_regs. */
	.balign 16
kernel_resume:
	call level_resume
	mov %rsp, %rdi
	call trap_resume
	jmp return_to_user

/* user_enter(struct hv_regs *): never returns. */
user_enter:
	mov %rdi, %rsp
return_to_user:
	call level_leave		/* rax: which of the ways out */
	mov %rax, %rsi
	.set i, 0
	.rept 5				/* rip cs rflags rsp ss */
	mov 136 + 8 * i(%rsp), %rax
	mov %rax, SAVED + 176 + 8 * i(%rsp)
	.set i, i + 1
	.endr
	mov 96(%rsp), %rax
	mov %rax, OUT_RDX + 176(%rsp)
	mov 88(%rsp), %rax
	mov %rax, OUT_RCX + 176(%rsp)
	mov 80(%rsp), %rax
	mov %rax, OUT_RAX + 176(%rsp)
	mov %rsi, %rax
	pop_first_registers
	add $16, %rsp			/* rax, rcx: the gate has them */
	pop %rdx
	mov CPU + 72 + 48(%rsp), %rcx	/* cpu.leave_entry */
	pop %rsi
	pop %rdi
	test %rcx, %rcx
	jz 1f
	mov CPU + 56 + 56(%rsp), %rdx	/* cpu.leave_value */
1:	int3

/* level_gate_call(nr): a hypercall. */
	.balign 16
level_gate_call:
	mov $leave_hypercall, %rax
	int3
	ret
