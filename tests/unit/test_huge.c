/*
 * test_huge.c: when does memory get pages of 2 MiB, and what becomes of them?
 *
 * The area is 8 MiB, at a multiple of 2 MiB, and advised MADV_HUGEPAGE:
 *
 *   area  +2M  +4M  +6M  +8M
 *   |  0  |  1  |  2  |  3  |
 */
#include <linux/mman.h>

#include "mm_fixture.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
#define HUGE	   PT_SPAN_2M
#define HUGE_PAGES PT_FRAMES_2M

static uint64_t area;

static void set_thp(uint32_t thp)
{
	machine.thp = thp;
	huge_set_disabled(mm, 0);
}

static void begin(void)
{
	mm_begin();
	machine.thp_zero = true;
	set_thp(HV_THP_MADVISE);
	area = map_some(4 * HUGE_PAGES, RW);
	cr_assert_eq(area % HUGE, 0);
	cr_assert_eq(mm_madvise(mm, area, 4 * HUGE, MADV_HUGEPAGE), 0);
}

TestSuite(huge, .init = begin, .fini = mm_end);

static bool is_huge(uint64_t va)
{
	return pte_is_huge((pte_t){pte_at(va)});
}

/* ---- Faults ------------------------------------------------------------ */

Test(huge, the_first_write_maps_a_zeroed_block)
{
	uint64_t tables = pt_tables();

	cr_assert_eq(fault(area + HUGE + 0x5123, WRITE), HV_FAULT_HUGE);
	cr_assert_eq(rec.order, 9);
	cr_assert_eq(rec.va, area + HUGE + 0x5123);
	cr_assert_eq(rec.pfn % HUGE_PAGES, 0);
	cr_assert(is_huge(area + HUGE) && pte_at(area + HUGE) & PTE_RW);
	cr_assert_eq(pte_at(area), 0);
	cr_assert_eq(mm->rss[RSS_ANON], HUGE_PAGES);
	for (uint64_t va = area + HUGE; va < area + 2 * HUGE; va += PAGE_SIZE)
		cr_assert(!memcmp(user(va), (char[4096]){0}, PAGE_SIZE));
	/* Two upper levels, and the one in reserve. */
	cr_assert_eq(pt_tables(), tables + 3);
	cr_assert_eq(touch(area + 2 * HUGE - 1, WRITE), 0);
	assert_sound(mm_check(mm));
}

Test(huge, a_read_maps_the_huge_zero_page)
{
	uint64_t pfn;

	cr_assert_eq(fault(area + 7, READ), HV_FAULT_ZERO_PAGE);
	cr_assert_eq(rec.order, 9);
	pfn = rec.pfn;
	cr_assert_eq(fault(area + HUGE, READ), HV_FAULT_ZERO_PAGE);
	cr_assert_eq(rec.pfn, pfn, "all share one");
	cr_assert_eq(mm->rss[RSS_ANON], 0);
	assert_sound(mm_check(mm));
	shim_flush_forget();
	cr_assert_eq(fault(area + 0x3000, WRITE), HV_FAULT_COW);
	cr_assert_eq(rec.order, 9);
	cr_assert_eq(rec.old_pfn, pfn);
	cr_assert(shim_flushed(area) && shim_flushed(area + HUGE - PAGE_SIZE));
	cr_assert_eq(mm->rss[RSS_ANON], HUGE_PAGES);
}

Test(huge, without_a_huge_zero_page_a_read_gets_a_block)
{
	machine.thp_zero = false;
	cr_assert_eq(fault(area, READ), HV_FAULT_HUGE);
	cr_assert_eq(mm->rss[RSS_ANON], HUGE_PAGES);
	cr_assert(pte_at(area) & PTE_D); /* Linux map_anon_folio_pmd */
}

