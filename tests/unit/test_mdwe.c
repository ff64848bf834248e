/*
 * test_mdwe.c: PR_SET_MDWE: nothing becomes executable, nothing executable can
 * be written.
 */
#include "hv_vcpu.h"
#include "mm_fixture.h"

TestSuite(mdwe, .init = mm_begin, .fini = mm_end);

#define FIXED (ANON | MAP_FIXED)
#define VA    0x10000000ull
#define RWX   (PROT_READ | PROT_WRITE | PROT_EXEC)

static void set_mdwe(void)
{
	const struct hv_limits limits = {
		.stack = MIB,
		.data = ~0ull,
		.data_max = ~0ull,
		.as = ~0ull,
		.memlock = ~0ull,
		.lowest = MIN_ADDR,
		.mdwe = 1,
	};

	mm_set_limits(mm, &limits);
}

static int64_t protect(uint64_t va, uint32_t prot)
{
	return mm_mprotect(mm, va, PAGE_SIZE, prot);
}

Test(mdwe, new_memory_is_written_or_executed_but_not_both)
{
	set_mdwe();
	cr_assert_eq(map(VA, 1, RWX, FIXED), -EACCES);
	cr_assert_eq(map(VA, 1, PROT_WRITE | PROT_EXEC, FIXED), -EACCES);
	cr_assert_eq(map(VA, 1, RX, FIXED), VA);
	cr_assert_eq(map(VA, 1, RW, FIXED), VA);
}

Test(mdwe, a_refused_mapping_leaves_what_was_there)
{
	map(VA, 3, RW, FIXED);
	store(VA + PAGE_SIZE, 7);
	set_mdwe();
	cr_assert_eq(map(VA + PAGE_SIZE, 1, RWX, FIXED), -EACCES);
	cr_assert(vma_is(VA, VA, VA + PAGES(3)));
	cr_assert_eq(load(VA + PAGE_SIZE), 7);
}

Test(mdwe, what_was_not_executable_does_not_become_so)
{
	map(VA, 1, RW, FIXED);
	set_mdwe();
	cr_assert_eq(protect(VA, RX), -EACCES);
	cr_assert_eq(protect(VA, PROT_READ), 0);
	cr_assert_eq(protect(VA, PROT_EXEC), -EACCES);
	cr_assert_eq(mm_pkey_mprotect(mm, VA, PAGE_SIZE, RX, -1), -EACCES);
}

Test(mdwe, what_is_executable_stays_so_but_is_not_written)
{
	map(VA, 1, RX, FIXED);
	set_mdwe();
	cr_assert_eq(protect(VA, PROT_EXEC), 0);
	cr_assert_eq(protect(VA, RX), 0);
	cr_assert_eq(protect(VA, RWX), -EACCES);
	cr_assert_eq(protect(VA, PROT_READ), 0);
	cr_assert_eq(protect(VA, RX), -EACCES);
}

Test(mdwe, what_was_both_before_is_refused_even_unchanged)
{
	map(VA, 1, RWX, FIXED);
	set_mdwe();
	cr_assert_eq(protect(VA, RWX), -EACCES);
	cr_assert_eq(protect(VA, RX), 0);
}

Test(mdwe, denial_comes_before_the_seal)
{
	map(VA, 1, RW, FIXED);
	cr_assert_eq(mm_mseal(mm, VA, PAGE_SIZE, 0), 0);
	cr_assert_eq(protect(VA, RX), -EPERM);
	set_mdwe();
	cr_assert_eq(protect(VA, RX), -EACCES);
	cr_assert_eq(protect(VA, PROT_READ), -EPERM);
}
