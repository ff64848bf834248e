/*
 * test_seal.c: mseal, and mremap's rarer ways.
 */
#include "hv_describe.h"
#include "hv_fault.h"
#include "mm_fixture.h"

TestSuite(seal, .init = mm_begin, .fini = mm_end);

#define DONTUNMAP 4

Test(seal, what_is_sealed_stays_as_it_is)
{
	uint64_t va = map_some(4, PROT_READ);

	cr_assert_eq(mm_mseal(mm, va + PAGES(1), PAGES(2), 0), 0);
	cr_assert(vma_is(va + PAGES(1), va + PAGES(1), va + PAGES(3)));
	cr_assert_eq(mm_munmap(mm, va + PAGES(2), PAGE_SIZE), -EPERM);
	cr_assert_eq(mm_mprotect(mm, va + PAGES(1), PAGE_SIZE, RW), -EPERM);
	cr_assert_eq(map(va + PAGES(1), 1, RW, ANON | MAP_FIXED), -EPERM);
	cr_assert_eq(mm_mremap(mm, va + PAGES(1), PAGES(2), PAGE_SIZE, 0, 0),
		     -EPERM);
	cr_assert_eq(mm_madvise(mm, va + PAGES(1), PAGE_SIZE, MADV_DONTNEED),
		     -EPERM);
	cr_assert_eq(mm_madvise(mm, va + PAGES(1), PAGE_SIZE, MADV_RANDOM), 0);
	cr_assert_eq(mm_munmap(mm, va, PAGE_SIZE), 0);
}

Test(seal, writable_memory_may_be_thrown_away)
{
	uint64_t va = map_some(1, RW);

	store(va, 1);
	mm_mseal(mm, va, PAGE_SIZE, 0);
	cr_assert_eq(mm_madvise(mm, va, PAGE_SIZE, MADV_DONTNEED), 0);
	cr_assert_eq(load(va), 0);
}

Test(seal, a_range_with_a_hole_is_not_sealed_at_all)
{
	uint64_t va = map_some(3, RW);

	mm_munmap(mm, va + PAGES(1), PAGE_SIZE);
	cr_assert_eq(mm_mseal(mm, va, PAGES(3), 0), -ENOMEM);
	cr_assert(!(vma_at(va)->flags & VMA_SEALED));
	cr_assert_eq(mm_mseal(mm, va, PAGE_SIZE, 1), -EINVAL);
	cr_assert_eq(mm_mseal(mm, va + 1, PAGE_SIZE, 0), -EINVAL);
	cr_assert_eq(mm_mseal(mm, va, 0, 0), 0);
}

Test(seal, sealing_twice_splits_nothing)
{
	uint64_t va = map_some(4, RW);

	mm_mseal(mm, va, PAGES(4), 0);
	cr_assert_eq(mm_mseal(mm, va + PAGES(1), PAGE_SIZE, 0), 0);
	cr_assert(vma_is(va, va, va + PAGES(4)));
}

Test(seal, without_memory_it_says_so)
{
	uint64_t va = map_some(4, RW);

	shim_fail_allocs(0, ~0u);
	cr_assert_eq(mm_mseal(mm, va + PAGES(1), PAGE_SIZE, 0), -ENOMEM);
	shim_fail_allocs(0, 0);
	assert_sound(mm_check(mm));
}

/* ---- mremap -------------------------------------------------------------- */

Test(seal, keeping_the_old_mapping_leaves_it_empty)
{
	uint64_t va = map_some(3, RW), to;

	store(va, 1);
	store(va + PAGES(2), 3);
	to = (uint64_t)mm_mremap(mm, va, PAGES(3), PAGES(3),
				 MREMAP_MAYMOVE | DONTUNMAP, 0);
	cr_assert_neq(to, va);
	cr_assert_eq(*user(to), 1);
	cr_assert_eq(*user(to + PAGES(2)), 3);
	cr_assert_eq(pte_at(va), 0);
	cr_assert_eq(fault(va, WRITE), HV_FAULT_ANON_ZERO);
	cr_assert_eq(mm_mremap(mm, va, PAGES(3), PAGES(4),
			       MREMAP_MAYMOVE | DONTUNMAP, 0),
		     -EINVAL);
	cr_assert_eq(mm_mremap(mm, va, PAGES(3), PAGES(3), DONTUNMAP, 0),
		     -EINVAL);
}

