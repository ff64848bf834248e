/*
 * test_msync.c: shared mappings of files: what goes to the host, and when; what
 * comes from it. File 2 has 6 pages and 100 bytes; descriptor 3 may write.
 */
#include "hv.h"
#include "hv_call.h"
#include "hv_describe.h"
#include "hv_fault.h"
#include "mm_fixture.h"

#define SIZE (6 * PAGE_SIZE + 100)
#define FD   3

static uint32_t number;

static void begin(void)
{
	mm_begin();
	number = shim_file_add_pattern(SIZE);
	shim_fd_set(2, number);
	shim_fd_set(FD, number);
	shim_fd_set_flags(FD, HV_FILE_WRITABLE);
}

TestSuite(msync, .init = begin, .fini = mm_end);

static uint64_t map_file(unsigned pages, uint32_t prot, uint32_t flags)
{
	int64_t va = mm_mmap(mm, 0, PAGES(pages), prot, flags, FD, 0);

	cr_assert_gt(va, 0, "%ld", va);
	return (uint64_t)va;
}

static void changed(uint64_t start, uint64_t end, uint64_t size)
{
	const struct hv_call_file_upcall call = {
		.start = start,
		.end = end,
		.size = size,
		.file = number,
		.op = HV_FILE_UPCALL_CHANGED,
	};

	cr_assert_eq(mm_file_upcall(&call), 0);
	assert_sound(mm_check(mm));
}

static void host_asks(enum hv_file_upcall op, uint64_t start, uint64_t end)
{
	const struct hv_call_file_upcall call = {
		.start = start,
		.end = end,
		.file = number,
		.op = op,
	};

	cr_assert_eq(mm_file_upcall(&call), 0);
	assert_sound(mm_check(mm));
}

static void host_syncs(uint64_t start, uint64_t end)
{
	host_asks(HV_FILE_UPCALL_SYNC, start, end);
}

static uint8_t host_byte(uint64_t at)
{
	return shim_file_bytes(number)[at];
}

Test(msync, a_write_to_an_absent_page_maps_it_writable)
{
	uint64_t va = map_file(7, RW, MAP_SHARED);

	cr_assert_eq(fault(va, WRITE), HV_FAULT_SHARED_WRITE);
	cr_assert(pte_at(va) & PTE_RW);
	cr_assert_eq(rec.old_pfn, 0);
	cr_assert(rec.access & HV_FAULTF_MAJOR);
}

Test(msync, a_write_after_a_read_faults_again)
{
	uint64_t va = map_file(7, RW, MAP_SHARED);

	cr_assert_eq(fault(va, READ), HV_FAULT_FILE_READ);
	cr_assert(!(pte_at(va) & PTE_RW));
	cr_assert_eq(fault(va, WRITE), HV_FAULT_SHARED_WRITE);
	cr_assert_eq(rec.old_pfn, rec.pfn);
}

Test(msync, a_file_in_memory_is_writable_at_once)
{
	uint64_t va;

	shim_fd_set_flags(FD, HV_FILE_WRITABLE | HV_FILE_TMPFS);
	va = map_file(7, RW, MAP_SHARED);
	cr_assert_eq(fault(va, READ), HV_FAULT_FILE_READ);
	cr_assert(pte_at(va) & PTE_RW);
	cr_assert_eq(mm->rss[RSS_SHMEM], 7);
}

Test(msync, only_dirty_pages_are_written)
{
	uint64_t va = map_file(7, RW, MAP_SHARED);

	for (unsigned i = 0; i < 7; i++)
		touch(va + PAGES(i), READ);
	store(va + PAGES(2), 0xaa);
	store(va + PAGES(5), 0xbb);
	cr_assert_eq(mm_msync(mm, va, PAGES(7), MS_SYNC), 0);
	cr_assert_eq(shim_file_writes(), 2);
	cr_assert_eq(shim_file_syncs(), 1);
	cr_assert_eq(host_byte(PAGES(2)), 0xaa);
	cr_assert_eq(host_byte(PAGES(5)), 0xbb);
	cr_assert_eq(mm_msync(mm, va, PAGES(7), MS_SYNC), 0);
	cr_assert_eq(shim_file_writes(), 2, "clean now");
}

