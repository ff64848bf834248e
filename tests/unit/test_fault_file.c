/*
 * test_fault_file.c: faults in private mappings of files: page cache, the
 * window around, the first write, the end of the file.
 */
#include "hv_fault.h"
#include "mm_fixture.h"

TestSuite(fault_file, .init = mm_begin, .fini = mm_end);

static bool shows_file(uint64_t va, uint64_t offset)
{
	const uint8_t *p = user(va);

	for (unsigned i = 0; i < PAGE_SIZE; i++) {
		uint8_t want = offset + i < FILE1_SIZE
				       ? shim_file_byte(1, offset + i)
				       : 0;

		if (p[i] != want)
			return false;
	}
	return true;
}

Test(fault_file, running_text_reads_it_and_what_is_around)
{
	cr_assert_eq(fault(TEXT + PAGES(1) + 7, EXEC), HV_FAULT_FILE_READ);
	cr_assert_eq(rec.around, 3);
	cr_assert(rec.access & HV_FAULTF_MAJOR);
	for (unsigned i = 0; i < 4; i++) {
		cr_assert(shows_file(TEXT + PAGES(i), PAGES(i)));
		cr_assert_eq(pte_at(TEXT + PAGES(i)) &
				     (PTE_P | PTE_US | PTE_RW | PTE_A | PTE_D |
				      PTE_NX),
			     PTE_P | PTE_US | PTE_A);
		cr_assert_eq(frame_at(TEXT + PAGES(i))->refcount, 2);
	}
	cr_assert_eq(rec.pfn, page_to_pfn(frame_at(TEXT + PAGES(1))));
	cr_assert_eq(pte_at(CONSTANTS), 0, "clipped to the mapping");
	cr_assert_eq(shim_file_reads(), 8, "the whole file: read-ahead");
	cr_assert_eq(mm->rss[RSS_FILE], 4);
}

Test(fault_file, the_last_page_of_the_file_ends_in_zeros)
{
	cr_assert_eq(fault(DATA + PAGES(1), READ), HV_FAULT_FILE_READ);
	cr_assert(shows_file(DATA + PAGES(1), PAGES(7)));
	cr_assert(!(pte_at(DATA + PAGES(1)) & PTE_RW), "private: copy first");
}

Test(fault_file, a_cached_page_is_not_read_again)
{
	int64_t va;

	fault(TEXT, READ);
	cr_assert_eq(shim_file_reads(), 8);
	va = mm_mmap(mm, 0, PAGES(4), PROT_READ, MAP_PRIVATE, 1, 0);
	cr_assert_gt(va, 0);
	cr_assert_eq(fault((uint64_t)va, READ), HV_FAULT_FILE_READ);
	cr_assert(!(rec.access & HV_FAULTF_MAJOR));
	cr_assert_eq(shim_file_reads(), 8);
	cr_assert_eq(pte_at((uint64_t)va) & PTE_PFN_MASK,
		     pte_at(TEXT) & PTE_PFN_MASK);
	cr_assert_eq(frame_at(TEXT)->refcount, 3);
	cr_assert_eq(frame_at(TEXT)->mapcount, 2);
}

Test(fault_file, writing_a_private_file_page_copies_it)
{
	struct page *cached;

	cr_assert_eq(fault(DATA + 8, WRITE), HV_FAULT_FILE_COW);
	cr_assert(rec.access & HV_FAULTF_MAJOR);
	cr_assert_eq(rec.old_pfn, 0, "nothing was mapped");
	cr_assert_eq(rec.around, 0);
	cr_assert(shows_file(DATA, PAGES(6)));
	cr_assert_eq(frame_at(DATA)->flags, PG_ANON);
	*user(DATA) = 0;
	cached = filemap_find(vma_at(DATA)->file, 6);
	cr_assert_neq(cached, frame_at(DATA));
	cr_assert_eq(*(uint8_t *)page_to_virt(cached),
		     shim_file_byte(1, PAGES(6)), "the file has its own");
	cr_assert_eq(cached->refcount, 1);
	cr_assert_eq(mm->rss[RSS_ANON], 1);
	cr_assert_eq(mm->rss[RSS_FILE], 0);
}

