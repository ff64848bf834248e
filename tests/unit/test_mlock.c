/*
 * test_mlock.c: mlock and its family: who may, how much, what is brought in.
 */
#include "hv_fault.h"
#include "mm_fixture.h"

TestSuite(mlock, .init = mm_begin, .fini = mm_end);

static bool is_locked(uint64_t va)
{
	return vma_at(va)->flags & VMA_LOCKED;
}

static unsigned resident(uint64_t va, unsigned pages)
{
	unsigned n = 0;

	for (unsigned i = 0; i < pages; i++)
		n += pte_at(va + PAGES(i)) != 0;
	return n;
}

Test(mlock, locking_brings_every_page_in)
{
	uint64_t va = map_some(4, RW);

	cr_assert_eq(mm_mlock(mm, va + 1, PAGES(2)), 0);
	cr_assert_eq(resident(va, 4), 3);
	cr_assert_eq(mm->locked_vm, 3);
	cr_assert(pte_at(va) & PTE_RW, "for writing");
	cr_assert(is_locked(va) && !is_locked(va + PAGES(3)));
}

Test(mlock, on_fault_brings_nothing_in)
{
	uint64_t va = map_some(4, RW);

	cr_assert_eq(mm_mlock2(mm, va, PAGES(4), 1), 0);
	cr_assert_eq(resident(va, 4), 0);
	cr_assert_eq(mm->locked_vm, 4);
	cr_assert_eq(mm_mlock2(mm, va, PAGES(4), 2), -EINVAL);
}

Test(mlock, unlocking_merges_again)
{
	uint64_t va = map_some(4, RW);

	mm_mlock(mm, va + PAGES(1), PAGES(1));
	cr_assert(vma_is(va + PAGES(1), va + PAGES(1), va + PAGES(2)));
	cr_assert_eq(mm_munlock(mm, va + PAGES(1), PAGES(1)), 0);
	cr_assert(vma_is(va, va, va + PAGES(4)));
	cr_assert_eq(mm->locked_vm, 0);
}

Test(mlock, the_limit_counts_what_is_locked_once)
{
	uint64_t va = map_some(8, RW);

	mm->rlim_memlock = PAGES(4);
	cr_assert_eq(mm_mlock(mm, va, PAGES(5)), -ENOMEM);
	cr_assert_eq(mm->locked_vm, 0);
	cr_assert_eq(mm_mlock(mm, va, PAGES(4)), 0);
	cr_assert_eq(mm_mlock(mm, va, PAGES(4)), 0, "the same again");
	cr_assert_eq(mm_mlock(mm, va + PAGES(4), PAGES(1)), -ENOMEM);
	mm->rlim_memlock = 0;
	cr_assert_eq(mm_mlock(mm, va, PAGES(1)), -EPERM);
	cr_assert_eq(mm_mlockall(mm, MCL_FUTURE), -EPERM);
	cr_assert_eq(map(0, 1, RW, ANON | MAP_LOCKED), -EPERM);
}

Test(mlock, a_mapping_beyond_the_limit_is_tried_again_later)
{
	mm->rlim_memlock = PAGES(4);
	cr_assert_gt(map(0, 4, RW, ANON | MAP_LOCKED), 0);
	cr_assert_eq(map(0, 1, RW, ANON | MAP_LOCKED), -EAGAIN);
	cr_assert_gt(map(0, 1, RW, ANON), 0);
}

Test(mlock, holes_and_forbidden_pages_are_no_memory)
{
	uint64_t va = map_some(3, RW), none = map_some(1, PROT_NONE);

	mm_munmap(mm, va + PAGES(1), PAGE_SIZE);
	cr_assert_eq(mm_mlock(mm, va, PAGES(3)), -ENOMEM);
	cr_assert(is_locked(va), "as far as it went");
	cr_assert(!is_locked(va + PAGES(2)));
	cr_assert_eq(mm_mlock(mm, none, PAGE_SIZE), -ENOMEM);
	cr_assert(is_locked(none), "locked all the same");
	cr_assert_eq(mm_mlock(mm, va, ~0ull - 2 * PAGE_SIZE), -EINVAL);
	cr_assert_eq(mm_munlock(mm, va, 0), 0);
	cr_assert_eq(mm_munlock(mm, va + PAGES(1), PAGE_SIZE), -ENOMEM);
}

