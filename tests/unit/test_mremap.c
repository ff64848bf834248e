/*
 * test_mremap.c: shrink, grow in place, move; frames move, nothing is copied.
 */
#include "hv_describe.h"
#include "hv_fault.h"
#include "hv_map.h"
#include "mm_fixture.h"

TestSuite(mremap, .init = mm_begin, .fini = mm_end);

#define FIXED (ANON | MAP_FIXED)
#define VA    0x10000000ull
#define AT(n) (VA + PAGES(n))

static int64_t remap(uint64_t va, uint64_t from, uint64_t to, uint32_t flags)
{
	return mm_mremap(mm, va, PAGES(from), PAGES(to), flags, 0);
}

static int64_t remap_to(uint64_t va, uint64_t from, uint64_t to,
			uint64_t new_va)
{
	return mm_mremap(mm, va, PAGES(from), PAGES(to),
			 MREMAP_MAYMOVE | MREMAP_FIXED, new_va);
}

/* n pages at AT(at), page i filled by i + 1. */
static void filled(uint64_t at, unsigned n)
{
	map(AT(at), n, RW, FIXED);
	for (unsigned i = 0; i < n; i++)
		store(AT(at + i), (uint8_t)(i + 1));
}

Test(mremap, the_same_size_changes_nothing)
{
	filled(0, 3);
	cr_assert_eq(remap(AT(0), 3, 3, 0), (int64_t)AT(0));
	cr_assert_eq(load(AT(2)), 3);
}

Test(mremap, shrinking_unmaps_the_rest)
{
	filled(0, 4);
	cr_assert_eq(remap(AT(0), 4, 1, 0), (int64_t)AT(0));
	cr_assert(vma_is(AT(0), AT(0), AT(1)));
	cr_assert_eq(mm->rss[RSS_ANON], 1);
}

Test(mremap, growing_into_free_space_stays)
{
	filled(0, 2);
	cr_assert_eq(remap(AT(0), 2, 5, 0), (int64_t)AT(0));
	cr_assert(vma_is(AT(0), AT(0), AT(5)));
	cr_assert_eq(load(AT(1)), 2);
	cr_assert_eq(load(AT(4)), 0);
}

Test(mremap, growing_up_to_a_twin_merges)
{
	filled(0, 2);
	map(AT(5), 2, RW, FIXED);
	cr_assert_eq(remap(AT(0), 2, 5, 0), (int64_t)AT(0));
	cr_assert(vma_is(AT(0), AT(0), AT(7)));
}

Test(mremap, growing_without_room_needs_leave_to_move)
{
	filled(0, 2);
	map(AT(2), 1, PROT_READ, FIXED);
	cr_assert_eq(remap(AT(0), 2, 3, 0), -ENOMEM);
	shim_flush_forget();
	cr_assert_eq(remap(AT(0), 2, 3, MREMAP_MAYMOVE),
		     (int64_t)(MMAP_BASE - PAGES(3)));
	cr_assert(shim_flushed(AT(0)) && shim_flushed(AT(1)));
	cr_assert_null(vma_at(AT(0)));
	cr_assert_eq(pte_at(AT(0)), 0);
	cr_assert_eq(*user(MMAP_BASE - PAGES(3)), 1);
	cr_assert_eq(*user(MMAP_BASE - PAGES(2)), 2);
	cr_assert_eq(shim_pages_copied(), 0);
	cr_assert_eq(mm->rss[RSS_ANON], 2);
	cr_assert_eq(touch(MMAP_BASE - PAGES(3), WRITE), 0, "rights move too");
}

Test(mremap, a_part_can_move)
{
	filled(0, 6);
	cr_assert_eq(remap_to(AT(2), 2, 2, AT(20)), (int64_t)AT(20));
	cr_assert_eq(load(AT(20)), 3);
	cr_assert_eq(load(AT(21)), 4);
	cr_assert_eq(load(AT(5)), 6);
	cr_assert_null(vma_at(AT(2)));
	cr_assert(vma_is(AT(0), AT(0), AT(2)));
	cr_assert(vma_is(AT(4), AT(4), AT(6)));
}