Test(fault_file, writing_a_file_page_after_reading_it_copies_it)
{
	struct page *cached;

	fault(DATA, READ);
	cached = frame_at(DATA);
	shim_flush_forget();
	cr_assert_eq(fault(DATA, WRITE), HV_FAULT_FILE_COW);
	cr_assert_eq(rec.old_pfn, page_to_pfn(cached));
	cr_assert(shim_flushed(DATA));
	cr_assert(shows_file(DATA, PAGES(6)));
	cr_assert_eq(cached->refcount, 1);
	cr_assert_eq(cached->mapcount, 0);
	cr_assert(!(rec.access & HV_FAULTF_MAJOR));
}

Test(fault_file, around_leaves_alone_what_is_there)
{
	fault(DATA, WRITE);
	*user(DATA) = 1;
	cr_assert_eq(fault(DATA + PAGES(1), READ), HV_FAULT_FILE_READ);
	cr_assert_eq(rec.around, 0);
	cr_assert_eq(*user(DATA), 1);
}

Test(fault_file, past_the_end_of_the_file_is_sigbus)
{
	int64_t va = mm_mmap(mm, 0, PAGES(10), RW, MAP_PRIVATE, 1, PAGES(6));

	cr_assert_gt(va, 0);
	cr_assert_eq(fault((uint64_t)va + PAGES(2), WRITE), HV_FAULT_SIGBUS);
	cr_assert_eq(rec.around, 0);
	cr_assert_eq(fault((uint64_t)va + PAGES(1), READ), HV_FAULT_FILE_READ);
	cr_assert_eq(rec.around, 1, "clipped to the file");
	va = mm_mmap(mm, 0, PAGES(10), RW, MAP_PRIVATE, 1, PAGES(6));
	cr_assert_eq(fault((uint64_t)va + PAGES(2), READ), HV_FAULT_SIGBUS);
	cr_assert_eq(rec.around, 2, "as Linux, what comes before the end");
	va = mm_mmap(mm, 0, PAGES(3), RW, MAP_PRIVATE, 1, PAGES(6));
	fault((uint64_t)va, READ);
	cr_assert_eq(rec.around, 1, "one page is too much already");
	cr_assert_eq(pte_at((uint64_t)va + PAGES(2)), 0);
}

/*
 * A write that ends in SIGBUS has made the mapping one of its own already: what
 * was split off meanwhile, and written, does not come back to it.
 */
Test(fault_file, a_write_beyond_the_end_keeps_mappings_apart)
{
	uint64_t va = (uint64_t)mm_mmap(mm, 0, PAGES(5), RW, MAP_PRIVATE, 1,
					PAGES(5));

	mm_madvise(mm, va + PAGES(4), PAGE_SIZE, MADV_DONTFORK);
	cr_assert_eq(fault(va + PAGES(4), WRITE), HV_FAULT_SIGBUS);
	cr_assert_eq(fault(va, WRITE), HV_FAULT_FILE_COW);
	mm_madvise(mm, va + PAGES(4), PAGE_SIZE, MADV_DOFORK);
	cr_assert(vma_is(va, va, va + PAGES(4)));
}

Test(fault_file, a_file_that_cannot_be_read_is_sigbus)
{
	shim_fail_reads(0, ~0u);
	cr_assert_eq(fault(TEXT, READ), HV_FAULT_SIGBUS);
	cr_assert_eq(fault(DATA, WRITE), HV_FAULT_SIGBUS);
	cr_assert_eq(filemap_pages(), 0);
	shim_fail_reads(0, 1);
	cr_assert_eq(fault(TEXT, READ), HV_FAULT_FILE_READ, "alone it reads");
	cr_assert_eq(rec.around, 0);
}

