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
 * Out: the kernel runs INT3 at one of the addresses leave_*, which no program
 *      can execute at, since they are not mapped in its root. The gate does what
 *      that address stands for.
 *
 * Stack pointer after the three pushes of a trap: gate page + 960.
 */
	.set WHICH, 960			/* offsetof(struct hv_gate_page, .) */
	.set RAX, 968
	.set SAVED, 984
	.set LEFT_TOP, 2048		/* IST1 */
	.set LEFT, LEFT_TOP - 40
	.set KERNEL_ROOT, 0
	.set USER_ROOT, 8
	.set STACK, 16
	.set FAULT, 32
	.set EXCEPTION, 72

	.section .gate, "ax"
	.globl syscall_entry, vector_table

/* Boot: rdi = boot information. Time ring 0, then become CPL 3. */
	.globl kernel_entry
kernel_entry:
	rdtsc
	mov %eax, %esi
	mov $16, %ecx			/* HV_PROBE_LOOPS */
1:	dec %ecx
	jnz 1b
	rdtsc
	sub %esi, %eax
	out %eax, $0x5f			/* HV_PORT_PROBE */
	mov %rsp, %rax
	push $0x2b			/* HV_SEL_USER_DS */
	push %rax
	push $0x202
	push $0x33			/* HV_SEL_USER_CS */
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
	movq $0x2b, -8(%rsp)		/* HV_SEL_USER_DS */
	sub $16, %rsp
	push %r11
	push $0x33			/* HV_SEL_USER_CS */
	push %rcx
	push %rax			/* as error code: the number */
	push %rax
	push $0x100			/* HV_VECTOR_SYSCALL */
	jmp other_exception

/*
 * INT3, on IST1: the kernel leaves, or the program (or the kernel) has hit a
 * breakpoint. rsp = gate page + LEFT; (rsp) = address after the INT3.
 */
	.balign 16
breakpoint:
	cmpq $left_store, (%rsp)
	jne 1f
	mov %rax, (%rcx)		/* one page-table entry */
	mov USER_ROOT - LEFT(%rsp), %rax
	mov %rax, %cr3
	sub $(LEFT - RAX + 8), %rsp
	pop %rcx
	pop %rax
	add $8, %rsp
	iretq
1:	cmpq $left_call, (%rsp)
	jne 2f
	out %eax, $0x5e			/* HV_PORT */
	iretq
2:	cmpq $left_store_log, (%rsp)
	jne 3f
	mov %rax, (%rcx)
	mov $9, %eax			/* HV_CALL_FAULT_LOG */
	out %eax, $0x5e
	jmp to_user
3:	cmpq $left_plain, (%rsp)
	jne 4f
to_user:
	mov USER_ROOT - LEFT(%rsp), %rax
	mov %rax, %cr3
	sub $(LEFT - RAX + 8), %rsp
	pop %rcx
	pop %rax
	add $8, %rsp
	iretq
/* Not ours: hand it on like any exception, from the frame on IST1. */
4:	sub $(LEFT_TOP - 1024), %rsp	/* saved */
	push $0				/* error code */
	push %rax
	.set i, 0
	.rept 5
	mov LEFT - RAX + 8 * i(%rsp), %rax
	mov %rax, SAVED - RAX + 8 * i(%rsp)
	.set i, i + 1
	.endr
	push $3
	jmp other_exception

/* One stub of 16 bytes for each vector. */
	.balign 16
vector_table:
	.set n, 0
	.rept 32
	.balign 16
	.if n == 3
	jmp breakpoint
	.elseif n == 14
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