Test(msync, after_it_the_next_write_is_noticed)
{
	uint64_t va = map_file(1, RW, MAP_SHARED);

	store(va, 1);
	shim_flush_forget();
	mm_msync(mm, va, PAGE_SIZE, MS_SYNC);
	cr_assert(!(pte_at(va) & (PTE_RW | PTE_D)));
	cr_assert(shim_flushed(va));
	cr_assert_eq(fault(va, WRITE), HV_FAULT_SHARED_WRITE);
}

/* On Linux a read(2) of the file neither cleans nor write-protects a page. */
Test(msync, what_the_host_reads_stays_dirty_and_writable)
{
	uint64_t va = map_file(1, RW, MAP_SHARED);
	struct hv_desc_smaps s = {0};

	store(va, 1);
	host_asks(HV_FILE_UPCALL_PUT, 0, 10);
	cr_assert_eq(host_byte(0), 1);
	cr_assert_eq(touch(va, WRITE), 0, "no fault");
	mm_smaps_add(mm, va, va + PAGE_SIZE, &s);
	cr_assert_eq(s.private_dirty, PAGE_SIZE);
	host_asks(HV_FILE_UPCALL_PUT, 0, 10);
	mm_msync(mm, va, PAGE_SIZE, MS_SYNC);
	cr_assert_eq(shim_file_writes(), 1, "the host had it");
	cr_assert_eq(fault(va, WRITE), HV_FAULT_SHARED_WRITE);
}

/* Linux can_change_shared_pte_writable. */
Test(msync, a_read_between_two_mprotects_costs_no_fault)
{
	uint64_t va = map_file(1, RW, MAP_SHARED);

	store(va, 1);
	mm_mprotect(mm, va, PAGE_SIZE, PROT_READ);
	host_asks(HV_FILE_UPCALL_PUT, 0, 10);
	cr_assert_eq(host_byte(0), 1);
	mm_mprotect(mm, va, PAGE_SIZE, RW);
	cr_assert_eq(touch(va, WRITE), 0);
}

Test(msync, two_mprotects_after_a_read_cost_no_fault)
{
	uint64_t va = map_file(2, RW, MAP_SHARED);

	store(va, 1);
	touch(va + PAGE_SIZE, READ);
	host_asks(HV_FILE_UPCALL_PUT, 0, 10);
	mm_mprotect(mm, va, PAGES(2), PROT_READ);
	mm_mprotect(mm, va, PAGES(2), RW);
	cr_assert_eq(touch(va, WRITE), 0);
	cr_assert_eq(touch(va + PAGE_SIZE, WRITE), 1, "clean all the time");
	/* What msync wrote is clean, whatever it was before. */
	host_asks(HV_FILE_UPCALL_PUT, 0, 10);
	mm_msync(mm, va, PAGES(2), MS_SYNC);
	mm_mprotect(mm, va, PAGES(2), PROT_READ);
	mm_mprotect(mm, va, PAGES(2), RW);
	cr_assert_eq(touch(va, WRITE), 1);
}

/* The processor sets the dirty bit of an entry that is still writable. */
Test(msync, what_is_stored_after_the_host_read_goes_there_too)
{
	uint64_t va = map_file(1, RW, MAP_SHARED);

	for (uint8_t i = 1; i < 4; i++) {
		store(va, i);
		arch_pte_set(pt_walk(mm->root, va),
			     (pte_t){pte_at(va) | PTE_D});
		host_asks(HV_FILE_UPCALL_PUT, 0, 10);
		cr_assert_eq(host_byte(0), i);
		cr_assert(!(pte_at(va) & PTE_D));
	}
	store(va, 9);
	arch_pte_set(pt_walk(mm->root, va), (pte_t){pte_at(va) | PTE_D});
	mm_munmap(mm, va, PAGE_SIZE);
	cr_assert_eq(host_byte(0), 9);
}

