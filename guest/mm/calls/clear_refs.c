/*
 * clear_refs.c: forget which pages were used (Linux fs/proc/task_mmu.c,
 * clear_refs_pte_range): /proc/PID/clear_refs, so that smaps' Referenced counts
 * from now on. The dirty bit and all else stay.
 */
#include <asm/errno.h>

#include "calls.h"
#include "leaf.h"
#include "mm.h"

static int clear_leaf(const struct leaf *l, void *ctx)
{
	struct pt_gather *g = ctx;

	if (l->kind != LEAF_PAGE || !(l->pte.v & PTE_A))
		return 0;
	pt_change(l->p, (pte_t){l->pte.v & ~PTE_A});
	pt_gather_flush_entry(g, l->va, l->pte);
	return 0;
}

static bool is_meant(const struct vma *v, unsigned kind)
{
	if (vma_is_pfnmap(v))
		return false;
	return kind == MM_CLEAR_ALL ||
	       vma_has_file(v) == (kind == MM_CLEAR_MAPPED);
}

int mm_clear_refs(struct mm *mm, unsigned kind)
{
	struct pt_gather g;

	if (kind < MM_CLEAR_ALL || kind > MM_CLEAR_PEAK)
		return -EINVAL;
	if (kind == MM_CLEAR_PEAK)
		mm->hiwater_rss = 0; /* mm_stat: it is never less than now */
	if (kind >= MM_CLEAR_SOFT_DIRTY)
		return 0;
	pt_gather_init(&g, mm);
	for (struct vma *v = vma_find(&mm->vmas, 0); v; v = v->next)
		if (is_meant(v, kind))
			leaf_visit(mm->root, v->start, v->end, clear_leaf, &g);
	pt_gather_finish(&g);
	return 0;
}
