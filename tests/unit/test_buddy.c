/*
 * test_buddy.c: page frames in power-of-two blocks.
 *
 * "free" below is frames; every test that frees all it took ends in
 * all_is_back(), which asserts that no frame was lost or gained.
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "buddy.h"
#include "shim.h"

#define MIB (1ull << 20)
#define GIB (1ull << 30)

static struct buddy_stats st;

static void boot(uint64_t ram_size)
{
	shim_reset(ram_size);
	buddy_init(shim_boot()->banks, shim_boot()->nr_banks);
}

static void boot_small(void)
{
	boot(64 * MIB);
}

TestSuite(buddy, .init = boot_small);

static uint64_t frames_free(void)
{
	buddy_stats(&st);
	return st.frames_free;
}

static uint64_t frames_total(void)
{
	buddy_stats(&st);
	return st.frames_total;
}

/* Blocks of this order on the lists of all zones. */
static uint64_t blocks(unsigned order)
{
	buddy_stats(&st);
	return st.free_blocks[ZONE_DMA][order] +
	       st.free_blocks[ZONE_DMA32][order] +
	       st.free_blocks[ZONE_NORMAL][order];
}

static enum zone_id zone_of(const struct page *page)
{
	return pfn_zone(page_to_pfn(page));
}

static struct page *take(unsigned order, uint32_t gfp)
{
	struct page *page = buddy_alloc(order, gfp);

	cr_assert_not_null(page, "no block of order %u", order);
	cr_assert_eq(page_to_pfn(page) & ((1u << order) - 1), 0);
	cr_assert_eq(page->refcount, 1);
	cr_assert_eq(page->order, order);
	return page;
}

static void all_is_back(void)
{
	uint64_t sum = 0;

	buddy_drain();
	cr_assert(buddy_check());
	buddy_stats(&st);
	cr_assert_eq(st.frames_free, st.frames_total);
	for (unsigned z = 0; z < NR_ZONES; z++)
		for (unsigned o = 0; o < BUDDY_ORDERS; o++)
			sum += st.free_blocks[z][o] << o;
	cr_assert_eq(sum + st.frames_frontier + st.frames_percpu,
		     st.frames_free);
}

static bool is_zero(const struct page *page, unsigned order)
{
	const uint64_t *p = page_to_virt(page);

	for (uint64_t i = 0; i < (PAGE_SIZE << order) / 8; i++)
		if (p[i])
			return false;
	return true;
}

static void scribble(struct page *page, unsigned order)
{
	memset(page_to_virt(page), 0x5a, PAGE_SIZE << order);
}

/* ---- Start ------------------------------------------------------------- */

Test(buddy, at_start_every_frame_is_in_the_frontier)
{
	buddy_stats(&st);
	cr_assert_eq(st.frames_frontier, st.frames_total);
	cr_assert_eq(st.frames_free, st.frames_total);
	cr_assert_eq(st.splits, 0);
	cr_assert(buddy_check());
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
		cr_assert(buddy_check());
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
	cr_assert(buddy_check());
	buddy_stats(&st);
	merges = st.merges;
	buddy_free(y, 1);
	cr_assert(buddy_check());
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
	cr_assert(buddy_check());
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
	cr_assert(buddy_check());
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
	cr_assert(buddy_check());
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
	cr_assert(buddy_check());
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
		cr_assert_leq(st.frames_percpu, 40);
	}
	all_is_back();
}

/* ---- The frontier ------------------------------------------------------ */

Test(buddy, an_unaligned_frontier_gives_small_blocks_first)
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

Test(buddy, the_first_frame_of_the_frontier_is_used_and_no_more)
{
	uint64_t start = shim_boot()->banks[0].free >> PAGE_SHIFT;

	cr_assert_eq(page_to_pfn(take(0, GFP_DMA)), start);
	buddy_stats(&st);
	cr_assert_eq(st.frames_frontier, st.frames_total - 1);
}

Test(buddy, ram_that_ends_unaligned_is_used_to_the_last_frame)
{
	uint64_t total, n = 0;

	boot(16 * MIB + 37 * PAGE_SIZE);
	total = frames_total();
	while (buddy_alloc(0, GFP_KERNEL))
		n++;
	cr_assert_eq(n, total);
	cr_assert_eq(frames_free(), 0);
	cr_assert(buddy_check());
}

Test(buddy, merging_at_the_end_of_ram_stays_inside)
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

Test(buddy, a_bank_without_room_is_skipped)
{
	boot(3 * GIB + 4096);
	cr_assert_eq(zone_of(take(0, GFP_KERNEL)), ZONE_DMA32);
	cr_assert(buddy_check());
}

