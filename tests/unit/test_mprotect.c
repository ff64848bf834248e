/*
 * test_mprotect.c: rights of mappings and of pages, and what must be flushed.
 */
#include "hv_call.h"
#include "hv_fault.h"
#include "hv_map.h"
#include "mm_fixture.h"

TestSuite(mprotect, .init = mm_begin, .fini = mm_end);

#define FIXED (ANON | MAP_FIXED)
#define VA    0x10000000ull
#define AT(n) (VA + PAGES(n))

static uint64_t vmas_in(uint64_t start, uint64_t end)
{
	const struct vma *v = vma_find_first(&mm->vmas, start, end);
	uint64_t n = 0;

	for (; v && v->start < end; v = v->next)
		n++;
	return n;
}

Test(mprotect, protecting_the_middle_makes_three_and_back_one)
{
	map(AT(0), 6, RW, FIXED);
	cr_assert_eq(mm_mprotect(mm, AT(2), PAGES(2), PROT_READ), 0);
	cr_assert_eq(vmas_in(AT(0), AT(6)), 3);
	cr_assert_eq(mm_mprotect(mm, AT(2), PAGES(2), RW), 0);
	cr_assert(vma_is(AT(0), AT(0), AT(6)));
}

Test(mprotect, protecting_moves_the_border_between_two)
{
	map(AT(0), 3, RW, FIXED);
	map(AT(3), 3, RW, FIXED);
	mm_mprotect(mm, AT(3), PAGES(3), PROT_READ);
	cr_assert_eq(mm_mprotect(mm, AT(2), PAGES(1), PROT_READ), 0);
	cr_assert(vma_is(AT(0), AT(0), AT(2)));
	cr_assert(vma_is(AT(2), AT(2), AT(6)));
	cr_assert_eq(mm_mprotect(mm, AT(2), PAGES(3), RW), 0);
	cr_assert(vma_is(AT(0), AT(0), AT(5)));
	cr_assert(vma_is(AT(5), AT(5), AT(6)));
}

Test(mprotect, memory_that_was_written_stays_accounted)
{
	/* VM_ACCOUNT: gone with write access unless there are pages. */
	map(AT(0), 1, PROT_READ, FIXED);
	map(AT(1), 1, RW, FIXED);
	mm_mprotect(mm, AT(1), PAGES(1), PROT_READ);
	cr_assert_eq(vmas_in(AT(0), AT(2)), 1);
	mm_mprotect(mm, AT(1), PAGES(1), RW);
	store(AT(1), 1);
	mm_mprotect(mm, AT(1), PAGES(1), PROT_READ);
	cr_assert_eq(vmas_in(AT(0), AT(2)), 2);
	mm_mprotect(mm, AT(0), PAGES(2), RW);
	cr_assert_eq(vmas_in(AT(0), AT(2)), 1);
}

Test(mprotect, taking_write_away_is_flushed)
{
	map(AT(0), 3, RW, FIXED);
	store(AT(0), 1);
	store(AT(2), 1);
	shim_flush_forget();
	mm_mprotect(mm, AT(0), PAGES(3), PROT_READ);
	cr_assert(shim_flushed(AT(0)) && shim_flushed(AT(2)));
	cr_assert_eq(fault(AT(0), WRITE), HV_FAULT_SEGV_ACCERR);
	cr_assert_eq(load(AT(0)), 1);
}

Test(mprotect, giving_write_back_needs_neither_flush_nor_fault)
{
	map(AT(0), 1, RW, FIXED);
	store(AT(0), 1);
	mm_mprotect(mm, AT(0), PAGES(1), PROT_READ);
	shim_flush_forget();
	mm_mprotect(mm, AT(0), PAGES(1), RW);
	cr_assert_eq(shim_flushes(), 0);
	cr_assert_eq(touch(AT(0), WRITE), 0, "the sole owner's page");
}

