/*
 * Do protection keys do what they do on Linux, in calls, entries and faults?
 * And without them, is all as on a processor that has none?
 */
#include "hv_boot.h"
#include "hv_fault.h"
#include "mm_fixture.h"

#define VA    0x10000000ull
#define AT(n) (VA + PAGES(n))
#define INIT  HV_PKRU_INIT
#define AD    1u
#define WD    2u

static void with_keys(void)
{
	boot_flags = HV_BOOT_PKEYS;
	mm_begin();
	shim_pkru = INIT;
}

TestSuite(pkeys, .init = with_keys, .fini = mm_end);
TestSuite(no_pkeys, .init = mm_begin, .fini = mm_end);

static void map_at(uint64_t va, uint64_t n, uint32_t prot)
{
	cr_assert_eq(mm_mmap(mm, va, PAGES(n), prot, ANON | MAP_FIXED, -1, 0),
		     (int64_t)va);
}

static unsigned key_at(uint64_t va)
{
	const pte_t *p = pt_walk(mm->root, va);

	cr_assert_not_null(p);
	return pte_pkey(arch_pte_get(p));
}

static enum hv_outcome fault_err(uint64_t va, uint32_t access, uint64_t err)
{
	mm_fault(mm, va, access, err, 0, &rec);
	assert_sound(mm_check(mm));
	return rec.outcome;
}

static void rights(unsigned key, uint32_t deny)
{
	shim_pkru = (shim_pkru & ~(3u << 2 * key)) | deny << 2 * key;
}

Test(pkeys, allocation_gives_the_lowest_and_sets_its_rights)
{
	cr_assert_eq(mm_pkey_alloc(mm, 0, 0), 1);
	cr_assert_eq(shim_pkru, INIT & ~0xcu);
	cr_assert_eq(mm_pkey_alloc(mm, 0, WD), 2);
	cr_assert_eq(shim_pkru >> 4 & 3, WD);
	cr_assert_eq(mm_pkey_free(mm, 1), 0);
	cr_assert_eq(mm_pkey_free(mm, 1), -EINVAL);
	cr_assert_eq(mm_pkey_alloc(mm, 0, AD), 1);
	for (int i = 3; i < 16; i++)
		cr_assert_eq(mm_pkey_alloc(mm, 0, 0), i);
	cr_assert_eq(mm_pkey_alloc(mm, 0, 0), -ENOSPC);
}

Test(pkeys, mappings_of_two_keys_do_not_merge)
{
	uint64_t count = mm->vmas.count;

	cr_assert_eq(mm_pkey_alloc(mm, 0, 0), 1);
	map_at(VA, 3, RW);
	cr_assert_eq(mm_pkey_mprotect(mm, AT(1), PAGE_SIZE, RW, 2), -EINVAL);
	cr_assert_eq(mm_pkey_mprotect(mm, AT(1), PAGE_SIZE, RW, 1), 0);
	cr_assert_eq(mm->vmas.count, count + 3);
	cr_assert_eq(mm_pkey_at(mm, AT(1)), 1);
	cr_assert_eq(mm_pkey_at(mm, AT(2)), 0);
	cr_assert_eq(mm_mprotect(mm, AT(1), PAGE_SIZE, PROT_READ), 0);
	cr_assert_eq(mm_pkey_at(mm, AT(1)), 1);
	cr_assert_eq(mm_pkey_mprotect(mm, AT(1), PAGE_SIZE, RW, 0), 0);
	cr_assert_eq(mm->vmas.count, count + 1);
}

Test(pkeys, a_change_of_key_reaches_entries_and_the_tlb)
{
	cr_assert_eq(mm_pkey_alloc(mm, 0, 0), 1);
	map_at(VA, 2, RW);
	cr_assert_eq(fault_err(VA, WRITE, 0), HV_FAULT_ANON_ZERO);
	cr_assert_eq(key_at(VA), 0);
	shim_flush_forget();
	cr_assert_eq(mm_pkey_mprotect(mm, VA, PAGES(2), RW, 1), 0);
	cr_assert_eq(key_at(VA), 1);
	cr_assert(shim_flushed(VA));
	cr_assert_eq(fault_err(AT(1), WRITE, 0), HV_FAULT_ANON_ZERO);
	cr_assert_eq(key_at(AT(1)), 1);
	/* Back: a stale entry would deny what is allowed. */
	shim_flush_forget();
	cr_assert_eq(mm_pkey_mprotect(mm, VA, PAGES(2), RW, 0), 0);
	cr_assert(shim_flushed(VA));
}

