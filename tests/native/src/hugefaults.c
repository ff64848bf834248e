/*
 * hugefaults.c: faults on memory that gets huge pages, where the host has them
 * for who asks: of 2 MiB, and, around borders that were cut, of 4 KiB.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "page_size.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
#define HUGE (2ul << 20)
#define RW   (PROT_READ | PROT_WRITE)

int main(void)
{
	char *base =
		mmap(NULL, 25 * HUGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	volatile char *p = (char *)(((uintptr_t)base + HUGE - 1) & ~(HUGE - 1));
	char sum = 0;

	/* Neither begins nor ends at a multiple of 2 MiB. */
	madvise(base, 25 * HUGE - 3 * PAGE, MADV_HUGEPAGE);
	base[0] = 1;
	base[25 * HUGE - 1] = 1;
	base[25 * HUGE - 5 * PAGE] = 1;
	sum += p[PAGE]; /* the huge zero page, and a write to it */
	p[5000] = 1;
	p[HUGE + 5] = 2;
	sum += p[2 * HUGE];
	mprotect((char *)p + 2 * HUGE + PAGE, PAGE, PROT_READ);
	p[2 * HUGE] = 1;
	p[2 * HUGE + 3 * PAGE] = 2;
	mprotect((char *)p + HUGE, HUGE, PROT_READ);
	mprotect((char *)p + HUGE, HUGE, RW);
	p[HUGE + 100] = 1;
	munmap((char *)p + HUGE + 2 * PAGE, PAGE);
	p[HUGE] = 1;
	for (unsigned long i = 4; i < 20; i++)
		p[i * HUGE + i * PAGE] = 1;
	madvise((char *)p + 4 * HUGE, HUGE, MADV_DONTNEED);
	p[4 * HUGE] = 1;
	madvise((char *)p + 5 * HUGE + PAGE, 9 * PAGE, MADV_DONTNEED);
	p[5 * HUGE + PAGE] = 1;
	sum += p[5 * HUGE + 2 * PAGE];
	mremap((char *)p + 6 * HUGE, HUGE, HUGE, MREMAP_MAYMOVE | MREMAP_FIXED,
	       (char *)p + 9 * HUGE);
	p[9 * HUGE] = 1;
	mremap((char *)p + 7 * HUGE, HUGE, HUGE, MREMAP_MAYMOVE | MREMAP_FIXED,
	       (char *)p + 10 * HUGE + PAGE);
	p[10 * HUGE + PAGE] = 1;
	p[10 * HUGE + 2 * PAGE] = 1;
	madvise((char *)p + 20 * HUGE, 3 * HUGE, MADV_NOHUGEPAGE);
	for (unsigned long i = 0; i < 600; i++)
		p[20 * HUGE + i * PAGE] = 1;
	madvise((char *)p + 20 * HUGE, 3 * HUGE, MADV_HUGEPAGE);
	madvise((char *)p + 20 * HUGE, 2 * HUGE, MADV_COLLAPSE);
	memset((char *)p + 20 * HUGE, sum, 3 * HUGE);
	return sum;
}