Test(mprotect, a_shared_frame_stays_read_only_until_written)
{
	struct page *page;

	map(AT(0), 1, RW, FIXED);
	store(AT(0), 4);
	page = frame_at(AT(0));
	page_get(page);
	mm_mprotect(mm, AT(0), PAGES(1), PROT_READ);
	mm_mprotect(mm, AT(0), PAGES(1), RW);
	cr_assert_eq(fault(AT(0), WRITE), HV_FAULT_COW);
	cr_assert_eq(load(AT(0)), 4);
	page->flags = 0;
	page_put(page);
}

Test(mprotect, the_zero_page_never_becomes_writable)
{
	map(AT(0), 1, PROT_READ, FIXED);
	load(AT(0));
	mm_mprotect(mm, AT(0), PAGES(1), RW);
	cr_assert_eq(fault(AT(0), WRITE), HV_FAULT_COW);
}

Test(mprotect, a_cached_page_never_becomes_writable)
{
	load(CONSTANTS);
	cr_assert_eq(mm_mprotect(mm, CONSTANTS, PAGES(2), RW), 0);
	cr_assert_eq(fault(CONSTANTS, WRITE), HV_FAULT_FILE_COW);
}

Test(mprotect, what_nobody_may_access_is_kept)
{
	map(AT(0), 1, RW, FIXED);
	store(AT(0), 5);
	shim_flush_forget();
	mm_mprotect(mm, AT(0), PAGES(1), PROT_NONE);
	cr_assert(shim_flushed(AT(0)));
	cr_assert(!(pte_at(AT(0)) & PTE_P));
	cr_assert_eq(fault(AT(0), READ), HV_FAULT_SEGV_ACCERR);
	assert_sound(mm_check(mm));
	mm_mprotect(mm, AT(0), PAGES(1), PROT_READ);
	cr_assert_eq(touch(AT(0), READ), 0);
	cr_assert_eq(load(AT(0)), 5);
	mm_mprotect(mm, AT(0), PAGES(1), PROT_NONE);
	cr_assert_eq(mm_munmap(mm, AT(0), PAGES(1)), 0);
}

Test(mprotect, execution_is_given_and_taken)
{
	map(AT(0), 1, RW, FIXED);
	store(AT(0), 0xc3);
	shim_flush_forget();
	cr_assert_eq(mm_mprotect(mm, AT(0), PAGES(1), RX), 0);
	cr_assert_eq(touch(AT(0), EXEC), 0);
	cr_assert(shim_flushed(AT(0)), "write was taken");
	shim_flush_forget();
	mm_mprotect(mm, AT(0), PAGES(1), PROT_READ);
	cr_assert(shim_flushed(AT(0)), "execution was taken");
	cr_assert_eq(fault(AT(0), EXEC), HV_FAULT_SEGV_ACCERR);
}

Test(mprotect, a_hole_stops_mprotect_after_what_precedes)
{
	map(AT(0), 2, RW, FIXED);
	map(AT(3), 2, RW, FIXED);
	cr_assert_eq(mm_mprotect(mm, AT(0), PAGES(5), PROT_READ), -ENOMEM);
	cr_assert_eq(vma_at(AT(1))->prot, PROT_READ);
	cr_assert_eq(vma_at(AT(3))->prot, RW);
	cr_assert_eq(mm_mprotect(mm, AT(2), PAGES(1), PROT_READ), -ENOMEM);
}

Test(mprotect, mprotect_errors)
{
	map(AT(0), 2, RW, FIXED);
	cr_assert_eq(mm_mprotect(mm, AT(0) + 1, PAGE_SIZE, RW), -EINVAL);
	cr_assert_eq(mm_mprotect(mm, AT(0), 0, RW), 0);
	cr_assert_eq(mm_mprotect(mm, AT(0), ~0ull, RW), -ENOMEM);
	cr_assert_eq(mm_mprotect(mm, AT(0), 1, 0x100), -EINVAL);
	cr_assert_eq(
		mm_mprotect(mm, AT(0), 1, RW | PROT_GROWSDOWN | PROT_GROWSUP),
		-EINVAL);
	cr_assert_eq(mm_mprotect(mm, AT(0), 1, RW | PROT_GROWSDOWN), -EINVAL);
	cr_assert_eq(mm_mprotect(mm, AT(0), 1, RW | PROT_GROWSUP), -EINVAL);
	cr_assert_eq(mm_mprotect(mm, AT(0), 1, RW | PROT_SEM), 0);
	cr_assert_eq(mm_mprotect(mm, HV_VA_USER_END, 1, RW), -ENOMEM);
}

