/*
 * nolibc.S: the smallest guest: no C library, no data to relocate, no heap.
 *
 * Build:  gcc -static -nostdlib -o build/images/nolibc images/nolibc.S
 * Run:    vmm --trace nolibc; echo $?
 * Expect: "nolibc 42", exit status 42. The faults are the fewest that there can
 * be: the page of code (file-read), the page of the text when the host reads it
 * for write(2), and what execve itself puts on the stack.
 */
#include <sys/syscall.h>

	.section .rodata
line:	.ascii	"nolibc 42\n"
	.set	line_len, . - line

	.text
	.globl	_start
	.type	_start, @function
_start:
	mov	$SYS_write, %eax
	mov	$1, %edi
	lea	line(%rip), %rsi
	mov	$line_len, %edx
	syscall
	mov	$SYS_exit_group, %eax
	mov	$42, %edi
	syscall
	.size	_start, . - _start

	.section .note.GNU-stack, "", @progbits