Test(huge, pagemap_takes_the_huge_zero_page_for_a_files)
{
	uint64_t entry[2];

	fault(area, READ);
	mm_pagemap(mm, area + PAGES(7), 2, entry);
	cr_assert_eq(entry[0] >> 61, 5, "present, of a file");
	cr_assert_eq(entry[1] - entry[0], 1);
}

Test(huge, who_is_not_advised_gets_ordinary_pages)
{
	uint64_t va = map_some(HUGE_PAGES, RW);

	cr_assert_eq(fault(va, WRITE), HV_FAULT_ANON_ZERO);
	cr_assert_eq(mm_madvise(mm, area, HUGE, MADV_NOHUGEPAGE), 0);
	cr_assert_eq(fault(area, WRITE), HV_FAULT_ANON_ZERO);
	cr_assert_eq(fault(area + HUGE, WRITE), HV_FAULT_HUGE);
}

Test(huge, always_and_never)
{
	uint64_t va = map_some(2 * HUGE_PAGES, RW);

	set_thp(HV_THP_ALWAYS);
	cr_assert_eq(fault(va, WRITE), HV_FAULT_HUGE);
	cr_assert_eq(mm_madvise(mm, va, 2 * HUGE, MADV_NOHUGEPAGE), 0);
	cr_assert_eq(fault(va + HUGE, WRITE), HV_FAULT_ANON_ZERO);
	set_thp(HV_THP_NEVER);
	cr_assert_eq(fault(area, WRITE), HV_FAULT_ANON_ZERO);
}

Test(huge, prctl_can_take_them_away)
{
	uint64_t va = map_some(HUGE_PAGES, RW);

	set_thp(HV_THP_ALWAYS);
	huge_set_disabled(mm, HV_THP_DISABLE_UNADVISED);
	cr_assert_eq(fault(va, WRITE), HV_FAULT_ANON_ZERO);
	cr_assert_eq(fault(area, WRITE), HV_FAULT_HUGE);
	huge_set_disabled(mm, HV_THP_DISABLE_ALL);
	cr_assert_eq(fault(area + HUGE, WRITE), HV_FAULT_ANON_ZERO);
}

Test(huge, what_does_not_fit_into_the_mapping_is_ordinary)
{
	uint64_t va = area + PAGE_SIZE, end = area + 4 * HUGE - PAGE_SIZE;

	cr_assert_eq(mm_munmap(mm, area, PAGE_SIZE), 0);
	cr_assert_eq(mm_munmap(mm, end, PAGE_SIZE), 0);
	cr_assert_eq(fault(va, WRITE), HV_FAULT_ANON_ZERO);
	cr_assert_eq(fault(end - 1, WRITE), HV_FAULT_ANON_ZERO);
	cr_assert_eq(fault(area + HUGE, WRITE), HV_FAULT_HUGE);
}

Test(huge, where_there_is_a_table_already_pages_stay_ordinary)
{
	mm_madvise(mm, area, HUGE, MADV_NOHUGEPAGE);
	store(area, 1);
	mm_madvise(mm, area, HUGE, MADV_HUGEPAGE);
	cr_assert_eq(fault(area + PAGE_SIZE, WRITE), HV_FAULT_ANON_ZERO);
}

Test(huge, without_a_block_or_a_table_a_fault_takes_a_small_page)
{
	fault(area, WRITE); /* makes the upper tables */
	/* The block; then the block is had, and not the table in reserve. */
	for (unsigned after = 0; after < 2; after++) {
		uint64_t va = area + (after + 1) * HUGE;

		shim_fail_allocs(after, 1);
		cr_assert_eq(fault(va, WRITE), HV_FAULT_ANON_ZERO);
		cr_assert_eq(rec.order, 0);
		assert_sound(mm_check(mm));
	}
	cr_assert_eq(mm->rss[RSS_ANON], HUGE_PAGES + 2);
}

/* ---- Rights ------------------------------------------------------------ */

