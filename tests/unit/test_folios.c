/*
 * test_folios.c: faults in files that the host has in large folios
 * (--folios=host): what Linux 6.18 maps of them.
 */
#include "hv_call.h"
#include "hv_fault.h"
#include "mm_fixture.h"

TestSuite(folios, .init = mm_begin, .fini = mm_end);

#define AT 0x10000000ull /* 2 MiB aligned */

/* A file of `pages` pages in folios of 2^order, from page `first` on at va. */
static void map_folios(uint64_t va, uint64_t pages, unsigned order,
		       uint64_t first, uint64_t mapped, uint32_t flags)
{
	uint32_t file = shim_file_add_pattern(PAGES(pages));

	shim_file_set_order(file, order);
	shim_fd_set(2, file);
	shim_fd_set_flags(2, HV_FILE_WRITABLE);
	cr_assert_eq((uint64_t)mm_mmap(mm, va, PAGES(mapped), RW,
				       flags | MAP_FIXED, 2, PAGES(first)),
		     va);
}

/* Of the 200 pages from va, [from, to) are mapped and no other. */
static void assert_mapped(uint64_t va, uint64_t from, uint64_t to)
{
	for (uint64_t i = 0; i < 200; i++)
		cr_assert_eq(!!pte_at(va + PAGES(i)), i >= from && i < to,
			     "page %lu", i);
	assert_sound(mm_check(mm));
}

/*
 *  0       16      32      48      64
 *  |    folio 0    |    folio 1    |
 *            ^ window 16 .. 31
 */
Test(folios, a_read_maps_the_folio_beyond_the_window)
{
	map_folios(AT, 100, 5, 0, 100, MAP_PRIVATE);
	cr_assert_eq(fault(AT + PAGES(20), READ), HV_FAULT_FILE_READ);
	cr_assert_eq(rec.around, 31);
	assert_mapped(AT, 0, 32);
	cr_assert_eq(*user(AT + PAGES(31)), shim_file_byte(2, PAGES(31)));
}

Test(folios, both_ends_of_the_window_may_lie_in_one)
{
	/* The table begins at page 8 of the file: window 24 .. 39. */
	map_folios(AT + PAGES(8), 100, 5, 16, 84, MAP_PRIVATE);
	fault(AT + PAGES(8 + 10), READ);
	assert_mapped(AT + PAGES(8), 8, 48);
	fault(AT + PAGES(8), READ);
	assert_mapped(AT + PAGES(8), 0, 48);
}

Test(folios, one_that_the_mapping_cuts_is_mapped_by_the_window)
{
	map_folios(AT, 100, 5, 2, 98, MAP_PRIVATE);
	fault(AT + PAGES(20), READ); /* folio 0: page -2 of the mapping */
	assert_mapped(AT, 16, 32 + 30);
	map_folios(AT + PAGES(512), 100, 5, 0, 31, MAP_PRIVATE);
	fault(AT + PAGES(512 + 20), READ);
	assert_mapped(AT + PAGES(512), 16, 31);
}

Test(folios, one_that_two_tables_share_is_mapped_by_the_window)
{
	uint64_t va = AT - PAGES(20);

	map_folios(va, 100, 5, 0, 100, MAP_PRIVATE);
	fault(va + PAGES(2), READ);
	assert_mapped(va, 0, 16);
	fault(va + PAGES(16), READ);
	assert_mapped(va, 0, 20);
	fault(va + PAGES(20), READ); /* and folio 1, which has one table */
	assert_mapped(va, 0, 64);
}

/*
 * What has the last page of the file is not mapped whole by the window; but if
 * there is no table yet, by finish_fault, which does not look around.
 */
Test(folios, the_last_one_is_mapped_whole_by_the_first_fault_alone)
{
	map_folios(AT, 64, 5, 0, 64, MAP_PRIVATE);
	fault(AT + PAGES(40), READ);
	assert_mapped(AT, 32, 64);
	map_folios(AT + PAGES(512), 64, 5, 0, 64, MAP_PRIVATE);
	fault(AT + PAGES(512), READ);
	assert_mapped(AT + PAGES(512), 0, 32);
	fault(AT + PAGES(512 + 40), READ);
	assert_mapped(AT + PAGES(512), 0, 48);
}

