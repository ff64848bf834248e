/*
 * test_populate.c: pages that come without a fault, and which are there
 * (MAP_POPULATE, mincore).
 */
#include "mm_fixture.h"

TestSuite(populate, .init = mm_begin, .fini = mm_end);

#define FIXED (ANON | MAP_FIXED)
#define VA    0x10000000ull
#define AT(n) (VA + PAGES(n))

Test(populate, populate_brings_all_in_and_counts_no_fault)
{
	uint64_t faults = mm_globals.faults;

	map(AT(0), 8, RW, FIXED | MAP_POPULATE);
	cr_assert_eq(mm->rss[RSS_ANON], 8);
	cr_assert_eq(touch(AT(7), WRITE), 0);
	map(AT(20), 8, PROT_READ, FIXED | MAP_POPULATE);
	cr_assert_eq(pte_pfn((pte_t){pte_at(AT(20))}), mm_globals.zero_pfn);
	map(AT(40), 8, RW, FIXED | MAP_POPULATE | MAP_NONBLOCK);
	cr_assert_eq(pte_at(AT(40)), 0);
	map(AT(60), 8, PROT_NONE, FIXED | MAP_POPULATE);
	cr_assert_eq(mm_globals.faults, faults);
}

Test(populate, mincore_says_what_is_there)
{
	uint8_t vec[10];

	memset(vec, 9, sizeof(vec));
	map(AT(0), 4, RW, FIXED);
	store(AT(1), 1);
	load(AT(3));
	cr_assert_eq(mm_mincore(mm, AT(0), PAGES(3) + 1, vec), 0);
	cr_assert_arr_eq(vec, ((uint8_t[]){0, 1, 0, 1, 9}), 5);
	fault(DATA, WRITE);
	cr_assert_eq(mm_mincore(mm, CONSTANTS, PAGES(6), vec), 0);
	cr_assert_eq(vec[2], 1); /* and what else was read with it */
	cr_assert_arr_eq(vec + 4, ((uint8_t[]){0, 0}), 2);
}

Test(populate, mincore_errors)
{
	uint8_t vec[10];

	map(AT(0), 2, RW, FIXED);
	cr_assert_eq(mm_mincore(mm, AT(0) + 1, 1, vec), -EINVAL);
	cr_assert_eq(mm_mincore(mm, AT(0), 0, vec), 0);
	cr_assert_eq(mm_mincore(mm, AT(1), PAGES(2), vec), -ENOMEM);
	cr_assert_eq(mm_mincore(mm, AT(5), PAGES(1), vec), -ENOMEM);
	cr_assert_eq(mm_mincore(mm, ~0ull & PAGE_MASK, PAGES(1), vec), -ENOMEM);
}