Test(huge, a_protected_page_stays_whole_and_is_reused)
{
	uint64_t pfn;

	store(area, 1);
	pfn = pte_pfn((pte_t){pte_at(area)});
	cr_assert_eq(mm_mprotect(mm, area, HUGE, PROT_READ), 0);
	cr_assert(is_huge(area));
	cr_assert_eq(fault(area, WRITE), HV_FAULT_SEGV_ACCERR);
	cr_assert_eq(mm_mprotect(mm, area, HUGE, PROT_NONE), 0);
	cr_assert(is_huge(area) && !(pte_at(area) & PTE_P));
	assert_sound(mm_check(mm));
	cr_assert_eq(mm_mprotect(mm, area, HUGE, RW), 0);
	cr_assert_eq(pte_pfn((pte_t){pte_at(area)}), pfn);
	cr_assert_eq(*user(area), 1);
	arch_pte_set(pt_walk(mm->root, area),
		     (pte_t){pte_at(area) & ~PTE_RW}); /* as fork will */
	cr_assert_eq(fault(area + 0x4000, WRITE), HV_FAULT_REUSE);
	cr_assert_eq(rec.order, 9);
	cr_assert(is_huge(area));
}

Test(huge, a_page_that_others_use_is_split_and_copied_in_part)
{
	struct pt_gather g;
	struct page *page;

	store(area, 1);
	store(area + PAGE_SIZE, 2);
	cr_assert_eq(mm_mprotect(mm, area, PAGE_SIZE, PROT_READ), 0);
	cr_assert(!is_huge(area));
	page = frame_at(area + PAGE_SIZE);
	page_get(page);
	arch_pte_set(pt_walk(mm->root, area + PAGE_SIZE),
		     (pte_t){pte_at(area + PAGE_SIZE) & ~PTE_RW});
	cr_assert_eq(fault(area + PAGE_SIZE, WRITE), HV_FAULT_COW);
	cr_assert_eq(rec.order, 0);
	cr_assert_eq(*user(area + PAGE_SIZE), 2);
	pt_gather_init(&g, mm);
	pt_gather_page(&g, page);
	pt_gather_finish(&g);
}

Test(huge, a_write_to_the_zero_page_without_a_block_splits_it)
{
	fault(area, READ);
	shim_fail_allocs(0, 1);
	cr_assert_eq(fault(area + 0x2000, WRITE), HV_FAULT_COW);
	cr_assert_eq(rec.order, 0);
	cr_assert(!is_huge(area));
	cr_assert_eq(mm->rss[RSS_ANON], 1);
	cr_assert(frame_is(area, 0));
	cr_assert_eq(pte_pfn((pte_t){pte_at(area)}), machine.zero_pfn);
	assert_sound(mm_check(mm));
}

/* ---- Splitting --------------------------------------------------------- */

/* Byte i of page i, for the first huge page of the area. */
static void fill(void)
{
	for (unsigned i = 0; i < HUGE_PAGES; i++)
		store(area + PAGES(i), (uint8_t)(i * 7 + 1));
}

static void assert_filled(unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++)
		cr_assert_eq(*user(area + PAGES(i)), (uint8_t)(i * 7 + 1));
}

Test(huge, a_border_in_the_middle_splits_and_keeps_every_byte)
{
	uint64_t free, tables;

	fill();
	free = frames_free();
	tables = pt_tables();
	shim_flush_forget();
	cr_assert_eq(mm_mprotect(mm, area + PAGES(5), PAGE_SIZE, PROT_READ), 0);
	cr_assert(!is_huge(area));
	cr_assert_eq(frames_free(), free, "splitting takes no memory");
	cr_assert_eq(pt_tables(), tables, "it had its table");
	cr_assert(shim_flushed(area));
	assert_filled(0, HUGE_PAGES);
	cr_assert(!(pte_at(area + PAGES(5)) & PTE_RW));
	cr_assert(pte_at(area + PAGES(6)) & PTE_RW);
	cr_assert_eq(mm->rss[RSS_ANON], HUGE_PAGES);
	assert_sound(mm_check(mm));
}

