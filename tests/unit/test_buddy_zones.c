/*
 * test_buddy_zones.c: where blocks come from: frontier, banks, zones, zeros.
 */
#include "buddy_fixture.h"
#include "hv_boot.h"

TestSuite(buddy_zones, .init = boot_small);

/* ---- The frontier ------------------------------------------------------ */

Test(buddy_zones, an_unaligned_frontier_gives_small_blocks_first)
{
	/* free = pfn 0x257: blocks 1, 8, 32, 64(..), up to a multiple of
	 * 1024; then order 10. */
	uint64_t start = shim_boot()->banks[0].free >> PAGE_SHIFT;
	struct page *page = take(10, GFP_DMA);

	cr_assert_eq(start, 0x257);
	cr_assert_eq(page_to_pfn(page), 0x400);
	cr_assert_eq(blocks(0), 1); /* 0x257 */
	cr_assert_eq(blocks(1), 0);
	cr_assert_eq(blocks(3), 1); /* 0x258 */
	cr_assert_eq(blocks(5), 1); /* 0x260 */
	cr_assert_eq(blocks(7), 1); /* 0x280 */
	cr_assert_eq(blocks(8), 1); /* 0x300 */
	cr_assert_eq(st.splits, 0);
	buddy_free(page, 10);
	all_is_back();
}

Test(buddy_zones, the_first_frame_of_the_frontier_is_used_and_no_more)
{
	uint64_t start = shim_boot()->banks[0].free >> PAGE_SHIFT;

	cr_assert_eq(page_to_pfn(take(0, GFP_DMA)), start);
	buddy_stats(&st);
	cr_assert_eq(st.frames_frontier, st.frames_total - 1);
}

Test(buddy_zones, ram_that_ends_unaligned_is_used_to_the_last_frame)
{
	uint64_t total, n = 0;

	boot(16 * MIB + 37 * PAGE_SIZE);
	total = frames_total();
	while (buddy_alloc(0, GFP_KERNEL))
		n++;
	cr_assert_eq(n, total);
	cr_assert_eq(frames_free(), 0);
	assert_sound(buddy_check());
}

Test(buddy_zones, merging_at_the_end_of_ram_stays_inside)
{
	/* The last bank is 5 MiB + 3 pages. */
	struct page *p[2000];
	uint64_t n = 0;

	boot(69 * MIB + 3 * PAGE_SIZE);
	while (n < 2000 && (p[n] = buddy_alloc(1, GFP_KERNEL)))
		n++;
	for (uint64_t i = 0; i < n; i++)
		buddy_free(p[i], 1);
	all_is_back();
}

Test(buddy_zones, a_bank_without_room_is_skipped)
{
	boot(3 * GIB + 4096);
	cr_assert_eq(zone_of(take(0, GFP_KERNEL)), ZONE_DMA32);
	assert_sound(buddy_check());
}

Test(buddy_zones, a_guest_of_64_gib_touches_little)
{
	struct page *p[1000];

	boot(64 * GIB);
	for (unsigned i = 0; i < 1000; i++)
		p[i] = take(0, GFP_KERNEL);
	/* One order-10 block's struct pages, and nothing else. */
	cr_assert_leq(shim_resident_bytes(), 80 * 1024);
	for (unsigned i = 1; i < shim_boot()->nr_banks; i++)
		cr_assert_eq(shim_bank_is_online(i), i == 7);
	for (unsigned i = 0; i < 1000; i++)
		buddy_free(p[i], 0);
	all_is_back();
}

Test(buddy_zones, recycled_frames_are_preferred_to_the_frontier)
{
	uint64_t frontier;

	buddy_free(take(0, GFP_ZERO), 0);
	buddy_stats(&st);
	frontier = st.frames_frontier;
	for (unsigned i = 0; i < 10000; i++) {
		struct page *a = take(0, GFP_ZERO), *b = take(3, GFP_ZERO);

		scribble(a, 0);
		buddy_free(a, 0);
		buddy_free(b, 3);
	}
	buddy_stats(&st);
	cr_assert_geq(st.frames_frontier, frontier - 2048);
	all_is_back();
}

