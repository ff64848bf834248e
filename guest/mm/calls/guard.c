/*
 * guard.c: guard markers (Linux mm/madvise.c, madvise_guard_install): entries
 * without a frame at which every access faults for good, in the middle of a
 * mapping and without a mapping of their own.
 *
 * They stay when pages are dropped, and move with mremap; only munmap and
 * MADV_GUARD_REMOVE take them away.
 */
#include "guard.h"

#include <asm/errno.h>

#include "leaf.h"
#include "merge.h"
#include "unmap.h"

int mm_guard_install(struct mm *mm, struct vma *v, uint64_t start, uint64_t end)
{
	if (v->flags & (VMA_SPECIAL | VMA_LOCKED))
		return -EINVAL;
	vma_set_flags(&mm->vmas, v, v->flags | VMA_GUARD);
	if (vma_is_anon(v) && !v->anon_id)
		mm_anon_prepare(mm, v);
	mm_zap(mm, start, end, ZAP_ALL);
	for (uint64_t va = start; va < end; va += PAGE_SIZE) {
		pte_t *p = pt_walk_alloc(mm->root, va);

		if (!p)
			return -ENOMEM;
		if (!arch_pte_get(p).v)
			leaf_map_guard(p);
	}
	return 0;
}

static int remove_marker(const struct leaf *l, void *ctx)
{
	(void)ctx;
	if (l->kind == LEAF_GUARD)
		pt_clear(l->p, l->pte);
	return 0;
}

/* Tables stay, as on Linux. */
int mm_guard_remove(struct mm *mm, const struct vma *v, uint64_t start,
		    uint64_t end)
{
	if (v->flags & VMA_SPECIAL)
		return -EINVAL;
	leaf_visit_all(mm->root, start, end, remove_marker, NULL);
	return 0;
}