Test(huge, what_is_unmapped_in_part_is_held_until_all_of_it_goes)
{
	const struct hv_thp_events *e = (&thp_events);
	uint64_t free;

	fill();
	free = frames_free();
	cr_assert_eq(mm_munmap(mm, area + PAGES(10), PAGES(20)), 0);
	cr_assert_eq(mm_madvise(mm, area + PAGES(100), PAGES(3), MADV_DONTNEED),
		     0);
	cr_assert_eq(frames_free(), free);
	cr_assert_eq(mm->rss[RSS_ANON], HUGE_PAGES - 23);
	cr_assert_eq(e->deferred_split_page, 1, "once");
	cr_assert_eq(e->split_page, 0);
	assert_filled(0, 10);
	assert_filled(30, 100);
	assert_sound(mm_check(mm));
	mm_madvise(mm, area, HUGE, MADV_DONTNEED);
	cr_assert_geq(frames_free(), free + HUGE_PAGES);
	cr_assert_eq(e->split_page, 0);
	assert_sound(mm_check(mm));
}

Test(huge, unmapping_all_that_was_split_defers_nothing)
{
	fill();
	mm_mprotect(mm, area, PAGE_SIZE, PROT_READ);
	cr_assert(!is_huge(area));
	cr_assert_eq(mm_munmap(mm, area, HUGE), 0);
	cr_assert_eq((&thp_events)->deferred_split_page, 0);
}

Test(huge, held_frames_are_given_back_when_memory_is_short)
{
	static struct page *taken[64 * MIB / PAGE_SIZE];
	uint64_t free, n = 0;

	fill();
	mm_munmap(mm, area + PAGES(10), PAGES(20));
	free = frames_free();
	while ((taken[n] = buddy_alloc(0, GFP_KERNEL)))
		n++;
	cr_assert_eq(n, free + 20);
	cr_assert_eq((&thp_events)->split_page, 1);
	assert_sound(mm_check(mm));
	while (n)
		page_put(taken[--n]);
	assert_filled(0, 10);
	assert_filled(30, HUGE_PAGES);
}

Test(huge, advice_splits_what_is_mapped_in_part)
{
	uint64_t free;

	fill();
	mm_munmap(mm, area + PAGES(10), PAGES(20));
	free = frames_free();
	cr_assert_eq(mm_madvise(mm, area + PAGES(40), PAGES(2), MADV_COLD), 0);
	cr_assert_eq(frames_free(), free + 22, "two are of zeros");
	cr_assert_eq((&thp_events)->split_page, 1);
	assert_filled(30, HUGE_PAGES);
	assert_sound(mm_check(mm));
}

Test(huge, unmapping_all_of_it_frees_the_block)
{
	uint64_t free;

	fault(area + HUGE, WRITE);
	free = frames_free();
	fault(area, WRITE);
	cr_assert_eq(frames_free(), free - HUGE_PAGES - 1);
	shim_flush_forget();
	cr_assert_eq(mm_madvise(mm, area, HUGE, MADV_DONTNEED), 0);
	cr_assert_eq(frames_free(), free);
	cr_assert(shim_flushed(area) && shim_flushed(area + HUGE - PAGE_SIZE));
	cr_assert_eq(fault(area, WRITE), HV_FAULT_HUGE, "a new one");
}

Test(huge, lazily_freed_in_part_is_split)
{
	struct hv_desc_smaps sum = {0};

	fill();
	cr_assert_eq(mm_madvise(mm, area, HUGE, MADV_FREE), 0);
	cr_assert(is_huge(area));
	mm_smaps_add(mm, area, area + HUGE, &sum);
	cr_assert_eq(sum.lazyfree, HUGE);
	fault(area, WRITE); /* as the processor sets the dirty bit */
	cr_assert_eq(mm_madvise(mm, area + PAGES(3), PAGE_SIZE, MADV_FREE), 0);
	cr_assert(!is_huge(area));
	sum = (struct hv_desc_smaps){0};
	mm_smaps_add(mm, area, area + HUGE, &sum);
	cr_assert_eq(sum.lazyfree, PAGE_SIZE);
	cr_assert_eq(sum.anon_huge, 0);
	assert_filled(4, HUGE_PAGES);
}

