/*
 * test_mmap.c: mmap, munmap, mprotect, mincore: where mappings go, how they
 * split and merge, and every errno.
 */
#include "hv_fault.h"
#include "hv_map.h"
#include "hv_vcpu.h"
#include "mm_fixture.h"

TestSuite(mmap, .init = mm_begin, .fini = mm_end);

#define FIXED (ANON | MAP_FIXED)
#define VA    0x10000000ull
#define AT(n) (VA + PAGES(n))

/* ---- Where ------------------------------------------------------------- */

Test(mmap, the_first_goes_right_below_the_base)
{
	cr_assert_eq(map_some(3, RW), MMAP_BASE - PAGES(3));
	cr_assert(vma_is(MMAP_BASE - 1, MMAP_BASE - PAGES(3), MMAP_BASE));
}

Test(mmap, the_next_goes_below_and_merges)
{
	map_some(3, RW);
	cr_assert_eq(map_some(2, RW), MMAP_BASE - PAGES(5));
	cr_assert(vma_is(MMAP_BASE - 1, MMAP_BASE - PAGES(5), MMAP_BASE));
}

Test(mmap, the_highest_hole_that_fits_is_filled)
{
	uint64_t va = map_some(10, RW);

	mm_munmap(mm, va + PAGES(2), PAGES(2));
	mm_munmap(mm, va + PAGES(6), PAGES(3));
	cr_assert_eq(map_some(2, PROT_READ), va + PAGES(7));
	cr_assert_eq(map_some(2, PROT_NONE), va + PAGES(2));
	cr_assert_eq(map_some(2, PROT_NONE), va - PAGES(2));
}

Test(mmap, a_hint_that_is_free_is_taken)
{
	cr_assert_eq(map(AT(0) + 123, 2, RW, ANON), (int64_t)AT(0));
	cr_assert_eq(map(AT(1), 2, RW, ANON), (int64_t)(MMAP_BASE - PAGES(2)));
	cr_assert_eq(map(AT(2), 2, RW, ANON), (int64_t)AT(2));
}

Test(mmap, a_low_hint_is_raised_to_64_kib)
{
	cr_assert_eq(map(0x1000, 1, RW, ANON), MIN_ADDR);
}

/* What CAP_SYS_RAWIO gives: mm->lowest is 0. */
static void allow_all_addresses(void)
{
	const struct hv_limits limits = {
		.stack = ~0ull,
		.data = ~0ull,
		.as = ~0ull,
		.lowest = 0,
	};

	mm_set_limits(mm, &limits);
}

Test(mmap, page_0_is_for_the_privileged)
{
	cr_assert_eq(map(0, 2, RW, FIXED), -EPERM);
	cr_assert_eq(map(0xf000, 1, RW, FIXED), -EPERM);
	cr_assert_eq(map(0, 1, RW, ANON | MAP_FIXED_NOREPLACE), -EPERM);
	allow_all_addresses();
	cr_assert_eq(map(0, 2, RW, FIXED), 0);
	cr_assert(vma_is(0, 0, PAGES(2)));
	store(0, 7);
	cr_assert_eq(load(0), 7);
	cr_assert_eq(mm_mprotect(mm, 0, PAGE_SIZE, PROT_READ), 0);
	cr_assert_eq(fault(0, WRITE), HV_FAULT_SEGV_ACCERR);
	cr_assert_eq(rec.map_end, PAGE_SIZE);
	cr_assert_eq(map(0, 1, RW, ANON | MAP_FIXED_NOREPLACE), -EEXIST);
	assert_sound(mm_check(mm));
	cr_assert_eq(mm_munmap(mm, 0, PAGES(2)), 0);
	cr_assert_eq(fault(0, READ), HV_FAULT_SEGV_MAPERR);
}

Test(mmap, hints_and_searches_keep_clear_of_low_addresses_for_all)
{
	allow_all_addresses();
	cr_assert_eq(map(0x1000, 1, RW, ANON), MIN_ADDR);
	cr_assert_eq(map(1, 1, RW, ANON), (int64_t)(MMAP_BASE - PAGE_SIZE));
	cr_assert_eq(mm_mremap(mm, MIN_ADDR, PAGE_SIZE, PAGE_SIZE,
			       MREMAP_MAYMOVE | MREMAP_FIXED, 0),
		     0);
	cr_assert_eq(mm_mremap(mm, 0, PAGE_SIZE, PAGES(2), MREMAP_MAYMOVE, 0),
		     0);
}

