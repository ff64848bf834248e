/*
 * buddy_check.c: does every invariant of buddy.c hold? Looks at every free
 * block, and changes nothing.
 */
#include "buddy.h"
#include "buddy_internal.h"
#include "check.h"
#include "wrong.h"

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
