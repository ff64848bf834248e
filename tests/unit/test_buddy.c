/*
 * test_buddy.c: page frames in power-of-two blocks: split and merge.
 */
#include "buddy_fixture.h"
#include "hv_boot.h"

TestSuite(buddy, .init = boot_small);

/* ---- Start ------------------------------------------------------------- */

Test(buddy, at_start_every_frame_is_in_the_frontier)
{
	buddy_stats(&st);
	cr_assert_eq(st.frames_frontier, st.frames_total);
	cr_assert_eq(st.frames_free, st.frames_total);
	cr_assert_eq(st.splits, 0);
	assert_sound(buddy_check());
}

Test(buddy, frames_before_free_are_not_counted)
{
	const struct hv_bank *b = &shim_boot()->banks[0];

	cr_assert_eq(frames_total(), (b->end - b->free) / PAGE_SIZE);
}

Test(buddy, init_touches_no_ram)
{
	boot(64 * GIB);
	cr_assert_eq(shim_resident_bytes(), 0);
	for (unsigned i = 1; i < shim_boot()->nr_banks; i++)
		cr_assert(!shim_bank_is_online(i));
}

Test(buddy, init_can_start_over)
{
	take(3, GFP_KERNEL);
	boot(16 * MIB);
	cr_assert_eq(frames_free(), frames_total());
	buddy_free(take(0, GFP_KERNEL), 0);
	all_is_back();
}

/* ---- One block --------------------------------------------------------- */

Test(buddy, a_new_block_has_one_reference_and_is_clean_otherwise)
{
	struct page *page = take(2, GFP_KERNEL);
	struct page want = {.refcount = 1, .order = 2};

	cr_assert_eq(memcmp(page, &want, sizeof(want)), 0);
	for (unsigned i = 1; i < 4; i++) {
		want = (struct page){0};
		cr_assert_eq(memcmp(&page[i], &want, sizeof(want)), 0);
	}
}

Test(buddy, every_order_comes_at_a_multiple_of_its_size)
{
	struct page *page[BUDDY_ORDERS];

	for (unsigned o = 0; o < BUDDY_ORDERS; o++) {
		page[o] = take(o, GFP_KERNEL);
		assert_sound(buddy_check());
	}
	for (unsigned o = 0; o < BUDDY_ORDERS; o++)
		buddy_free(page[o], o);
	all_is_back();
}

Test(buddy, taking_a_block_takes_its_frames)
{
	uint64_t before = frames_free();

	for (unsigned o = 0; o < BUDDY_ORDERS; o++) {
		struct page *page = take(o, GFP_KERNEL);

		cr_assert_eq(frames_free(), before - (1u << o));
		buddy_free(page, o);
		cr_assert_eq(frames_free(), before);
	}
	all_is_back();
}

Test(buddy, orders_above_10_are_refused)
{
	cr_assert_null(buddy_alloc(11, GFP_KERNEL));
	cr_assert_null(buddy_alloc(63, GFP_KERNEL));
	all_is_back();
}

Test(buddy, the_frame_freed_last_is_used_first)
{
	struct page *a = take(0, GFP_KERNEL), *b = take(0, GFP_KERNEL);

	buddy_free(a, 0);
	buddy_free(b, 0);
	cr_assert_eq(take(0, GFP_KERNEL), b);
	cr_assert_eq(take(0, GFP_KERNEL), a);
}

Test(buddy, single_frames_come_in_rising_order)
{
	/* One refill at least is a run of neighbours. */
	struct page *a = take(0, GFP_KERNEL);
	unsigned neighbours = 0;

	for (unsigned i = 0; i < 32; i++) {
		struct page *b = take(0, GFP_KERNEL);

		neighbours += b == a + 1;
		a = b;
	}
	cr_assert_geq(neighbours, 24);
}

/* ---- Split and merge --------------------------------------------------- */

