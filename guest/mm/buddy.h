/*
 * buddy.h: page frames in power-of-two blocks (Linux mm/page_alloc.c).
 *
 * A free block of order n starts at a multiple of 2^n frames, and two free
 * buddies are always merged. RAM that was never used is a frontier in each
 * bank, from which the largest blocks are taken on demand: initialisation does
 * not depend on the size of RAM. Frames from the frontier are known to be zero.
 */
#ifndef BUDDY_H
#define BUDDY_H

#include <stdbool.h>

#include "page.h"

#define BUDDY_ORDERS 11 /* orders 0 to 10 */

#define GFP_KERNEL 0u
#define GFP_ZERO   1u /* filled with zeros */
#define GFP_DMA	   2u /* below 16 MiB only */
#define GFP_DMA32  4u /* below 4 GiB only */

/* Take over the banks. Copies what it needs. */
void buddy_init(const struct hv_bank *banks, unsigned nr);

/*
 * A block of 2^order frames: refcount 1 and order set in its first page, other
 * fields zero. NULL if there is none. Normal before DMA32 before DMA.
 */
struct page *buddy_alloc(unsigned order, uint32_t gfp);

/* Give a block back. Its refcount must be 0 or 1, its mapcount 0. */
void buddy_free(struct page *page, unsigned order);

/* References: page_put frees the block when the last one goes. */
static inline void page_get(struct page *page)
{
	page->refcount++;
}
void page_put(struct page *page);

struct buddy_stats {
	uint64_t frames_total; /* all frames of all banks that may be given out
				*/
	uint64_t frames_free;  /* frontier included */
	uint64_t frames_frontier;
	uint64_t splits, merges;
	uint64_t free_blocks[NR_ZONES][BUDDY_ORDERS]; /* frontier left out */
};
void buddy_stats(struct buddy_stats *out);

/* Every invariant above, by looking at every free block. For tests, debug. */
bool buddy_check(void);

#endif
