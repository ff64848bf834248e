/*
 * test_brk.c: the heap's end. A refused brk returns the old one.
 */
#include "hv_fault.h"
#include "hv_map.h"
#include "mm_fixture.h"

TestSuite(brk, .init = mm_begin, .fini = mm_end);

Test(brk, zero_asks_where_it_is)
{
	cr_assert_eq(mm_brk(mm, 0), (int64_t)HEAP);
	cr_assert_eq(mm_brk(mm, HEAP - 1), (int64_t)HEAP, "not below start");
}

/* As seen in /proc/self/maps of a static program under setarch -R. */
Test(brk, growing_leaves_a_bss_alone_and_extends_the_heap)
{
	cr_assert_eq(mm_brk(mm, HEAP + 1), (int64_t)HEAP + 1);
	cr_assert(vma_is(HEAP, HEAP, HEAP + PAGES(1)));
	cr_assert(vma_is(BSS, BSS, HEAP));
	cr_assert_eq(mm_brk(mm, HEAP + PAGES(1) + 1),
		     (int64_t)(HEAP + PAGES(1) + 1));
	cr_assert(vma_is(HEAP, HEAP, HEAP + PAGES(2)));
	cr_assert_eq(mm_brk(mm, HEAP + 1), (int64_t)HEAP + 1);
	store(HEAP, 1);
	cr_assert_eq(rec.map_kind, HV_MAP_HEAP);
	cr_assert_eq(fault(HEAP + PAGES(1), WRITE), HV_FAULT_SEGV_MAPERR);
}

Test(brk, within_a_page_nothing_is_mapped)
{
	uint64_t total;

	mm_brk(mm, HEAP + 1);
	total = mm->total_vm;
	cr_assert_eq(mm_brk(mm, HEAP + 4096), (int64_t)HEAP + 4096);
	cr_assert_eq(mm_brk(mm, HEAP + 7), (int64_t)HEAP + 7);
	cr_assert_eq(mm->total_vm, total);
}

Test(brk, shrinking_unmaps)
{
	mm_brk(mm, HEAP + PAGES(4));
	for (unsigned i = 0; i < 4; i++)
		store(HEAP + PAGES(i), 1);
	shim_flush_forget();
	cr_assert_eq(mm_brk(mm, HEAP + PAGES(1) + 5),
		     (int64_t)(HEAP + PAGES(1) + 5));
	cr_assert(shim_flushed(HEAP + PAGES(2)));
	cr_assert(!shim_flushed(HEAP + PAGES(1)));
	cr_assert_eq(fault(HEAP + PAGES(2), READ), HV_FAULT_SEGV_MAPERR);
	cr_assert_eq(mm_brk(mm, HEAP), (int64_t)HEAP);
	cr_assert_eq(mm->rss[RSS_ANON], 0);
	cr_assert(vma_is(BSS, BSS, HEAP));
}

Test(brk, fresh_heap_is_zero)
{
	mm_brk(mm, HEAP + PAGES(1));
	store(HEAP, 0x77);
	mm_brk(mm, HEAP);
	mm_brk(mm, HEAP + PAGES(1));
	cr_assert_eq(load(HEAP), 0);
}

Test(brk, it_stops_one_page_before_a_mapping)
{
	uint64_t next = HEAP + PAGES(10);

	map(next, 1, RW, ANON | MAP_FIXED);
	cr_assert_eq(mm_brk(mm, next), (int64_t)HEAP);
	cr_assert_eq(mm_brk(mm, next - PAGES(1)), (int64_t)(next - PAGES(1)));
	cr_assert_eq(mm_brk(mm, next - PAGES(1) + 1),
		     (int64_t)(next - PAGES(1)));
}

Test(brk, it_keeps_the_gap_of_what_grows_down)
{
	uint64_t stack = HEAP + PAGES(1000);

	map(stack, 1, RW, ANON | MAP_FIXED | MAP_GROWSDOWN);
	cr_assert_eq(mm_brk(mm, stack - PAGES(256)), (int64_t)HEAP);
	cr_assert_eq(mm_brk(mm, stack - PAGES(257)),
		     (int64_t)(stack - PAGES(257)));
}

Test(brk, the_data_limit_holds)
{
	/* Counted: the heap, and data from start_data to end_data. */
	mm->rlim_data = PAGES(6);
	cr_assert_eq(mm_brk(mm, HEAP + PAGES(5)), (int64_t)HEAP);
	mm->rlim_data = PAGES(mm->data_vm + 3);
	cr_assert_eq(mm_brk(mm, HEAP + PAGES(4)), (int64_t)HEAP);
	cr_assert_eq(mm_brk(mm, HEAP + PAGES(3)), (int64_t)(HEAP + PAGES(3)));
}

Test(brk, the_data_limit_counts_initialised_data)
{
	mm->rlim_data = PAGES(110);
	cr_assert_eq(mm_brk(mm, HEAP + PAGES(20)), (int64_t)(HEAP + PAGES(20)));
	mm->end_data = mm->start_data + PAGES(100);
	cr_assert_eq(mm_brk(mm, HEAP + PAGES(11)), (int64_t)(HEAP + PAGES(20)),
		     "even for less");
	cr_assert_eq(mm_brk(mm, HEAP + PAGES(10)), (int64_t)(HEAP + PAGES(10)));
}

Test(brk, the_address_space_limit_holds)
{
	mm->rlim_as = PAGES(mm->total_vm + 2);
	cr_assert_eq(mm_brk(mm, HEAP + PAGES(3)), (int64_t)HEAP);
	cr_assert_eq(mm_brk(mm, HEAP + PAGES(2)), (int64_t)(HEAP + PAGES(2)));
}

Test(brk, beyond_user_space_is_refused)
{
	cr_assert_eq(mm_brk(mm, HV_VA_USER_END), (int64_t)HEAP);
	cr_assert_eq(mm_brk(mm, ~0ull), (int64_t)HEAP);
	cr_assert_eq(mm_brk(mm, 1ull << 63), (int64_t)HEAP);
}

Test(brk, a_heap_that_was_unmapped_cannot_shrink)
{
	mm_brk(mm, HEAP + PAGES(4));
	mm_munmap(mm, HEAP + PAGES(2), PAGES(2));
	cr_assert_eq(mm_brk(mm, HEAP + PAGES(2)), (int64_t)(HEAP + PAGES(4)));
	cr_assert_eq(mm_brk(mm, HEAP + PAGES(1)), (int64_t)(HEAP + PAGES(1)));
}

Test(brk, a_mapping_at_its_end_is_not_the_heap)
{
	mm_brk(mm, HEAP + PAGES(4));
	mm_munmap(mm, HEAP + PAGES(2), PAGES(2));
	map(HEAP + PAGES(4), 1, RW, ANON | MAP_FIXED);
	cr_assert_eq(mm_brk(mm, HEAP + PAGES(2)), (int64_t)(HEAP + PAGES(4)));
}

Test(brk, no_memory_leaves_the_old_end)
{
	if (!shim_alloc_calls())
		cr_skip_test("linked without SHIM_FAIL_LDFLAGS");
	mm_mprotect(mm, BSS, PAGES(2), PROT_READ); /* no merging now */
	shim_fail_allocs(0, 1);
	cr_assert_eq(mm_brk(mm, HEAP + PAGES(1)), (int64_t)HEAP);
	cr_assert_eq(mm_brk(mm, HEAP + PAGES(1)), (int64_t)(HEAP + PAGES(1)));
	cr_assert(vma_is(HEAP, HEAP, HEAP + PAGES(1)));
}
