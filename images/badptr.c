/*
 * badptr.c: reads through a bad pointer.
 *
 * Run:    vmm --trace badptr, vmm --trace badptr 0x7fff00000000
 * Expect: "reading 0x10", then the end by SIGSEGV (a shell shows status 139 =
 * 128 + 11). The last line of the log is segv-maperr at 0x10: no mapping
 * there, si_code SEGV_MAPERR (1). The line "survived" must not appear.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	uintptr_t addr = argc > 1 ? strtoull(argv[1], NULL, 0) : 0x10;
	volatile char *p = (volatile char *)addr;

	printf("reading %#lx\n", (unsigned long)addr);
	fflush(stdout);
	printf("survived: %d\n", *p);
	return 1;
}