Test(huge, split_by_advice_frames_of_zeros_are_given_back)
{
	uint64_t free;

	store(area + PAGES(7), 1);
	free = frames_free();
	cr_assert_eq(mm_madvise(mm, area, PAGES(2), MADV_COLD), 0);
	cr_assert_eq(mm->rss[RSS_ANON], 1);
	cr_assert_eq(frames_free(), free + HUGE_PAGES - 1);
	cr_assert_eq(pte_pfn((pte_t){pte_at(area)}), machine.zero_pfn);
	cr_assert_eq(*user(area + PAGES(7)), 1);
	assert_sound(mm_check(mm));
	store(area, 9);
	cr_assert_eq(rec.outcome, HV_FAULT_COW);
}

/* RAM is 64 MiB: 200 huge pages of which one frame each is used. */
Test(huge, when_no_frame_is_left_unused_parts_are_given_back)
{
	uint64_t va = map_some(200 * HUGE_PAGES, RW);

	set_thp(HV_THP_ALWAYS);
	for (uint64_t i = 0; i < 200; i++)
		store(va + i * HUGE + PAGES(i), (uint8_t)(i + 1));
	assert_sound(mm_check(mm));
	for (uint64_t i = 0; i < 200; i++)
		cr_assert_eq(*user(va + i * HUGE + PAGES(i)), (uint8_t)(i + 1));
	cr_assert_gt(mm->nr_huge, 0);
}

Test(huge, there_is_an_end_to_what_can_be_given_back)
{
	uint64_t va = map_some(64 * HUGE_PAGES, RW), n = 0;

	set_thp(HV_THP_ALWAYS);
	while (n < 64 * HUGE_PAGES && touch(va + PAGES(n), WRITE) >= 0)
		memset(user(va + PAGES(n++)), 1, PAGE_SIZE);
	cr_assert_lt(n, 64 * HUGE_PAGES);
	cr_assert_eq(rec.outcome, HV_FAULT_OOM);
	cr_assert_gt(PAGES(n), 60 * MIB);
	for (uint64_t i = 0; i < n; i++)
		cr_assert(frame_is(va + PAGES(i), 1));
	assert_sound(mm_check(mm));
}

/* ---- Moving ------------------------------------------------------------ */

#define MOVE (MREMAP_MAYMOVE | MREMAP_FIXED)

Test(huge, an_aligned_move_keeps_it_whole)
{
	uint64_t pfn, to = area - 16 * HUGE;

	fill();
	pfn = pte_pfn((pte_t){pte_at(area)});
	cr_assert_eq(mm_mremap(mm, area, HUGE, HUGE, MOVE, to), (int64_t)to);
	cr_assert(is_huge(to) && pte_pfn((pte_t){pte_at(to)}) == pfn);
	cr_assert_eq(pte_at(area), 0);
	area = to;
	assert_filled(0, HUGE_PAGES);
	assert_sound(mm_check(mm));
}

Test(huge, a_move_to_elsewhere_splits_it)
{
	uint64_t to = area - 16 * HUGE + PAGE_SIZE;

	fill();
	cr_assert_eq(mm_mremap(mm, area, HUGE, HUGE, MOVE, to), (int64_t)to);
	cr_assert(!is_huge(to));
	area = to;
	assert_filled(0, HUGE_PAGES);
	cr_assert_eq(mm->rss[RSS_ANON], HUGE_PAGES);
	assert_sound(mm_check(mm));
}

