/*
 * frames.c: what kpageflags and kpagecount say of frames, by pagemap. For root.
 * Bits that only time decides (LRU, ACTIVE, REFERENCED and such) are not shown,
 * nor KSM, which some builds of Linux 6.18 show of all anonymous pages.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "page_size.h"

#define HUGE (2ul << 20)
#define RW   (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static int pagemap, kpageflags, kpagecount;

static uint64_t entry(int fd, uint64_t index)
{
	uint64_t e = 0;

	if (pread(fd, &e, sizeof(e), (off_t)(index * sizeof(e))) != sizeof(e))
		printf("(short) ");
	return e;
}

static void show(const char *what, const volatile char *p)
{
	static const struct {
		int bit;
		const char *name;
	} names[] = {
		{7, "slab"},	     {10, "buddy"}, {11, "mmap"},
		{12, "anon"},	     {13, "swap"},  {14, "swapbacked"},
		{15, "head"},	     {16, "tail"},  {17, "huge"},
		{18, "unevictable"}, {20, "none"},  {22, "thp"},
		{23, "offline"},     {24, "zero"},  {26, "table"},
		{33, "mlocked"},
	};
	uint64_t pfn = entry(pagemap, (uintptr_t)p / PAGE) & ((1ull << 55) - 1);
	uint64_t flags = entry(kpageflags, pfn);

	printf("%s: count %lu", what, (long)entry(kpagecount, pfn));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (flags >> names[i].bit & 1)
			printf(" %s", names[i].name);
	printf("\n");
}

static char *map(size_t len)
{
	return mmap(NULL, len, RW, ANON, -1, 0);
}

/* What MADV_FREE did to small pages is counted in batches: end the batch. */
static void drain(void)
{
	static char page[PAGE] __attribute__((aligned(4096)));

	madvise(page, sizeof(page), MADV_COLD);
}

static void small(void)
{
	char *p = map(8 * PAGE);

	madvise(p, 8 * PAGE, MADV_NOHUGEPAGE);
	(void)*(volatile char *)p;
	show("zero page", p);
	p[PAGE] = 1;
	show("anonymous", p + PAGE);
	mlock(p + 2 * PAGE, PAGE);
	show("locked", p + 2 * PAGE);
	munlock(p + 2 * PAGE, PAGE);
	show("locked no longer", p + 2 * PAGE);
	p[3 * PAGE] = 1;
	madvise(p + 3 * PAGE, PAGE, MADV_FREE);
	drain();
	show("freed lazily", p + 3 * PAGE);
	mprotect(p + PAGE, PAGE, PROT_NONE);
	show("protected", p + PAGE);
}

static void huge(void)
{
	char *p = map(5 * HUGE);

	p = (char *)(((uintptr_t)p + HUGE - 1) & -HUGE);
	madvise(p, 4 * HUGE, MADV_HUGEPAGE);
	p[0] = 1;
	show("huge head", p);
	show("huge tail", p + PAGE);
	show("huge, last", p + HUGE - PAGE);
	(void)*(volatile char *)(p + HUGE);
	show("huge zero page", p + HUGE);
	show("huge zero page's tail", p + HUGE + PAGE);
	mlock(p + 2 * HUGE, HUGE);
	show("huge, locked", p + 2 * HUGE);
	show("huge, locked, tail", p + 2 * HUGE + PAGE);
	munlock(p + 2 * HUGE, HUGE);
	show("huge, locked no longer", p + 2 * HUGE);
}

static void files(void)
{
	int fd = memfd_create("frames", 0);
	char *a, *b;

	if (ftruncate(fd, 2 * PAGE) < 0)
		perror("ftruncate");
	a = mmap(NULL, 2 * PAGE, RW, MAP_SHARED, fd, 0);
	b = mmap(NULL, 2 * PAGE, RW, MAP_SHARED, fd, 0);
	a[0] = b[0] = 1;
	show("of a memfd, mapped twice", a);
	munmap(b, 2 * PAGE);
	show("once", a);
}

int main(void)
{
	pagemap = open("/proc/self/pagemap", O_RDONLY);
	kpageflags = open("/proc/kpageflags", O_RDONLY);
	kpagecount = open("/proc/kpagecount", O_RDONLY);
	if (kpageflags < 0) {
		puts("kpageflags is not for us");
		return 0;
	}
	small();
	huge();
	files();
	return 0;
}