Test(mremap, fixed_replaces_what_was_there)
{
	filled(0, 2);
	map(AT(20), 4, PROT_READ, FIXED);
	cr_assert_eq(remap_to(AT(0), 2, 3, AT(20)), (int64_t)AT(20));
	cr_assert_eq(load(AT(21)), 2);
	cr_assert(vma_is(AT(20), AT(20), AT(23)));
	cr_assert(vma_is(AT(23), AT(23), AT(24)));
}

Test(mremap, fixed_may_shrink_on_the_way)
{
	filled(0, 4);
	cr_assert_eq(remap_to(AT(0), 4, 2, AT(20)), (int64_t)AT(20));
	cr_assert_eq(vma_at(AT(20))->end, AT(22));
	cr_assert_null(vma_at(AT(3)));
	cr_assert_eq(mm->rss[RSS_ANON], 2);
}

Test(mremap, moving_within_one_table_and_to_another)
{
	filled(0, 3);
	cr_assert_eq(remap_to(AT(0), 3, 3, AT(3)), (int64_t)AT(3));
	cr_assert_eq(load(AT(5)), 3);
	cr_assert_eq(remap_to(AT(3), 3, 3, AT(1 << 20)), (int64_t)AT(1 << 20));
	cr_assert_eq(load(AT((1 << 20) + 2)), 3);
	assert_sound(mm_check(mm));
}

Test(mremap, what_was_written_keeps_its_identity)
{
	/* Written memory keeps its page offsets, so it does not merge with
	 * what was mapped at the new place. */
	filled(0, 2);
	map(AT(22), 2, RW, FIXED);
	remap_to(AT(0), 2, 2, AT(20));
	cr_assert(vma_is(AT(20), AT(20), AT(22)));
	cr_assert_eq(vma_at(AT(20))->pgoff, AT(0) >> PAGE_SHIFT);
	/* Back home it does. */
	map(AT(2), 2, RW, FIXED);
	remap_to(AT(20), 2, 2, AT(0));
	cr_assert(vma_is(AT(0), AT(0), AT(4)));
}

Test(mremap, what_was_never_written_is_as_if_mapped_there)
{
	map(AT(0), 2, RW, FIXED);
	map(AT(22), 2, RW, FIXED);
	remap_to(AT(0), 2, 2, AT(20));
	cr_assert(vma_is(AT(20), AT(20), AT(24)));
}

Test(mremap, a_file_mapping_keeps_its_offset)
{
	load(CONSTANTS);
	cr_assert_eq(remap_to(CONSTANTS, 2, 2, AT(0)), (int64_t)AT(0));
	cr_assert_eq(vma_at(AT(0))->pgoff, 4);
	cr_assert_eq(touch(AT(0), READ), 0);
	cr_assert_eq(*user(AT(1)), shim_file_byte(1, PAGES(5)));
	assert_sound(mm_check(mm));
}

Test(mremap, shared_memory_does_not_grow_with_its_mapping)
{
	map(AT(0), 2, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED);
	store(AT(1), 4);
	cr_assert_eq(remap(AT(0), 2, 3, 0), (int64_t)AT(0));
	cr_assert_eq(fault(AT(2), WRITE), HV_FAULT_SIGBUS);
	cr_assert_eq(remap_to(AT(1), 2, 3, AT(20)), (int64_t)AT(20));
	cr_assert_eq(load(AT(20)), 4);
	cr_assert_eq(fault(AT(21), READ), HV_FAULT_SIGBUS);
}

Test(mremap, errors_are_those_of_linux)
{
	map(AT(0), 4, RW, FIXED);
	map(AT(4), 4, PROT_READ, FIXED);
	cr_assert_eq(remap(AT(0) + 1, 1, 2, 0), -EINVAL);
	cr_assert_eq(remap(AT(0), 1, 2, 8), -EINVAL);
	cr_assert_eq(remap(AT(0), 1, 2, MREMAP_FIXED), -EINVAL);
	cr_assert_eq(remap(AT(0), 1, 0, 0), -EINVAL);
	cr_assert_eq(remap(AT(0), 0, 2, MREMAP_MAYMOVE), -EINVAL);
	cr_assert_eq(remap(AT(9), 1, 2, 0), -EFAULT);
	cr_assert_eq(remap(AT(0), 5, 6, MREMAP_MAYMOVE), -EFAULT);
	cr_assert_eq(remap(AT(0), 1, 2, 0), -ENOMEM, "not its end");
	cr_assert_eq(remap_to(AT(0), 2, 2, AT(20) + 1), -EINVAL);
	cr_assert_eq(remap_to(AT(0), 2, 2, AT(1)), -EINVAL);
	cr_assert_eq(remap_to(AT(0), 2, 2, HV_VA_USER_END), -EINVAL);
	cr_assert_eq(remap_to(AT(0), 2, 2, 0x1000), -EPERM);
	cr_assert_eq(remap(AT(0), 4, 1ull << 36, MREMAP_MAYMOVE), -EINVAL);
	cr_assert_eq(remap(AT(4), 4, (1ull << 35) - 9, MREMAP_MAYMOVE),
		     -ENOMEM);
}