/* ---- Zones ------------------------------------------------------------- */

Test(buddy_zones, normal_comes_before_dma32)
{
	boot(5 * GIB);
	cr_assert_eq(zone_of(take(0, GFP_KERNEL)), ZONE_NORMAL);
	cr_assert_eq(zone_of(take(10, GFP_KERNEL)), ZONE_NORMAL);
}

Test(buddy_zones, without_normal_dma32_comes_before_dma)
{
	cr_assert_eq(zone_of(take(0, GFP_KERNEL)), ZONE_DMA32);
	cr_assert_eq(zone_of(take(5, GFP_KERNEL)), ZONE_DMA32);
}

Test(buddy_zones, dma32_stays_below_4_gib)
{
	boot(5 * GIB);
	for (unsigned i = 0; i < 100; i++)
		cr_assert_eq(zone_of(take(i % 11, GFP_DMA32)), ZONE_DMA32);
	cr_assert(!shim_bank_is_online(7));
}

Test(buddy_zones, dma_stays_below_16_mib_and_ends)
{
	uint64_t n = 0, start = shim_boot()->banks[0].free >> PAGE_SHIFT;
	struct page *page;

	while ((page = buddy_alloc(0, GFP_DMA))) {
		cr_assert_eq(zone_of(page), ZONE_DMA);
		n++;
	}
	cr_assert_eq(n, 4096 - start);
	take(0, GFP_DMA32);
	assert_sound(buddy_check());
}

Test(buddy_zones, dma32_falls_back_to_dma)
{
	while (zone_of(take(0, GFP_DMA32)) == ZONE_DMA32)
		;
	assert_sound(buddy_check());
}

Test(buddy_zones, normal_falls_back_through_all_zones)
{
	uint64_t n[NR_ZONES] = {0};
	enum zone_id last = ZONE_NORMAL;
	struct page *page;

	boot(3 * GIB + 64 * MIB);
	while ((page = buddy_alloc(10, GFP_KERNEL))) {
		cr_assert_leq(zone_of(page), last);
		last = zone_of(page);
		n[last]++;
	}
	cr_assert_eq(n[ZONE_NORMAL], 15);
	cr_assert_eq(n[ZONE_DMA], 3);
	cr_assert_gt(n[ZONE_DMA32], 700);
	assert_sound(buddy_check());
}

Test(buddy_zones, frames_of_the_vcpu_are_found_for_dma)
{
	struct page *p[8];
	uint64_t n = 0;

	while (buddy_alloc(0, GFP_DMA))
		n++;
	cr_assert_gt(n, 0);
	p[0] = pfn_to_page(0x800);
	buddy_free(p[0], 0);
	buddy_stats(&st);
	cr_assert_eq(st.frames_percpu, 1);
	cr_assert_eq(take(0, GFP_DMA), p[0]);
}

Test(buddy_zones, blocks_do_not_merge_across_zones)
{
	/* 16 MiB is a multiple of the largest block. */
	struct page *dma = NULL, *page;

	while ((page = buddy_alloc(10, GFP_DMA)))
		dma = page;
	cr_assert_eq(page_to_pfn(dma), 4096 - 1024);
	page = take(10, GFP_DMA32);
	cr_assert_eq(page_to_pfn(page), 4096);
	buddy_free(page, 10);
	buddy_free(dma, 10);
	assert_sound(buddy_check());
}

/* ---- Banks ------------------------------------------------------------- */

Test(buddy_zones, banks_come_online_one_after_the_other)
{
	boot(GIB);
	for (unsigned i = 0; i < 5; i++) {
		cr_assert(shim_bank_is_online(i));
		cr_assert(!shim_bank_is_online(i + 1));
		while (page_to_phys(take(10, GFP_DMA32)).v <
		       shim_boot()->banks[i + 1].start)
			if (i == 4)
				break;
		assert_sound(buddy_check());
	}
}