Test(pkeys, what_pkru_denies_is_a_fault_of_its_own)
{
	cr_assert_eq(mm_pkey_alloc(mm, 0, 0), 1);
	map_at(VA, 2, RW);
	mm_pkey_mprotect(mm, VA, PAGES(2), RW, 1);
	rights(1, WD);
	cr_assert_eq(fault_err(VA, READ, 0), HV_FAULT_ZERO_PAGE);
	cr_assert_eq(fault_err(VA, WRITE, 0), HV_FAULT_SEGV_PKUERR);
	cr_assert_eq(fault_err(AT(1), WRITE, 0), HV_FAULT_SEGV_PKUERR);
	rights(1, AD);
	cr_assert_eq(fault_err(AT(1), READ, 0), HV_FAULT_SEGV_PKUERR);
	/* The processor says so, whatever PKRU has become since. */
	rights(1, 0);
	cr_assert_eq(fault_err(VA, READ, 0x25), HV_FAULT_SEGV_PKUERR);
	cr_assert_eq(fault_err(AT(1), WRITE, 0), HV_FAULT_ANON_ZERO);
}

Test(pkeys, the_kernel_honours_pkru_but_for_who_looks_from_outside)
{
	const uint32_t upcall = HV_FAULTF_UPCALL;

	cr_assert_eq(mm_pkey_alloc(mm, 0, 0), 1);
	map_at(VA, 1, RW);
	cr_assert_eq(fault_err(VA, WRITE, 0), HV_FAULT_ANON_ZERO);
	mm_pkey_mprotect(mm, VA, PAGE_SIZE, RW, 1);
	rights(1, WD);
	cr_assert_not_null(mm_user_page(mm, VA, false));
	cr_assert_null(mm_user_page(mm, VA, true));
	rights(1, AD);
	cr_assert_null(mm_user_page(mm, VA, false));
	cr_assert_eq(fault_err(VA, upcall, 0), HV_FAULT_SEGV_PKUERR);
	cr_assert_eq(mm_fault(mm, VA, upcall | HV_FAULTF_FORCE, 0, 0, &rec),
		     MM_FAULT_SILENT);
	cr_assert_eq(mm_fault(mm, VA,
			      upcall | HV_ACCESS_WRITE | HV_FAULTF_ANYKEY, 0, 0,
			      &rec),
		     MM_FAULT_SILENT);
	cr_assert_eq(mm_mlock(mm, VA, PAGE_SIZE), -ENOMEM);
}

Test(pkeys, memory_to_be_executed_only_gets_a_key_that_denies_access)
{
	map_at(VA, 1, PROT_EXEC);
	cr_assert_eq(mm_pkey_at(mm, VA), 1);
	cr_assert_eq(shim_pkru >> 2 & 3, AD);
	cr_assert_eq(fault_err(VA, READ, 0), HV_FAULT_SEGV_PKUERR);
	cr_assert_eq(fault_err(VA, EXEC, 0), HV_FAULT_ZERO_PAGE);
	/* The key is nobody's, and all such memory has it. */
	cr_assert_eq(mm_pkey_free(mm, 1), -EINVAL);
	map_at(AT(2), 1, RW);
	cr_assert_eq(mm_pkey_mprotect(mm, AT(2), PAGE_SIZE, RW, 1), -EINVAL);
	rights(1, 0);
	cr_assert_eq(mm_mprotect(mm, AT(2), PAGE_SIZE, PROT_EXEC), 0);
	cr_assert_eq(mm_pkey_at(mm, AT(2)), 1);
	cr_assert_eq(shim_pkru >> 2 & 3, AD);
	cr_assert_eq(mm_mprotect(mm, AT(2), PAGE_SIZE, RX), 0);
	cr_assert_eq(mm_pkey_at(mm, AT(2)), 0);
}

Test(pkeys, without_a_key_left_it_can_be_read)
{
	while (mm_pkey_alloc(mm, 0, 0) > 0)
		;
	map_at(VA, 1, PROT_EXEC);
	cr_assert_eq(mm_pkey_at(mm, VA), 0);
	cr_assert_eq(fault_err(VA, READ, 0), HV_FAULT_ZERO_PAGE);
}

/* Linux keeps key 0, which it cannot give rights to. */
Test(no_pkeys, there_is_no_key_to_be_had)
{
	cr_assert_eq(mm_pkey_alloc(mm, 0, 0), -EINVAL);
	cr_assert_eq(mm_pkey_alloc(mm, 0, 0), -ENOSPC);
	cr_assert_eq(mm_pkey_alloc(mm, 1, 0), -EINVAL);
	cr_assert_eq(mm_pkey_free(mm, 0), -EINVAL);
	map_at(VA, 1, PROT_EXEC);
	cr_assert_eq(mm_pkey_mprotect(mm, VA, PAGE_SIZE, RW, 0), -EINVAL);
	cr_assert_eq(fault_err(VA, READ, 0), HV_FAULT_ZERO_PAGE);
	cr_assert_eq(key_at(VA), 0);
}