Test(buddy, a_split_leaves_one_block_of_each_smaller_order)
{
	/* From a block of order 10: 1 taken as order 4, then free are
	 * orders 4, 5, 6, 7, 8, 9. */
	struct page *page;
	uint64_t before[BUDDY_ORDERS];

	buddy_free(take(10, GFP_KERNEL), 10);
	for (unsigned o = 0; o < BUDDY_ORDERS; o++)
		before[o] = blocks(o);
	cr_assert_eq(before[10], 1);
	page = take(4, GFP_DMA32);
	for (unsigned o = 4; o < 10; o++)
		cr_assert_eq(blocks(o), before[o] + 1);
	cr_assert_eq(blocks(10), 0);
	cr_assert_eq(st.splits, 6);
	buddy_free(page, 4);
	for (unsigned o = 0; o < BUDDY_ORDERS; o++)
		cr_assert_eq(blocks(o), before[o]);
	cr_assert_eq(st.merges, 6);
	all_is_back();
}

Test(buddy, freeing_the_twin_merges_both)
{
	/* pfn  01234567
	 *      xxyy....   free: [4,8) */
	struct page *x = take(1, GFP_KERNEL), *y = take(1, GFP_KERNEL);
	uint64_t merges;

	cr_assert_eq(page_to_pfn(x) ^ page_to_pfn(y), 2);
	buddy_free(x, 1);
	assert_sound(buddy_check());
	buddy_stats(&st);
	merges = st.merges;
	buddy_free(y, 1);
	assert_sound(buddy_check());
	buddy_stats(&st);
	cr_assert_gt(st.merges, merges);
	all_is_back();
}

Test(buddy, a_neighbour_that_is_no_twin_does_not_merge)
{
	/* pfn  01234567
	 *      aabbccdd   b and c touch, but are no twins */
	struct page *p[4];
	uint64_t merges;

	p[0] = take(3, GFP_KERNEL);
	buddy_free(p[0], 3);
	for (unsigned i = 0; i < 4; i++)
		p[i] = take(1, GFP_KERNEL);
	cr_assert_eq(p[2], p[1] + 2);
	buddy_stats(&st);
	merges = st.merges;
	buddy_free(p[1], 1);
	buddy_free(p[2], 1);
	buddy_stats(&st);
	cr_assert_eq(st.merges, merges);
	assert_sound(buddy_check());
	buddy_free(p[0], 1);
	buddy_free(p[3], 1);
	all_is_back();
}

Test(buddy, a_twin_of_another_order_does_not_merge)
{
	/* pfn  0123
	 *      ab..   a is freed, b's half of [0,2) is not: [2,4) stays */
	struct page *p[4];
	uint64_t merges;

	for (unsigned i = 0; i < 4; i++)
		p[i] = take(0, GFP_DMA32);
	buddy_free(p[2], 0);
	buddy_free(p[3], 0);
	buddy_drain();
	buddy_stats(&st);
	merges = st.merges;
	buddy_free(p[0], 0);
	buddy_drain();
	buddy_stats(&st);
	cr_assert_eq(st.merges, merges);
	assert_sound(buddy_check());
	buddy_free(p[1], 0);
	all_is_back();
}

Test(buddy, order_10_blocks_never_merge)
{
	struct page *a = take(10, GFP_KERNEL), *b = take(10, GFP_KERNEL);

	cr_assert_eq(page_to_pfn(a) ^ page_to_pfn(b), 1024);
	buddy_free(a, 10);
	buddy_free(b, 10);
	cr_assert_eq(blocks(10), 2);
	all_is_back();
}

Test(buddy, freed_singles_become_the_block_they_came_from)
{
	struct page *p[1024];
	uint64_t tens;

	buddy_free(take(10, GFP_DMA32), 10);
	tens = blocks(10);
	for (unsigned i = 0; i < 1024; i++)
		p[i] = take(0, GFP_DMA32);
	/* Evens first: nothing can merge until the odds come. */
	for (unsigned i = 0; i < 1024; i += 2)
		buddy_free(p[i], 0);
	assert_sound(buddy_check());
	for (unsigned i = 1; i < 1024; i += 2)
		buddy_free(p[i], 0);
	all_is_back();
	cr_assert_geq(blocks(10), tens);
}

Test(buddy, every_second_frame_in_use_leaves_no_pair)
{
	uint64_t n = 0, total = frames_total();
	struct page **p = malloc((total + 1) * sizeof(*p));

	while ((p[n] = buddy_alloc(0, GFP_KERNEL)))
		n++;
	cr_assert_eq(n, total);
	for (uint64_t i = 0; i < n; i++)
		if (page_to_pfn(p[i]) % 2)
			buddy_free(p[i], 0);
	cr_assert_null(buddy_alloc(1, GFP_KERNEL));
	assert_sound(buddy_check());
	/* The first frame is odd. */
	cr_assert_eq(frames_free(), (total + 1) / 2);
	for (uint64_t i = 0; i < n; i++)
		if (page_to_pfn(p[i]) % 2 == 0)
			buddy_free(p[i], 0);
	all_is_back();
	buddy_free(take(10, GFP_KERNEL), 10);
	free(p);
}

