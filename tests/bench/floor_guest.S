/*
 * floor_guest.S: the least that a guest can do. rdi: page-table entry of the
 * page that is touched next, rbx: how many pages, rsi: the page.
 */
#include "floor_guest.h"

	.section .rodata
	.balign 4096
	.globl floor_kcode, floor_kcode_end, floor_ucode, floor_ucode_end
	.globl floor_retry, floor_out, floor_first
floor_kcode:
	.set vec, 0
	.rept 32
	.balign 16
	out %al, $(PORT_VEC + vec)
	hlt
	.set vec, vec + 1
	.endr

/* #PF -> three instructions -> retry. */
	.balign 16
floor_retry:
	orb $1, (%rdi)
	add $8, %rsp
	iretq

/* #PF -> OUT -> the host writes the entry -> retry. */
	.balign 16
floor_out:
	out %al, $PORT_FAULT
	add $8, %rsp
	iretq

/* What a bare machine does first: leave. */
	.balign 16
floor_first:
	out %al, $PORT_DONE
	hlt
floor_kcode_end:

	.balign 4096
floor_ucode:
1:	movb $1, (%rsi)
	add $4096, %rsi
	add $8, %rdi
	dec %rbx
	jnz 1b
	hlt				/* #GP: the end */
floor_ucode_end:
	.section .note.GNU-stack, "", @progbits