Test(msync, async_writes_nothing)
{
	uint64_t va = map_file(1, RW, MAP_SHARED);

	store(va, 1);
	cr_assert_eq(mm_msync(mm, va, PAGE_SIZE, MS_ASYNC), 0);
	cr_assert_eq(shim_file_writes(), 0);
}

Test(msync, the_range_is_kept)
{
	uint64_t va = map_file(7, RW, MAP_SHARED);

	for (unsigned i = 0; i < 7; i++)
		store(va + PAGES(i), 0xcc);
	mm_msync(mm, va + PAGES(2), PAGES(2), MS_SYNC);
	cr_assert_eq(shim_file_writes(), 2);
	cr_assert_neq(host_byte(PAGES(1)), 0xcc);
	cr_assert_eq(host_byte(PAGES(3)), 0xcc);
}

Test(msync, nothing_goes_beyond_the_end)
{
	uint64_t va = map_file(8, RW, MAP_SHARED);

	store(va + PAGES(6) + 99, 0xdd);
	store(va + PAGES(6) + 100, 0xee);
	cr_assert_eq(fault(va + PAGES(7), WRITE), HV_FAULT_SIGBUS);
	mm_msync(mm, va, PAGES(8), MS_SYNC);
	cr_assert_eq(host_byte(PAGES(6) + 99), 0xdd);
}

Test(msync, the_last_unmapping_writes_back)
{
	uint64_t va = map_file(4, RW, MAP_SHARED);

	store(va + PAGES(1), 0x11);
	mm_munmap(mm, va, PAGES(4));
	cr_assert_eq(host_byte(PAGES(1)), 0x11);
	cr_assert_eq(shim_file_refs(number), 0);
}

Test(msync, dirt_outlives_the_mapping_that_made_it)
{
	uint64_t va = map_file(4, RW, MAP_SHARED);
	uint64_t other = map_file(4, PROT_READ, MAP_SHARED);

	store(va + PAGES(1), 0x11);
	mm_munmap(mm, va, PAGES(4));
	cr_assert_eq(load(other + PAGES(1)), 0x11);
	cr_assert_eq(shim_file_writes(), 0);
	mm_sync_files();
	cr_assert_eq(host_byte(PAGES(1)), 0x11);
}

Test(msync, a_dirty_page_stays_dirty_under_mprotect)
{
	uint64_t va = map_file(2, RW, MAP_SHARED);

	store(va, 0x11);
	touch(va + PAGES(1), READ);
	mm_mprotect(mm, va, PAGES(2), PROT_READ);
	cr_assert(!(pte_at(va) & PTE_RW));
	mm_mprotect(mm, va, PAGES(2), RW);
	cr_assert(pte_at(va) & PTE_RW, "nothing new to tell");
	cr_assert(!(pte_at(va + PAGES(1)) & PTE_RW));
	mm_sync_files();
	cr_assert_eq(shim_file_writes(), 1);
}

Test(msync, errors_come_in_linuxs_order)
{
	uint64_t va = map_file(4, RW, MAP_SHARED);

	cr_assert_eq(mm_msync(mm, va, PAGES(4), 8), -EINVAL);
	cr_assert_eq(mm_msync(mm, va + 1, PAGES(4), 0), -EINVAL);
	cr_assert_eq(mm_msync(mm, va, PAGES(4), MS_SYNC | MS_ASYNC), -EINVAL);
	cr_assert_eq(mm_msync(mm, va, ~0ull - PAGE_SIZE, MS_SYNC), -ENOMEM);
	cr_assert_eq(mm_msync(mm, va, 0, MS_SYNC), 0);
	mm_munmap(mm, va + PAGES(1), PAGE_SIZE);
	store(va + PAGES(3), 5);
	cr_assert_eq(mm_msync(mm, va, PAGES(4), MS_SYNC), -ENOMEM);
	cr_assert_eq(host_byte(PAGES(3)), 5, "what is behind a hole too");
	mm_mlock(mm, va, PAGE_SIZE);
	cr_assert_eq(mm_msync(mm, va, PAGE_SIZE, MS_INVALIDATE), -EBUSY);
}