Test(buddy_zones, a_bank_the_host_refuses_sends_us_to_the_next_zone)
{
	boot(5 * GIB);
	shim_fail_banks(0, ~0u);
	cr_assert_eq(zone_of(take(3, GFP_KERNEL)), ZONE_DMA32);
	cr_assert_eq(zone_of(take(0, GFP_KERNEL)), ZONE_DMA32);
	cr_assert(!shim_bank_is_online(7));
	assert_sound(buddy_check());
}

Test(buddy_zones, a_refused_bank_is_asked_for_again)
{
	boot(5 * GIB);
	shim_fail_banks(0, 1);
	cr_assert_eq(zone_of(take(3, GFP_KERNEL)), ZONE_DMA32);
	cr_assert_eq(zone_of(take(3, GFP_KERNEL)), ZONE_NORMAL);
}

Test(buddy_zones, if_every_bank_is_refused_bank_0_is_used_up)
{
	const struct hv_bank *b = &shim_boot()->banks[0];
	uint64_t n = 0;

	boot(GIB);
	shim_fail_banks(0, ~0u);
	while (buddy_alloc(0, GFP_KERNEL))
		n++;
	cr_assert_eq(n, (b->end - b->free) / PAGE_SIZE);
	assert_sound(buddy_check());
	shim_fail_banks(0, 0);
	take(0, GFP_KERNEL);
}

/* ---- Exhaustion -------------------------------------------------------- */

Test(buddy_zones, when_all_is_used_there_is_null)
{
	uint64_t n = 0, total = frames_total();
	struct page **p = malloc((total + 1) * sizeof(*p));

	while ((p[n] = buddy_alloc(0, GFP_KERNEL)))
		n++;
	cr_assert_eq(n, total);
	cr_assert_eq(frames_free(), 0);
	for (unsigned o = 0; o < BUDDY_ORDERS; o++) {
		cr_assert_null(buddy_alloc(o, GFP_KERNEL));
		cr_assert_null(buddy_alloc(o, GFP_ZERO));
		cr_assert_null(buddy_alloc(o, GFP_DMA));
	}
	assert_sound(buddy_check());
	buddy_free(p[7], 0);
	cr_assert_eq(take(0, GFP_KERNEL), p[7]);
	while (n)
		buddy_free(p[--n], 0);
	all_is_back();
	free(p);
}

Test(buddy_zones, no_frame_is_handed_out_twice)
{
	uint64_t n = 0, total = frames_total();
	uint8_t *seen = calloc(64 * MIB / PAGE_SIZE, 1);
	struct page *page;

	for (unsigned o = 0; o < BUDDY_ORDERS; o = o == 10 ? 0 : o + 1) {
		page = buddy_alloc(o, GFP_KERNEL);
		if (!page && o == 0)
			break;
		for (unsigned i = 0; page && i < 1u << o; i++, n++)
			cr_assert_eq(seen[page_to_pfn(page) + i]++, 0);
	}
	cr_assert_eq(n, total);
	free(seen);
}

/* ---- Zeros ------------------------------------------------------------- */

Test(buddy_zones, frontier_frames_are_not_zeroed_again)
{
	for (unsigned o = 0; o < BUDDY_ORDERS; o++)
		cr_assert(is_zero(take(o, GFP_ZERO), o));
	cr_assert_eq(shim_pages_zeroed(), 0);
}

Test(buddy_zones, a_dirty_block_is_zeroed_when_asked_for)
{
	/* Freed, it merges with what it was split from: all is dirty. */
	struct page *page = take(3, GFP_KERNEL);

	scribble(page, 3);
	buddy_free(page, 3);
	cr_assert_eq(take(3, GFP_ZERO), page);
	cr_assert(is_zero(page, 3));
	cr_assert_eq(shim_pages_zeroed(), 8);
}

Test(buddy_zones, a_dirty_frame_is_zeroed_when_asked_for)
{
	struct page *page = take(0, GFP_KERNEL);

	scribble(page, 0);
	buddy_free(page, 0);
	buddy_drain();
	cr_assert_eq(take(0, GFP_ZERO), page);
	cr_assert(is_zero(page, 0));
	cr_assert_eq(shim_pages_zeroed(), 1);
}

