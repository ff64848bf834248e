/*
 * test_buddy_misuse.c: mistakes of users are seen; random mixes lose nothing.
 */
#include "buddy_fixture.h"

TestSuite(buddy_misuse, .init = boot_small);

/* ---- Mistakes ---------------------------------------------------------- */

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

Test(buddy_misuse, check_sees_a_use_after_free_of_a_struct_page)
{
	struct page *page = take(3, GFP_KERNEL);

	buddy_free(page, 3);
	page->private = 1;
	assert_wrong(buddy_check(), "dirty struct page");
}

Test(buddy_misuse, check_sees_a_dirty_struct_page_inside_a_free_block)
{
	struct page *page = take(3, GFP_KERNEL);

	page[1].flags = PG_SLAB;
	buddy_free(page, 3);
	assert_wrong(buddy_check(), "inside a free block");
}

Test(buddy_misuse, check_sees_a_wrong_order)
{
	struct page *page = take(10, GFP_KERNEL);

	buddy_free(page, 10);
	page->order = 9;
	assert_wrong(buddy_check(), "order");
}

Test(buddy_misuse, check_sees_a_used_frame_in_the_vcpus_list)
{
	struct page *page = take(0, GFP_KERNEL);

	buddy_free(page, 0);
	page->refcount = 1;
	assert_wrong(buddy_check(), "frame in the vCPU");
}

Test(buddy_misuse, owns_what_was_handed_out_only)
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
			assert_sound_at(buddy_check(), "step %u", i);
		cr_assert_eq(frames_free() + used, st.frames_total);
	}
	for (unsigned k = 0; k < LIVE; k++)
		if (p[k])
			page_put(p[k]);
	all_is_back();
}

Test(buddy_misuse, a_random_mix_in_16_mib_conserves_frames)
{
	random_mix(1, 16 * MIB, 20000);
}

Test(buddy_misuse, a_random_mix_in_64_mib_conserves_frames)
{
	random_mix(2, 64 * MIB, 20000);
}

Test(buddy_misuse, a_random_mix_in_an_odd_size_conserves_frames)
{
	random_mix(3, 69 * MIB + 3 * PAGE_SIZE, 20000);
}

Test(buddy_misuse, a_random_mix_in_three_zones_conserves_frames)
{
	random_mix(4, 4 * GIB, 20000);
}

Test(buddy_misuse, a_random_mix_with_banks_refused_conserves_frames)
{
	boot(5 * GIB);
	for (unsigned i = 0; i < 5000; i++) {
		struct page *page;

		shim_fail_banks(i % 3, 1);
		page = buddy_alloc(i % 11, i & 7);
		if (page && i % 7)
			buddy_free(page, i % 11);
	}
	assert_sound(buddy_check());
}