Test(msync, a_host_that_cannot_write_is_an_error)
{
	uint64_t va = map_file(4, RW, MAP_SHARED);

	store(va, 5);
	shim_fail_writes(0, 1);
	cr_assert_eq(mm_msync(mm, va, PAGES(4), MS_SYNC), -EIO);
	cr_assert_eq(mm_msync(mm, va, PAGES(4), MS_SYNC), 0);
}

Test(msync, a_file_system_without_room_refuses_the_first_store)
{
	uint64_t va = map_file(4, RW, MAP_SHARED);
	struct hv_fault r;

	load(va + PAGES(1));
	shim_fail_room(0, 2);
	cr_assert_eq(mm_fault(mm, va, HV_ACCESS_WRITE, 6, 0, &r), -EFAULT);
	cr_assert_eq(r.outcome, HV_FAULT_SIGBUS);
	cr_assert_eq(mm_fault(mm, va + PAGES(1), HV_ACCESS_WRITE, 7, 0, &r),
		     -EFAULT, "a page that is mapped for reading");
	cr_assert_eq(r.outcome, HV_FAULT_SIGBUS);
	store(va, 5);
	shim_fail_room(0, 1);
	store(va, 6);
	cr_assert_eq(mm_msync(mm, va, PAGES(4), MS_SYNC), 0);
	cr_assert_eq(host_byte(0), 6);
	cr_assert_eq(shim_file_writes(), 1, "what was refused is not dirty");
	cr_assert_eq(mm_fault(mm, va, HV_ACCESS_WRITE, 7, 0, &r), -EFAULT,
		     "asked for again when it is clean");
}

Test(msync, the_host_asks_for_a_range_of_bytes)
{
	uint64_t va = map_file(7, RW, MAP_SHARED);

	for (unsigned i = 0; i < 7; i++)
		store(va + PAGES(i), 0xcc);
	host_syncs(PAGES(1) + 5, PAGES(2) + 1);
	cr_assert_eq(shim_file_writes(), 2);
	host_syncs(0, INT64_MAX);
	cr_assert_eq(shim_file_writes(), 7);
}

/* ---- The file changes --------------------------------------------------- */

Test(msync, what_the_host_wrote_shows_in_place)
{
	uint64_t va = map_file(7, PROT_READ, MAP_SHARED);
	uint64_t private = map_file(7, RW, MAP_PRIVATE);
	const struct page *page;

	load(va + PAGES(1));
	load(private + PAGES(1));
	store(private + PAGES(2), 0x77);
	page = frame_at(va + PAGES(1));
	shim_file_bytes(number)[PAGES(1)] = 0xab;
	shim_file_bytes(number)[PAGES(2)] = 0xab;
	changed(PAGES(1), PAGES(2) + 1, SIZE);
	cr_assert_eq(*user(va + PAGES(1)), 0xab);
	cr_assert_eq(*user(private + PAGES(1)), 0xab);
	cr_assert_eq(*user(private + PAGES(2)), 0x77, "a copy stays");
	cr_assert_eq(frame_at(va + PAGES(1)), page);
}

Test(msync, what_was_stored_behind_the_end_is_not_in_a_longer_file)
{
	uint64_t va = map_file(7, RW, MAP_SHARED);

	store(va + PAGES(6) + 200, 0xee);
	shim_file_resize(number, PAGES(8));
	changed(PAGES(7), PAGES(8), PAGES(8));
	cr_assert_eq(*user(va + PAGES(6) + 200), 0);
}