Test(buddy_zones, zeroed_blocks_are_preferred_for_zeros_and_dirty_ones_else)
{
	/* Two blocks of order 10, a and c their lower halves; of the upper
	 * halves b is in use, d is free and zeroed. a is freed: dirty. */
	struct page *a = take(9, GFP_DMA32), *b = take(9, GFP_DMA32);
	struct page *c = take(9, GFP_DMA32);

	cr_assert_eq(b, a + 512);
	buddy_free(a, 9);
	cr_assert_eq(blocks(9), 2);
	cr_assert_eq(take(9, GFP_DMA32 | GFP_ZERO), c + 512);
	cr_assert_eq(shim_pages_zeroed(), 0);
	cr_assert_eq(take(9, GFP_DMA32), a);
}

Test(buddy_zones, zeroed_frames_from_the_vcpu_go_behind_dirty_ones)
{
	/* a and c stay in use, so neither b nor a + 1 has a free twin. */
	struct page *a = take(0, GFP_KERNEL), *b = take(0, GFP_DMA32);
	struct page *c = take(0, GFP_DMA32);

	cr_assert_eq(page_to_pfn(b) ^ page_to_pfn(c), 1);
	scribble(b, 0);
	buddy_free(b, 0);
	buddy_drain();
	assert_sound(buddy_check());
	cr_assert_eq(take(0, GFP_DMA32 | GFP_ZERO), a + 1);
	cr_assert_eq(shim_pages_zeroed(), 0);
	cr_assert_eq(take(0, GFP_DMA32), b);
}

Test(buddy_zones, dirty_frames_are_preferred_where_zeros_are_not_needed)
{
	struct page *a = take(0, GFP_KERNEL);

	scribble(a, 0);
	buddy_free(a, 0);
	cr_assert_eq(take(0, GFP_KERNEL), a);
	buddy_free(a, 0);
	/* The vCPU's list still has frames that are known to be zero. */
	cr_assert_neq(take(0, GFP_ZERO), a);
	cr_assert_eq(shim_pages_zeroed(), 0);
}

Test(buddy_zones, a_block_merged_from_dirty_and_zeroed_is_dirty)
{
	/* Split a zeroed block, dirty one half, merge: all counts as dirty. */
	struct page *a = take(9, GFP_DMA32), *b;

	scribble(a, 9);
	buddy_free(a, 9);
	b = take(10, GFP_DMA32 | GFP_ZERO);
	cr_assert_eq(b, a);
	cr_assert(is_zero(b, 10));
	cr_assert_eq(shim_pages_zeroed(), 1024);
}

Test(buddy_zones, a_block_split_from_a_zeroed_one_is_zeroed)
{
	for (unsigned i = 0; i < 64; i++)
		take(i % 5, GFP_ZERO);
	cr_assert_eq(shim_pages_zeroed(), 0);
}

Test(buddy_zones, zeros_are_zeros_after_any_use)
{
	struct page *p[64] = {0};

	srand(7);
	for (unsigned i = 0; i < 20000; i++) {
		unsigned k = (unsigned)rand() % 64;

		if (p[k]) {
			buddy_free(p[k], p[k]->order);
			p[k] = NULL;
			continue;
		}
		unsigned order = (unsigned)rand() % 4;

		p[k] = take(order, rand() & 1 ? GFP_ZERO : GFP_KERNEL);
		if (rand() & 1)
			buddy_free(p[k], order), p[k] = take(order, GFP_ZERO);
		if (shim_pages_zeroed() || i < 100)
			scribble(p[k], order);
		buddy_free(p[k], order);
		p[k] = take(order, GFP_ZERO);
		cr_assert(is_zero(p[k], order));
		scribble(p[k], order);
	}
	for (unsigned k = 0; k < 64; k++)
		if (p[k])
			buddy_free(p[k], p[k]->order);
	all_is_back();
}
