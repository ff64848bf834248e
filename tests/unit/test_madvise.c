/*
 * test_madvise.c: what advice does to pages and to mappings.
 */
#include "mm_fixture.h"

TestSuite(madvise, .init = mm_begin, .fini = mm_end);

#define FIXED (ANON | MAP_FIXED)
#define VA    0x10000000ull
#define AT(n) (VA + PAGES(n))

static int64_t advise(uint64_t va, uint64_t pages, int advice)
{
	return mm_madvise(mm, va, PAGES(pages), advice);
}

static void filled(unsigned n)
{
	map(AT(0), n, RW, FIXED);
	for (unsigned i = 0; i < n; i++)
		store(AT(i), 9);
}

Test(madvise, dontneed_empties_and_keeps_the_mapping)
{
	filled(4);
	shim_flush_forget();
	cr_assert_eq(advise(AT(1), 2, MADV_DONTNEED), 0);
	cr_assert(shim_flushed(AT(1)) && shim_flushed(AT(2)));
	cr_assert(vma_is(AT(0), AT(0), AT(4)));
	cr_assert_eq(mm->rss[RSS_ANON], 2);
	cr_assert_eq(load(AT(0)), 9);
	cr_assert_eq(load(AT(1)), 0);
	cr_assert_eq(load(AT(3)), 9);
}

Test(madvise, dontneed_on_a_file_brings_back_the_file)
{
	store(DATA, 0);
	cr_assert_eq(advise(DATA, 1, MADV_DONTNEED), 0);
	cr_assert_eq(load(DATA), shim_file_byte(1, PAGES(6)));
}

Test(madvise, dontneed_on_shared_memory_keeps_it)
{
	map(AT(0), 1, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED);
	store(AT(0), 9);
	cr_assert_eq(advise(AT(0), 1, MADV_DONTNEED), 0);
	cr_assert_eq(load(AT(0)), 9);
}

Test(madvise, free_keeps_until_needed)
{
	filled(1);
	cr_assert_eq(advise(AT(0), 1, MADV_FREE), 0);
	cr_assert_eq(load(AT(0)), 9);
	cr_assert_eq(advise(TEXT, 1, MADV_FREE), -EINVAL, "anonymous only");
}

Test(madvise, advice_about_order_splits_and_merges)
{
	map(AT(0), 6, RW, FIXED);
	cr_assert_eq(advise(AT(2), 2, MADV_SEQUENTIAL), 0);
	cr_assert(vma_is(AT(2), AT(2), AT(4)));
	cr_assert_eq(advise(AT(2), 1, MADV_RANDOM), 0);
	cr_assert(vma_is(AT(2), AT(2), AT(3)));
	cr_assert_eq(advise(AT(0), 6, MADV_NORMAL), 0);
	cr_assert(vma_is(AT(2), AT(0), AT(6)));
}

Test(madvise, advice_about_huge_pages_splits_and_merges)
{
	map(AT(0), 6, RW, FIXED);
	cr_assert_eq(advise(AT(2), 2, MADV_HUGEPAGE), 0);
	cr_assert(vma_is(AT(2), AT(2), AT(4)));
	cr_assert_eq(advise(AT(4), 2, MADV_HUGEPAGE), 0);
	cr_assert(vma_is(AT(2), AT(2), AT(6)));
	cr_assert_eq(advise(AT(0), 6, MADV_NOHUGEPAGE), 0);
	cr_assert(vma_is(AT(2), AT(0), AT(6)));
}

Test(madvise, other_advice_is_taken)
{
	static const int advice[] = {
		MADV_WILLNEED,	  MADV_COLD,	   MADV_PAGEOUT,
		MADV_DONTFORK,	  MADV_DOFORK,	   MADV_MERGEABLE,
		MADV_UNMERGEABLE, MADV_DONTDUMP,   MADV_DODUMP,
		MADV_WIPEONFORK,  MADV_KEEPONFORK, MADV_DONTNEED_LOCKED};

	map(AT(0), 2, RW, FIXED);
	for (unsigned i = 0; i < sizeof(advice) / sizeof(advice[0]); i++)
		cr_assert_eq(advise(AT(0), 2, advice[i]), 0, "advice %d",
			     advice[i]);
	cr_assert_eq(vma_at(AT(0))->flags, VMA_ACCOUNT);
}

Test(madvise, shared_memory_is_not_made_mergeable)
{
	map(AT(0), 2, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED);
	cr_assert_eq(advise(AT(0), 1, MADV_MERGEABLE), 0);
	cr_assert(vma_is(AT(0), AT(0), AT(2)));
}

Test(madvise, wipeonfork_is_for_anonymous_memory)
{
	cr_assert_eq(advise(DATA, 1, MADV_WIPEONFORK), -EINVAL);
}

Test(madvise, a_hole_is_enomem_after_all_is_done)
{
	map(AT(0), 2, RW, FIXED);
	map(AT(4), 2, RW, FIXED);
	store(AT(1), 9);
	store(AT(4), 9);
	cr_assert_eq(advise(AT(0), 6, MADV_DONTNEED), -ENOMEM);
	cr_assert_eq(mm->rss[RSS_ANON], 0);
	cr_assert_eq(advise(AT(5), 4, MADV_NORMAL), -ENOMEM);
	cr_assert_eq(advise(AT(20), 4, MADV_NORMAL), -ENOMEM);
}

