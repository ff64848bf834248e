/*
 * test_guard.c: guard markers: does every access to one fail, and what makes
 * them go away?
 */
#include "hv_describe.h"
#include "hv_fault.h"
#include "mm_fixture.h"

#define INSTALL 102
#define REMOVE	103
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
#define FIXED  (ANON | MAP_FIXED)
#define VA     0x10000000ull
#define AT(n)  (VA + PAGES(n))
#define MARKER 0x440000000000009full /* as pagemap shows it */

TestSuite(guard, .init = mm_begin, .fini = mm_end);

static int64_t advise(unsigned page, unsigned n, int advice)
{
	int64_t ret = mm_madvise(mm, AT(page), PAGES(n), advice);

	assert_sound(mm_check(mm));
	return ret;
}

/* A letter for each page: '.' nothing, 'p' a page, 'G' a marker. */
static const char *seen(uint64_t va, unsigned n)
{
	static char text[65];
	uint64_t entry[64];

	mm_pagemap(mm, va, n, entry);
	for (unsigned i = 0; i < n; i++) {
		uint64_t e = entry[i] & ~HV_PAGEMAP_TABLE;

		text[i] = e == MARKER ? 'G' : e >> 63 ? 'p' : e ? '?' : '.';
	}
	text[n] = '\0';
	return text;
}

static void filled(unsigned n, uint32_t flags)
{
	map(AT(0), n, RW, flags);
	for (unsigned i = 0; i < n; i++)
		store(AT(i), (uint8_t)(i + 1));
}

Test(guard, every_access_is_a_signal_and_says_why)
{
	static const uint32_t access[] = {READ, WRITE, EXEC};

	map(AT(0), 4, RW | PROT_EXEC, FIXED);
	cr_assert_eq(advise(1, 2, INSTALL), 0);
	for (unsigned i = 0; i < 3; i++) {
		cr_assert_eq(fault(AT(1), access[i]), HV_FAULT_SEGV_GUARD);
		cr_assert_eq(rec.map_start, AT(0));
		cr_assert_eq(rec.pfn, 0);
	}
	cr_assert_null(mm_user_page(mm, AT(1), false));
	cr_assert_eq(load(AT(0)), 0);
	store(AT(3), 1);
	cr_assert_str_eq(seen(AT(0), 4), "pGGp");
	cr_assert_eq(mm_mprotect(mm, AT(0), PAGES(4), PROT_READ), 0);
	cr_assert_eq(fault(AT(1), WRITE), HV_FAULT_SEGV_ACCERR,
		     "rights come first");
	cr_assert_eq(fault(AT(1), READ), HV_FAULT_SEGV_GUARD);
}

/* Linux mm_account_fault: what comes to nothing is no fault of getrusage's. */
Test(guard, a_fault_there_is_logged_and_not_counted)
{
	uint64_t logged = mm_machine.faults, counted;

	map(AT(0), 2, RW, FIXED);
	store(AT(1), 1);
	counted = mm->faults;
	cr_assert_eq(advise(0, 1, INSTALL), 0);
	cr_assert_eq(fault(AT(0), READ), HV_FAULT_SEGV_GUARD);
	cr_assert_eq(mm_machine.faults, logged + 2);
	cr_assert_eq(mm->faults, counted);
}

Test(guard, what_was_there_is_dropped)
{
	filled(6, FIXED);
	shim_flush_forget();
	cr_assert_eq(advise(1, 4, INSTALL), 0);
	cr_assert(shim_flushed(AT(1)) && shim_flushed(AT(4)));
	cr_assert_eq(mm->rss[RSS_ANON], 2);
	cr_assert_eq(advise(0, 3, INSTALL), 0, "some are there already");
	cr_assert_str_eq(seen(AT(0), 6), "GGGGGp");
}