Test(folios, the_first_fault_maps_one_page_of_a_last_one_that_does_not_fit)
{
	map_folios(AT, 64, 5, 33, 31, MAP_PRIVATE);
	fault(AT + PAGES(7), READ);
	assert_mapped(AT, 7, 8);
	fault(AT + PAGES(8), READ);
	assert_mapped(AT, 0, 16);
}

Test(folios, a_private_store_copies_one_page)
{
	map_folios(AT, 100, 5, 0, 100, MAP_PRIVATE);
	cr_assert_eq(fault(AT + PAGES(20), WRITE), HV_FAULT_FILE_COW);
	assert_mapped(AT, 20, 21);
	fault(AT + PAGES(3), READ);
	assert_mapped(AT, 0, 32);
	cr_assert(frame_at(AT + PAGES(20))->flags & PG_ANON, "it stays");
}

Test(folios, a_shared_store_maps_it_all_for_writing)
{
	map_folios(AT, 100, 5, 0, 100, MAP_SHARED);
	cr_assert_eq(fault(AT + PAGES(20), WRITE), HV_FAULT_SHARED_WRITE);
	cr_assert_eq(rec.around, 31);
	assert_mapped(AT, 0, 32);
	store(AT + PAGES(31), 7);
	cr_assert_eq(rec.va, AT + PAGES(20), "no fault");
}

Test(folios, what_a_shared_store_maps_is_not_dirty)
{
	map_folios(AT, 100, 5, 0, 100, MAP_SHARED);
	fault(AT + PAGES(20), WRITE);
	mm_sync_files();
	cr_assert_eq(shim_file_writes(), 1);
	for (unsigned i = 0; i < 32; i++)
		cr_assert(!(pte_at(AT + PAGES(i)) & PTE_RW), "clean again");
}

Test(folios, a_shared_store_beside_mapped_pages_maps_one)
{
	map_folios(AT, 100, 7, 0, 100, MAP_SHARED); /* too large: the window */
	fault(AT + PAGES(20), READ);
	fault(AT + PAGES(40), WRITE);
	cr_assert_eq(rec.around, 0);
	map_folios(AT + PAGES(512), 64, 6, 0, 64, MAP_SHARED);
	fault(AT + PAGES(512 + 20), READ);
	mm_munmap(mm, AT + PAGES(512), PAGES(1));
	cr_assert_eq(fault(AT + PAGES(512 + 20), WRITE), HV_FAULT_SHARED_WRITE);
	cr_assert_eq(rec.around, 0);
}

Test(folios, without_fault_around_a_read_maps_the_folio_alone)
{
	mm_machine.around = 1;
	map_folios(AT, 100, 3, 0, 100, MAP_PRIVATE);
	fault(AT + PAGES(20), READ);
	assert_mapped(AT, 16, 24);
	fault(AT + PAGES(97), READ); /* cut by the end of the file */
	cr_assert_eq(rec.around, 0);
}

Test(folios, beyond_the_end_what_lies_before_is_mapped)
{
	map_folios(AT, 60, 2, 0, 100, MAP_PRIVATE);
	cr_assert_eq(fault(AT + PAGES(62), READ), HV_FAULT_SIGBUS);
	assert_mapped(AT, 48, 60);
	cr_assert_eq(fault(AT + PAGES(64), READ), HV_FAULT_SIGBUS);
	assert_mapped(AT, 48, 60);
}

Test(folios, what_cannot_be_read_of_one_is_left_out)
{
	map_folios(AT, 200, 7, 0, 200, MAP_PRIVATE);
	shim_fail_reads(1, ~0u); /* after the first 64 pages */
	cr_assert_eq(fault(AT + PAGES(20), READ), HV_FAULT_FILE_READ);
	assert_mapped(AT, 0, 64);
	shim_fail_reads(0, 0);
}