Test(huge, a_move_without_memory_for_tables_changes_nothing)
{
	fill();
	for (unsigned after = 0; after < 40; after++) {
		uint64_t to = area - 64 * HUGE + PAGE_SIZE;
		int64_t ret;

		shim_fail_allocs(after, 1);
		ret = mm_mremap(mm, area, HUGE, HUGE, MOVE, to);
		shim_fail_allocs(0, 0);
		assert_sound(mm_check(mm));
		if (ret == (int64_t)to) {
			cr_assert_gt(after, 0);
			area = to;
			break;
		}
		cr_assert_eq(ret, -ENOMEM);
		assert_filled(0, HUGE_PAGES);
	}
	assert_filled(0, HUGE_PAGES);
}

/* ---- Looking ----------------------------------------------------------- */

Test(huge, proc_sees_each_page_of_it)
{
	struct hv_desc_smaps sum = {0};
	uint64_t entry[2];
	uint8_t vec[3];

	store(area, 1);
	mm_smaps_add(mm, area, area + 4 * HUGE, &sum);
	cr_assert_eq(sum.anon_huge, HUGE);
	cr_assert_eq(sum.rss, HUGE);
	cr_assert_eq(sum.private_dirty, HUGE);
	cr_assert_eq(sum.pss >> HV_PSS_SHIFT, HUGE);
	mm_pagemap(mm, area + PAGES(4), 2, entry);
	cr_assert_eq(entry[1], entry[0] + 1);
	cr_assert_eq(entry[0] & ((1ull << 55) - 1),
		     pte_pfn((pte_t){pte_at(area)}) + 4);
	cr_assert_eq(mm_mincore(mm, area + HUGE - PAGES(2), PAGES(3), vec), 0);
	cr_assert(vec[0] == 1 && vec[1] == 1 && vec[2] == 0);
	*user(area + PAGES(9) + 3) = 77;
	cr_assert_eq(((uint8_t *)mm_user_page(mm, area + PAGES(9), true))[3],
		     77);
}

/* ---- MADV_COLLAPSE ----------------------------------------------------- */

static int64_t collapse(uint64_t va, uint64_t len)
{
	return mm_madvise(mm, va, len, MADV_COLLAPSE);
}

Test(huge, collapsing_copies_what_is_there_and_zeroes_the_rest)
{
	uint64_t free, tables;

	set_thp(HV_THP_NEVER); /* the call heeds no setting */
	store(area + PAGES(3), 5);
	store(area + PAGES(511), 6);
	load(area + PAGES(4)); /* the zero page */
	free = frames_free();
	tables = pt_tables();
	shim_flush_forget();
	cr_assert_eq(collapse(area, HUGE), 0);
	cr_assert(is_huge(area) && shim_flushed(area));
	cr_assert_eq(frames_free(), free - HUGE_PAGES + 2);
	cr_assert_eq(pt_tables(), tables);
	cr_assert_eq(mm->rss[RSS_ANON], HUGE_PAGES);
	cr_assert_eq(*user(area + PAGES(3)), 5);
	cr_assert_eq(*user(area + PAGES(511)), 6);
	cr_assert_eq(*user(area + PAGES(4)), 0);
	assert_sound(mm_check(mm));
	cr_assert_eq(collapse(area, HUGE), 0, "it is one already");
}

/* Nothing to collapse is an error if it lies within one huge page's place. */
Test(huge, collapsing_less_than_a_huge_page)
{
	store(area, 1);
	cr_assert_eq(collapse(area + PAGES(1), PAGES(5)), -EINVAL);
	cr_assert_eq(collapse(area, PAGES(5)), 0);
	cr_assert_eq(collapse(area + HUGE - PAGES(5), PAGES(5)), 0);
	cr_assert_eq(collapse(area + HUGE - PAGES(5), PAGES(10)), 0);
}

/*
 * Around a border of 1 GiB:  [ no table at all ]|[ had, nothing, had, ... ]
 * Only the first lets the call go on.
 */