Test(guard, removing_leaves_what_is_no_marker)
{
	filled(6, FIXED);
	advise(2, 2, INSTALL);
	cr_assert_eq(advise(0, 3, REMOVE), 0);
	cr_assert_str_eq(seen(AT(0), 6), "pp.Gpp");
	cr_assert_eq(load(AT(0)), 1);
	cr_assert_eq(load(AT(2)), 0);
	cr_assert_eq(advise(0, 6, REMOVE), 0);
	cr_assert_eq(advise(0, 6, REMOVE), 0);
}

Test(guard, only_munmap_and_removing_take_them_away)
{
	static const int others[] = {MADV_DONTNEED, MADV_DONTNEED_LOCKED,
				     MADV_FREE,	    MADV_COLD,
				     MADV_PAGEOUT,  MADV_WILLNEED};

	filled(6, FIXED);
	advise(1, 4, INSTALL);
	for (unsigned i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		cr_assert_eq(advise(0, 6, others[i]), 0);
		cr_assert_str_eq(seen(AT(1), 4), "GGGG", "advice %d",
				 others[i]);
	}
	cr_assert_eq(mm_munmap(mm, AT(2), PAGES(1)), 0);
	map(AT(3), 1, RW, FIXED);
	map(AT(2), 1, RW, FIXED);
	cr_assert_str_eq(seen(AT(1), 4), "G..G");
	assert_sound(mm_check(mm));
}

Test(guard, populating_stops_at_one)
{
	map(AT(0), 4, RW, FIXED);
	advise(2, 1, INSTALL);
	cr_assert_eq(advise(0, 4, MADV_POPULATE_WRITE), -EFAULT);
	cr_assert_str_eq(seen(AT(0), 4), "ppG.");
	cr_assert_eq(advise(3, 1, MADV_POPULATE_READ), 0);
	cr_assert_eq(mm_mlock(mm, AT(0), PAGES(4)), -ENOMEM);
	cr_assert_eq(mm_munlock(mm, AT(0), PAGES(4)), 0);
}

Test(guard, they_move_with_mremap)
{
	filled(6, FIXED);
	advise(1, 2, INSTALL);
	cr_assert_eq(mm_mremap(mm, AT(0), PAGES(4), PAGES(4),
			       MREMAP_MAYMOVE | MREMAP_FIXED, AT(600)),
		     (int64_t)AT(600));
	cr_assert_str_eq(seen(AT(600), 4), "pGGp");
	assert_sound(mm_check(mm));
	cr_assert_eq(mm_mremap(mm, AT(600), PAGES(4), PAGES(4),
			       MREMAP_MAYMOVE | MREMAP_FIXED | 4, AT(20)),
		     (int64_t)AT(20));
	cr_assert_str_eq(seen(AT(20), 4), "pGGp");
	cr_assert_str_eq(seen(AT(600), 4), "....");
	cr_assert_eq(load(AT(600) + PAGES(1)), 0);
}

Test(guard, in_files_they_hide_the_cache_and_stay_when_it_shrinks)
{
	cr_assert_eq(mm_madvise(mm, DATA, PAGES(1), INSTALL), 0);
	cr_assert_eq(fault(DATA, READ), HV_FAULT_SEGV_GUARD);
	/* Fault-around must not map over it. */
	cr_assert_eq(load(DATA + PAGES(1)), shim_file_byte(1, PAGES(7)));
	cr_assert_str_eq(seen(DATA, 2), "Gp");
	file_changed(file_find(1), 0, 0, PAGES(5));
	cr_assert_str_eq(seen(DATA, 2), "G.");
	cr_assert_eq(mm_madvise(mm, DATA, PAGES(1), REMOVE), 0);
	cr_assert_eq(fault(DATA, READ), HV_FAULT_SIGBUS);
}

Test(guard, not_in_memory_that_is_locked_or_special)
{
	map(AT(0), 2, RW, FIXED | MAP_LOCKED);
	cr_assert_eq(advise(0, 1, INSTALL), -EINVAL);
	cr_assert_eq(advise(0, 1, REMOVE), 0);
	vma_at(AT(0))->flags |= VMA_SPECIAL;
	cr_assert_eq(advise(0, 1, REMOVE), -EINVAL);
	vma_at(AT(0))->flags &= ~VMA_SPECIAL;
	map(AT(4), 1, PROT_READ, FIXED);
	cr_assert_eq(mm_mseal(mm, AT(4), PAGES(1), 0), 0);
	cr_assert_eq(advise(4, 1, INSTALL), -EPERM);
	cr_assert_eq(advise(4, 1, REMOVE), 0);
}

