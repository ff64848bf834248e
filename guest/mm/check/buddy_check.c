/*
 * buddy_check.c: the buddy allocator looked at: counts, whether every invariant
 * of buddy.c holds, and what is wrong with a free. Changes nothing.
 */
#include "buddy_internal.h"
#include "string.h"
#include "wrong.h"

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

/* ---- Invariants -------------------------------------------------------- */

/* Fields of a free block's first page that nobody may have written to. */
static bool page_is_clean(const struct page *page)
{
	return !page->refcount && !page->mapcount && !page->owner &&
	       !page->index && !page->inuse && !page->summary && !page->private;
}

static const char *page_wrong(const struct page *page, const char *what)
{
	return wrong("buddy: %s: pfn %#lx flags %#x order %u refcount %u "
		     "mapcount %u inuse %u private %#lx",
		     what, page_to_pfn(page), page->flags, page->order,
		     page->refcount, page->mapcount, page->inuse,
		     page->private);
}

static const char *block_check(const struct zone *z, const struct page *page,
			       unsigned order)
{
	uint64_t pfn = page_to_pfn(page);
	const struct page *twin = pfn_to_page(pfn ^ 1ull << order);

	if ((page->flags & ~PG_ZEROED) != PG_BUDDY || page->order != order)
		return page_wrong(page, "block with the wrong flags or order");
	if (!page_is_clean(page))
		return page_wrong(page, "block with a dirty struct page");
	if (pfn & ((1ull << order) - 1))
		return page_wrong(page, "block not aligned");
	if (&buddy.zones[pfn_zone(pfn)] != z)
		return page_wrong(page, "block in the wrong zone");
	if (!buddy_owns(pfn) || !buddy_owns(pfn + (1ull << order) - 1))
		return page_wrong(page, "block outside RAM or in the frontier");
	if (order < ORDER_MAX && twin->flags & PG_BUDDY && twin->order == order)
		return page_wrong(page, "two free twins");
	return NULL;
}

/* Only the first page of a free block knows that it is free. */
static const char *tails_check(const struct page *page, unsigned order)
{
	for (unsigned i = 1; i < 1u << order; i++)
		if (page[i].flags || page[i].order || page[i].list.next ||
		    !page_is_clean(&page[i]))
			return page_wrong(
				&page[i],
				"dirty struct page inside a free block");
	return NULL;
}

static const char *free_list_check(const struct zone *z, unsigned order)
{
	const struct list *head = &z->free[order], *l;
	unsigned zone = (unsigned)(z - buddy.zones);
	bool seen_zeroed = false;
	const char *why;
	uint64_t n = 0;

	if (!(z->nonempty >> order & 1))
		return z->nr_free[order]
			       ? wrong("buddy: zone %u order %u: %lu blocks on "
				       "an empty list",
				       zone, order, z->nr_free[order])
			       : NULL;
	for (l = head->next; l != head; l = l->next, n++) {
		const struct page *page = list_entry(l, struct page, list);

		if (n == z->nr_free[order] || l->next->prev != l)
			return page_wrong(page, "free list broken");
		why = block_check(z, page, order);
		why = why ? why : tails_check(page, order);
		if (why)
			return why;
		if (seen_zeroed && !(page->flags & PG_ZEROED))
			return page_wrong(page, "behind a zeroed block");
		seen_zeroed = page->flags & PG_ZEROED;
	}
	if (!n || n != z->nr_free[order])
		return wrong("buddy: zone %u order %u: %lu blocks on the free "
			     "list, counted are %lu",
			     zone, order, n, z->nr_free[order]);
	return NULL;
}

static const char *stack_check(const struct pcp *pcp, unsigned which,
			       uint32_t flags)
{
	struct page *const *stack = pcp->page[which];

	if (pcp->nr[which] > PCP_MAX)
		return wrong("buddy: %lu frames in the vCPU's list",
			     (unsigned long)pcp->nr[which]);
	for (unsigned i = 0; i < pcp->nr[which]; i++) {
		const struct page *page = stack[i];

		if (page->flags != flags || page->order || page->list.next ||
		    !page_is_clean(page) || !buddy_owns(page_to_pfn(page)))
			return page_wrong(page, "bad frame in the vCPU's list");
		for (unsigned j = 0; j < i; j++)
			if (stack[j] == page)
				return page_wrong(
					page, "frame twice in the vCPU's list");
	}
	return NULL;
}

static const char *zone_check(const struct zone *z)
{
	const char *why = NULL;

	if (z->next > z->end || z->bank > z->bank_end)
		return wrong("buddy: frontier beyond its end: pfn %#lx of "
			     "%#lx, bank %u of %u",
			     z->next, z->end, z->bank, z->bank_end);
	for (unsigned order = 0; order < BUDDY_ORDERS && !why; order++)
		why = free_list_check(z, order);
	return why;
}

const char *buddy_check(void)
{
	const char *why = NULL;

	for (unsigned i = 0; i < NR_ZONES && !why; i++)
		why = zone_check(&buddy.zones[i]);
	why = why ? why : stack_check(&buddy.pcp, 0, PG_PCP);
	return why ? why
		   : stack_check(&buddy.pcp, GFP_ZERO, PG_PCP | PG_ZEROED);
}
