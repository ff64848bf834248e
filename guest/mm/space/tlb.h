/*
 * tlb.h: what a change of page tables leaves to be done: a TLB flush of a
 * range, then the freeing of frames and tables that nothing refers to any more
 * (Linux mm/mmu_gather.c).
 *
 * No frame is free before the flush that forgets it.
 */
#ifndef TLB_H
#define TLB_H

#include "page.h"

struct mm;

struct pt_gather {
	struct mm *mm;	       /* whose entries change, */
	hv_gpa_t root;	       /* its root, and */
	const uint32_t *users; /* how many vCPUs have it loaded */
	uint64_t start, end;   /* to be flushed; start >= end: nothing */
	struct page *pages;    /* chained by page->private */
};

void pt_gather_init(struct pt_gather *g, struct mm *mm); /* mm.c */
/* Rights of the page at va went away, or its frame. */
static inline void pt_gather_flush(struct pt_gather *g, uint64_t va)
{
	if (va < g->start)
		g->start = va;
	if (va + PAGE_SIZE > g->end)
		g->end = va + PAGE_SIZE;
}
/* Drop one reference, after the flush if it is the last. */
void pt_gather_page(struct pt_gather *g, struct page *page);
/* Flush, then free. */
void pt_gather_finish(struct pt_gather *g);

#endif
