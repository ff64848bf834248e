/*
 * bss.c: a large bss costs what is touched of it, and nothing else.
 *
 * Run:    vmm -c bss 256
 * Expect: "256 of 16384 pages". bss is 64 MiB, and each page touched is one
 * fault (anon-zero, in the mapping that /proc/PID/maps shows without a name);
 * the others get no frame. They are spread evenly, so that none is mapped by
 * the way.
 */
#include <stdio.h>
#include <stdlib.h>

#define PAGE  4096ul
#define PAGES 16384ul

static char bss[PAGES * PAGE] __attribute__((aligned(4096)));

int main(int argc, char **argv)
{
	unsigned long n = argc > 1 ? strtoul(argv[1], NULL, 0) : 256;
	volatile char *p = bss;
	unsigned long sum = 0;

	if (n == 0 || n > PAGES) {
		fprintf(stderr, "usage: bss PAGES (1 to %lu)\n", PAGES);
		return 2;
	}
	for (unsigned long i = 0; i < n; i++) {
		volatile char *page = p + i * (PAGES / n) * PAGE;

		/* Not ++: that reads first, and takes two faults. */
		*page = 1;
		sum += (unsigned long)*page;
	}
	printf("%lu of %lu pages\n", sum, PAGES);
	return sum != n;
}
