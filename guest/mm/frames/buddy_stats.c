/*
 * buddy_stats.c: the buddy allocator looked at: counts, and what is wrong with
 * a free that is. Changes nothing.
 */
#include "buddy.h"
#include "buddy_internal.h"
#include "hv_boot.h"
#include "string.h"

bool buddy_owns(uint64_t pfn)
{
	const struct zone *z = &buddy.zones[pfn_zone(pfn)];

	for (unsigned i = 0; i < buddy.nr_banks; i++) {
		const struct hv_bank *b = &buddy.banks[i];

		if (pfn < b->free >> PAGE_SHIFT || pfn >= b->end >> PAGE_SHIFT)
			continue;
		/* Bank 0 is always online. */
		if (i && i >= z->bank)
			return false;
		return pfn < z->next || pfn >= z->end;
	}
	return false;
}

uint64_t buddy_pfn_end(void)
{
	return buddy.banks[buddy.nr_banks - 1].end >> PAGE_SHIFT;
}

static uint64_t bank_frames(const struct hv_bank *b)
{
	return (b->end - b->free) >> PAGE_SHIFT;
}

static uint64_t zone_frontier(const struct zone *z)
{
	uint64_t frames = z->end - z->next;

	for (unsigned i = z->bank; i < z->bank_end; i++)
		frames += bank_frames(&buddy.banks[i]);
	return frames;
}

void buddy_stats(struct buddy_stats *out)
{
	memset(out, 0, sizeof(*out));
	out->splits = buddy.splits;
	out->merges = buddy.merges;
	out->frames_percpu = buddy.pcp.nr[0] + buddy.pcp.nr[GFP_ZERO];
	for (unsigned i = 0; i < buddy.nr_banks; i++)
		out->frames_total += bank_frames(&buddy.banks[i]);
	for (unsigned i = 0; i < NR_ZONES; i++) {
		const struct zone *z = &buddy.zones[i];

		out->frontier[i] = zone_frontier(z);
		out->frames_frontier += out->frontier[i];
		for (unsigned n = 0; n < BUDDY_ORDERS; n++) {
			out->free_blocks[i][n] = z->nr_free[n];
			out->frames_free += z->nr_free[n] << n;
		}
	}
	out->frames_free += out->frames_frontier + out->frames_percpu;
}

/* ---- Mistakes ---------------------------------------------------------- */

/* A block that contains the frame but does not start there: panic. */
static void check_not_inside(const struct page *page, uint64_t pfn)
{
	for (unsigned order = 1; order <= ORDER_MAX; order++) {
		uint64_t head = pfn & ~0ull << order;
		const struct page *p = pfn_to_page(head);

		if (p == page || p->order < order)
			continue;
		panic("buddy: free of pfn %#lx inside a %s block, pfn %#lx "
		      "order %u",
		      pfn, p->flags & PG_FREE ? "free" : "used", head,
		      p->order);
	}
}

void buddy_free_check(const struct page *page, unsigned order)
{
	uint64_t pfn = page_to_pfn(page);

	if (!buddy_owns(pfn))
		panic("buddy: free of pfn %#lx, which was never handed out",
		      pfn);
	if (page->flags & PG_FREE)
		panic("buddy: double free of pfn %#lx", pfn);
	if (page->flags & PG_RESERVED)
		panic("buddy: free of reserved pfn %#lx", pfn);
	if (page->refcount > 1 || page->mapcount)
		panic("buddy: free of pfn %#lx in use, refcount %u mapcount %u",
		      pfn, page->refcount, page->mapcount);
	if (page->order != order)
		panic("buddy: free of pfn %#lx as order %u, but it is %u", pfn,
		      order, page->order);
	if (!page->refcount)
		check_not_inside(page, pfn);
}
