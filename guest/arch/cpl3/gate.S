/*
 * gate.S: the only instructions that a kernel at CPL 3 runs at CPL 0.
 *
 * Ring 0 may be interpreted at a microsecond an instruction, so each path is as
 * short as it can be; docs/gate.md accounts for every instruction.
 *
 * Two roots: the user root has the program, the gate's own pages (this file,
 * the gate pages, GDT, IDT, TSS: all supervisor-only) and nothing else; the
 * kernel root has the kernel as user pages, and the gate, but no program.
 *
 * In:  a trap from user mode pushes onto hv_gate_page.saved; the gate adds rax
 *      and CR2 (or the vector), loads the kernel root and IRETQs to CPL 3.
 * Out: INT3, which in the kernel root is `leave`.
 *
 * Stack pointer after the three pushes of a trap: gate page + 960.
 */
#include "hv_const.h"

#include "../entry_macros.S"

	.set WHICH, HV_GATE_WHICH
	.set RAX, HV_GATE_RAX
	.set SAVED, HV_GATE_SAVED
	.set LEFT_TOP, HV_GATE_LEFT_TOP
	.set LEFT, LEFT_TOP - HV_GATE_FRAME
	.set KERNEL_ROOT, HV_GATE_KERNEL_ROOT
	.set USER_ROOT, HV_GATE_USER_ROOT
	.set STACK, HV_GATE_STACK
	.set FAULT, HV_GATE_FAULT
	.set EXCEPTION, HV_GATE_EXCEPTION

	.section .gate, "ax"
	.globl syscall_entry

/* Boot: rdi = boot information. Time ring 0, then become CPL 3. */
	.globl kernel_entry
kernel_entry:
	probe_ring0
	mov %rsp, %rax
	push $HV_SEL_USER_DS
	push %rax
	push $0x202
	push $HV_SEL_USER_CS
	push $kernel_start
	iretq

/* #PF from CPL 3: of the program, or (a bug) of the kernel. */
	.balign 16
page_fault:
	push %rax
	mov %cr2, %rax
	push %rax
	mov KERNEL_ROOT - WHICH(%rsp), %rax
	mov %rax, %cr3
	sub $(WHICH - FAULT), %rsp
	iretq

/* Any other exception; its stub has pushed rax and the vector. */
	.balign 16
other_exception:
	mov KERNEL_ROOT - WHICH(%rsp), %rax
	mov %rax, %cr3
	sub $(WHICH - EXCEPTION), %rsp
	iretq

/* SYSCALL where it enters CPL 0: the same frame, with vector 0x100. */
	.balign 16
syscall_entry:
	swapgs
	mov %rsp, %gs:SAVED+24
	mov %gs:STACK, %rsp		/* RSP0 */
	swapgs
	movq $HV_SEL_USER_DS, -8(%rsp)
	sub $16, %rsp
	push %r11
	push $HV_SEL_USER_CS
	push %rcx
	push %rax			/* as error code: the number */
	push %rax
	push $HV_VECTOR_SYSCALL
	jmp other_exception

/*
 * The way out: INT3 of the kernel, on IST1, rsp = gate page + LEFT. The kernel
 * root has an IDT of its own, so that no other INT3 comes here. rax: one of the
 * leave_* below. The user's rdx, rcx, rax are in the three words below `saved`;
 * all other registers are the user's already.
 */
	.balign 16
	.globl leave, leave_plain, leave_store, leave_store_log, leave_hypercall
	.globl leave_forward
leave:
	jmp *%rax

/* A system call is the host's: hv_gate_page says what comes back. */
leave_forward:
	mov $HV_NR_SYSCALL, %eax
	out %eax, $HV_PORT
leave_plain:
	mov USER_ROOT - LEFT(%rsp), %rcx
	mov %rcx, %cr3
	sub $(LEFT - RAX), %rsp
	pop %rcx
	pop %rax
	iretq

/* rcx: a page-table entry, rdx: its new value. */
leave_store_log:
	mov $HV_NR_FAULT_LOG, %eax
	out %eax, $HV_PORT
leave_store:
	mov %rdx, (%rcx)
	mov USER_ROOT - LEFT(%rsp), %rcx
	mov %rcx, %cr3
	sub $(LEFT - WHICH), %rsp
	pop %rdx
	pop %rcx
	pop %rax
	iretq

/* edi: a hypercall, after which the kernel goes on. */
leave_hypercall:
	mov %edi, %eax
	out %eax, $HV_PORT
	iretq

/* Stubs of 16 bytes: what the program does. */
	.balign 16
	.globl vector_table
vector_table:
	.set n, 0
	.rept 32
	.balign 16
	.if n == 14
	jmp page_fault
	.else
	.if !(n == 8 || n == 10 || n == 11 || n == 12 || n == 13 || n == 17 || \
	      n == 21 || n == 29 || n == 30)
	push $0
	.endif
	push %rax
	push $n
	jmp other_exception
	.endif
	.set n, n + 1
	.endr