Test(buddy, a_guest_of_64_gib_touches_little)
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

Test(buddy, recycled_frames_are_preferred_to_the_frontier)
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

Test(buddy, normal_comes_before_dma32)
{
	boot(5 * GIB);
	cr_assert_eq(zone_of(take(0, GFP_KERNEL)), ZONE_NORMAL);
	cr_assert_eq(zone_of(take(10, GFP_KERNEL)), ZONE_NORMAL);
}

Test(buddy, without_normal_dma32_comes_before_dma)
{
	cr_assert_eq(zone_of(take(0, GFP_KERNEL)), ZONE_DMA32);
	cr_assert_eq(zone_of(take(5, GFP_KERNEL)), ZONE_DMA32);
}

Test(buddy, dma32_stays_below_4_gib)
{
	boot(5 * GIB);
	for (unsigned i = 0; i < 100; i++)
		cr_assert_eq(zone_of(take(i % 11, GFP_DMA32)), ZONE_DMA32);
	cr_assert(!shim_bank_is_online(7));
}

Test(buddy, dma_stays_below_16_mib_and_ends)
{
	uint64_t n = 0, start = shim_boot()->banks[0].free >> PAGE_SHIFT;
	struct page *page;

	while ((page = buddy_alloc(0, GFP_DMA))) {
		cr_assert_eq(zone_of(page), ZONE_DMA);
		n++;
	}
	cr_assert_eq(n, 4096 - start);
	take(0, GFP_DMA32);
	cr_assert(buddy_check());
}

Test(buddy, dma32_falls_back_to_dma)
{
	while (zone_of(take(0, GFP_DMA32)) == ZONE_DMA32)
		;
	cr_assert(buddy_check());
}

Test(buddy, normal_falls_back_through_all_zones)
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
	cr_assert(buddy_check());
}

Test(buddy, frames_of_the_vcpu_are_found_for_dma)
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

Test(buddy, blocks_do_not_merge_across_zones)
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
	cr_assert(buddy_check());
}

/* ---- Banks ------------------------------------------------------------- */

Test(buddy, banks_come_online_one_after_the_other)
{
	boot(GIB);
	for (unsigned i = 0; i < 5; i++) {
		cr_assert(shim_bank_is_online(i));
		cr_assert(!shim_bank_is_online(i + 1));
		while (page_to_phys(take(10, GFP_DMA32)).v <
		       shim_boot()->banks[i + 1].start)
			if (i == 4)
				break;
		cr_assert(buddy_check());
	}
}

Test(buddy, a_bank_the_host_refuses_sends_us_to_the_next_zone)
{
	boot(5 * GIB);
	shim_fail_banks(0, ~0u);
	cr_assert_eq(zone_of(take(3, GFP_KERNEL)), ZONE_DMA32);
	cr_assert_eq(zone_of(take(0, GFP_KERNEL)), ZONE_DMA32);
	cr_assert(!shim_bank_is_online(7));
	cr_assert(buddy_check());
}

Test(buddy, a_refused_bank_is_asked_for_again)
{
	boot(5 * GIB);
	shim_fail_banks(0, 1);
	cr_assert_eq(zone_of(take(3, GFP_KERNEL)), ZONE_DMA32);
	cr_assert_eq(zone_of(take(3, GFP_KERNEL)), ZONE_NORMAL);
}

Test(buddy, if_every_bank_is_refused_bank_0_is_used_up)
{
	const struct hv_bank *b = &shim_boot()->banks[0];
	uint64_t n = 0;

	boot(GIB);
	shim_fail_banks(0, ~0u);
	while (buddy_alloc(0, GFP_KERNEL))
		n++;
	cr_assert_eq(n, (b->end - b->free) / PAGE_SIZE);
	cr_assert(buddy_check());
	shim_fail_banks(0, 0);
	take(0, GFP_KERNEL);
}

/* ---- Exhaustion -------------------------------------------------------- */

Test(buddy, when_all_is_used_there_is_null)
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
	cr_assert(buddy_check());
	buddy_free(p[7], 0);
	cr_assert_eq(take(0, GFP_KERNEL), p[7]);
	while (n)
		buddy_free(p[--n], 0);
	all_is_back();
	free(p);
}

Test(buddy, no_frame_is_handed_out_twice)
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

Test(buddy, frontier_frames_are_not_zeroed_again)
{
	for (unsigned o = 0; o < BUDDY_ORDERS; o++)
		cr_assert(is_zero(take(o, GFP_ZERO), o));
	cr_assert_eq(shim_pages_zeroed(), 0);
}