Test(guard, no_huge_page_is_made_over_one)
{
	uint64_t va = 0x40000000;

	map(va, 512, RW, FIXED);
	store(va, 1);
	cr_assert_eq(mm_madvise(mm, va + PAGES(5), PAGES(1), INSTALL), 0);
	cr_assert_eq(mm_madvise(mm, va, PAGES(512), MADV_COLLAPSE), -EINVAL);
	cr_assert_eq(mm_madvise(mm, va + PAGES(5), PAGES(1), REMOVE), 0);
	cr_assert_eq(mm_madvise(mm, va, PAGES(512), MADV_COLLAPSE), 0);
	cr_assert_eq(mm->nr_huge, 1);
	/* In the middle of one: that splits it. */
	cr_assert_eq(mm_madvise(mm, va + PAGES(5), PAGES(2), INSTALL), 0);
	assert_sound(mm_check(mm));
	cr_assert_eq(mm->nr_huge, 0);
	cr_assert_eq(mm->rss[RSS_ANON], 510);
	cr_assert_str_eq(seen(va + PAGES(4), 4), "pGGp");
	cr_assert_eq(load(va), 1);
}

Test(guard, a_mark_on_the_mapping_is_not_in_the_way_of_merging)
{
	map(AT(0), 8, RW, FIXED);
	advise(1, 1, INSTALL);
	cr_assert_eq(mm_munmap(mm, AT(4), PAGES(1)), 0);
	cr_assert_eq(mm_munmap(mm, AT(5), PAGES(3)), 0);
	map(AT(4), 4, RW, FIXED);
	cr_assert(vma_is(AT(0), AT(0), AT(8)));
	cr_assert(vma_at(AT(7))->flags & VMA_GUARD);
}

/* 0 1 | 4 5: each gets an identity, so 2 3 merges with one alone. */
Test(guard, anonymous_memory_gets_an_identity)
{
	map(AT(0), 2, RW, FIXED);
	map(AT(4), 2, RW, FIXED);
	advise(0, 1, INSTALL);
	advise(4, 1, INSTALL);
	map(AT(2), 2, RW, FIXED);
	cr_assert(vma_is(AT(0), AT(0), AT(4)));
}

Test(guard, tables_go_with_the_mapping)
{
	uint64_t tables;

	cr_assert_eq(touch(TEXT, READ), 1);
	tables = pt_tables();
	map(AT(0), 1024, RW, FIXED | MAP_NORESERVE);
	cr_assert_eq(advise(0, 1024, INSTALL), 0);
	cr_assert_eq(pt_tables(), tables + 2);
	cr_assert_eq(advise(0, 1024, MADV_DONTNEED), 0);
	cr_assert_eq(pt_tables(), tables + 2);
	cr_assert_eq(mm_munmap(mm, AT(0), PAGES(1024)), 0);
	cr_assert_eq(pt_tables(), tables);
}

Test(guard, without_memory_for_tables_it_is_enomem)
{
	unsigned n = 0;
	int64_t ret;

	if (!shim_alloc_calls())
		cr_skip_test("linked without SHIM_FAIL_LDFLAGS");
	map(AT(0), 1024, RW, FIXED | MAP_NORESERVE);
	do {
		shim_fail_allocs(n++, ~0u);
		ret = advise(0, 1024, INSTALL);
		shim_fail_allocs(0, 0);
		cr_assert(ret == 0 || ret == -ENOMEM);
		cr_assert_eq(advise(0, 1024, REMOVE), 0);
		mm_munmap(mm, AT(0), PAGES(1024));
		map(AT(0), 1024, RW, FIXED | MAP_NORESERVE);
	} while (ret);
	cr_assert_gt(n, 3);
}