Test(msync, a_longer_file_has_more_pages)
{
	uint64_t va = map_file(9, RW, MAP_SHARED);

	cr_assert_eq(fault(va + PAGES(7), READ), HV_FAULT_SIGBUS);
	shim_file_resize(number, PAGES(8));
	changed(SIZE, PAGES(8), PAGES(8));
	cr_assert_eq(load(va + PAGES(7)), 0);
	cr_assert_eq(fault(va + PAGES(8), READ), HV_FAULT_SIGBUS);
}

Test(msync, a_shorter_file_takes_pages_and_copies_away)
{
	uint64_t va = map_file(7, RW, MAP_SHARED);
	uint64_t private = map_file(7, RW, MAP_PRIVATE);

	for (unsigned i = 0; i < 7; i++)
		store(va + PAGES(i), 0xcc);
	store(private + PAGES(4), 0x77);
	store(private + PAGES(1), 0x78);
	shim_file_resize(number, PAGES(2) + 10);
	shim_flush_forget();
	changed(0, 0, PAGES(2) + 10);
	cr_assert_eq(pte_at(va + PAGES(3)), 0);
	cr_assert(shim_flushed(va + PAGES(3)));
	cr_assert_eq(pte_at(private + PAGES(4)), 0, "the copy goes too");
	cr_assert_eq(*user(private + PAGES(1)), 0x78);
	cr_assert_eq(fault(private + PAGES(4), READ), HV_FAULT_SIGBUS);
	cr_assert_eq(*user(va + PAGES(2) + 10), 0, "the tail is zero");
	cr_assert_eq(filemap_pages(), 3);
}

Test(msync, a_file_nobody_knows_is_no_matter)
{
	const struct hv_call_file_upcall call = {.file = 77,
						 .op = HV_FILE_UPCALL_CHANGED};

	cr_assert_eq(mm_file_upcall(&call), 0);
}

/* ---- Advice ------------------------------------------------------------- */

Test(msync, a_hole_reads_as_zeros)
{
	uint64_t va = map_file(7, RW, MAP_SHARED);

	store(va + PAGES(1), 0x11);
	cr_assert_eq(mm_madvise(mm, va + PAGES(1), PAGES(1), MADV_REMOVE), 0);
	cr_assert_eq(host_byte(PAGES(1)), 0);
	cr_assert_eq(load(va + PAGES(1)), 0);
	cr_assert_neq(load(va + PAGES(2)), 0);
}

Test(msync, only_shared_and_writable_memory_can_have_holes)
{
	uint64_t va = map_file(7, RW, MAP_PRIVATE), anon = map_some(1, RW);
	uint64_t shm = (uint64_t)map(0, 2, RW, MAP_SHARED | MAP_ANONYMOUS);

	cr_assert_eq(mm_madvise(mm, va, PAGE_SIZE, MADV_REMOVE), -EACCES);
	cr_assert_eq(mm_madvise(mm, anon, PAGE_SIZE, MADV_REMOVE), -EINVAL);
	store(shm, 1);
	cr_assert_eq(mm_madvise(mm, shm, PAGES(2), MADV_REMOVE), 0);
	cr_assert_eq(load(shm), 0);
}

Test(msync, paged_out_pages_are_read_again)
{
	uint64_t va = map_file(7, RW, MAP_SHARED);

	store(va, 0x11);
	load(va + PAGES(1));
	cr_assert_eq(mm_madvise(mm, va, PAGES(7), MADV_PAGEOUT), 0);
	cr_assert_eq(pte_at(va), 0);
	cr_assert_eq(filemap_pages(), 1, "dirty: only unmapped");
	cr_assert_eq(mm_msync(mm, va, PAGES(7), MS_SYNC), 0);
	cr_assert_eq(host_byte(0), 0x11);
	cr_assert_eq(mm_madvise(mm, va, PAGES(7), MADV_PAGEOUT), 0);
	cr_assert_eq(filemap_pages(), 0);
	cr_assert_eq(fault(va, READ), HV_FAULT_FILE_READ);
	cr_assert(rec.access & HV_FAULTF_MAJOR);
	cr_assert_eq(*user(va), 0x11);
}