Test(mprotect, growsdown_protects_from_the_start_of_the_stack)
{
	uint64_t top = STACK_LOW + PAGES(13);

	cr_assert_eq(
		mm_mprotect(mm, top, PAGES(1), RW | PROT_EXEC | PROT_GROWSDOWN),
		0);
	cr_assert_eq(vma_at(STACK_LOW)->prot, (uint32_t)(RW | PROT_EXEC));
	cr_assert(vma_is(top, STACK_LOW, STACK_LOW + PAGES(14)));
}

Test(mprotect, a_shared_file_mapping_stays_read_only)
{
	int64_t va = mm_mmap(mm, 0, PAGES(2), PROT_READ, MAP_SHARED, 1, 0);

	cr_assert_gt(va, 0);
	cr_assert_eq(fault((uint64_t)va, READ), HV_FAULT_FILE_READ);
	cr_assert_eq(rec.map_flags, HV_MAPF_SHARED);
	cr_assert_eq(fault((uint64_t)va, WRITE), HV_FAULT_SEGV_ACCERR);
	cr_assert_eq(mm_mprotect(mm, (uint64_t)va, PAGE_SIZE, RW), -EACCES);
}

Test(mprotect, shared_anonymous_memory_keeps_write_over_mprotect)
{
	map(AT(0), 2, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED);
	store(AT(0), 3);
	mm_mprotect(mm, AT(0), PAGES(1), PROT_READ);
	cr_assert_eq(fault(AT(0), WRITE), HV_FAULT_SEGV_ACCERR);
	mm_mprotect(mm, AT(0), PAGES(1), RW);
	cr_assert(vma_is(AT(0), AT(0), AT(2)));
	cr_assert_eq(touch(AT(0), WRITE), 0);
}

Test(mprotect, accounts_follow_the_protection)
{
	uint64_t data = mm->data_vm, exec = mm->exec_vm, total = mm->total_vm;

	map(AT(0), 4, RW, FIXED);
	cr_assert_eq(mm->data_vm, data + 4);
	mm_mprotect(mm, AT(1), PAGES(2), RX);
	cr_assert_eq(mm->data_vm, data + 2);
	cr_assert_eq(mm->exec_vm, exec + 2);
	mm_munmap(mm, AT(0), PAGES(4));
	cr_assert_eq(mm->data_vm, data);
	cr_assert_eq(mm->exec_vm, exec);
	cr_assert_eq(mm->total_vm, total);
}

/* Nor do READ_IMPLIES_EXEC's mappings become so. */
Test(mprotect, a_file_of_a_noexec_mount_is_never_executable)
{
	int64_t va, plain;

	shim_fd_set(7, shim_file_add_pattern(PAGES(2)));
	shim_fd_set_flags(7, HV_FILE_NOEXEC);
	shim_fd_set(8, shim_file_add_pattern(PAGES(2)));
	mm->read_adds = PROT_EXEC;
	va = mm_mmap(mm, 0, PAGES(2), PROT_READ, MAP_PRIVATE, 7, 0);
	plain = mm_mmap(mm, 0, PAGES(2), PROT_READ, MAP_PRIVATE, 8, 0);
	cr_assert_eq(vma_at((uint64_t)va)->prot, PROT_READ);
	cr_assert_eq(vma_at((uint64_t)plain)->prot, RX);
	cr_assert_eq(mm_mprotect(mm, (uint64_t)va, PAGE_SIZE, RW), 0);
	cr_assert_eq(vma_at((uint64_t)va)->prot, RW);
	cr_assert_eq(mm_mprotect(mm, (uint64_t)va, PAGE_SIZE, RX), -EACCES);
	cr_assert_eq(mm_mprotect(mm, (uint64_t)plain, PAGE_SIZE, RX), 0);
}
