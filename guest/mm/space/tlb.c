/*
 * tlb.c: see tlb.h.
 */
#include "tlb.h"

#include "buddy.h"
#include "hv.h"
#include "parts.h"

void pt_gather_page(struct pt_gather *g, struct page *page)
{
	BUG_ON(!page->refcount);
	if (page->refcount > 1) {
		page->refcount--;
		return;
	}
	page->private = (uint64_t)(uintptr_t)g->pages;
	g->pages = page;
}

static void flush(const struct pt_gather *g)
{
	bool here = arch_root_is_used(g->root);

	if (g->start >= g->end)
		return;
	if (g->start + PAGE_SIZE == g->end)
		tlb_flush_page(g->start);
	else
		tlb_flush_range(g->start, g->end);
	if (*g->users > here)
		hv_flush(g->root);
}

void pt_gather_finish(struct pt_gather *g)
{
	bool parts = false;

	flush(g);
	while (g->pages) {
		struct page *page = g->pages;

		g->pages = (struct page *)(uintptr_t)page->private;
		page->private = 0;
		page->flags &= ~(PG_ANON | PG_TABLE | PG_LAZYFREE);
		if (__builtin_expect(page->flags & PG_PART, 0)) {
			parts_put(page);
			parts = true;
		} else {
			page_put(page);
		}
	}
	if (parts)
		parts_settle();
	pt_gather_init(g, g->mm);
}
