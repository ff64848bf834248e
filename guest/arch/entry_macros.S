/*
 * entry_macros.S: what the entry code of both levels has in common.
 */

/*
 * Time ring 0 and tell the host (HV_PORT_PROBE). Changes rax, rbx, rcx, rdx,
 * rsi, rbp.
 */
	.macro probe_ring0
	mov $-1, %ebx			/* the smaller of two: the first */
	mov $2, %ebp			/* may have to be translated, too */
1:	rdtsc
	mov %eax, %esi
	mov $HV_PROBE_LOOPS, %ecx
2:	dec %ecx
	jnz 2b
	rdtsc
	sub %esi, %eax
	cmp %ebx, %eax
	cmovb %eax, %ebx
	dec %ebp
	jnz 1b
	mov %ebx, %eax
	out %eax, $HV_PORT_PROBE
	.endm

/* struct hv_regs below the vector, then to C; rax is where the level has it. */
	.macro push_registers rax
	push %rdi
	push %rsi
	push %rdx
	push %rcx
	push \rax
	push %r8
	push %r9
	push %r10
	push %r11
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	cld
	mov %rsp, %rdi
	call trap_handle
	.endm

/* The ten registers of struct hv_regs before rax. */
	.macro pop_first_registers
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	pop %r11
	pop %r10
	pop %r9
	pop %r8
	.endm
