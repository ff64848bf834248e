/*
 * test_commit.c: promises of memory: what is counted, and what is refused in
 * each of vm.overcommit_memory's modes.
 */
#include "hv_boot.h"
#include "hv_fault.h"
#include "mm_fixture.h"

TestSuite(commit, .init = mm_begin, .fini = mm_end);

static void rules(uint32_t mode, uint64_t total, uint64_t limit)
{
	const struct hv_commit c = {
		.mode = mode,
		.total = total,
		.limit = limit,
		.reserve = 0,
	};
	uint64_t committed = mm_machine.committed;

	mm_commit_init(&c);
	mm_machine.committed = committed;
}

/* The fixture: data 2, bss 2, stack 14 pages. */
#define START 18

Test(commit, private_writable_memory_is_promised)
{
	cr_assert_eq(mm_machine.committed, START);
	map_some(3, RW);
	cr_assert_eq(mm_machine.committed, START + 3);
	map_some(3, PROT_READ);
	map(0, 3, RW, ANON | MAP_NORESERVE);
	cr_assert_eq(mm_machine.committed, START + 3);
}

Test(commit, shared_memory_is_promised_as_long_as_it_is)
{
	uint64_t va = (uint64_t)map(0, 4, RW, MAP_SHARED | MAP_ANONYMOUS);

	cr_assert_eq(mm_machine.committed, START + 4);
	mm_munmap(mm, va, PAGES(2));
	cr_assert_eq(mm_machine.committed, START + 4);
	mm_munmap(mm, va + PAGES(2), PAGES(2));
	cr_assert_eq(mm_machine.committed, START);
	map(0, 4, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE);
	cr_assert_eq(mm_machine.committed, START);
}

Test(commit, becoming_writable_is_a_promise)
{
	uint64_t va = map_some(4, PROT_READ);

	mm_mprotect(mm, va, PAGES(2), RW);
	cr_assert_eq(mm_machine.committed, START + 2);
	rules(2, 0, START + 3);
	cr_assert_eq(mm_mprotect(mm, va + PAGES(2), PAGES(2), RW), -ENOMEM);
	rules(1, 0, 0);
	cr_assert_eq(mm_mprotect(mm, va + PAGES(2), PAGES(2), RW), 0);
}

Test(commit, a_guess_refuses_only_what_is_larger_than_all)
{
	rules(0, 100, 0);
	cr_assert_eq(map(0, 101, RW, ANON), -ENOMEM);
	cr_assert_gt(map(0, 101, RW, ANON | MAP_NORESERVE), 0);
	cr_assert_gt(map(0, 101, PROT_READ, ANON), 0);
	cr_assert_gt(map(0, 100, RW, ANON), 0);
	cr_assert_gt(map(0, 100, RW, ANON), 0);
	cr_assert_eq(map(0, 101, RW, MAP_SHARED | MAP_ANONYMOUS), -ENOMEM);
}

Test(commit, never_more_than_the_limit)
{
	uint64_t va;

	rules(2, 0, START + 11);
	va = map_some(10, RW);
	cr_assert_eq(map(0, 1, RW, ANON), -ENOMEM);
	cr_assert_eq(map(0, 1, RW, ANON | MAP_NORESERVE), -ENOMEM,
		     "which means nothing then");
	cr_assert_gt(map(0, 1, PROT_READ, ANON), 0);
	cr_assert_eq(map((uint64_t)va, 10, RW, ANON | MAP_FIXED), (int64_t)va,
		     "what is replaced is given back first");
	cr_assert_eq(mm_mremap(mm, va, PAGES(10), PAGES(11), MREMAP_MAYMOVE, 0),
		     -ENOMEM);
	cr_assert_eq(mm_brk(mm, HEAP + 1), HEAP);
	cr_assert_eq(fault(STACK_LOW - PAGE_SIZE, WRITE), HV_FAULT_SEGV_MAPERR);
	mm_munmap(mm, va, PAGES(1));
	cr_assert_eq(mm_brk(mm, HEAP + 1), HEAP + 1);
}

Test(commit, moving_promises_nothing_new)
{
	uint64_t va = map_some(10, RW);
	int64_t to;

	store(va, 1);
	rules(2, 0, START + 11);
	to = mm_mremap(mm, va, PAGES(10), PAGES(10),
		       MREMAP_MAYMOVE | MREMAP_FIXED, va - PAGES(20));
	cr_assert_eq(to, (int64_t)(va - PAGES(20)));
	cr_assert_eq(mm_machine.committed, START + 10);
	cr_assert_eq(mm_mremap(mm, (uint64_t)to, PAGES(10), PAGES(10),
			       MREMAP_MAYMOVE | 4, 0),
		     -ENOMEM, "but keeping the old mapping does");
}