Test(mremap, limits_hold)
{
	map(AT(0), 2, RW, FIXED);
	mm->rlim_as = PAGES(mm->total_vm + 1);
	cr_assert_eq(remap(AT(0), 2, 4, MREMAP_MAYMOVE), -ENOMEM);
	cr_assert_eq(remap(AT(0), 2, 3, 0), (int64_t)AT(0));
}

Test(mremap, accounts_are_kept)
{
	uint64_t total = mm->total_vm;

	filled(0, 2);
	map(AT(2), 1, PROT_READ, FIXED);
	remap(AT(0), 2, 7, MREMAP_MAYMOVE);
	cr_assert_eq(mm->total_vm, total + 8);
}

/* For a moment there are two, which nobody shall see. */
Test(mremap, moving_is_no_peak)
{
	struct hv_desc_mm s;

	filled(0, 3);
	mm_stat(mm, &s);
	remap_to(AT(0), 3, 3, AT(10));
	remap_to(AT(10), 3, 5, AT(20));
	mm_stat(mm, &s);
	cr_assert_eq(s.hiwater_vm, s.total_vm);
}

Test(mremap, no_memory_at_any_point_moves_nothing)
{
	unsigned n;

	if (!shim_alloc_calls())
		cr_skip_test("linked without SHIM_FAIL_LDFLAGS");
	filled(0, 3);
	for (n = 0; n < 20; n++) {
		int64_t ret;

		shim_fail_allocs(n, ~0u);
		ret = remap_to(AT(0), 3, 3, AT(1 << 20));
		shim_fail_allocs(0, 0);
		assert_sound(mm_check(mm));
		if (ret > 0)
			break;
		cr_assert_eq(ret, -ENOMEM);
		cr_assert_eq(*user(AT(2)), 3);
		cr_assert_null(vma_at(AT(1 << 20)));
		cr_assert_eq(pte_at(AT(1 << 20)), 0);
	}
	cr_assert_gt(n, 0);
	cr_assert_eq(load(AT((1 << 20) + 2)), 3);
}

Test(mremap, what_has_moved_returns_if_the_rest_cannot)
{
	/* old    n |........o|oooooooo|o.......|    a table for each 2 MiB
	 * The one in the middle moves whole, the others page by page. */
	const uint64_t va = VA + PT_SPAN_2M - PAGE_SIZE;
	const uint64_t to = va + (1ull << 40), pages = 1 + 512 + 1;
	const uint64_t at[] = {0, PAGE_SIZE, PT_SPAN_2M, PAGES(pages - 1)};
	uint64_t tables;
	unsigned n;

	map(va - PAGE_SIZE, 1, PROT_READ, FIXED);
	map(va, pages, RW, FIXED);
	for (unsigned i = 0; i < 4; i++)
		store(va + at[i], (uint8_t)(i + 1));
	tables = pt_tables();
	for (n = 0; n < 20; n++) {
		int64_t ret;

		shim_fail_allocs(n, ~0u);
		ret = remap_to(va, pages, pages, to);
		shim_fail_allocs(0, 0);
		assert_sound(mm_check(mm));
		if (ret > 0)
			break;
		cr_assert_eq(ret, -ENOMEM);
		cr_assert_eq(pt_tables(), tables);
		for (unsigned i = 0; i < 4; i++)
			cr_assert_eq(*user(va + at[i]), i + 1);
	}
	cr_assert_gt(n, 4, "the VMA, two upper tables, two leaf tables");
	for (unsigned i = 0; i < 4; i++)
		cr_assert_eq(*user(to + at[i]), i + 1);
}
