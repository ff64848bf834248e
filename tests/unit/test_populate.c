/*
 * test_populate.c: pages that come without a fault, and which are there
 * (MAP_POPULATE, mincore).
 */
#include "hv_call.h"
#include "hv_describe.h"
#include "mm_fixture.h"

TestSuite(populate, .init = mm_begin, .fini = mm_end);

#define FIXED (ANON | MAP_FIXED)
#define VA    0x10000000ull
#define AT(n) (VA + PAGES(n))

Test(populate, populate_brings_all_in_and_logs_no_fault)
{
	uint64_t faults = mm_machine.faults, counted = mm->faults;

	map(AT(0), 8, RW, FIXED | MAP_POPULATE);
	cr_assert_eq(mm->rss[RSS_ANON], 8);
	cr_assert_eq(touch(AT(7), WRITE), 0);
	map(AT(20), 8, PROT_READ, FIXED | MAP_POPULATE);
	cr_assert_eq(pte_pfn((pte_t){pte_at(AT(20))}), mm_machine.zero_pfn);
	map(AT(40), 8, RW, FIXED | MAP_POPULATE | MAP_NONBLOCK);
	cr_assert_eq(pte_at(AT(40)), 0);
	map(AT(60), 8, PROT_NONE, FIXED | MAP_POPULATE);
	cr_assert_eq(mm_machine.faults, faults);
	cr_assert_eq(mm->faults, counted + 16, "as Linux counts them");
}

/* Two mappings of one page, at 0 and 4, which both have it. */
static void map_twice(void)
{
	map(AT(0), 1, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED);
	load(AT(0));
	cr_assert_eq(mm_mremap(mm, AT(0), 0, PAGE_SIZE,
			       MREMAP_MAYMOVE | MREMAP_FIXED, AT(4)),
		     AT(4));
	load(AT(4));
}

/* The one is brought in to be written through. */
Test(populate, populating_for_writing_dirties_the_page_not_only_its_entry)
{
	struct hv_desc_smaps s = {0};

	map_twice();
	cr_assert_eq(mm_madvise(mm, AT(0), PAGE_SIZE, MADV_POPULATE_WRITE), 0);
	mm_smaps_add(mm, AT(4), AT(5), &s);
	cr_assert_eq(s.shared_dirty, PAGE_SIZE);
	cr_assert_eq(s.shared_clean, 0);
}

/* The same, but what is brought in was written through. */
Test(populate, populating_leaves_alone_what_was_written_to)
{
	struct hv_desc_smaps s = {0};
	pte_t *p;

	map_twice();
	p = pt_walk(mm->root, AT(0));
	arch_pte_set(p, (pte_t){pte_at(AT(0)) | PTE_D});
	cr_assert_eq(mm_madvise(mm, AT(0), PAGE_SIZE, MADV_POPULATE_WRITE), 0);
	mm_smaps_add(mm, AT(4), AT(5), &s);
	cr_assert_eq(s.shared_clean, PAGE_SIZE);
	cr_assert_eq(s.shared_dirty, 0);
}

Test(populate, a_page_in_a_hole_comes_alone)
{
	uint32_t file = shim_file_add(NULL, PAGES(16));

	memset(shim_file_bytes(file), 0, PAGES(16));
	shim_fd_set(5, file);
	shim_fd_set_flags(5, HV_FILE_TMPFS);
	shim_file_set_holes(file, 0xff0f); /* data in pages 4 .. 7 */
	cr_assert_eq(mm_mmap(mm, AT(0), PAGES(16), PROT_READ,
			     MAP_SHARED | MAP_FIXED, 5, 0),
		     AT(0));
	load(AT(0));
	for (unsigned i = 0; i < 16; i++)
		cr_assert_eq(pte_at(AT(i)) != 0, i == 0 || i / 4 == 1, "%u", i);
	load(AT(8));
	cr_assert_eq(mm->rss[RSS_SHMEM], 6);
}