Test(huge, collapsing_ends_where_nothing_ever_was)
{
	const uint64_t border = 0x600040000000ull;

	cr_assert_eq(
		map(border - 2 * HUGE, 6 * HUGE_PAGES, RW, ANON | MAP_FIXED),
		(int64_t)(border - 2 * HUGE));
	set_thp(HV_THP_NEVER);
	store(border, 1);
	store(border + 2 * HUGE, 1);
	cr_assert_eq(collapse(border - 2 * HUGE, 6 * HUGE), -EINVAL);
	cr_assert(is_huge(border));
	cr_assert_not(is_huge(border + 2 * HUGE));
}

Test(huge, paging_out_splits_all_it_reaches)
{
	set_thp(HV_THP_ALWAYS);
	store(area, 1);
	store(area + HUGE, 1);
	store(area + 2 * HUGE, 1);
	cr_assert_eq(mm_madvise(mm, area, HUGE + PAGE_SIZE, MADV_PAGEOUT), 0);
	cr_assert_not(is_huge(area) || is_huge(area + HUGE));
	cr_assert(is_huge(area + 2 * HUGE));
	cr_assert_eq(mm->rss[RSS_ANON], 2 + HUGE_PAGES);
	cr_assert_eq(*user(area + HUGE), 1);
	assert_sound(mm_check(mm));
}

Test(huge, what_cannot_be_collapsed)
{
	uint64_t never = map_some(2 * HUGE_PAGES, RW), free;

	cr_assert_eq(collapse(never, HUGE), -EINVAL, "never written");
	store(area, 1);
	cr_assert_eq(collapse(area + HUGE, HUGE), -EINVAL, "no page there");
	cr_assert_eq(collapse(area, PAGES(3)), 0, "no whole one in it");
	set_thp(HV_THP_NEVER);
	store(area + HUGE, 1);
	free = frames_free();
	shim_fail_allocs(0, 1);
	cr_assert_eq(collapse(area + HUGE, HUGE), -ENOMEM);
	cr_assert_eq(frames_free(), free);
	mm_madvise(mm, area, 4 * HUGE, MADV_NOHUGEPAGE);
	cr_assert_eq(collapse(area + HUGE, HUGE), -EINVAL);
}

/* ---- Figures ----------------------------------------------------------- */

Test(huge, proc_vmstat_tells_what_became_of_them)
{
	const struct hv_thp_events *e = (&thp_events);

	store(area, 1);
	load(area + HUGE);
	cr_assert_eq(mm_huge_frames(mm), HUGE_PAGES, "not of the zero page");
	store(area + HUGE, 1);
	cr_assert_eq(mm_huge_frames(mm), 2 * HUGE_PAGES);
	cr_assert(e->fault_alloc == 2 && e->zero_page_alloc == 1);
	cr_assert_eq(mm_munmap(mm, area, PAGE_SIZE), 0);
	cr_assert(e->split_page == 0 && e->split_pmd == 1);
	cr_assert_eq(e->deferred_split_page, 1);
	load(area + 2 * HUGE);
	cr_assert_eq(mm_munmap(mm, area + 2 * HUGE, PAGE_SIZE), 0);
	cr_assert(e->split_page == 0 && e->split_pmd == 2);
	cr_assert_eq(e->zero_page_alloc, 1);
	mm_madvise(mm, area + 3 * HUGE, HUGE, MADV_NOHUGEPAGE);
	store(area + 3 * HUGE, 1);
	mm_madvise(mm, area + 3 * HUGE, HUGE, MADV_HUGEPAGE);
	cr_assert_eq(collapse(area + 3 * HUGE, HUGE), 0);
	cr_assert_eq(e->collapse_alloc, 1);
	cr_assert_eq(mm_huge_frames(mm), 2 * HUGE_PAGES);
	cr_assert_eq(e->fault_fallback, 0);
}