Test(mlock, all_of_today_and_all_of_tomorrow)
{
	uint64_t va = map_some(2, RW), later;

	cr_assert_eq(mm_mlockall(mm, 0), -EINVAL);
	cr_assert_eq(mm_mlockall(mm, MCL_ONFAULT), -EINVAL);
	cr_assert_eq(mm_mlockall(mm, 8), -EINVAL);
	cr_assert_eq(mm_mlockall(mm, MCL_FUTURE), 0);
	cr_assert(!is_locked(va));
	later = map_some(2, RW);
	cr_assert(is_locked(later));
	cr_assert_eq(resident(later, 2), 2);
	cr_assert_eq(mm_mlockall(mm, MCL_CURRENT), 0);
	cr_assert(is_locked(va) && is_locked(TEXT) && is_locked(STACK_LOW));
	cr_assert_eq(resident(va, 2), 2);
	cr_assert_eq(mm->locked_vm, mm->total_vm);
	cr_assert_eq(mm->def_flags, 0, "the future is not locked any more");
	cr_assert_eq(mm_munlockall(mm), 0);
	cr_assert_eq(mm->locked_vm, 0);
}

Test(mlock, the_heap_obeys_too)
{
	mm_mlockall(mm, MCL_FUTURE);
	mm->rlim_memlock = PAGES(2);
	cr_assert_eq(mm_brk(mm, HEAP + PAGES(3)), HEAP);
	cr_assert_eq(mm_brk(mm, HEAP + PAGES(2)), HEAP + PAGES(2));
	cr_assert_eq(resident(HEAP, 2), 2);
	cr_assert_eq(mm->locked_vm, 2);
	mm_munlockall(mm);
}

Test(mlock, the_stack_grows_to_the_limit_only)
{
	mm_mlock(mm, STACK_LOW, PAGES(14));
	mm->rlim_memlock = PAGES(15);
	cr_assert_eq(fault(STACK_LOW - PAGES(1), WRITE), HV_FAULT_STACK_GROWTH);
	cr_assert_eq(mm->locked_vm, 15);
	cr_assert_eq(fault(STACK_LOW - PAGES(2), WRITE), HV_FAULT_SEGV_MAPERR);
}

Test(mlock, growing_brings_in_what_is_new)
{
	uint64_t va = map_some(2, RW);

	mm_mlock(mm, va, PAGES(2));
	va = (uint64_t)mm_mremap(mm, va, PAGES(2), PAGES(5), MREMAP_MAYMOVE, 0);
	cr_assert_eq(resident(va, 5), 5);
	cr_assert_eq(mm->locked_vm, 5);
	mm->rlim_memlock = PAGES(5);
	cr_assert_eq(mm_mremap(mm, va, PAGES(5), PAGES(6), MREMAP_MAYMOVE, 0),
		     -EAGAIN);
}

Test(mlock, becoming_writable_breaks_copies_at_once)
{
	uint64_t va = map_some(2, PROT_READ);

	mm_mlock(mm, va, PAGES(2));
	cr_assert_eq(pte_pfn((pte_t){pte_at(va)}), mm_machine.zero_pfn);
	mm_mprotect(mm, va, PAGES(2), RW);
	cr_assert(pte_at(va) & PTE_RW);
	cr_assert(pte_at(va + PAGES(1)) & PTE_RW);
}

Test(mlock, advice_that_takes_away_is_refused)
{
	uint64_t va = map_some(2, RW);

	mm_mlock(mm, va, PAGES(2));
	cr_assert_eq(mm_madvise(mm, va, PAGES(2), MADV_DONTNEED), -EINVAL);
	cr_assert_eq(mm_madvise(mm, va, PAGES(2), MADV_FREE), -EINVAL);
	cr_assert_eq(mm_madvise(mm, va, PAGES(2), MADV_COLD), -EINVAL);
	cr_assert_eq(resident(va, 2), 2);
	cr_assert_eq(mm_madvise(mm, va, PAGES(2), 24), 0);
	cr_assert_eq(resident(va, 2), 0);
}

/* Whatever allocation fails, the counts stay true (mm_end checks). */
Test(mlock, without_memory_it_is_tried_again_later)
{
	uint64_t va = map_some(6, RW);

	for (unsigned n = 0; n < 12; n++) {
		int64_t ret;

		shim_fail_allocs(n, ~0u);
		ret = mm_mlock(mm, va + PAGES(1), PAGES(3));
		shim_fail_allocs(0, 0);
		cr_assert(ret == 0 || ret == -ENOMEM || ret == -EAGAIN, "%ld",
			  ret);
		assert_sound(mm_check(mm));
		mm_munlock(mm, va, PAGES(6));
		mm_madvise(mm, va, PAGES(6), MADV_DONTNEED);
	}
}