/* Nobody ever writes them anywhere else: Linux keeps them dirty. */
Test(populate, what_a_file_in_memory_has_is_dirty_but_for_holes)
{
	uint32_t file = shim_file_add(NULL, PAGES(16));
	struct hv_desc_smaps s = {0};

	memset(shim_file_bytes(file), 0, PAGES(16));
	shim_fd_set(5, file);
	shim_fd_set_flags(5, HV_FILE_TMPFS);
	shim_file_set_holes(file, 0xff0f);
	mm_mmap(mm, AT(0), PAGES(16), PROT_READ, MAP_SHARED | MAP_FIXED, 5, 0);
	load(AT(0));
	mm_smaps_add(mm, AT(0), AT(16), &s);
	cr_assert_eq(s.private_dirty, PAGES(4));
	cr_assert_eq(s.private_clean, PAGES(1));
	file_changed(file_find(file), 0, PAGE_SIZE, PAGES(16));
	s = (struct hv_desc_smaps){0};
	mm_smaps_add(mm, AT(0), AT(16), &s);
	cr_assert_eq(s.private_dirty, PAGES(5), "written by a call");
}

Test(populate, mincore_knows_the_holes_of_a_file_in_memory)
{
	uint32_t file = shim_file_add(NULL, PAGES(100));
	uint8_t vec[100];

	shim_fd_set(5, file);
	shim_fd_set_flags(5, HV_FILE_TMPFS);
	shim_file_set_holes(file, 0xff0f);
	mm_mmap(mm, AT(0), PAGES(100), PROT_READ, MAP_SHARED | MAP_FIXED, 5, 0);
	cr_assert_eq(mm_mincore(mm, AT(0), PAGES(100), vec), 0);
	for (unsigned i = 0; i < 100; i++)
		cr_assert_eq(vec[i], i / 4 == 1 || i >= 16, "%u", i);
}

/*
 *      STACK_LOW                  13          14 pages
 *      | no strings ...           | strings   |
 */
Test(populate, strings_of_exec_come_without_a_fault)
{
	mm->arg_start = STACK_LOW + PAGES(12) + 0xff8;
	mm_populate_strings(mm);
	cr_assert_eq(mm_machine.faults, 0);
	cr_assert_eq(mm->rss[RSS_ANON], 2);
	cr_assert_eq(pte_at(STACK_LOW + PAGES(11)), 0);
	cr_assert_eq(touch(STACK_LOW + PAGES(12), WRITE), 0);
	cr_assert_eq(touch(STACK_LOW + PAGES(13), WRITE), 0);
	cr_assert(frame_is(STACK_LOW + PAGES(13), 0));
}

Test(populate, strings_that_lie_nowhere_bring_nothing)
{
	mm->arg_start = STACK_TOP;
	mm_populate_strings(mm);
	mm->arg_start = ~0ull;
	mm_populate_strings(mm);
	cr_assert_eq(mm->rss[RSS_ANON], 0);
}

Test(populate, mincore_says_what_is_there)
{
	uint8_t vec[10];

	memset(vec, 9, sizeof(vec));
	map(AT(0), 4, RW, FIXED);
	store(AT(1), 1);
	load(AT(3));
	cr_assert_eq(mm_mincore(mm, AT(0), PAGES(3) + 1, vec), 0);
	cr_assert_arr_eq(vec, ((uint8_t[]){0, 1, 0, 1, 9}), 5);
	fault(DATA, WRITE);
	cr_assert_eq(mm_mincore(mm, CONSTANTS, PAGES(6), vec), 0);
	cr_assert_eq(vec[2], 1); /* and what else was read with it */
	cr_assert_arr_eq(vec + 4, ((uint8_t[]){0, 0}), 2);
}

Test(populate, mincore_errors)
{
	uint8_t vec[10];

	map(AT(0), 2, RW, FIXED);
	cr_assert_eq(mm_mincore(mm, AT(0) + 1, 1, vec), -EINVAL);
	cr_assert_eq(mm_mincore(mm, AT(0), 0, vec), 0);
	cr_assert_eq(mm_mincore(mm, AT(1), PAGES(2), vec), -ENOMEM);
	cr_assert_eq(mm_mincore(mm, AT(5), PAGES(1), vec), -ENOMEM);
	cr_assert_eq(mm_mincore(mm, ~0ull & PAGE_MASK, PAGES(1), vec), -ENOMEM);
}
