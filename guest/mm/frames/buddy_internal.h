/*
 * buddy_internal.h: the buddy allocator's state, for buddy.c, which changes it,
 * and for buddy_stats.c and check/buddy_check.c, which look at it.
 */
#ifndef BUDDY_INTERNAL_H
#define BUDDY_INTERNAL_H

#include "hv_boot.h"
#include "hv_map.h"
#include "page.h"

#define ORDER_MAX (BUDDY_ORDERS - 1)

#define PCP_MAX	  64 /* frames in each of the vCPU's two stacks */
#define PCP_DRAIN 32 /* given back when one is full */

/*
 * Up to 2^3 frames are taken when both are empty, then up to 2^4 and so on, as
 * long as none had to be given back.
 */
#define REFILL_ORDER	 3
#define REFILL_ORDER_MAX 5

#define PG_FREE (PG_BUDDY | PG_PCP)

struct zone {
	uint32_t nonempty;	 /* bit n: free[n] is not empty */
	uint32_t bank, bank_end; /* banks that are not online yet */
	uint64_t next, end;	 /* the frontier: pfns of one online bank */
	struct list free[BUDDY_ORDERS]; /* of an empty one: undefined */
	uint64_t nr_free[BUDDY_ORDERS];
};

/*
 * Two stacks, the second, GFP_ZERO, of frames that are known to be zero. The
 * frame that was freed last is the first to be used again.
 */
struct pcp {
	uint64_t nr[2];
	struct page *page[2][PCP_MAX];
	unsigned refills; /* since frames were given back */
};

struct buddy {
	struct zone zones[NR_ZONES];
	struct pcp pcp;
	struct hv_bank banks[HV_BANKS_MAX];
	unsigned nr_banks;
	uint64_t splits, merges;
};
extern struct buddy buddy;

/* For a block that is not in use by one: panics if it may not be freed. */
void buddy_free_check(const struct page *page, unsigned order);

#endif
