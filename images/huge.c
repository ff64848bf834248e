/*
 * huge.c: transparent huge pages: one fault for 2 MiB instead of 512.
 *
 * Run:    vmm --thp=madvise --trace huge 8
 * Expect: "faults 8, huge pages 8 of 8, after the split 7". The area is advised
 * MADV_HUGEPAGE and every page of it is written: in the log 8 faults huge, of
 * order 9, at addresses 2 MiB apart. Then one page in the first of them is
 * protected: that entry becomes a table of 512, which costs no fault.
 * With --thp=never: "faults 4096, huge pages 0 of 8, after the split 0".
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#define PAGE 4096ul
#define HUGE (2ul << 20)

static long faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt;
}

/* Of /proc/self/smaps: AnonHugePages of all mappings in [start, end). */
static unsigned long huge_pages(uintptr_t start, uintptr_t end)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	unsigned long from, to, kib, sum = 0;
	char line[512];
	int inside = 0;

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx %*4s", &from, &to) == 2)
			inside = from >= start && to <= end;
		else if (inside &&
			 sscanf(line, "AnonHugePages: %lu kB", &kib) == 1)
			sum += kib;
	}
	if (f)
		fclose(f);
	return (sum << 10) / HUGE;
}

int main(int argc, char **argv)
{
	unsigned long n = argc > 1 ? strtoul(argv[1], NULL, 0) : 8, whole;
	char *area, *base;
	long before, after;

	base = mmap(NULL, (n + 1) * HUGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (base == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	area = (char *)(((uintptr_t)base + HUGE - 1) & ~(HUGE - 1));
	munmap(area + n * HUGE, (size_t)(base + HUGE - area));
	madvise(area, n * HUGE, MADV_HUGEPAGE);
	before = faults();
	for (unsigned long i = 0; i < n * HUGE; i += PAGE)
		((volatile char *)area)[i] = 1;
	after = faults();
	whole = huge_pages((uintptr_t)area, (uintptr_t)area + n * HUGE);
	mprotect(area + PAGE, PAGE, PROT_READ);
	printf("faults %ld, huge pages %lu of %lu, after the split %lu\n",
	       after - before, whole, n,
	       huge_pages((uintptr_t)area, (uintptr_t)area + n * HUGE));
	return 0;
}