/* Linux 6.18: the window has no page but the last, and there is no table. */
Test(fault_file, beyond_the_end_the_last_page_needs_a_table_to_be_mapped)
{
	uint64_t va = 0x10000000;

	shim_fd_set(2, shim_file_add_pattern(PAGES(17)));
	cr_assert_eq(mm_mmap(mm, va, PAGES(64), PROT_READ,
			     MAP_PRIVATE | MAP_FIXED, 2, 0),
		     (int64_t)va);
	cr_assert_eq(fault(va + PAGES(18), READ), HV_FAULT_SIGBUS);
	cr_assert_eq(pte_at(va + PAGES(16)), 0);
	cr_assert_eq(fault(va, READ), HV_FAULT_FILE_READ);
	cr_assert_eq(fault(va + PAGES(18), READ), HV_FAULT_SIGBUS);
	cr_assert(pte_at(va + PAGES(16)) & PTE_P);
}

/*
 * The window is 16 pages, aligned; where the mapping begins inside it, it runs
 * 16 pages from there (Linux do_fault_around).
 */
static void big_file(uint64_t pages)
{
	shim_fd_set(2, shim_file_add_pattern(PAGES(pages)));
}

static uint64_t map_file(uint64_t addr, uint64_t pages, uint64_t offset)
{
	int64_t va = mm_mmap(mm, addr, PAGES(pages), PROT_READ,
			     MAP_PRIVATE | MAP_FIXED, 2, offset);

	cr_assert_eq((uint64_t)va, addr);
	return addr;
}

static void assert_present(uint64_t va, uint64_t from, uint64_t to)
{
	for (uint64_t i = 0; i < 64; i++)
		cr_assert_eq(!!pte_at(va + PAGES(i)), i >= from && i < to,
			     "page %lu", i);
}

Test(fault_file, around_is_an_aligned_window)
{
	uint64_t va = 0x10000000;

	big_file(64);
	map_file(va, 64, 0);
	cr_assert_eq(fault(va + PAGES(21), READ), HV_FAULT_FILE_READ);
	cr_assert_eq(rec.around, 15);
	assert_present(va, 16, 32);
}

Test(fault_file, around_starts_where_the_mapping_does)
{
	uint64_t va = 0x10000000;

	big_file(64);
	map_file(va + PAGES(10), 50, PAGES(3));
	fault(va + PAGES(12), READ);
	assert_present(va, 10, 26);
	cr_assert_eq(rec.around, 15);
	cr_assert_eq(*user(va + PAGES(10)), shim_file_byte(2, PAGES(3)));
	cr_assert_eq(rec.map_offset, PAGES(3));
}

Test(fault_file, around_ends_with_the_table)
{
	uint64_t va = 0x10000000 - PAGES(10); /* 2 MiB border 10 pages on */

	big_file(64);
	map_file(va, 50, 0);
	fault(va + PAGES(3), READ);
	assert_present(va, 0, 10);
	fault(va + PAGES(10), READ);
	assert_present(va, 0, 26);
}

Test(fault_file, the_first_read_of_64_pages_reads_them_all)
{
	uint64_t va = 0x10000000;

	big_file(100);
	map_file(va, 100, 0);
	fault(va, READ);
	cr_assert(rec.access & HV_FAULTF_MAJOR);
	assert_present(va, 0, 16);
	cr_assert_eq(shim_file_reads(), 64);
	fault(va + PAGES(63), READ);
	cr_assert(!(rec.access & HV_FAULTF_MAJOR));
	cr_assert_eq(shim_file_reads(), 64);
	fault(va + PAGES(70), READ);
	cr_assert(rec.access & HV_FAULTF_MAJOR);
	cr_assert_eq(shim_file_reads(), 100);
}

/* What cannot be read ahead is read as before: the window, then the page. */
Test(fault_file, reading_ahead_may_fail)
{
	uint64_t va = 0x10000000;

	big_file(100);
	map_file(va, 100, 0);
	shim_fail_reads(0, 1);
	cr_assert_eq(fault(va, READ), HV_FAULT_FILE_READ);
	assert_present(va, 0, 16);
	cr_assert_eq(shim_file_reads(), 16);
}
