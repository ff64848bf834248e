/*
 * guard.c: a guard page that is no mapping of its own: writes upwards through
 * a mapping of eight pages, of which page SIX is a guard marker
 * (MADV_GUARD_INSTALL, Linux 6.13).
 *
 * Run:    vmm --trace guard
 * Expect: "24576 bytes, 1 mapping". The log ends its list of "anon-zero" with
 * one "segv-guard" in the same mapping; guards by mprotect would have cut it
 * in three.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif
#define PAGE  4096ul
#define PAGES 8
#define SIX   6

static sigjmp_buf before;

static void handler(int sig)
{
	(void)sig;
	siglongjmp(before, 1);
}

static int count_mappings(uintptr_t start, uintptr_t end)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned long from, to;
	char line[512];
	int n = 0;

	while (maps && fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx", &from, &to) == 2)
			n += from < end && to > start;
	if (maps)
		fclose(maps);
	return n;
}

int main(void)
{
	char *p = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	volatile unsigned long at = 0;

	if (p == MAP_FAILED ||
	    madvise(p + SIX * PAGE, PAGE, MADV_GUARD_INSTALL)) {
		perror("guard");
		return 1;
	}
	signal(SIGSEGV, handler);
	if (!sigsetjmp(before, 1))
		for (; at < PAGES * PAGE; at++)
			((volatile char *)p)[at] = 1;
	printf("%lu bytes, %d mapping\n", at,
	       count_mappings((uintptr_t)p, (uintptr_t)p + PAGES * PAGE));
	return at != SIX * PAGE;
}