/* As on Linux 6.17 and 6.18, whose count is never right again. */
Test(seal, a_locked_mapping_that_is_kept_stays_counted)
{
	uint64_t va = map_some(3, RW);

	mm_mlock(mm, va, PAGES(3));
	mm_mremap(mm, va, PAGES(3), PAGES(3), MREMAP_MAYMOVE | DONTUNMAP, 0);
	cr_assert_eq(mm->locked_vm, 6);
	cr_assert(!(vma_at(va)->flags & VMA_LOCKED));
}

Test(seal, no_length_makes_a_second_mapping_of_shared_memory)
{
	uint64_t va = (uint64_t)map(0, 3, RW, MAP_SHARED | MAP_ANONYMOUS);
	uint64_t anon = map_some(3, RW);
	int64_t to;

	store(va + PAGES(1), 7);
	to = mm_mremap(mm, va + PAGES(1), 0, PAGES(2), MREMAP_MAYMOVE, 0);
	cr_assert_gt(to, 0);
	cr_assert_eq(load((uint64_t)to), 7);
	store((uint64_t)to, 8);
	cr_assert_eq(*user(va + PAGES(1)), 8);
	cr_assert_eq(frame_at(va + PAGES(1))->mapcount, 2);
	cr_assert_eq(mm_mremap(mm, anon, 0, PAGES(2), MREMAP_MAYMOVE, 0),
		     -EINVAL);
}

Test(seal, one_call_moves_many_mappings_with_their_gaps)
{
	uint64_t va = map_some(6, RW), to = map_some(8, PROT_NONE);

	mm_mprotect(mm, va + PAGES(3), PAGES(3), PROT_READ);
	mm_munmap(mm, va + PAGES(1), PAGES(1));
	store(va, 1);
	store(va + PAGES(2), 2);
	cr_assert_eq(mm_mremap(mm, va, PAGES(6), PAGES(6),
			       MREMAP_MAYMOVE | MREMAP_FIXED, to),
		     (int64_t)to);
	cr_assert_null(vma_find_first(&mm->vmas, va, va + PAGES(6)));
	cr_assert_eq(*user(to), 1);
	cr_assert_eq(*user(to + PAGES(2)), 2);
	cr_assert_eq(vma_at(to + PAGES(1))->prot, PROT_NONE, "not replaced");
	cr_assert_eq(vma_at(to + PAGES(3))->prot, PROT_READ);
}

/* ---- Advice ---------------------------------------------------------------
 */

Test(seal, free_pages_are_clean_until_written)
{
	struct hv_desc_smaps s = {0};
	uint64_t va = map_some(2, RW);

	store(va, 1);
	store(va + PAGES(1), 1);
	cr_assert_eq(mm_madvise(mm, va, PAGES(2), MADV_FREE), 0);
	cr_assert(!(pte_at(va) & (PTE_A | PTE_D)));
	mm_smaps_add(mm, va, va + PAGES(2), &s);
	cr_assert_eq(s.lazyfree, PAGES(2));
	cr_assert_eq(s.private_clean, PAGES(2));
	cr_assert_eq(s.referenced, 0);
	cr_assert_eq(*user(va), 1);
}

Test(seal, cold_pages_were_not_referenced)
{
	struct hv_desc_smaps s = {0};
	uint64_t va = map_some(1, RW);

	store(va, 1);
	cr_assert_eq(mm_madvise(mm, va, PAGE_SIZE, MADV_COLD), 0);
	mm_smaps_add(mm, va, va + PAGE_SIZE, &s);
	cr_assert_eq(s.referenced, 0);
	cr_assert_eq(s.private_dirty, PAGE_SIZE);
}
