/*
 * parts_check.c: are the frames of huge pages that are mapped in part what
 * parts.h says?
 */
#include "check.h"
#include "parts.h"
#include "wrong.h"

static const char *block_check(const struct page *head)
{
	uint32_t mapped = 0;

	for (unsigned i = 0; i < PARTS_FRAMES; i++) {
		const struct page *page = &head[i];
		bool held = page->flags == PG_PART;

		if (!(page->flags & PG_PART) || page->order ||
		    (held && (page->refcount != 1 || page->mapcount)))
			return wrong("parts: pfn %#lx flags %#x order %u "
				     "refcount %u mapcount %u",
				     page_to_pfn(page), page->flags,
				     page->order, page->refcount,
				     page->mapcount);
		mapped += !held;
	}
	if (mapped != head->inuse || !mapped || mapped == PARTS_FRAMES)
		return wrong("parts: %u frames of the queued block at pfn %#lx "
			     "are mapped, counted are %u",
			     mapped, page_to_pfn(head), head->inuse);
	return NULL;
}

const char *parts_check(void)
{
	const char *why = NULL;

	if (!list_empty(&parts_fresh))
		return wrong("parts: a block was not counted as deferred");
	for (struct list *l = parts_deferred.next; l != &parts_deferred && !why;
	     l = l->next)
		why = block_check(list_entry(l, struct page, list));
	return why;
}
