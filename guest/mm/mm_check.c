/*
 * mm_check.c: counters for the host, and whether an address space is sound.
 */
#include "buddy.h"
#include "internal.h"
#include "slab.h"

static void add_slab_frames(const struct slab_stats *s, void *ctx)
{
	uint64_t *frames = ctx;

	*frames += (s->slabs_full + s->slabs_partial + s->slabs_empty)
		   << s->slab_order;
}

void mm_counters(struct hv_counters *out)
{
	struct buddy_stats buddy;
	uint64_t frames = 1; /* the zero pages */

	if (mm_globals.huge_zero_pfn)
		frames += PT_FRAMES_2M;
	buddy_stats(&buddy);
	slab_for_each(add_slab_frames, &frames);
	out->frames_total = buddy.frames_total;
	out->frames_free = buddy.frames_free;
	out->frames_kernel = frames + pt_tables();
	out->slab_objects = slab_objects();
	out->vmas_peak = vma_count_peak();
	out->pagetables_peak = pt_tables_peak();
	out->faults = mm_globals.faults;
	tlb_flush_counts(&out->tlb_flush_page, &out->tlb_flush_all);
	out->buddy_splits = buddy.splits;
	out->buddy_merges = buddy.merges;
}

struct check {
	struct vma *v; /* the one the walk has come to */
	uint64_t rss[NR_RSS], nr_huge;
};

static bool rights_are_sound(const struct vma *v, pte_t pte)
{
	if (!v->prot)
		return !(pte.v & PTE_P) && pte.v & PTE_PROTNONE;
	if (!(pte.v & PTE_P) || !(pte.v & PTE_US))
		return false;
	if (pte.v & PTE_RW && !(v->prot & PROT_WRITE))
		return false;
	return !(pte.v & PTE_NX) == !!(v->prot & PROT_EXEC);
}

static bool frame_is_sound(const struct vma *v, uint64_t va, pte_t pte,
			   const struct page *page)
{
	if (!page->mapcount || page->refcount < page->mapcount)
		return false;
	if ((page->flags & ~PG_LAZYFREE) == PG_ANON)
		return !(v->flags & VMA_SHARED);
	if (pte.v & PTE_RW &&
	    (!(v->flags & VMA_SHARED) || v->flags & VMA_NOWRITE))
		return false;
	return page->flags & PG_CACHE && page->owner == v->file &&
	       page->index == vma_pgoff(v, va);
}

static int check_pte(pte_t *p, pte_t pte, uint64_t va, void *ctx)
{
	struct check *c = ctx;
	const struct page *page = pfn_to_page(pte_pfn(pte));

	(void)p;
	while (c->v && c->v->end <= va)
		c->v = c->v->next;
	if (!c->v || c->v->start > va)
		return 1;
	if (pte_is_guard(pte))
		return !(c->v->flags & VMA_GUARD);
	if (!rights_are_sound(c->v, pte))
		return 1;
	if (pte_is_huge(pte)) {
		c->nr_huge++;
		if (c->v->end - va < PT_SPAN_2M ||
		    (!pte_is_zero_page(pte) && page->order != PT_ORDER_2M))
			return 1;
	}
	if (!(pte.v & PTE_SPECIAL) != !vma_is_pfnmap(c->v))
		return 1;
	if (pte.v & PTE_SPECIAL)
		return pte.v & PTE_RW || page->owner != c->v->file;
	if (pte_is_zero_page(pte))
		return pte.v & PTE_RW || !vma_is_anon(c->v);
	if (!frame_is_sound(c->v, va, pte, page))
		return 1;
	c->rss[page_rss(page)] += pte_frames(pte);
	return 0;
}

static bool accounts_are_true(const struct mm *mm)
{
	uint64_t committed = mm_globals.committed;
	struct mm sum = {0};

	for (const struct vma *v = mm->vmas.first; v; v = v->next)
		mm_account(&sum, v->prot, v->flags, (int64_t)vma_pages(v));
	mm_globals.committed = committed; /* mm_account counts it too */
	return sum.total_vm == mm->total_vm && sum.data_vm == mm->data_vm &&
	       sum.exec_vm == mm->exec_vm && sum.stack_vm == mm->stack_vm &&
	       sum.locked_vm + mm->locked_lost == mm->locked_vm &&
	       sum.committed == mm->committed;
}

static bool is_mapped(uint64_t start, uint64_t end, void *ctx)
{
	return vma_find_first(ctx, start, end) != NULL;
}

bool mm_check(struct mm *mm)
{
	struct check c = {.v = mm->vmas.first};

	if (!vma_check(&mm->vmas) ||
	    !pt_check(mm->root, is_mapped, &mm->vmas) || !accounts_are_true(mm))
		return false;
	if (pt_visit_all(mm->root, 0, HV_VA_USER_END, check_pte, &c))
		return false;
	if (c.nr_huge != mm->nr_huge)
		return false;
	for (unsigned i = 0; i < NR_RSS; i++)
		if (c.rss[i] != mm->rss[i])
			return false;
	return filemap_check() && buddy_check() && slab_check();
}