Test(buddy, a_dirty_block_is_zeroed_when_asked_for)
{
	/* Freed, it merges with what it was split from: all is dirty. */
	struct page *page = take(3, GFP_KERNEL);

	scribble(page, 3);
	buddy_free(page, 3);
	cr_assert_eq(take(3, GFP_ZERO), page);
	cr_assert(is_zero(page, 3));
	cr_assert_eq(shim_pages_zeroed(), 8);
}

Test(buddy, a_dirty_frame_is_zeroed_when_asked_for)
{
	struct page *page = take(0, GFP_KERNEL);

	scribble(page, 0);
	buddy_free(page, 0);
	buddy_drain();
	cr_assert_eq(take(0, GFP_ZERO), page);
	cr_assert(is_zero(page, 0));
	cr_assert_eq(shim_pages_zeroed(), 1);
}

Test(buddy, zeroed_blocks_are_preferred_for_zeros_and_dirty_ones_else)
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

Test(buddy, zeroed_frames_from_the_vcpu_go_behind_dirty_ones)
{
	/* a and c stay in use, so neither b nor a + 1 has a free twin. */
	struct page *a = take(0, GFP_KERNEL), *b = take(0, GFP_DMA32);
	struct page *c = take(0, GFP_DMA32);

	cr_assert_eq(page_to_pfn(b) ^ page_to_pfn(c), 1);
	scribble(b, 0);
	buddy_free(b, 0);
	buddy_drain();
	cr_assert(buddy_check());
	cr_assert_eq(take(0, GFP_DMA32 | GFP_ZERO), a + 1);
	cr_assert_eq(shim_pages_zeroed(), 0);
	cr_assert_eq(take(0, GFP_DMA32), b);
}

Test(buddy, dirty_frames_are_preferred_where_zeros_are_not_needed)
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

Test(buddy, a_block_merged_from_dirty_and_zeroed_is_dirty)
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

Test(buddy, a_block_split_from_a_zeroed_one_is_zeroed)
{
	for (unsigned i = 0; i < 64; i++)
		take(i % 5, GFP_ZERO);
	cr_assert_eq(shim_pages_zeroed(), 0);
}

Test(buddy, zeros_are_zeros_after_any_use)
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
	cr_assert(buddy_check());
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

/* ---- Mistakes ---------------------------------------------------------- */

#define PANICS(name)                                                           \
	Test(buddy_panic, name, .init = boot_small, .signal = SIGABRT)

PANICS(double_free_of_a_frame)
{
	struct page *page = take(0, GFP_KERNEL);

	buddy_free(page, 0);
	buddy_free(page, 0);
}

PANICS(double_free_of_a_frame_back_on_its_list)
{
	struct page *page = take(0, GFP_KERNEL);

	buddy_free(page, 0);
	buddy_drain();
	buddy_free(page, 0);
}

PANICS(double_free_of_a_block)
{
	struct page *page = take(4, GFP_KERNEL);

	buddy_free(page, 4);
	buddy_free(page, 4);
}

PANICS(double_free_of_a_frame_merged_into_a_block)
{
	struct page *a = take(0, GFP_DMA32), *b = take(0, GFP_DMA32);

	buddy_free(a, 0);
	buddy_free(b, 0);
	buddy_drain();
	buddy_free(page_to_pfn(a) & 1 ? a : b, 0);
}

PANICS(free_of_a_larger_order)
{
	buddy_free(take(1, GFP_KERNEL), 2);
}

PANICS(free_of_a_smaller_order)
{
	buddy_free(take(2, GFP_KERNEL), 0);
}

PANICS(free_of_an_order_above_10)
{
	buddy_free(take(0, GFP_KERNEL), 11);
}

PANICS(free_inside_a_used_block)
{
	buddy_free(take(2, GFP_KERNEL) + 1, 0);
}

PANICS(free_of_the_kernels_frames)
{
	buddy_free(pfn_to_page(0x100), 0);
}

PANICS(free_of_a_frame_of_the_frontier)
{
	take(0, GFP_KERNEL);
	buddy_free(pfn_to_page(0x3fff), 0);
}

PANICS(free_of_a_frame_marked_reserved)
{
	struct page *page = take(0, GFP_KERNEL);

	page->flags |= PG_RESERVED;
	buddy_free(page, 0);
}

PANICS(free_of_a_frame_with_two_references)
{
	struct page *page = take(0, GFP_KERNEL);

	page_get(page);
	buddy_free(page, 0);
}

