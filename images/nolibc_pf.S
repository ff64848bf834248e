/*
 * nolibc_pf.S: N page faults and next to nothing else, for measuring one.
 *
 * Build:  gcc -static -nostdlib -o build/images/nolibc_pf images/nolibc_pf.S
 * Run:    vmm -c nolibc_pf 100000
 * Expect: the argument back, "100000", exit status 0; N faults anon-zero in
 * [anon], each from the same instruction, in a loop of three. Status 1: mmap
 * failed; 2: no number.
 */
#include <sys/syscall.h>

	.text
	.globl	_start
	.type	_start, @function
_start:
	/* (%rsp) argc, 8(%rsp) argv[0], 16(%rsp) argv[1] */
	mov	$2, %edi
	cmpq	$2, (%rsp)
	jb	quit
	mov	16(%rsp), %r12

	/* r13 = number at r12, r14 = its end */
	xor	%r13d, %r13d
	mov	%r12, %r14
digit:	movzbl	(%r14), %eax
	sub	$'0', %eax
	cmp	$9, %eax
	ja	number
	imul	$10, %r13, %r13
	add	%rax, %r13
	inc	%r14
	jmp	digit
number:	test	%r13, %r13
	jz	quit

	/* mmap(NULL, N * 4096, READ | WRITE, PRIVATE | ANONYMOUS, -1, 0) */
	shl	$12, %r13
	mov	$SYS_mmap, %eax
	xor	%edi, %edi
	mov	%r13, %rsi
	mov	$3, %edx
	mov	$0x22, %r10d
	mov	$-1, %r8
	xor	%r9d, %r9d
	syscall
	mov	$1, %edi
	cmp	$-4096, %rax
	ja	quit

	/* madvise(area, N * 4096, MADV_NOHUGEPAGE): one fault a page */
	mov	%rax, %rbx
	mov	%rax, %rdi
	mov	%r13, %rsi
	mov	$15, %edx
	mov	$SYS_madvise, %eax
	syscall

	lea	(%rbx,%r13), %rdx
touch:	movb	$1, (%rbx)
	add	$4096, %rbx
	cmp	%rdx, %rbx
	jne	touch

	/* write(1, argv[1], its digits), then a newline */
	mov	$SYS_write, %eax
	mov	$1, %edi
	mov	%r12, %rsi
	mov	%r14, %rdx
	sub	%r12, %rdx
	syscall
	mov	$SYS_write, %eax
	mov	$1, %edi
	lea	newline(%rip), %rsi
	mov	$1, %edx
	syscall
	xor	%edi, %edi
quit:	mov	$SYS_exit_group, %eax
	syscall
	.size	_start, . - _start

	.section .rodata
newline: .ascii	"\n"

	.section .note.GNU-stack, "", @progbits
