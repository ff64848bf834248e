/*
 * test_filemap.c: the page cache, without any mapping.
 */
#include <signal.h>

#include "mm_fixture.h"

static struct file *file;
static struct page *pages[FILEMAP_BATCH];

static void begin(void)
{
	machine_begin();
	file = file_open(1, FILE1_SIZE, 0);
	cr_assert_not_null(file);
}

static void end(void)
{
	assert_sound(filemap_check());
	file_put(file);
	assert_all_is_back();
	cr_assert_eq(shim_file_refs(1), -1, "put once");
}

TestSuite(filemap, .init = begin, .fini = end);

static uint8_t first_byte(const struct page *page)
{
	return *(uint8_t *)page_to_virt(page);
}

Test(filemap, a_new_file_has_no_pages)
{
	cr_assert_null(filemap_find(file, 0));
	cr_assert_null(filemap_find(file, 1ull << 50));
	cr_assert_eq(file_count(), 1);
	cr_assert_eq(file_pages(file), 8);
}

Test(filemap, pages_of_a_file_are_rounded_up)
{
	struct file f = {.size = 0};

	cr_assert_eq(file_pages(&f), 0);
	f.size = 1;
	cr_assert_eq(file_pages(&f), 1);
	f.size = PAGE_SIZE;
	cr_assert_eq(file_pages(&f), 1);
	f.size = PAGE_SIZE + 1;
	cr_assert_eq(file_pages(&f), 2);
}

Test(filemap, the_same_number_is_the_same_file)
{
	struct file *again = file_open(1, 5, 0);

	cr_assert_eq(again, file);
	cr_assert_eq(file->size, 5, "the newest size counts");
	cr_assert_eq(file->refs, 2);
	cr_assert(file_find(1) && !file_find(2));
	file_put(again);
	cr_assert_eq(shim_file_refs(1), 0, "still in use");
}

Test(filemap, reading_caches_and_says_what_it_read)
{
	cr_assert_eq(filemap_read(file, 2, 3, 0, pages), 7);
	cr_assert_eq(filemap_read(file, 2, 3, 0, pages), 0);
	cr_assert_eq(shim_file_reads(), 3);
	for (uint64_t i = 0; i < 3; i++) {
		cr_assert_eq(pages[i], filemap_find(file, 2 + i));
		cr_assert_eq(first_byte(pages[i]),
			     shim_file_byte(1, PAGES(2 + i)));
		cr_assert_eq(pages[i]->flags, PG_CACHE);
		cr_assert_eq(pages[i]->refcount, 1);
		cr_assert_eq(pages[i]->mapcount, 0);
		cr_assert_eq(pages[i]->owner, file);
		cr_assert_eq(pages[i]->index, 2 + i);
	}
	cr_assert_eq(filemap_pages(), 3);
	cr_assert_null(filemap_find(file, 1));
	cr_assert_null(filemap_find(file, 5));
}

Test(filemap, only_what_is_missing_is_read)
{
	filemap_read(file, 2, 1, 0, pages);
	filemap_read(file, 4, 1, 0, pages);
	cr_assert_eq(filemap_read(file, 1, 5, 0, pages), 0x15);
	cr_assert_eq(shim_file_reads(), 5);
}

Test(filemap, the_tree_grows_with_the_index)
{
	static const uint64_t at[] = {
		0, 63, 64, 4095, 4096, 1ull << 30, (1ull << 51) - 1};
	const unsigned n = sizeof(at) / sizeof(at[0]);

	file->size = 1ull << 63;
	for (unsigned i = 0; i < n; i++) {
		cr_assert_eq(filemap_read(file, at[i], 1, 0, pages), 1);
		assert_sound(filemap_check());
	}
	for (unsigned i = 0; i < n; i++)
		cr_assert_eq(filemap_find(file, at[i])->index, at[i]);
	cr_assert_eq(file->height, 9);
	cr_assert_null(filemap_find(file, 5000));
}

Test(filemap, a_batch_may_cross_a_node)
{
	file->size = PAGES(200);
	cr_assert_eq(filemap_read(file, 60, 16, 0, pages), 0xffff);
	for (uint64_t i = 0; i < 16; i++)
		cr_assert_eq(pages[i]->index, 60 + i);
	cr_assert_eq(filemap_read(file, 60, 16, 0, pages), 0);
	for (uint64_t i = 0; i < 16; i++)
		cr_assert_eq(pages[i]->index, 60 + i);
}

Test(filemap, an_io_error_caches_nothing)
{
	shim_fail_reads(0, 1);
	cr_assert_eq(filemap_read(file, 0, 4, 0, pages), -EIO);
	for (unsigned i = 0; i < 4; i++)
		cr_assert_null(pages[i]);
	cr_assert_eq(filemap_pages(), 0);
	cr_assert_eq(filemap_read(file, 0, 4, 0, pages), 15);
}

Test(filemap, an_error_in_the_second_run_keeps_the_first)
{
	filemap_read(file, 1, 1, 0, pages);
	shim_fail_reads(1, 1);
	cr_assert_eq(filemap_read(file, 0, 3, 0, pages), -EIO);
	cr_assert_not_null(pages[0]);
	cr_assert_not_null(pages[1]);
	cr_assert_null(pages[2]);
	cr_assert_eq(filemap_pages(), 2);
}

Test(filemap, no_memory_at_any_point_loses_nothing)
{
	if (!shim_alloc_calls())
		cr_skip_test("linked without SHIM_FAIL_LDFLAGS");
	file->size = 1ull << 40;
	for (unsigned n = 0; n < 40; n++) {
		int got;

		shim_fail_allocs(n, ~0u);
		got = filemap_read(file, 5000 + 100 * n, 4, 0, pages);
		shim_fail_allocs(0, 0);
		assert_sound(filemap_check());
		if (got == 15)
			return;
		cr_assert_eq(got, -ENOMEM);
		cr_assert_null(pages[0]);
	}
	cr_assert(false, "never succeeded");
}

Test(filemap, no_memory_for_a_file)
{
	if (!shim_alloc_calls())
		cr_skip_test("linked without SHIM_FAIL_LDFLAGS");
	shim_fail_allocs(0, 1);
	cr_assert_null(file_open(9, 0, 0));
	cr_assert(!file_find(9));
}

Test(filemap, dropping_a_page_in_use_is_a_panic, .signal = SIGABRT)
{
	filemap_read(file, 0, 1, 0, pages);
	pages[0]->mapcount++;
	file_put(file);
}

Test(filemap, a_wrong_page_is_noticed)
{
	filemap_read(file, 0, 2, 0, pages);
	pages[1]->index = 7;
	assert_wrong(filemap_check(), "page 0x1 of file");
	pages[1]->index = 1;
	assert_sound(filemap_check());
}
