/*
 * stack.c: grows its stack by recursion.
 *
 * Run:    vmm -c stack 1024
 * Expect: "1024", and about 1024 / 4 = 256 faults in [stack]: each level takes
 * a little more than 1 KiB and writes to it, so every fourth level enters a
 * page that is not there yet. Linux extends the mapping downwards then
 * (expand_stack). A depth beyond RLIMIT_STACK, 8192 KiB as a rule, ends with
 * SIGSEGV.
 */
#include <stdio.h>
#include <stdlib.h>

#define KIB 1024

/* Returns the number of levels, added up on the way back. */
static __attribute__((noinline)) unsigned long descend(unsigned long levels)
{
	volatile char here[KIB];

	here[0] = 1;
	if (levels == 1)
		return (unsigned long)here[0];
	return descend(levels - 1) + (unsigned long)here[0];
}

int main(int argc, char **argv)
{
	unsigned long kib = argc > 1 ? strtoul(argv[1], NULL, 0) : 1024, depth;

	if (kib == 0) {
		fprintf(stderr, "usage: stack DEPTH-in-KiB\n");
		return 2;
	}
	depth = descend(kib);
	printf("%lu\n", depth);
	return depth != kib;
}