Test(mmap, a_stack_grows_down_to_the_lowest_hint)
{
	allow_all_addresses();
	map(AT(0), 1, RW, FIXED | MAP_GROWSDOWN);
	cr_assert_eq(map(MIN_ADDR + PAGES(1), 1, RW, FIXED | MAP_GROWSDOWN),
		     MIN_ADDR + PAGES(1));
	cr_assert_eq(fault(MIN_ADDR, WRITE), HV_FAULT_STACK_GROWTH);
	cr_assert_eq(fault(MIN_ADDR - 1, WRITE), HV_FAULT_SEGV_MAPERR);
}

Test(mmap, a_hint_beyond_user_space_is_ignored)
{
	cr_assert_eq(map(HV_VA_USER_END, 1, RW, ANON),
		     (int64_t)(MMAP_BASE - PAGE_SIZE));
	cr_assert_eq(map(1ull << 60, 1, RW, ANON),
		     (int64_t)(MMAP_BASE - PAGES(2)));
}

Test(mmap, fixed_replaces_what_was_there)
{
	map(AT(0), 4, RW, FIXED);
	store(AT(1), 7);
	store(AT(3), 9);
	cr_assert_eq(map(AT(1), 2, RW, FIXED), (int64_t)AT(1));
	cr_assert_eq(load(AT(1)), 0);
	cr_assert_eq(load(AT(3)), 9);
	cr_assert_eq(mm->total_vm, 8 + 2 + 14 + 4);
}

Test(mmap, noreplace_respects_what_is_there)
{
	map(AT(0), 4, RW, FIXED);
	cr_assert_eq(map(AT(3), 2, RW, ANON | MAP_FIXED_NOREPLACE), -EEXIST);
	cr_assert_eq(map(AT(4), 2, RW, ANON | MAP_FIXED_NOREPLACE),
		     (int64_t)AT(4));
}

#define HUGE PT_SPAN_2M

Test(mmap, memory_of_whole_huge_pages_starts_at_one)
{
	/* Found with 2 MiB to spare, then moved up. */
	uint64_t a, b, c;

	a = map_some(1, RW);
	cr_assert_eq(a, MMAP_BASE - PAGES(1));
	b = map_some(512, PROT_READ);
	cr_assert_eq(b, (a - 2 * HUGE + HUGE - 1) / HUGE * HUGE);
	cr_assert_eq(b % HUGE, 0);
	c = map_some(513, RW);
	cr_assert_neq(c % HUGE, 0, "not whole huge pages");
	cr_assert_eq(map_some(1, PROT_READ), a - PAGES(1), "above b");
	cr_assert_eq((uint64_t)map(AT(3), 512, RW, ANON), AT(3), "a hint");
	cr_assert_neq((uint64_t)map(AT(3), 512, RW, ANON) % HUGE, 0,
		      "a hint that is taken");
}

Test(mmap, a_place_that_is_aligned_by_chance_is_moved_up_too)
{
	map_some(511, RW);
	cr_assert_eq(map_some(512, PROT_READ), MMAP_BASE - PAGES(511) - HUGE);
}

Test(mmap, the_offset_of_anonymous_memory_means_nothing)
{
	int64_t va = mm_mmap(mm, 0, PAGES(2), RW, MAP_SHARED | MAP_ANONYMOUS,
			     -1, PAGES(7));

	cr_assert_gt(va, 0);
	store((uint64_t)va + PAGES(1), 1);
	va = mm_mmap(mm, 0, PAGES(2), RW, ANON, -1, PAGES(7));
	cr_assert_eq(vma_at((uint64_t)va)->pgoff, (uint64_t)va >> PAGE_SHIFT);
}

Test(mmap, in_32_bits_it_stays_low)
{
	cr_assert_eq(map(0, 1, RW, ANON | MAP_32BIT), 0x40000000);
	cr_assert_eq(map(0, 1, RW, ANON | MAP_32BIT), 0x40001000);
	cr_assert_eq(map(0x50000000, 1, RW, ANON | MAP_32BIT), 0x50000000);
}

