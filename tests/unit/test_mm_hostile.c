/*
 * test_mm_hostile.c: calls that no honest program makes, and machines without
 * memory: calls may fail, but nothing breaks and nothing is lost.
 */
#include <signal.h>

#include "hv_fault.h"
#include "hv_map.h"
#include "mm_fixture.h"

TestSuite(mm_hostile, .init = mm_begin, .fini = mm_end);

#define SPAN  48u
#define FIXED (ANON | MAP_FIXED)
#define VA    0x10000000ull
#define AT(n) (VA + PAGES(n))

static uint32_t some_prot(uint64_t *seed)
{
	static const uint32_t prots[] = {PROT_NONE, PROT_READ, RW, RW, RX};

	return prots[random_next(seed) % 5];
}

/* Every allocation may fail: calls may fail then, but nothing breaks. */
static void history_of_failures(uint64_t seed)
{
	if (!shim_alloc_calls())
		cr_skip_test("linked without SHIM_FAIL_LDFLAGS");
	for (unsigned i = 0; i < 1500; i++) {
		uint64_t va = AT(random_next(&seed) % SPAN);
		uint64_t len = PAGES(1 + random_next(&seed) % 10);

		shim_fail_allocs(random_next(&seed) % 5, 1);
		switch (random_next(&seed) % 7) {
		case 0:
			mm_mmap(mm, va, len, some_prot(&seed), FIXED, -1, 0);
			break;
		case 1:
			mm_mmap(mm, va, len, RW, MAP_PRIVATE | MAP_FIXED, 1, 0);
			break;
		case 2:
			mm_munmap(mm, va, len);
			break;
		case 3:
			mm_mprotect(mm, va, len, some_prot(&seed));
			break;
		case 4:
			mm_mremap(mm, va, len, len + PAGES(2), MREMAP_MAYMOVE,
				  0);
			break;
		case 5:
			mm_brk(mm, HEAP + PAGES(random_next(&seed) % 9));
			break;
		default:
			for (uint64_t k = 0; k < len; k += PAGE_SIZE)
				fault(va + k, k % 2 ? READ : WRITE);
		}
		shim_fail_allocs(0, 0);
		assert_sound_at(mm_check(mm), "step %u", i);
	}
}

Test(mm_hostile, failing_allocations_break_nothing_seed_7)
{
	history_of_failures(7);
}

Test(mm_hostile, failing_allocations_break_nothing_seed_8)
{
	history_of_failures(8);
}

/* A number that some check should have an opinion about. */
static uint64_t garbage(uint64_t *seed)
{
	static const uint64_t bases[] = {
		0,	    TEXT,	  HEAP,
		VA,	    MMAP_BASE,	  STACK_LOW,
		1ull << 21, 1ull << 39,	  HV_VA_USER_END,
		1ull << 47, HV_VA_DIRECT, HV_VA_KERNEL,
		1ull << 63, ~0ull,
	};
	uint64_t n = bases[random_next(seed) % 14];

	switch (random_next(seed) % 4) {
	case 0:
		return n;
	case 1:
		return n + PAGES(random_next(seed) % 20);
	case 2:
		return n - PAGES(random_next(seed) % 20);
	default:
		return n + random_next(seed) % 10000 - 5000;
	}
}

static void garbage_call(uint64_t *seed)
{
	uint64_t a = garbage(seed), b = garbage(seed), c = garbage(seed);
	uint32_t x = random_next(seed), y = random_next(seed);

	if (random_next(seed) % 2)
		b = PAGES(random_next(seed) % 20);
	switch (random_next(seed) % 9) {
	case 0:
		/* Populating all of user space takes a while. */
		y &= ~(uint32_t)(MAP_POPULATE | MAP_LOCKED);
		mm_mmap(mm, a, b, x, y, (int32_t)(x % 3) - 1, c);
		break;
	case 1:
		mm_mmap(mm, a, b, x & 7, FIXED, -1, 0);
		break;
	case 2:
		mm_munmap(mm, a, b);
		break;
	case 3:
		mm_mprotect(mm, a, b, random_next(seed) % 4 ? x & 7 : x);
		break;
	case 4:
		mm_mremap(mm, a, b, random_next(seed) % 2 ? c : PAGES(x % 20),
			  y % 5, garbage(seed));
		break;
	case 5:
		if ((x %= 30) != MADV_POPULATE_READ && x != MADV_POPULATE_WRITE)
			mm_madvise(mm, a, b, (int)x);
		break;
	case 6:
		mm_brk(mm, a);
		break;
	default:
		if (a < HV_VA_USER_END && pte_allows(pte_at(a), WRITE))
			break;
		fault(a, x & (HV_ACCESS_WRITE | HV_ACCESS_EXEC |
			      HV_ACCESS_USER | HV_FAULTF_UPCALL));
	}
}

static void garbage_history(uint64_t seed)
{
	for (unsigned i = 0; i < 4000; i++) {
		garbage_call(&seed);
		assert_sound_at(mm_check(mm), "step %u", i);
	}
}

Test(mm_hostile, garbage_breaks_nothing_seed_1)
{
	garbage_history(1);
}

Test(mm_hostile, garbage_breaks_nothing_seed_2)
{
	garbage_history(2);
}

Test(mm_hostile, garbage_breaks_nothing_seed_3)
{
	garbage_history(3);
}
