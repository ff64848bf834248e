/*
 * buddy_internal.h: the buddy allocator's state, for buddy.c, which changes it,
 * and buddy_check.c, which looks at it.
 */
#ifndef BUDDY_INTERNAL_H
#define BUDDY_INTERNAL_H

#include "buddy.h"

#define ORDER_MAX (BUDDY_ORDERS - 1)

#define PCP_MAX	     32 /* freed frames in the vCPU's list */
#define PCP_DRAIN    16 /* given back when it is full */
#define REFILL_ORDER 3	/* taken when it is empty: up to 2^3 frames */

#define PG_FREE (PG_BUDDY | PG_PCP)

struct zone {
	uint32_t nonempty;	 /* bit n: free[n] is not empty */
	uint32_t bank, bank_end; /* banks that are not online yet */
	uint64_t next, end;	 /* the frontier: pfns of one online bank */
	struct list free[BUDDY_ORDERS]; /* of an empty one: undefined */
	uint64_t nr_free[BUDDY_ORDERS];
};

/* Stacks: the frame that was freed last is the first to be used again. */
struct pcp {
	unsigned nr_dirty, nr_zeroed;
	struct page *dirty[PCP_MAX];
	struct page *zeroed[1 << REFILL_ORDER];
};

struct buddy {
	struct zone zones[NR_ZONES];
	struct pcp pcp;
	struct hv_bank banks[HV_BANKS_MAX];
	unsigned nr_banks;
	uint64_t splits, merges;
};
extern struct buddy buddy;

#endif
