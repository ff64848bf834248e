/*
 * hugepages.c: what Linux says of memory with huge pages, after each thing that
 * is done to it: smaps of the area, and RssAnon of the process.
 * Offsets are printed, not addresses. MADV_COLLAPSE is newer than Debian 12's
 * headers.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif
#define M  (1ul << 20)
#define RW (PROT_READ | PROT_WRITE)

static char *area;
static size_t size;

static void show_smaps(void)
{
	static const char *const names[] = {
		"Rss:",		  "Referenced:",    "Anonymous:",
		"LazyFree:",	  "AnonHugePages:", "THPeligible:",
		"Private_Dirty:", "Private_Clean:", "VmFlags:"};
	FILE *f = fopen("/proc/self/smaps", "r");
	unsigned long start, end, value;
	uintptr_t base = (uintptr_t)area;
	int inside = 0;
	char line[512];

	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx %*4s", &start, &end) == 2) {
			inside = start >= base && start < base + size;
			if (inside)
				printf(" +%lx +%lx", start - base, end - base);
			continue;
		}
		for (size_t i = 0; inside && i < 9; i++) {
			size_t len = strlen(names[i]);

			if (strncmp(line, names[i], len))
				continue;
			if (i == 8)
				printf("%s", line + len);
			else if (sscanf(line + len, "%lu", &value) == 1)
				printf(" %lu", value);
		}
	}
	fclose(f);
}

/* What there is at the start depends on where things lie: print the change. */
static void show_status(void)
{
	static unsigned long at_start;
	FILE *f = fopen("/proc/self/status", "r");
	unsigned long kib;
	char line[512];

	while (fgets(line, sizeof(line), f)) {
		if (!strncmp(line, "THP_enabled:", 12))
			printf(" %s", line);
		if (sscanf(line, "RssAnon: %lu", &kib) != 1)
			continue;
		if (!at_start)
			at_start = kib;
		printf(" RssAnon %ld\n", (long)(kib - at_start));
	}
	fclose(f);
}

/* What MADV_FREE did to small pages is counted in batches: end the batch. */
static void drain(void)
{
	static char page[4096] __attribute__((aligned(4096)));

	madvise(page, sizeof(page), MADV_COLD);
}

static void show(const char *what, long result)
{
	drain();
	printf("%s = %ld\n", what, result == -1 ? -(long)errno : result);
	show_smaps();
	show_status();
}
#define SHOW(call) show(#call, (long)(call))