Test(mmap, above_the_base_is_used_when_below_is_full)
{
	/* All from the heap to the base; below text there are 4 MiB. */
	uint64_t low = HEAP + PAGES(1), len = MMAP_BASE - low;

	cr_assert_eq(mm_mmap(mm, low, len, PROT_NONE, FIXED, -1, 0),
		     (int64_t)low);
	cr_assert_eq(map(0, 2049, RW, ANON), (int64_t)MMAP_BASE);
	mm_munmap(mm, low, len);
}

Test(mmap, a_space_that_is_full_is_enomem)
{
	cr_assert_eq(mm_mmap(mm, 0, HV_VA_USER_END - PAGE_SIZE, PROT_NONE, ANON,
			     -1, 0),
		     -ENOMEM);
}

Test(mmap, new_mappings_keep_clear_of_the_stack)
{
	/* The hint lies in the stack's guard gap. */
	uint64_t hint = STACK_LOW - PAGES(100);

	cr_assert_neq(map(hint, 1, RW, ANON), (int64_t)hint);
	hint = STACK_LOW - PAGES(257);
	cr_assert_eq(map(hint, 1, RW, ANON), (int64_t)hint);
}

/* ---- Errors ------------------------------------------------------------ */

Test(mmap, errors_are_those_of_linux)
{
	cr_assert_eq(mm_mmap(mm, 0, 0, RW, ANON, -1, 0), -EINVAL);
	cr_assert_eq(mm_mmap(mm, 0, 1, RW, ANON, -1, 1), -EINVAL);
	cr_assert_eq(mm_mmap(mm, 0, ~0ull, RW, ANON, -1, 0), -ENOMEM);
	cr_assert_eq(mm_mmap(mm, 0, 1ull << 47, RW, ANON, -1, 0), -ENOMEM);
	cr_assert_eq(mm_mmap(mm, 0, PAGES(2), RW, ANON, -1, ~0ull & PAGE_MASK),
		     (int64_t)(MMAP_BASE - PAGES(2)),
		     "offsets of 64 bits cannot wrap in pages");
	cr_assert_eq(mm_mmap(mm, AT(0) + 1, 1, RW, FIXED, -1, 0), -EINVAL);
	cr_assert_eq(mm_mmap(mm, HV_VA_USER_END, 1, RW, FIXED, -1, 0), -ENOMEM);
	cr_assert_eq(mm_mmap(mm, 0x1000, 1, RW, FIXED, -1, 0), -EPERM);
	cr_assert_eq(mm_mmap(mm, 0, 1, RW, MAP_ANONYMOUS, -1, 0), -EINVAL);
	cr_assert_eq(mm_mmap(mm, 0, 1, RW, MAP_ANONYMOUS | MAP_TYPE, -1, 0),
		     -EINVAL);
	cr_assert_eq(mm_mmap(mm, 0, 1, RW,
			     MAP_ANONYMOUS | MAP_SHARED | MAP_GROWSDOWN, -1, 0),
		     -EINVAL);
	cr_assert_eq(mm_mmap(mm, 0, 1, RW, MAP_ANONYMOUS | MAP_SHARED_VALIDATE,
			     -1, 0),
		     -EINVAL);
	cr_assert_eq(mm_mmap(mm, 0, 1, RW, ANON | MAP_HUGETLB, -1, 0), -ENOMEM);
}

Test(mmap, errors_of_files)
{
	cr_assert_eq(mm_mmap(mm, 0, 0, RW, MAP_PRIVATE, 5, 0), -EBADF);
	cr_assert_eq(mm_mmap(mm, 0, 1, RW, MAP_PRIVATE, -1, 0), -EBADF);
	cr_assert_eq(mm_mmap(mm, 0, 0, RW, MAP_PRIVATE, 1, 0), -EINVAL);
	cr_assert_eq(mm_mmap(mm, 0, 1, RW, 0, 1, 0), -EINVAL);
	cr_assert_eq(mm_mmap(mm, 0, 1, RW, MAP_SHARED, 1, 0), -EACCES);
	cr_assert_eq(mm_mmap(mm, 0, 1, RW, MAP_PRIVATE | MAP_GROWSDOWN, 1, 0),
		     -EINVAL);
	cr_assert_eq(mm_mmap(mm, 0, 1, PROT_READ,
			     MAP_SHARED_VALIDATE | MAP_SYNC, 1, 0),
		     -EOPNOTSUPP);
	cr_assert_eq(mm_mmap(mm, 0, PAGES(2), RW, MAP_PRIVATE, 1,
			     1ull << 63 | (INT64_MAX & PAGE_MASK)),
		     -EOVERFLOW);
}

