/*
 * leaf.c: see leaf.h.
 */
#include "leaf.h"

#include "panic.h"
#include "parts.h"

/* ---- Counting ------------------------------------------------------------ */

static inline void count(struct mm *mm, struct page *page, uint32_t nr)
{
	page->mapcount++;
	mm->rss[page_rss(page)] += nr;
}

/* The entry does not name its frame any more. */
static inline void uncount(struct pt_gather *g, const struct leaf *l)
{
	struct page *page = leaf_page(l);

	if (l->kind != LEAF_PAGE)
		return;
	BUG_ON(!page->mapcount);
	if (leaf_is_dirty(l) && page->flags & PG_CACHE)
		page_set_dirty(page);
	page->mapcount--;
	g->mm->rss[page_rss(page)] -= l->nr;
	pt_gather_page(g, page);
}

/* ---- Mapping ------------------------------------------------------------- */

unsigned leaf_map_cached(struct mm *mm, pte_t *p, struct page **pages,
			 unsigned n, uint64_t bits)
{
	unsigned mapped = 0;

	for (unsigned i = 0; i < n; i++) {
		if (!pages[i] || arch_pte_get(p + i).v)
			continue;
		pages[i]->refcount++;
		count(mm, pages[i], 1);
		arch_pte_set(p + i, pte_make(page_to_pfn(pages[i]), bits));
		mapped++;
	}
	pt_count_filled(p, mapped);
	return mapped;
}

bool leaf_map_huge(struct mm *mm, pte_t *p, struct page *page, uint64_t bits)
{
	if (!pt_fill_2m(p, pte_make(page_to_pfn(page), bits)))
		return false;
	count(mm, page, PT_FRAMES_2M);
	mm->nr_huge++;
	return true;
}

bool leaf_map_huge_zero(struct mm *mm, pte_t *p, uint64_t bits)
{
	if (!pt_fill_2m(p, pte_make(mm_machine.huge_zero_pfn, bits)))
		return false;
	mm->nr_huge++;
	return true;
}

/* ---- Unmapping ----------------------------------------------------------- */

void leaf_unmap(struct pt_gather *g, const struct leaf *l)
{
	struct leaf was = leaf_take(l);

	pt_clear(l->p, was.pte);
	if (was.pte.v & PTE_P)
		pt_gather_flush_entry(g, l->va, was.pte);
	if (leaf_is_huge(l))
		g->mm->nr_huge--;
	uncount(g, &was);
}

void leaf_replace(struct pt_gather *g, const struct leaf *l, struct page *page,
		  uint64_t bits)
{
	pt_change(l->p,
		  pte_make(page_to_pfn(page), bits | (l->pte.v & PTE_PS)));
	pt_gather_flush_entry(g, l->va, l->pte);
	count(g->mm, page, l->nr);
	uncount(g, l);
}

void leaf_replace_by_zero(struct pt_gather *g, const struct leaf *l)
{
	pt_change(l->p, pte_make(mm_machine.zero_pfn,
				 l->pte.v & ~(PTE_PFN_MASK | PTE_RW | PTE_D)));
	pt_gather_flush(g, l->va);
	uncount(g, l);
}

/* ---- Sizes ----------------------------------------------------------------
 */

void leaf_split(struct mm *mm, const struct leaf *l)
{
	struct pt_gather g;
	uint64_t bits = l->pte.v & ~(PTE_PFN_MASK | PTE_PS);
	uint64_t start = l->va & ~(PT_SPAN_2M - 1);
	struct page *page = leaf_page(l);

	if (l->kind == LEAF_ZERO) {
		pt_split_2m(l->p, pte_make(mm_machine.zero_pfn, bits), 0);
	} else {
		/* One owner, so one reference for each frame. */
		BUG_ON(!page_is_exclusive(page) || page->mapcount != 1);
		pt_split_2m(l->p, pte_make(leaf_pfn(l), bits), 1);
		parts_make(page);
	}
	mm->nr_huge--;
	pt_gather_init(&g, mm);
	pt_gather_flush(&g, start);
	pt_gather_flush(&g, start + PT_SPAN_2M - PAGE_SIZE);
	pt_gather_finish(&g);
}

static int uncount_leaf(const struct leaf *l, void *ctx)
{
	uncount(ctx, l);
	return 0;
}

void leaf_join(struct pt_gather *g, pte_t *p, uint64_t va, struct page *page,
	       uint64_t bits)
{
	leaf_visit(g->mm->root, va, va + PT_SPAN_2M, uncount_leaf, g);
	pt_join_2m(p, pte_make(page_to_pfn(page), bits));
	count(g->mm, page, PT_FRAMES_2M);
	g->mm->nr_huge++;
	pt_gather_flush_entry(g, va, arch_pte_get(p));
}
