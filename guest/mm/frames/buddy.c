/*
 * buddy.c: page frames in power-of-two blocks.
 *
 * Each frame of a bank is, from `free` on, one of
 *   in the frontier    never used: all zero, and so is its struct page
 *   in a free block    the first page has PG_BUDDY and the order
 *   in the vCPU's list PG_PCP, order 0
 *   handed out         refcount > 0 in the first page of its block
 * A free block of order n starts at a multiple of 2^n frames and lies in one
 * zone; its twin (the block that differs in bit n) is never free as a block of
 * the same order. In a free list, blocks that are known to be zero are last.
 *
 * No instruction more than needed: on some hosts each costs a microsecond. What
 * single frames rarely need is kept out of their way (RARE).
 */
#include "buddy.h"

#include "bits.h"
#include "buddy_internal.h"
#include "hv.h"
#include "hv_map.h"
#include "string.h"

#define RARE __attribute__((noinline))

struct buddy buddy;

static uint64_t max_pfn(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

void buddy_init(const struct hv_bank *banks, unsigned nr)
{
	uint64_t start = banks[0].free >> PAGE_SHIFT;
	uint64_t end = banks[0].end >> PAGE_SHIFT;
	uint64_t dma_end = HV_ZONE_DMA_END >> PAGE_SHIFT;
	struct zone *z = buddy.zones;
	unsigned i = 1;

	/* At boot all is zero; hosted tests start over. */
	if (buddy.nr_banks)
		memset(&buddy, 0, sizeof(buddy));
	BUG_ON(nr < 1 || nr > HV_BANKS_MAX || !start);
	buddy.nr_banks = nr;
	memcpy(buddy.banks, banks, nr * sizeof(*banks));

	/* Bank 0 alone is in two zones. */
	if (end <= dma_end)
		dma_end = end;
	z[ZONE_DMA].next = start < dma_end ? start : dma_end;
	z[ZONE_DMA].end = dma_end;
	z[ZONE_DMA32].next = max_pfn(start, dma_end);
	z[ZONE_DMA32].end = end;
	z[ZONE_DMA32].bank = i;
	while (i < nr && banks[i].start < HV_ZONE_DMA32_END)
		i++;
	z[ZONE_DMA32].bank_end = i;
	z[ZONE_NORMAL].bank = i;
	z[ZONE_NORMAL].bank_end = nr;
}

/* ---- Free lists -------------------------------------------------------- */

static void zone_insert(struct zone *z, struct page *page, unsigned order,
			uint32_t zeroed)
{
	struct list *head = &z->free[order];

	if (!(z->nonempty & 1u << order)) {
		z->nonempty |= 1u << order;
		list_init(head);
	}
	page->flags = PG_BUDDY | zeroed;
	page->order = order;
	/* Behind the last one, or before the first. */
	list_add(zeroed ? head->prev : head, &page->list);
	z->nr_free[order]++;
}

/* Flags and order are left to the caller. */
static void zone_remove(struct zone *z, struct page *page, unsigned order)
{
	list_del(&page->list);
	if (!--z->nr_free[order])
		z->nonempty &= ~(1u << order);
}

static struct page *zone_pick(struct zone *z, unsigned order, uint32_t gfp)
{
	struct list *head = &z->free[order];

	return list_entry(gfp & GFP_ZERO ? head->prev : head->next, struct page,
			  list);
}

/* ---- The frontier ------------------------------------------------------ */

/* Make the next bank of the zone its frontier. False: none, or refused. */
static bool zone_next_bank(struct zone *z)
{
	while (z->bank < z->bank_end) {
		const struct hv_bank *b = &buddy.banks[z->bank];

		if (hv_bank_online(z->bank))
			return false;
		z->bank++;
		z->next = b->free >> PAGE_SHIFT;
		z->end = b->end >> PAGE_SHIFT;
		if (z->next < z->end)
			return true;
	}
	return false;
}

/* The largest block that starts at `next` and ends at `end` or before. */
static unsigned largest_order(uint64_t next, uint64_t end)
{
	unsigned fit = bit_highest(end - next);
	unsigned aligned = bit_lowest(next);

	if (fit > aligned)
		fit = aligned;
	return fit < ORDER_MAX ? fit : ORDER_MAX;
}

/*
 * Move blocks from the frontier to the free lists up to one of this order or
 * a larger one; only at the ends of a bank are there any smaller ones. No
 * merging: the twin of each is either in use or out of the bank.
 */
static bool zone_carve(struct zone *z, unsigned order)
{
	unsigned got;

	do {
		if (z->next == z->end && !zone_next_bank(z))
			return false;
		got = largest_order(z->next, z->end);
		zone_insert(z, pfn_to_page(z->next), got, PG_ZEROED);
		z->next += 1ull << got;
	} while (got < order);
	return true;
}

/* ---- Blocks ------------------------------------------------------------ */

/*
 * Take a block off the zone. Its flags are PG_BUDDY and perhaps PG_ZEROED; the
 * caller sets flags and order.
 */
static struct page *zone_take(struct zone *z, unsigned order, uint32_t gfp)
{
	struct page *page;
	unsigned from;

	if (!(z->nonempty >> order) && !zone_carve(z, order))
		return NULL;
	from = order + bit_lowest(z->nonempty >> order);
	page = zone_pick(z, from, gfp);
	zone_remove(z, page, from);
	buddy.splits += from - order;
	while (from > order) {
		from--;
		zone_insert(z, page + (1u << from), from,
			    page->flags & PG_ZEROED);
	}
	return page;
}

/* Put a block on the zone's lists, together with its twin if that is free. */
static void zone_give(struct page *page, unsigned order, uint32_t zeroed)
{
	uint64_t pfn = page_to_pfn(page);
	struct zone *z = &buddy.zones[pfn_zone(pfn)];

	while (order < ORDER_MAX) {
		/* Struct pages exist for whole blocks of the largest order. */
		struct page *twin = pfn_to_page(pfn ^ 1ull << order);

		if (!(twin->flags & PG_BUDDY) || twin->order != order)
			break;
		zone_remove(z, twin, order);
		zeroed &= twin->flags;
		twin->flags = page->flags = 0;
		twin->order = page->order = 0;
		pfn &= ~(1ull << order);
		page = pfn_to_page(pfn);
		order++;
		buddy.merges++;
	}
	zone_insert(z, page, order, zeroed);
}

static int highest_zone(uint32_t gfp)
{
	if (gfp & GFP_DMA)
		return ZONE_DMA;
	return gfp & GFP_DMA32 ? ZONE_DMA32 : ZONE_NORMAL;
}

static struct page *block_take(unsigned order, uint32_t gfp)
{
	for (int i = highest_zone(gfp); i >= 0; i--) {
		struct page *page = zone_take(&buddy.zones[i], order, gfp);

		if (page)
			return page;
	}
	return NULL;
}

/* ---- The vCPU's list --------------------------------------------------- */

/* Take the smallest block there is, or split one of 2^*order frames. */
static struct page *zone_take_few(struct zone *z, unsigned *order, uint32_t gfp)
{
	struct page *page = NULL;

	if (!(z->nonempty & ((1u << *order) - 1)))
		page = zone_take(z, *order, gfp);
	/* The frontier's last frames may be fewer than that. */
	if (!page && z->nonempty) {
		*order = bit_lowest(z->nonempty);
		page = zone_take(z, *order, gfp);
	}
	return page;
}

/* Fill a stack from a small block; both are empty. False: no memory. */
static bool pcp_refill(struct pcp *pcp, uint32_t gfp)
{
	unsigned most = REFILL_ORDER + pcp->refills, order = most;
	struct page *page = NULL;
	uint32_t zeroed;
	unsigned which;

	for (int i = ZONE_NORMAL; i >= 0 && !page; i--)
		page = zone_take_few(&buddy.zones[i], &order, gfp);
	if (!page)
		return false;
	if (order == most && order < REFILL_ORDER_MAX)
		pcp->refills++;
	zeroed = page->flags & PG_ZEROED;
	which = zeroed ? GFP_ZERO : 0;
	page->order = 0;
	pcp->nr[which] = 1u << order;
	/* The lowest frame comes to lie on top. */
	for (unsigned i = 1u << order; i-- > 0; page++) {
		page->flags = PG_PCP | zeroed;
		pcp->page[which][i] = page;
	}
	return true;
}

/* Give back frames [pfn, end), in blocks as large as can be. */
static void give_run(uint64_t pfn, uint64_t end, uint32_t zeroed)
{
	while (pfn < end) {
		unsigned order = largest_order(pfn, end);

		zone_give(pfn_to_page(pfn), order, zeroed);
		pfn += 1ull << order;
	}
}

/*
 * Give back n frames. Frames often come to lie in a stack in the order of their
 * numbers, up or down: such a run needs no merging within itself.
 */
static void give_frames(struct page **page, uint64_t n, uint32_t zeroed)
{
	uint64_t i = 0;

	while (i < n) {
		struct page *first = page[i], *last = first;
		int64_t step = 0;

		first->flags = 0;
		if (i + 1 < n &&
		    (page[i + 1] == first + 1 || page[i + 1] == first - 1))
			step = page[i + 1] - first;
		while (++i < n && step && page[i] == last + step) {
			last = page[i];
			last->flags = 0;
		}
		if (step < 0)
			give_run(page_to_pfn(last), page_to_pfn(first) + 1,
				 zeroed);
		else
			give_run(page_to_pfn(first), page_to_pfn(last) + 1,
				 zeroed);
	}
}

/* Full: give back those that were not used for longest. */
static void pcp_shorten(struct pcp *pcp)
{
	struct page **stack = pcp->page[0];

	pcp->refills = 0;
	give_frames(stack, PCP_DRAIN, 0);
	pcp->nr[0] -= PCP_DRAIN;
	memcpy(stack, stack + PCP_DRAIN,
	       (PCP_MAX - PCP_DRAIN) * sizeof(stack[0]));
}

void buddy_drain(void)
{
	struct pcp *pcp = &buddy.pcp;

	give_frames(pcp->page[0], pcp->nr[0], 0);
	give_frames(pcp->page[GFP_ZERO], pcp->nr[GFP_ZERO], PG_ZEROED);
	pcp->nr[0] = pcp->nr[GFP_ZERO] = 0;
	pcp->refills = 0;
}

/* A frame from a stack that has one. */
static inline struct page *pcp_take(unsigned which)
{
	struct pcp *pcp = &buddy.pcp;
	struct page *page = pcp->page[which][--pcp->nr[which]];

	page->flags = 0;
	page->refcount = 1;
	return page;
}

/* A frame that all fields of have been cleared, but PG_PCP. There is room. */
static inline void pcp_give(struct page *page)
{
	struct pcp *pcp = &buddy.pcp;

	pcp->page[0][pcp->nr[0]++] = page;
}

/* ---- Interface --------------------------------------------------------- */

static void block_zero(const struct page *page, unsigned order)
{
	for (unsigned i = 0; i < 1u << order; i++)
		arch_page_zero(page_to_phys(page + i));
}

/* One frame of any zone; the stack that would be best is empty. */
static struct page *frame_alloc(uint32_t gfp)
{
	unsigned which = gfp & GFP_ZERO;
	struct page *page;

	if (!buddy.pcp.nr[!which] && !pcp_refill(&buddy.pcp, gfp))
		return NULL;
	if (!buddy.pcp.nr[which])
		which = !which;
	page = pcp_take(which);
	if (gfp & GFP_ZERO && which != GFP_ZERO)
		block_zero(page, 0);
	return page;
}

static struct page *block_try(unsigned order, uint32_t gfp)
{
	struct page *page;
	bool zero;

	if (order == 0 && !(gfp & (GFP_DMA | GFP_DMA32)))
		return frame_alloc(gfp);
	if (order > ORDER_MAX)
		return NULL;
	page = block_take(order, gfp);
	if (!page) {
		/* What is missing may be in the vCPU's list. */
		buddy_drain();
		page = block_take(order, gfp);
		if (!page)
			return NULL;
	}
	zero = gfp & GFP_ZERO && !(page->flags & PG_ZEROED);
	page->flags = 0;
	page->refcount = 1;
	page->order = order;
	if (zero)
		block_zero(page, order);
	return page;
}

static bool (*reclaim_frames)(void);

void buddy_set_reclaim(bool (*fn)(void))
{
	reclaim_frames = fn;
}

/* All but a single frame that lies ready. */
RARE static struct page *block_alloc(unsigned order, uint32_t gfp)
{
	struct page *page;

	do
		page = block_try(order, gfp);
	while (!page && order < HV_HUGE_ORDER && reclaim_frames &&
	       reclaim_frames());
	return page;
}

struct page *buddy_alloc(unsigned order, uint32_t gfp)
{
	if (__builtin_expect(order || gfp > GFP_ZERO, 0) ||
	    __builtin_expect(!buddy.pcp.nr[gfp], 0))
		return block_alloc(order, gfp);
	return pcp_take(gfp);
}

/* One by one: eight stores, where a struct assignment is a string operation. */
static inline void page_clear(struct page *page, uint32_t flags)
{
	page->flags = flags;
	page->refcount = 0;
	page->mapcount = page->order = 0;
	page->list.next = page->list.prev = NULL;
	page->owner = NULL;
	page->index = 0;
	page->inuse = page->summary = 0;
	page->private = 0;
}

/* All but a single frame for which there is room. */
RARE static void block_free(struct page *page, unsigned order)
{
	if (page->refcount != 1 || page->mapcount || page->order != order ||
	    page->flags & (PG_FREE | PG_RESERVED))
		buddy_free_check(page, order);
	if (order) {
		page_clear(page, 0);
		zone_give(page, order, 0);
		return;
	}
	if (buddy.pcp.nr[0] == PCP_MAX)
		pcp_shorten(&buddy.pcp);
	page_clear(page, PG_PCP);
	pcp_give(page);
}

void buddy_free(struct page *page, unsigned order)
{
	if (__builtin_expect(order || page->mapcount_order ||
				     page->refcount != 1 ||
				     page->flags & (PG_FREE | PG_RESERVED) ||
				     buddy.pcp.nr[0] == PCP_MAX,
			     0)) {
		block_free(page, order);
		return;
	}
	page_clear(page, PG_PCP);
	pcp_give(page);
}

void page_put(struct page *page)
{
	BUG_ON(!page->refcount);
	if (page->refcount == 1)
		buddy_free(page, page->order);
	else
		page->refcount--;
}