Test(mmap, a_file_that_is_not_mapped_after_all_is_given_back)
{
	shim_fd_set(2, shim_file_add_pattern(100));
	cr_assert_eq(mm_mmap(mm, 0, 0, RW, MAP_PRIVATE, 2, 0), -EINVAL);
	cr_assert_eq(shim_file_refs(2), 0);
	cr_assert_eq(file_count(), 1);
}

Test(mmap, limits_are_obeyed)
{
	mm->rlim_as = PAGES(mm->total_vm + 2);
	cr_assert_eq(map(0, 3, RW, ANON), -ENOMEM);
	cr_assert_gt(map(AT(0), 2, RW, FIXED), 0);
	cr_assert_eq(map(0, 1, PROT_READ, ANON), -ENOMEM);
	cr_assert_gt(map(AT(0), 2, RW, FIXED), 0, "replacing needs no room");
	cr_assert_eq(map(AT(1), 2, RW, FIXED), -ENOMEM);
}

Test(mmap, the_data_limit_counts_private_writable_memory)
{
	mm->rlim_data = PAGES(mm->data_vm + 1);
	cr_assert_eq(map(0, 2, RW, ANON), -ENOMEM);
	cr_assert_gt(map(0, 2, PROT_READ, ANON), 0);
	cr_assert_gt(map(0, 2, RW, MAP_SHARED | MAP_ANONYMOUS), 0);
	cr_assert_gt(map(AT(0), 2, PROT_READ, FIXED), 0);
	cr_assert_eq(mm_mprotect(mm, AT(0), PAGES(2), RW), -ENOMEM);
	cr_assert_eq(mm_mprotect(mm, AT(0), PAGES(1), RW), 0);
}

Test(mmap, a_data_limit_of_0_leaves_it_to_the_hard_limit)
{
	mm->rlim_data = 0;
	mm->rlim_data_max = PAGES(mm->data_vm + 1);
	cr_assert_gt(map(0, 1, RW, ANON), 0);
	cr_assert_eq(map(0, 1, RW, ANON), -ENOMEM);
	mm->rlim_data = 1;
	mm->rlim_data_max = ~0ull;
	cr_assert_eq(map(0, 1, RW, ANON), -ENOMEM);
}

Test(mmap, too_many_mappings_is_enomem)
{
	uint64_t i = 0;
	int64_t ret;

	do {
		ret = map(AT(2 * i), 1, PROT_NONE, FIXED);
		i++;
	} while (ret > 0);
	cr_assert_eq(ret, -ENOMEM);
	cr_assert_eq(mm->vmas.count, MM_MAP_COUNT_MAX + 1);
	cr_assert_eq(map(AT(1), 1, PROT_READ, FIXED), -ENOMEM);
	cr_assert_eq(mm_munmap(mm, TEXT + PAGES(1), PAGES(1)), -ENOMEM,
		     "a hole in the middle makes one more");
	cr_assert_eq(mm_munmap(mm, AT(0), PAGES(1)), 0);
	cr_assert_eq(mm_mprotect(mm, TEXT + PAGES(1), PAGES(1), PROT_NONE),
		     -ENOMEM);
}

/* ---- Merging ----------------------------------------------------------- */

static uint64_t vmas_in(uint64_t start, uint64_t end)
{
	const struct vma *v = vma_find_first(&mm->vmas, start, end);
	uint64_t n = 0;

	for (; v && v->start < end; v = v->next)
		n++;
	return n;
}

Test(mmap, filling_the_hole_merges_three)
{
	map(AT(0), 2, RW, FIXED);
	map(AT(4), 2, RW, FIXED);
	cr_assert_eq(vmas_in(AT(0), AT(9)), 2);
	map(AT(2), 2, RW, FIXED);
	cr_assert(vma_is(AT(3), AT(0), AT(6)));
}

