/*
 * test_mm_calls.c: what tests/native/calls.sh found in the memory calls, each
 * as one small case.
 */
#include "mm_fixture.h"

TestSuite(mm_calls, .init = mm_begin, .fini = mm_end);

#define FIXED (ANON | MAP_FIXED)
#define VA    0x10000000ull
#define AT(n) (VA + PAGES(n))
#define DROP  (MAP_ANONYMOUS | MAP_FIXED | 8)

Test(mm_calls, a_fixed_address_that_looks_like_an_error_is_one)
{
	cr_assert_eq(map(~0ull, 1, RW, FIXED), -1);
	cr_assert_eq(map(-4095ull, 1, RW, FIXED), -4095);
	cr_assert_eq(map(-4096ull, 1, RW, FIXED), -ENOMEM);
	cr_assert_eq(mm_mmap(mm, ~0ull, ~0ull >> 1, RW, FIXED, -1, 0), -ENOMEM);
}

Test(mm_calls, no_file_is_one_of_huge_pages)
{
	uint64_t files = file_count();

	cr_assert_eq(
		mm_mmap(mm, 0, 1, PROT_READ, MAP_PRIVATE | MAP_HUGETLB, 1, 0),
		-EINVAL);
	cr_assert_eq(mm_mmap(mm, 0, 1, RW, MAP_PRIVATE | MAP_HUGETLB, -1, 0),
		     -EBADF);
	cr_assert_eq(file_count(), files);
}

Test(mm_calls, a_mapping_over_the_limit_leaves_its_borders)
{
	map(AT(0), 4, RW, FIXED);
	mm->rlim_as = PAGES(mm->total_vm);
	cr_assert_eq(map(AT(1), 4, RW, FIXED), -ENOMEM);
	cr_assert(vma_is(AT(0), AT(0), AT(1)));
	cr_assert(vma_is(AT(3), AT(1), AT(4)));
	cr_assert_gt(map(AT(1), 3, RW, FIXED), 0);
	cr_assert(vma_is(AT(0), AT(0), AT(4)));
}

Test(mm_calls, sealed_comes_before_too_large)
{
	map(AT(0), 4, RW, FIXED);
	mm_mseal(mm, AT(0), PAGES(1), 0);
	mm->rlim_as = 0;
	cr_assert_eq(map(AT(0), 4, RW, FIXED), -EPERM);
}

Test(mm_calls, populating_for_reading_needs_the_right_to_read)
{
	map(AT(0), 2, RW, FIXED);
	map(AT(2), 2, PROT_WRITE, FIXED);
	cr_assert_eq(mm_madvise(mm, AT(0), PAGES(4), MADV_POPULATE_READ),
		     -EINVAL);
	cr_assert_neq(pte_at(AT(1)), 0, "what comes before is brought in");
	cr_assert_eq(pte_at(AT(2)), 0);
	cr_assert_eq(mm_madvise(mm, AT(2), PAGES(2), MADV_POPULATE_WRITE), 0);
}

Test(mm_calls, populating_a_hole_comes_first)
{
	map(AT(0), 1, RW, FIXED);
	map(AT(2), 1, PROT_WRITE, FIXED);
	cr_assert_eq(mm_madvise(mm, AT(0), PAGES(3), MADV_POPULATE_READ),
		     -ENOMEM);
}

Test(mm_calls, populating_grows_no_stack)
{
	map(AT(300), 2, RW, FIXED | MAP_GROWSDOWN);
	cr_assert_eq(mm_madvise(mm, AT(298), PAGES(4), MADV_POPULATE_WRITE),
		     -ENOMEM);
	cr_assert(vma_is(AT(300), AT(300), AT(302)));
}

Test(mm_calls, memory_to_be_dropped_is_not_merged_by_ksm)
{
	map(AT(0), 4, RW, DROP);
	cr_assert_eq(mm_madvise(mm, AT(1), PAGES(1), MADV_MERGEABLE), 0);
	cr_assert(vma_is(AT(1), AT(0), AT(4)));
}

Test(mm_calls, memory_to_be_dropped_is_never_locked)
{
	map(AT(0), 2, RW, DROP);
	cr_assert_eq(mm_mlockall(mm, MCL_FUTURE), 0);
	cr_assert_eq(map(AT(2), 2, RW, DROP), (int64_t)AT(2));
	cr_assert_eq(mm->locked_vm, 0);
	cr_assert_not(vma_at(AT(2))->flags & VMA_LOCKED);
	cr_assert(vma_is(AT(2), AT(2), AT(4)), "nor merged with what is alike");
	cr_assert_neq(pte_at(AT(3)), 0, "but brought in");
}

Test(mm_calls, without_a_limit_no_length_is_too_much_to_lock)
{
	uint64_t va = map_some(2, RW);

	mm->rlim_memlock = ~0ull;
	cr_assert_eq(mm_mlock(mm, va, PAGES(1)), 0);
	cr_assert_eq(mm_mlock(mm, va, -PAGES(1)), -EINVAL);
}

Test(mm_calls, a_stack_that_may_not_grow_counts_as_written)
{
	/* What was never written loses its account when it becomes read-only.
	 */
	map(AT(300), 2, RW, FIXED | MAP_GROWSDOWN);
	mm->rlim_stack = PAGES(2);
	cr_assert_lt(touch(AT(299), WRITE), 0);
	cr_assert_eq(mm_mprotect(mm, AT(300), PAGES(2), PROT_READ), 0);
	cr_assert(vma_at(AT(300))->flags & VMA_ACCOUNT);
}
