/*
 * bench_vma.c: what an operation on mappings costs when there are few or many,
 * hosted. The mappings are pages of alternate protection, side by side, so that
 * none can be merged. 60000 is near the most that Linux (and so the guest
 * kernel) allows, 65530.
 *
 * find: a fault's look-up, at random. map: mmap of a page and its munmap.
 * split: mprotect of the middle page of three and back, which splits and
 * merges.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "calls.h"
#include "check.h"
#include "loop.h"
#include "mm_exec.h"
#include "mm_init.h"
#include "page_size.h"
#include "shim.h"
#include "vma.h"

#define RW   (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static struct mm *mm;
static uint64_t area, three, mappings;
static uint32_t seed;

static uint32_t next_random(void)
{
	seed = seed * 1664525u + 1013904223u;
	return seed >> 8;
}

static void must(int64_t result, const char *what)
{
	if (result >= 0 || result < -4095)
		return;
	fprintf(stderr, "bench_vma: %s: %s\n", what, strerror((int)-result));
	exit(1);
}

static void find(void)
{
	uint64_t va = area + next_random() % mappings * PAGE;

	if (!vma_find(&mm->vmas, va))
		exit(1);
}

static void map(void)
{
	int64_t va = mm_mmap(mm, 0, PAGE, RW, ANON, -1, 0);

	must(va, "mmap");
	must(mm_munmap(mm, (uint64_t)va, PAGE), "munmap");
}

static void split(void)
{
	must(mm_mprotect(mm, three + PAGE, PAGE, PROT_READ), "mprotect");
	must(mm_mprotect(mm, three + PAGE, PAGE, RW), "mprotect");
}

#define CASES(n)                                                               \
	{"find-" #n, find, 1, 1000000, 1000},                                  \
		{"map-" #n, map, 1, 300000, 300},                              \
	{                                                                      \
		"split-" #n, split, 1, 300000, 300                             \
	}
const struct bench_case bench_cases[] = {CASES(10), CASES(1000), CASES(60000)};
const unsigned bench_nr_cases = sizeof(bench_cases) / sizeof(bench_cases[0]);

static int64_t map_at_end(uint64_t bytes, uint32_t prot)
{
	int64_t va = mm_mmap(mm, 0, bytes, prot, ANON, -1, 0);

	must(va, "mmap");
	return va;
}

void bench_setup(const struct bench_case *c)
{
	struct hv_exec exec = {
		.nr_maps = 1,
		.maps = {{0x7fffffff0000, 0x7fffffffe000, 0, RW,
			  HV_MAPF_GROWSDOWN, HV_MAP_STACK, 0}},
		.start_code = 0x400000,
		.end_code = 0x401000,
		.start_brk = 0x500000,
		.brk = 0x500000,
		.start_stack = 0x7fffffffd000,
		.mmap_base = 0x7ffff7fff000,
		.rlim_stack = 1 << 20,
		.rlim_data = ~0ull,
		.rlim_as = ~0ull,
		.pid = 42,
	};

	mappings = strtoul(strchr(c->name, '-') + 1, NULL, 10);
	seed = 1;
	shim_reset(1ull << 30);
	shim_boot()->fault_around = 65536;
	mm_init(shim_boot());
	mm = mm_create(&exec);
	if (!mm)
		exit(1);
	three = (uint64_t)map_at_end(3 * PAGE, RW);
	must(mm_mmap(mm, three - PAGE, PAGE, PROT_NONE, ANON | MAP_FIXED, -1,
		     0),
	     "mmap");
	area = (uint64_t)map_at_end(mappings * PAGE, RW);
	for (uint64_t i = 0; i < mappings; i += 2)
		must(mm_mprotect(mm, area + i * PAGE, PAGE, PROT_READ),
		     "mprotect");
}

int bench_is_sound(void)
{
	return !mm_check(mm);
}
