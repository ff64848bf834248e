/*
 * probe_guest.S: the probe's guest code, copied to KCODE (CPL 0) and UCODE.
 *
 * Position-independent. A CPL 0 piece ends with OUT to PORT_DONE, a CPL 3 piece
 * with HLT, which is #GP there: exit PORT_VEC + 13. Counts come in rbx.
 */
#include "probe_guest.h"

	.section .rodata
	.balign 4096
	.globl kcode, kcode_end, ucode, ucode_end
	.macro piece name
	.globl \name
	.balign 16
\name:
	.endm
	.macro kend
	out %al, $PORT_DONE
	hlt
	.endm

kcode:
/* One stub of 16 bytes for each vector; the host looks at the stack. */
	.set vec, 0
	.rept 32
	.balign 16
	out %al, $(PORT_VEC + vec)
	hlt
	.set vec, vec + 1
	.endr

/* #UD: go on behind the ud2. */
piece k_ud_skip
	addq $2, (%rsp)
	iretq

/* #UD: the same, with all translations forgotten. */
piece k_ud_flush
	mov %cr3, %rax
	mov %rax, %cr3
	addq $2, (%rsp)
	iretq

/* #PF: make the entry of the faulting page present. 8 instructions. */
piece k_pf_fix
	push %rax
	mov %cr2, %rax
	shr $12, %rax
	orl $7, PTAB(, %rax, 8)
	pop %rax
	add $8, %rsp
	iretq

/* #PF of a syscall that stayed at CPL 3: go on behind it. */
piece k_pf_sysret
	add $8, %rsp
	mov %rcx, (%rsp)
	iretq

piece k_lstar
	out %al, $PORT_LSTAR
	hlt

piece k_sysret
	sysretq

piece k_loop
1:	dec %rbx
	jnz 1b
	kend

piece k_outs
1:	out %al, $PORT_COUNT
	dec %rbx
	jnz 1b
	kend

piece k_stos
	xor %eax, %eax
1:	mov $UDATA, %edi
	mov $512, %ecx
	rep stosq
	dec %rbx
	jnz 1b
	kend

piece k_popcnt
	popcnt %rbx, %rax
	kend
piece k_lzcnt
	lzcnt %rbx, %rax
	kend
piece k_andn
	andn %rbx, %rbx, %rax
	kend
piece k_cmpxchg16b
	cmpxchg16b UDATA
	kend
piece k_rdtscp
	rdtscp
	kend
piece k_int3
	int3
	kend
piece k_int
	int $17
	kend
piece k_vmcall
	vmcall
	kend
piece k_nops
	.rept 16
	nop
	.endr
	kend
kcode_end:

	.balign 4096
ucode:
piece u_loop
1:	dec %rbx
	jnz 1b
	hlt

piece u_uds
1:	ud2
	dec %rbx
	jnz 1b
	hlt

/* rdi: the first page */
piece u_touch
1:	movb $1, (%rdi)
	add $4096, %rdi
	dec %rbx
	jnz 1b
	hlt

piece u_syscall
	syscall
	hlt

piece u_syscalls
1:	syscall
	dec %rbx
	jnz 1b
	hlt

piece u_outs
1:	out %al, $PORT_COUNT
	dec %rbx
	jnz 1b
	hlt

piece u_mmio
1:	mov %eax, MMIO_VA
	dec %rbx
	jnz 1b
	hlt

piece u_stos
	xor %eax, %eax
1:	mov $UDATA, %edi
	mov $512, %ecx
	rep stosq
	dec %rbx
	jnz 1b
	hlt

piece u_stale
	movb $1, UDATA
	ud2
	movb $2, UDATA
	hlt

piece u_sse
	movaps %xmm0, %xmm1
	hlt
piece u_xgetbv
	xor %ecx, %ecx
	xgetbv
	hlt
piece u_cpuid
	mov $1, %eax
	xor %ecx, %ecx
	cpuid
	hlt
piece u_nops
	.rept 16
	nop
	.endr
	hlt
ucode_end:
	.section .note.GNU-stack, "", @progbits
