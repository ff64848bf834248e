/*
 * buddy.h: page frames in power-of-two blocks (Linux mm/page_alloc.c).
 *
 * A free block of order n starts at a multiple of 2^n frames, and two free
 * buddies are always merged. RAM that was never used is a frontier in each
 * bank, from which the largest blocks are taken on demand: initialisation does
 * not depend on the size of RAM. Frames from the frontier are known to be zero.
 *
 * Single frames go through a short list for each vCPU (one for now), so they
 * are split from a block, and merged with their twins, a few at a time: 8 at
 * first, 32 if more are wanted; and 32 at once are given back.
 *
 * Blocks without a user have all-zero struct pages but for their first one. A
 * user of a larger block that writes to the struct pages behind the first one
 * zeroes them before it frees the block.
 */
#ifndef BUDDY_H
#define BUDDY_H

#include <stdbool.h>

#include "hv_boot.h"
#include "page.h"
#include "panic.h"

#define GFP_KERNEL 0u
#define GFP_ZERO   1u /* filled with zeros */
#define GFP_DMA	   2u /* below 16 MiB only */
#define GFP_DMA32  4u /* below 4 GiB only */

/* Take over the banks, of which only bank 0 is online. Copies them. */
void buddy_init(const struct hv_bank *banks, unsigned nr);

/*
 * A block of 2^order frames: refcount 1 and order set in its first page, other
 * fields zero. NULL if there is none, or if order is too large. Normal before
 * DMA32 before DMA. A zone's banks are brought online one after the other, when
 * what is online has no such block; if the host refuses, the next zone is
 * tried.
 */
struct page *buddy_alloc(unsigned order, uint32_t gfp);

/*
 * Give a block back. Its refcount must be 0 or 1, its mapcount 0; the other
 * fields of its first page are cleared here. Panics if the block is free, is no
 * block of this order, or was never handed out. refcount 1 is the quick way.
 */
void buddy_free(struct page *page, unsigned order);

/*
 * Give the vCPU's list of single frames (at most 128) back to the free lists,
 * so that what can be merged is. Not needed for correctness.
 */
void buddy_drain(void);

/* True if the frame was ever handed out or put on a free list. */
bool buddy_owns(uint64_t pfn);
/* One more than the highest frame of RAM, online or not. */
uint64_t buddy_pfn_end(void);

/* References: page_put frees the block when the last one goes. */
static inline void page_get(struct page *page)
{
	BUG_ON(!page->refcount);
	page->refcount++;
}
void page_put(struct page *page);

struct buddy_stats {
	uint64_t frames_total; /* all frames of all banks that may be given out
				*/
	uint64_t frames_free;  /* the following two included */
	uint64_t frames_frontier;
	uint64_t frames_percpu; /* in the vCPU's list */
	uint64_t splits, merges;
	uint64_t free_blocks[NR_ZONES][BUDDY_ORDERS]; /* lists only */
	uint64_t frontier[NR_ZONES];
};
void buddy_stats(struct buddy_stats *out);

/*
 * Ask fn when no block smaller than a huge page is left; true: it has given
 * some frames back, try again, the lists are drained.
 */
void buddy_set_reclaim(bool (*fn)(void));

#endif
