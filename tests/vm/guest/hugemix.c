/*
 * hugemix.c: what is stored in huge pages is there afterwards, whatever was
 * done to the mapping in between. Stale translations of either size, wrong
 * frames after a split, bytes lost by a collapse show as wrong bytes.
 *
 * hugemix STEPS SEED: that many random steps on 8 MiB of which a model is
 * kept, one byte for each page. Each step ends with looking at a few pages,
 * and at those that the step was about. Prints the steps and how many bytes
 * were wrong.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "page_size.h"
#include "random.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
#define HUGE  512ul /* pages */
#define PAGES (4 * HUGE)
#define RW    (PROT_READ | PROT_WRITE)

static unsigned char *area, model[PAGES];
static uint64_t state;
static unsigned long wrong;

static unsigned long number(unsigned long below)
{
	return random_below(&state, below);
}

static void look(unsigned long page)
{
	const volatile unsigned char *p = area + page * PAGE;

	wrong += p[0] != model[page] || p[PAGE - 1] != model[page];
}

static void put(unsigned long page)
{
	unsigned char byte = (unsigned char)(1 + number(255));

	area[page * PAGE] = area[page * PAGE + PAGE - 1] = byte;
	model[page] = byte;
}

static void fresh(unsigned long page, unsigned long n)
{
	if (mmap(area + page * PAGE, n * PAGE, RW,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		exit(3);
	madvise(area + page * PAGE, n * PAGE, MADV_HUGEPAGE);
	memset(model + page, 0, n);
}

/* Of one mapping only: a failed call leaves both places as they were. */
static void move(unsigned long from, unsigned long to, unsigned long n)
{
	if (to + n > PAGES || (to < from + n && from < to + n))
		return;
	fresh(from, n);
	put(from);
	put(from + n - 1);
	if (mremap(area + from * PAGE, n * PAGE, n * PAGE,
		   MREMAP_MAYMOVE | MREMAP_FIXED,
		   area + to * PAGE) == MAP_FAILED)
		exit(4);
	memcpy(model + to, model + from, n);
	fresh(from, n);
	look(to);
	look(to + n - 1);
}

static void step(void)
{
	unsigned long n = 1 + number(700), page = number(PAGES - n);
	unsigned char *va;

	if (number(3) == 0) {
		page &= ~(HUGE - 1);
		n = HUGE;
	}
	va = area + page * PAGE;
	switch (number(8)) {
	case 0:
	case 1:
		put(page + number(n));
		break;
	case 2:
		madvise(va, n * PAGE, MADV_DONTNEED);
		memset(model + page, 0, n);
		break;
	case 3:
		munmap(va, n * PAGE);
		fresh(page, n);
		break;
	case 4:
		mprotect(va, n * PAGE, PROT_READ);
		look(page);
		mprotect(va, n * PAGE, RW);
		put(page + n - 1);
		break;
	case 5:
		madvise(va, n * PAGE,
			number(4) ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
		break;
	case 6:
		madvise(va, n * PAGE, MADV_COLLAPSE);
		break;
	case 7:
		move(page,
		     number(2) ? (number(PAGES) & ~(HUGE - 1)) |
					 (page & (HUGE - 1))
			       : number(PAGES),
		     n);
		break;
	}
	look(page);
	look(page + n - 1);
	for (unsigned i = 0; i < 8; i++)
		look(number(PAGES));
}

int main(int argc, char **argv)
{
	unsigned long steps = argc > 1 ? strtoul(argv[1], NULL, 0) : 1000;
	unsigned char *base = mmap(NULL, (PAGES + HUGE) * PAGE, PROT_NONE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	state = argc > 2 ? strtoul(argv[2], NULL, 0) : 1;
	if (base == MAP_FAILED)
		return 2;
	area = (unsigned char *)(((uintptr_t)base + HUGE * PAGE - 1) &
				 ~(HUGE * PAGE - 1));
	fresh(0, PAGES);
	for (unsigned long i = 0; i < steps; i++)
		step();
	for (unsigned long page = 0; page < PAGES; page++)
		look(page);
	printf("%lu steps, %lu wrong\n", steps, wrong);
	return wrong != 0;
}