Test(buddy, what_the_vcpu_keeps_is_given_up_for_a_large_block)
{
	uint64_t n = 0;
	struct page **p = malloc((frames_total() + 1) * sizeof(*p));
	struct page *last = NULL;

	while ((p[n] = buddy_alloc(0, GFP_KERNEL)))
		n++;
	/* 8 frames of one aligned block, all in the vCPU's list. */
	for (uint64_t i = 0; i < n; i++)
		if (page_to_pfn(p[i]) >> 3 == page_to_pfn(p[n / 2]) >> 3)
			buddy_free(p[i], 0);
	buddy_stats(&st);
	cr_assert_eq(st.frames_percpu, 8);
	last = take(3, GFP_KERNEL);
	cr_assert_eq(page_to_pfn(last) >> 3, page_to_pfn(p[n / 2]) >> 3);
	cr_assert_eq(frames_free(), 0);
	free(p);
}

Test(buddy, the_vcpu_keeps_no_more_than_a_few_frames)
{
	struct page *p[500];

	for (unsigned i = 0; i < 500; i++)
		p[i] = take(0, GFP_KERNEL);
	for (unsigned i = 0; i < 500; i++) {
		buddy_free(p[i], 0);
		buddy_stats(&st);
		cr_assert_leq(st.frames_percpu, 128);
	}
	all_is_back();
}

/* 1000 frames in this order: steps of `step`, from `first` on. */
static void free_in_order(unsigned first, unsigned step)
{
	struct page *p[1000];
	uint64_t splits;

	buddy_free(take(10, GFP_KERNEL), 10);
	for (unsigned i = 0; i < 1000; i++)
		p[i] = take(0, GFP_KERNEL);
	buddy_stats(&st);
	splits = st.splits;
	for (unsigned i = 0; i < 1000; i++) {
		buddy_free(p[(first + i * step) % 1000], 0);
		if (i % 50 == 0)
			assert_sound(buddy_check());
	}
	all_is_back();
	cr_assert_eq(st.splits, splits);
	buddy_free(take(10, GFP_KERNEL), 10);
}

Test(buddy, frames_freed_in_rising_order_merge)
{
	free_in_order(0, 1);
}

Test(buddy, frames_freed_in_falling_order_merge)
{
	free_in_order(999, 999);
}

Test(buddy, frames_freed_in_runs_up_and_down_merge)
{
	free_in_order(0, 501);
	free_in_order(500, 333);
	free_in_order(1, 7);
}

/* ---- What freeing clears ----------------------------------------------- */

Test(buddy, freeing_clears_the_struct_page)
{
	struct page want = {.refcount = 1, .order = 1}, *page;

	page = take(1, GFP_KERNEL);
	page->flags = PG_TABLE | PG_ANON;
	page->owner = page;
	page->index = 5;
	page->inuse = 6;
	page->private = 7;
	buddy_free(page, 1);
	assert_sound(buddy_check());
	cr_assert_eq(take(1, GFP_KERNEL), page);
	cr_assert_eq(memcmp(page, &want, sizeof(want)), 0);
}

Test(buddy, a_block_without_references_can_be_freed)
{
	struct page *a = take(0, GFP_KERNEL), *b = take(4, GFP_KERNEL);

	a->refcount = b->refcount = 0;
	buddy_free(a, 0);
	buddy_free(b, 4);
	all_is_back();
}

/* ---- References -------------------------------------------------------- */

Test(buddy, the_last_put_frees)
{
	struct page *page = take(2, GFP_KERNEL);
	uint64_t before = frames_free();

	page_get(page);
	page_get(page);
	page_put(page);
	page_put(page);
	cr_assert_eq(frames_free(), before);
	cr_assert_eq(page->refcount, 1);
	page_put(page);
	cr_assert_eq(frames_free(), before + 4);
	all_is_back();
}