/* ---- Which mappings may write -------------------------------------------- */

Test(msync, a_descriptor_for_reading_stays_so)
{
	int64_t va;

	cr_assert_eq(mm_mmap(mm, 0, 1, RW, MAP_SHARED, 2, 0), -EACCES);
	va = mm_mmap(mm, 0, 1, PROT_READ, MAP_SHARED, 2, 0);
	cr_assert_gt(va, 0);
	map_file(1, RW, MAP_SHARED); /* the same file by the other one */
	cr_assert_eq(mm_mprotect(mm, (uint64_t)va, 1, RW), -EACCES);
}

Test(msync, validated_flags_must_be_known)
{
	cr_assert_eq(
		mm_mmap(mm, 0, 1, RW, MAP_SHARED_VALIDATE | 0x400000, FD, 0),
		-EOPNOTSUPP);
	cr_assert_gt(mm_mmap(mm, 0, 1, RW, MAP_SHARED_VALIDATE, FD, 0), 0);
}

Test(msync, openings_of_a_file_do_not_merge)
{
	uint64_t va = map_some(2, PROT_NONE);

	mm_mmap(mm, va, PAGE_SIZE, PROT_READ, MAP_PRIVATE | MAP_FIXED, FD, 0);
	mm_mmap(mm, va + PAGES(1), PAGE_SIZE, PROT_READ,
		MAP_PRIVATE | MAP_FIXED, 2, PAGE_SIZE);
	cr_assert(vma_is(va, va, va + PAGES(1)));
	mm_mmap(mm, va + PAGES(1), PAGE_SIZE, PROT_READ,
		MAP_PRIVATE | MAP_FIXED, FD, PAGE_SIZE);
	cr_assert(vma_is(va, va, va + PAGES(2)));
}

Test(msync, remapping_pages_is_a_new_mapping)
{
	uint64_t va = map_file(4, RW, MAP_SHARED);

	cr_assert_eq(mm_remap_file_pages(mm, va, PAGES(1), 0, 3, 0), 0);
	cr_assert_eq(vma_at(va)->pgoff, 3);
	cr_assert_eq(*user(va), shim_file_byte(number, PAGES(3)));
	cr_assert_eq(mm_remap_file_pages(mm, va, PAGES(1), 1, 3, 0), -EINVAL);
	cr_assert_eq(
		mm_remap_file_pages(mm, map_some(1, RW), PAGES(1), 0, 0, 0),
		-EINVAL);
}

/* Whatever allocation fails, nothing is lost (mm_end checks). */
Test(msync, without_memory_a_write_fault_says_so)
{
	uint64_t va = map_file(7, RW, MAP_SHARED);

	for (unsigned n = 0; n < 8; n++) {
		int outcome;

		shim_fail_allocs(n, ~0u);
		outcome = fault(va + PAGES(n % 7), WRITE);
		shim_fail_allocs(0, 0);
		cr_assert(outcome == HV_FAULT_OOM ||
			  outcome == HV_FAULT_SHARED_WRITE);
		assert_sound(mm_check(mm));
	}
	for (unsigned n = 0; n < 4; n++) {
		int64_t ret;

		shim_fail_allocs(n, ~0u);
		ret = mm_mmap(mm, 0, PAGES(2), RW, MAP_SHARED | MAP_ANONYMOUS,
			      -1, 0);
		shim_fail_allocs(0, 0);
		cr_assert(ret > 0 || ret == -ENOMEM);
		assert_sound(mm_check(mm));
	}
}
