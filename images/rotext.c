/*
 * rotext.c: writes to its own code.
 *
 * Run:    vmm --trace rotext
 * Expect: "code begins 0xf3 0x0f" or other bytes of main (reading is allowed),
 * then the end by SIGSEGV (status 139). The last line of the log is
 * segv-accerr: the mapping is there, r-xp, but forbids the write; si_code
 * SEGV_ACCERR (2). The line "survived" must not appear.
 */
#include <stdint.h>
#include <stdio.h>

int main(void)
{
	volatile unsigned char *code =
		(volatile unsigned char *)(uintptr_t)main;

	printf("code begins %#04x %#04x\n", code[0], code[1]);
	fflush(stdout);
	code[0] = 0xcc;
	printf("survived\n");
	return 1;
}