Test(madvise, errors_are_those_of_linux)
{
	map(AT(0), 2, RW, FIXED | MAP_LOCKED);
	cr_assert_eq(advise(AT(0), 1, 5), -EINVAL);
	cr_assert_eq(advise(AT(0), 1, -1), -EINVAL);
	cr_assert_eq(advise(AT(0), 1, 12345), -EINVAL);
	cr_assert_eq(advise(AT(0) + 1, 1, MADV_NORMAL), -EINVAL);
	cr_assert_eq(mm_madvise(mm, AT(0), ~0ull, MADV_NORMAL), -EINVAL);
	cr_assert_eq(mm_madvise(mm, AT(0), 1ull << 63, MADV_NORMAL), -ENOMEM);
	cr_assert_eq(advise(~0ull & PAGE_MASK, 2, MADV_NORMAL), -EINVAL);
	cr_assert_eq(advise(AT(0), 0, MADV_NORMAL), 0);
	cr_assert_eq(advise(AT(0), 1, MADV_DONTNEED), -EINVAL, "locked");
	cr_assert_eq(advise(AT(0), 1, MADV_DONTNEED_LOCKED), 0);
	cr_assert_eq(advise(AT(0), 1, MADV_REMOVE), -EINVAL);
}

/* As a Linux without swap: nothing else would have the content. */
Test(madvise, pageout_leaves_private_memory)
{
	filled(2);
	cr_assert_eq(advise(AT(0), 2, MADV_PAGEOUT), 0);
	cr_assert_eq(mm->rss[RSS_ANON], 2);
	cr_assert(pte_at(AT(0)) & PTE_A, "nor is it any older");
	cr_assert_eq(advise(AT(0), 2, MADV_COLD), 0);
	cr_assert(!(pte_at(AT(0)) & PTE_A));
}

Test(madvise, pageout_takes_what_may_be_lost)
{
	filled(4);
	cr_assert_eq(advise(AT(0), 2, MADV_FREE), 0);
	fault(AT(1), WRITE); /* sets the dirty bit, as the processor would */
	store(AT(1), 7);
	cr_assert_eq(advise(AT(0), 4, MADV_PAGEOUT), 0);
	cr_assert_eq(pte_at(AT(0)), 0);
	cr_assert_eq(load(AT(1)), 7);
	map(AT(8), 2, RW, 8 | MAP_ANONYMOUS | MAP_FIXED); /* droppable */
	store(AT(8), 9);
	load(AT(9));
	cr_assert_eq(advise(AT(8), 2, MADV_PAGEOUT), 0);
	cr_assert_eq(pte_at(AT(8)), 0);
	cr_assert_neq(pte_at(AT(9)), 0, "the zero page is nobody's");
	cr_assert_eq(load(AT(8)), 0);
}

Test(madvise, pageout_unmaps_shared_memory_and_keeps_what_is_written)
{
	map(AT(0), 3, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED);
	store(AT(0), 9);
	load(AT(1));
	cr_assert_eq(filemap_pages(), 2);
	cr_assert_eq(advise(AT(0), 3, MADV_PAGEOUT), 0);
	cr_assert_eq(mm->rss[RSS_SHMEM], 0);
	cr_assert_eq(filemap_pages(), 1);
	cr_assert_eq(load(AT(0)), 9);
	cr_assert_eq(load(AT(1)), 0);
}

Test(madvise, pageout_leaves_what_is_mapped_twice)
{
	load(TEXT);
	cr_assert_eq(mm_mmap(mm, AT(0), PAGES(1), PROT_READ,
			     MAP_PRIVATE | MAP_FIXED, 1, 0),
		     (int64_t)AT(0));
	load(AT(0));
	cr_assert_eq(advise(AT(0), 1, MADV_PAGEOUT), 0);
	cr_assert_neq(pte_at(AT(0)), 0);
}

Test(madvise, populate_brings_in)
{
	map(AT(0), 3, RW, FIXED);
	cr_assert_eq(advise(AT(0), 2, MADV_POPULATE_WRITE), 0);
	cr_assert_eq(mm->rss[RSS_ANON], 2);
	cr_assert_eq(advise(AT(0), 3, MADV_POPULATE_READ), 0);
	cr_assert_eq(touch(AT(2), READ), 0);
	cr_assert_eq(advise(AT(2), 3, MADV_POPULATE_READ), -ENOMEM);
	cr_assert_eq(advise(TEXT, 1, MADV_POPULATE_WRITE), -EINVAL);
	cr_assert_eq(advise(TEXT, 1, MADV_POPULATE_READ), 0);
}

Test(madvise, no_memory_to_split_is_eagain)
{
	if (!shim_alloc_calls())
		cr_skip_test("linked without SHIM_FAIL_LDFLAGS");
	map(AT(0), 3, RW, FIXED);
	shim_fail_allocs(0, 1);
	cr_assert_eq(advise(AT(1), 1, MADV_RANDOM), -EAGAIN);
	cr_assert_eq(advise(AT(1), 1, MADV_RANDOM), 0);
}