Test(mmap, different_kinds_do_not_merge)
{
	map(AT(0), 1, RW, FIXED);
	map(AT(1), 1, PROT_READ, FIXED);
	map(AT(2), 1, RW, FIXED | MAP_NORESERVE);
	map(AT(3), 1, RW, FIXED);
	map(AT(4), 1, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED);
	map(AT(5), 1, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED);
	cr_assert_eq(vmas_in(AT(0), AT(9)), 6);
}

Test(mmap, memory_written_apart_does_not_merge)
{
	map(AT(0), 1, RW, FIXED);
	store(AT(0), 1);
	map(AT(2), 1, RW, FIXED);
	store(AT(2), 1);
	map(AT(1), 1, RW, FIXED);
	cr_assert_eq(vmas_in(AT(0), AT(3)), 2);
	cr_assert(vma_is(AT(0), AT(0), AT(2)));
}

Test(mmap, what_merges_takes_the_identity_over)
{
	/* 01234   a: never written; b, c: written apart */
	/* a.b.c */
	map(AT(0), 1, RW, FIXED);
	map(AT(2), 1, RW, FIXED);
	store(AT(2), 1);
	map(AT(1), 1, RW, FIXED);
	cr_assert(vma_is(AT(0), AT(0), AT(3)));
	map(AT(4), 1, RW, FIXED);
	store(AT(4), 1);
	map(AT(3), 1, RW, FIXED);
	cr_assert(vma_is(AT(0), AT(0), AT(4)));
	cr_assert(vma_is(AT(4), AT(4), AT(5)));
}

Test(mmap, parts_of_a_file_merge_if_they_follow)
{
	cr_assert_gt(mm_mmap(mm, AT(0), PAGES(2), PROT_READ,
			     MAP_PRIVATE | MAP_FIXED, 1, 0),
		     0);
	cr_assert_gt(mm_mmap(mm, AT(2), PAGES(2), PROT_READ,
			     MAP_PRIVATE | MAP_FIXED, 1, PAGES(2)),
		     0);
	cr_assert(vma_is(AT(0), AT(0), AT(4)));
	cr_assert_gt(mm_mmap(mm, AT(4), PAGES(2), PROT_READ,
			     MAP_PRIVATE | MAP_FIXED, 1, PAGES(5)),
		     0);
	cr_assert_eq(vmas_in(AT(0), AT(9)), 2);
}

/* ---- munmap ------------------------------------------------------------ */

Test(mmap, unmapping_the_middle_leaves_two)
{
	map(AT(0), 6, RW, FIXED);
	for (unsigned i = 0; i < 6; i++)
		store(AT(i), (uint8_t)(i + 1));
	shim_flush_forget();
	cr_assert_eq(mm_munmap(mm, AT(2), PAGES(2)), 0);
	cr_assert(vma_is(AT(0), AT(0), AT(2)));
	cr_assert(vma_is(AT(5), AT(4), AT(6)));
	cr_assert_null(vma_at(AT(2)));
	cr_assert(shim_flushed(AT(2)) && shim_flushed(AT(3)));
	cr_assert(!shim_flushed(AT(1)) && !shim_flushed(AT(4)));
	cr_assert_eq(shim_flushes(), 1);
	cr_assert_eq(load(AT(1)), 2);
	cr_assert_eq(load(AT(4)), 5);
	cr_assert_eq(fault(AT(2), READ), HV_FAULT_SEGV_MAPERR);
	cr_assert_eq(mm->rss[RSS_ANON], 4);
}

Test(mmap, unmapping_spans_mappings_and_holes)
{
	map(AT(0), 2, RW, FIXED);
	map(AT(3), 2, PROT_READ, FIXED);
	map(AT(7), 2, PROT_NONE, FIXED);
	cr_assert_eq(mm_munmap(mm, AT(1), PAGES(7)), 0);
	cr_assert_eq(vmas_in(AT(0), AT(20)), 2);
	cr_assert(vma_is(AT(0), AT(0), AT(1)));
	cr_assert(vma_is(AT(8), AT(8), AT(9)));
}