static void take(size_t bytes)
{
	char *base = mmap(NULL, bytes + 2 * M, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	area = (char *)(((uintptr_t)base + 2 * M - 1) & -(2 * M));
	size = bytes;
	mmap(area, bytes, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

static void faults(void)
{
	volatile char *p = area;

	SHOW(madvise(area, size, MADV_HUGEPAGE));
	SHOW(p[5 * 4096] = 1);
	SHOW(p[2 * M + 7]);
	SHOW(p[2 * M + 7] = 2);
	SHOW(p[4 * M]);
	SHOW(madvise(area + 4 * M + 8192, 8192, MADV_DONTNEED));
	SHOW(madvise(area + 8192, 8192, MADV_DONTNEED));
	SHOW(p[8192]);
	SHOW(p[4 * M] = 3);
	SHOW(munmap(area + 14 * M + 4096, 4096));
	SHOW(p[14 * M] = 1);
}

static void rights(void)
{
	volatile char *p = area;

	SHOW(mprotect(area + 2 * M + 4096, 4096, PROT_READ));
	SHOW(mprotect(area + 2 * M + 4096, 4096, RW));
	SHOW(p[6 * M] = 1);
	SHOW(mprotect(area + 6 * M, 2 * M, PROT_READ));
	SHOW(mprotect(area + 6 * M, 2 * M, PROT_NONE));
	SHOW(mprotect(area + 6 * M, 2 * M, RW));
	SHOW(p[6 * M] = 9);
	SHOW(mlock(area + 6 * M, 4096));
	SHOW(munlock(area + 6 * M, 4096));
}

static void advice(void)
{
	volatile char *p = area;

	SHOW(p[8 * M] = 1);
	SHOW(madvise(area + 8 * M, 2 * M, MADV_FREE));
	SHOW(p[8 * M]);
	SHOW(p[8 * M + 4096] = 1);
	SHOW(madvise(area + 8 * M + 4096, 4096, MADV_FREE));
	SHOW(p[8 * M]);
	memset(area + 10 * M, 7, 2 * M);
	SHOW(madvise(area + 10 * M + 4096, 4096, MADV_COLD));
	SHOW(madvise(area + 10 * M, 2 * M, MADV_DONTNEED));
	SHOW(p[10 * M] = 1);
	SHOW(madvise(area + 10 * M, 2 * M, MADV_COLD));
	SHOW(madvise(area + 10 * M, 2 * M, MADV_DONTNEED));
	SHOW(madvise(area + 10 * M, 2 * M, MADV_POPULATE_WRITE));
	SHOW(madvise(area, size, MADV_NOHUGEPAGE));
	SHOW(p[12 * M] = 1);
	SHOW(madvise(area + 12 * M, 2 * M, MADV_COLLAPSE));
}

static void collapse(void)
{
	volatile char *p = area;

	SHOW(madvise(area, 2 * M, MADV_COLLAPSE));
	SHOW(p[0] = 8);
	SHOW(madvise(area, 2 * M, MADV_COLLAPSE));
	SHOW(p[2 * M] = 3);
	SHOW(madvise(area + 2 * M, 2 * M, MADV_COLLAPSE));
	SHOW(madvise(area + 4 * M, 2 * M, MADV_COLLAPSE));
	SHOW(madvise(area, 6 * M, MADV_COLLAPSE));
	SHOW(madvise(area + 4096, 4 * M, MADV_COLLAPSE));
	SHOW(p[4 * M]);
	SHOW(madvise(area + 4 * M, 2 * M, MADV_COLLAPSE));
	SHOW(mprotect(area + 4 * M, 2 * M, PROT_READ));
	SHOW(madvise(area + 4 * M + 4096, 4096, MADV_DONTNEED));
	SHOW(madvise(area + 4 * M, 2 * M, MADV_COLLAPSE));
	SHOW(madvise(area + 4 * M, 4096, MADV_COLLAPSE));
}

/* `to` is an offset in the area. */
static void move(size_t from, size_t to, size_t len)
{
	SHOW((char *)mremap(area + from, len, len,
			    MREMAP_MAYMOVE | MREMAP_FIXED, area + to) -
	     (area + to));
}

static void moves(void)
{
	volatile char *p = area;

	madvise(area, size, MADV_HUGEPAGE);
	SHOW(p[0] = 1);
	move(0, 8 * M, 2 * M);
	SHOW(p[8 * M]);
	move(8 * M, 4 * M + 4096, 2 * M);
	SHOW(p[4 * M + 4096]);
	SHOW(p[12 * M] = 5);
	SHOW(mremap(area + 12 * M, 2 * M, 4 * M, 0) == MAP_FAILED);
	SHOW((char *)mremap(area + 12 * M, 4 * M, M, 0) - area);
}

static void disabled(void)
{
	volatile char *p = area;

	madvise(area, 2 * M, MADV_HUGEPAGE);
	SHOW(prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
	SHOW(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0));
	SHOW(prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
	SHOW(p[0] = 1);
	SHOW(prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0));
	SHOW(p[2 * M] = 1);
	SHOW(prctl(PR_SET_THP_DISABLE, 0, 0, 0, 1));
	SHOW(prctl(PR_SET_THP_DISABLE, 1, 1, 0, 0));
	SHOW(prctl(PR_GET_THP_DISABLE, 1, 0, 0, 0));
}

int main(void)
{
	setvbuf(stdout, malloc(M), _IOFBF, M);
	take(16 * M);
	show("start", 0);
	faults();
	rights();
	advice();
	take(8 * M);
	collapse();
	take(20 * M);
	moves();
	take(8 * M);
	disabled();
	return 0;
}
