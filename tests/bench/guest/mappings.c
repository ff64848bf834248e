/*
 * mappings.c: what mmap and munmap of a page cost when there are N mappings.
 *
 *   mappings N
 *
 * The N are pages side by side, of alternate protection, so that none is merged
 * with its neighbour. Prints nanoseconds of wall and CPU time for one mmap and
 * its munmap. (Under vmm CPU time is that of vmm's process.)
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#include "page_size.h"

#define BATCH  100
#define WANTED 100e6 /* ns */
#define RW     (PROT_READ | PROT_WRITE)
#define ANON   (MAP_PRIVATE | MAP_ANONYMOUS)

static double now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int make(unsigned long n)
{
	char *area = mmap(NULL, n * PAGE, RW, ANON, -1, 0);

	if (area == MAP_FAILED)
		return -1;
	for (unsigned long i = 0; i < n; i += 2)
		if (mprotect(area + i * PAGE, PAGE, PROT_READ))
			return -1;
	return 0;
}

static int map_and_unmap(void)
{
	for (int i = 0; i < BATCH; i++) {
		void *p = mmap(NULL, PAGE, PROT_NONE, ANON, -1, 0);

		if (p == MAP_FAILED || munmap(p, PAGE))
			return -1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	unsigned long n = argc > 1 ? strtoul(argv[1], NULL, 10) : 10;
	double wall, cpu, ops = 0;

	if (make(n) || map_and_unmap()) {
		perror("mappings");
		return 1;
	}
	wall = now(CLOCK_MONOTONIC);
	cpu = now(CLOCK_PROCESS_CPUTIME_ID);
	do {
		if (map_and_unmap())
			return 1;
		ops += BATCH;
	} while (now(CLOCK_MONOTONIC) - wall < WANTED);
	wall = now(CLOCK_MONOTONIC) - wall;
	cpu = now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	printf("%.1f %.1f\n", wall / ops, cpu / ops);
	return 0;
}
