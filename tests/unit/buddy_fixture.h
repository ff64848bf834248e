/*
 * buddy_fixture.h: what the tests of the buddy allocator share.
 *
 * "free" is frames; every test that frees all it took ends in all_is_back(),
 * which asserts that no frame was lost or gained.
 */
#ifndef BUDDY_FIXTURE_H
#define BUDDY_FIXTURE_H

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "buddy.h"
#include "check.h"
#include "shim.h"
#include "sound.h"

#define MIB (1ull << 20)
#define GIB (1ull << 30)

static struct buddy_stats st;

static inline void boot(uint64_t ram_size)
{
	shim_reset(ram_size);
	buddy_init(shim_boot()->banks, shim_boot()->nr_banks);
}

static inline void boot_small(void)
{
	boot(64 * MIB);
}

static inline uint64_t frames_free(void)
{
	buddy_stats(&st);
	return st.frames_free;
}

static inline uint64_t frames_total(void)
{
	buddy_stats(&st);
	return st.frames_total;
}

/* Blocks of this order on the lists of all zones. */
static inline uint64_t blocks(unsigned order)
{
	buddy_stats(&st);
	return st.free_blocks[ZONE_DMA][order] +
	       st.free_blocks[ZONE_DMA32][order] +
	       st.free_blocks[ZONE_NORMAL][order];
}

static inline enum zone_id zone_of(const struct page *page)
{
	return pfn_zone(page_to_pfn(page));
}

static inline struct page *take(unsigned order, uint32_t gfp)
{
	struct page *page = buddy_alloc(order, gfp);

	cr_assert_not_null(page, "no block of order %u", order);
	cr_assert_eq(page_to_pfn(page) & ((1u << order) - 1), 0);
	cr_assert_eq(page->refcount, 1);
	cr_assert_eq(page->order, order);
	return page;
}

static inline void all_is_back(void)
{
	uint64_t sum = 0;

	buddy_drain();
	assert_sound(buddy_check());
	buddy_stats(&st);
	cr_assert_eq(st.frames_free, st.frames_total);
	for (unsigned z = 0; z < NR_ZONES; z++)
		for (unsigned o = 0; o < BUDDY_ORDERS; o++)
			sum += st.free_blocks[z][o] << o;
	cr_assert_eq(sum + st.frames_frontier + st.frames_percpu,
		     st.frames_free);
}

static inline bool is_zero(const struct page *page, unsigned order)
{
	const uint64_t *p = page_to_virt(page);

	for (uint64_t i = 0; i < (PAGE_SIZE << order) / 8; i++)
		if (p[i])
			return false;
	return true;
}

static inline void scribble(struct page *page, unsigned order)
{
	memset(page_to_virt(page), 0x5a, PAGE_SIZE << order);
}

#define PANICS(name)                                                           \
	Test(buddy_panic, name, .init = boot_small, .signal = SIGABRT)

#endif