Test(mmap, unmapping_nothing_is_fine)
{
	cr_assert_eq(mm_munmap(mm, AT(0), PAGES(100)), 0);
	cr_assert_eq(shim_flushes(), 0);
}

Test(mmap, unmapping_what_was_never_touched_flushes_nothing)
{
	map(AT(0), 100, RW, FIXED);
	mm_munmap(mm, AT(0), PAGES(100));
	cr_assert_eq(shim_flushes(), 0);
}

Test(mmap, a_table_that_goes_is_flushed_even_without_present_pages)
{
	map(AT(0), 1, RW, FIXED);
	store(AT(0), 1);
	mm_mprotect(mm, AT(0), PAGES(1), PROT_NONE);
	shim_flush_forget();
	mm_munmap(mm, AT(0), PAGES(1));
	cr_assert(shim_flushed(AT(0)));
}

Test(mmap, unmap_errors)
{
	cr_assert_eq(mm_munmap(mm, AT(0) + 1, PAGE_SIZE), -EINVAL);
	cr_assert_eq(mm_munmap(mm, AT(0), 0), -EINVAL);
	cr_assert_eq(mm_munmap(mm, HV_VA_USER_END, 1), -EINVAL);
	cr_assert_eq(mm_munmap(mm, AT(0), ~0ull), -EINVAL);
	cr_assert_eq(mm_munmap(mm, 1ull << 63, PAGE_SIZE), -EINVAL);
}

Test(mmap, all_can_be_unmapped)
{
	cr_assert_eq(mm_munmap(mm, 0, HV_VA_USER_END), 0);
	cr_assert_eq(mm->vmas.count, 0);
	cr_assert_eq(file_count(), 0);
	cr_assert_eq(shim_file_refs(1), -1);
}

Test(mmap, the_file_goes_with_its_last_mapping)
{
	int64_t va;

	shim_fd_set(2, shim_file_add_pattern(PAGES(4)));
	va = mm_mmap(mm, 0, PAGES(4), PROT_READ, MAP_PRIVATE, 2, 0);
	cr_assert_eq(shim_file_refs(2), 1);
	fault((uint64_t)va, READ);
	cr_assert_eq(filemap_pages(), 4);
	mm_munmap(mm, (uint64_t)va + PAGES(1), PAGES(1));
	cr_assert_eq(filemap_pages(), 4);
	mm_munmap(mm, (uint64_t)va, PAGES(4));
	cr_assert_eq(filemap_pages(), 0);
	cr_assert_eq(shim_file_refs(2), 0);
}

/* ---- No memory --------------------------------------------------------- */

Test(mmap, no_memory_at_any_point_loses_nothing)
{
	if (!shim_alloc_calls())
		cr_skip_test("linked without SHIM_FAIL_LDFLAGS");
	shim_fd_set(2, shim_file_add_pattern(PAGES(9)));
	for (unsigned n = 0; n < 8; n++) {
		map(AT(0), 8, RW, FIXED);
		store(AT(3), 1);
		shim_fail_allocs(n, ~0u);
		mm_mprotect(mm, AT(1), PAGES(2), PROT_READ);
		mm_mprotect(mm, AT(5), PAGES(2), PROT_NONE);
		assert_sound(mm_check(mm));
		mm_munmap(mm, AT(3), PAGES(1));
		assert_sound(mm_check(mm));
		mm_mmap(mm, 0, PAGES(3), PROT_READ, MAP_PRIVATE, 2, 0);
		assert_sound(mm_check(mm));
		mm_mmap(mm, AT(2), PAGES(3), RW, FIXED, -1, 0);
		assert_sound(mm_check(mm));
		shim_fail_allocs(0, 0);
	}
}

Test(mmap, a_failed_mapping_is_enomem_and_gives_the_file_back)
{
	if (!shim_alloc_calls())
		cr_skip_test("linked without SHIM_FAIL_LDFLAGS");
	shim_fd_set(2, shim_file_add_pattern(PAGES(9)));
	for (unsigned n = 0; n < 2; n++) {
		shim_fail_allocs(n, 1);
		cr_assert_eq(mm_mmap(mm, 0, PAGES(1), RW, MAP_PRIVATE, 2, 0),
			     -ENOMEM);
		cr_assert_eq(shim_file_refs(2), 0);
	}
}