PANICS(free_of_a_mapped_frame)
{
	struct page *page = take(0, GFP_KERNEL);

	page->mapcount = 1;
	buddy_free(page, 0);
}

PANICS(put_without_a_reference)
{
	struct page *page = take(0, GFP_KERNEL);

	page_put(page);
	page_put(page);
}

PANICS(get_of_a_free_frame)
{
	struct page *page = take(0, GFP_KERNEL);

	page_put(page);
	page_get(page);
}

PANICS(get_of_a_reserved_frame)
{
	page_get(pfn_to_page(0x100));
}

/* ---- What buddy_check sees --------------------------------------------- */

Test(buddy, check_sees_a_use_after_free_of_a_struct_page)
{
	struct page *page = take(3, GFP_KERNEL);

	buddy_free(page, 3);
	page->private = 1;
	cr_assert(!buddy_check());
}

Test(buddy, check_sees_a_dirty_struct_page_inside_a_free_block)
{
	struct page *page = take(3, GFP_KERNEL);

	page[1].flags = PG_SLAB;
	buddy_free(page, 3);
	cr_assert(!buddy_check());
}

Test(buddy, check_sees_a_wrong_order)
{
	struct page *page = take(10, GFP_KERNEL);

	buddy_free(page, 10);
	page->order = 9;
	cr_assert(!buddy_check());
}

Test(buddy, check_sees_a_used_frame_in_the_vcpus_list)
{
	struct page *page = take(0, GFP_KERNEL);

	buddy_free(page, 0);
	page->refcount = 1;
	cr_assert(!buddy_check());
}

Test(buddy, owns_what_was_handed_out_only)
{
	uint64_t start = shim_boot()->banks[0].free >> PAGE_SHIFT;

	cr_assert(!buddy_owns(4096));
	take(10, GFP_KERNEL);
	cr_assert(buddy_owns(4096));
	cr_assert(!buddy_owns(4096 + 1024));
	cr_assert(!buddy_owns(start));
	cr_assert(!buddy_owns(start - 1));
	cr_assert(!buddy_owns(0));
	cr_assert(!buddy_owns(~0ull));
}

/* ---- Random mixes ------------------------------------------------------ */

/* Up to 400 blocks live; orders, zones and zeros at random. */
static void random_mix(unsigned seed, uint64_t ram_size, unsigned steps)
{
	enum { LIVE = 400 };
	struct page *p[LIVE] = {0};
	uint64_t used = 0;

	boot(ram_size);
	srand(seed);
	for (unsigned i = 0; i < steps; i++) {
		unsigned k = (unsigned)rand() % LIVE;
		unsigned order = (unsigned)(rand() % 11 * (rand() % 11) / 10);
		uint32_t gfp = (uint32_t)rand() & 7;

		if (p[k]) {
			used -= 1ull << p[k]->order;
			page_put(p[k]);
			p[k] = NULL;
		} else if ((p[k] = buddy_alloc(order, gfp))) {
			used += 1ull << order;
			if (gfp & GFP_DMA)
				cr_assert_eq(zone_of(p[k]), ZONE_DMA);
			if (gfp & GFP_DMA32)
				cr_assert_leq(zone_of(p[k]), ZONE_DMA32);
		}
		if (i % 256 == 0)
			cr_assert(buddy_check(), "step %u", i);
		cr_assert_eq(frames_free() + used, st.frames_total);
	}
	for (unsigned k = 0; k < LIVE; k++)
		if (p[k])
			page_put(p[k]);
	all_is_back();
}

Test(buddy, a_random_mix_in_16_mib_conserves_frames)
{
	random_mix(1, 16 * MIB, 20000);
}

Test(buddy, a_random_mix_in_64_mib_conserves_frames)
{
	random_mix(2, 64 * MIB, 20000);
}

Test(buddy, a_random_mix_in_an_odd_size_conserves_frames)
{
	random_mix(3, 69 * MIB + 3 * PAGE_SIZE, 20000);
}

Test(buddy, a_random_mix_in_three_zones_conserves_frames)
{
	random_mix(4, 4 * GIB, 20000);
}

Test(buddy, a_random_mix_with_banks_refused_conserves_frames)
{
	boot(5 * GIB);
	for (unsigned i = 0; i < 5000; i++) {
		struct page *page;

		shim_fail_banks(i % 3, 1);
		page = buddy_alloc(i % 11, i & 7);
		if (page && i % 7)
			buddy_free(page, i % 11);
	}
	cr_assert(buddy_check());
}
