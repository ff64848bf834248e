/*
 * madvise.c: advice about memory (Linux mm/madvise.c).
 *
 * Advice that changes a mapping's flags splits and merges VMAs, as there.
 * MADV_FREE keeps the pages: Linux may keep them too, for as long as it likes.
 * MADV_PAGEOUT takes away what a Linux without swap can: clean pages of files,
 * and private memory that may be lost (MADV_FREE, MAP_DROPPABLE).
 */
#include <asm/errno.h>

#include "calls.h"
#include "collapse.h"
#include "guard.h"
#include "huge_unused.h"
#include "leaf.h"
#include "merge.h"
#include "parts.h"
#include "pkey.h"
#include "populate.h"
#include "unmap.h"
#include "writeback.h"

/* Newer than Debian 12's headers, or not in all of them. */
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#define MADV_GUARD_REMOVE  103
#endif

/* Advice that sets and clears flags, and which mappings may have it. */
static const struct {
	uint32_t set, clear;
	bool anon_only;
} flag_advice[] = {
	[MADV_NORMAL] = {0, VMA_SEQ_READ | VMA_RAND_READ, false},
	[MADV_RANDOM] = {VMA_RAND_READ, VMA_SEQ_READ, false},
	[MADV_SEQUENTIAL] = {VMA_SEQ_READ, VMA_RAND_READ, false},
	[MADV_DONTFORK] = {VMA_DONTFORK, 0, false},
	[MADV_DOFORK] = {0, VMA_DONTFORK, false},
	[MADV_MERGEABLE] = {VMA_MERGEABLE, 0, false},
	[MADV_UNMERGEABLE] = {0, VMA_MERGEABLE, false},
	[MADV_HUGEPAGE] = {VMA_HUGE, VMA_NOHUGE, false},
	[MADV_NOHUGEPAGE] = {VMA_NOHUGE, VMA_HUGE, false},
	[MADV_DONTDUMP] = {VMA_DONTDUMP, 0, false},
	[MADV_DODUMP] = {0, VMA_DONTDUMP, false},
	[MADV_WIPEONFORK] = {VMA_WIPEONFORK, 0, true},
	[MADV_KEEPONFORK] = {0, VMA_WIPEONFORK, false},
};
#define FLAG_ADVICE ((int)(sizeof(flag_advice) / sizeof(flag_advice[0])))

static bool is_flag_advice(int advice)
{
	return advice == MADV_NORMAL ||
	       (advice > 0 && advice < FLAG_ADVICE &&
		(flag_advice[advice].set || flag_advice[advice].clear));
}

static bool is_advice(int advice)
{
	switch (advice) {
	case MADV_WILLNEED:
	case MADV_DONTNEED:
	case MADV_FREE:
	case MADV_REMOVE:
	case MADV_COLD:
	case MADV_PAGEOUT:
	case MADV_POPULATE_READ:
	case MADV_POPULATE_WRITE:
	case MADV_DONTNEED_LOCKED:
	case MADV_COLLAPSE:
	case MADV_GUARD_INSTALL:
	case MADV_GUARD_REMOVE:
		return true;
	default:
		return is_flag_advice(advice);
	}
}

/* [start, end) of *pv, which becomes the VMA that has it afterwards. */
static int advise_flags(struct mm *mm, struct vma **pv, uint64_t start,
			uint64_t end, int advice)
{
	struct vma *v = *pv;
	uint32_t flags = (v->flags & ~flag_advice[advice].clear) |
			 flag_advice[advice].set;

	if (flag_advice[advice].anon_only && vma_has_file(v))
		return -EINVAL;
	if (v->flags & VMA_DROPPABLE &&
	    (advice == MADV_DODUMP || advice == MADV_KEEPONFORK))
		return -EINVAL;
	if (v->flags & VMA_SPECIAL && advice == MADV_DODUMP)
		return -EINVAL;
	if (vma_is_pfnmap(v) && advice == MADV_DOFORK)
		return -EINVAL;
	/* Linux vma_ksm_compatible: passed over. */
	if (advice == MADV_MERGEABLE &&
	    v->flags & (VMA_SHARED | VMA_DROPPABLE | VMA_SPECIAL))
		return 0;
	if (flags == v->flags)
		return 0;
	if (!vma_may_split(v, start, end))
		return -EINVAL;
	v = mm_modify(mm, v, start, end, v->prot, flags);
	if (!v)
		return -ENOMEM; /* Linux turns this into -EAGAIN */
	*pv = v;
	return 0;
}

/* ---- Advice about pages ------------------------------------------------ */

struct aging {
	struct pt_gather g;
	int advice;
};

/* Linux madvise_cold_or_pageout_pte_range, madvise_free_pte_range. */
static int age_leaf(const struct leaf *l, void *ctx)
{
	struct aging *a = ctx;
	struct page *page = leaf_page(l);
	uint64_t clear = PTE_A;

	if (l->kind != LEAF_PAGE || page->mapcount > 1)
		return 0;
	if (page->flags & PG_PART && parts_are_missing(page))
		parts_split(page);
	if (a->advice == MADV_FREE) {
		if (!(page->flags & PG_ANON))
			return 0;
		page->flags |= PG_LAZYFREE;
		clear |= PTE_D;
	}
	if (l->pte.v & clear) {
		pt_change(l->p, (pte_t){l->pte.v & ~clear});
		pt_gather_flush_entry(&a->g, l->va, l->pte);
	}
	return 0;
}

static void age_range(struct mm *mm, uint64_t start, uint64_t end, int advice)
{
	struct aging a = {.advice = advice};

	huge_split_unused(mm, start, end);
	pt_gather_init(&a.g, mm);
	leaf_visit(mm->root, start, end, age_leaf, &a);
	pt_gather_finish(&a.g);
}

/* Linux madvise_pageout: pages of a file are for those who may change it. */
static void page_out(struct mm *mm, const struct vma *v, uint64_t start,
		     uint64_t end)
{
	if (vma_has_file(v) && v->file->flags & FILE_FOREIGN)
		return;
	huge_page_out(mm, start, end);
	mm_zap(mm, start, end,
	       v->flags & VMA_DROPPABLE ? ZAP_DROPPABLE : ZAP_RECLAIM);
	if (vma_has_file(v))
		file_reclaim(v->file, vma_pgoff(v, start), vma_pgoff(v, end));
}

/* Linux madvise_remove: a hole in the file, or in shared anonymous memory. */
static int advise_remove(struct vma *v, uint64_t start, uint64_t end)
{
	if (v->flags & VMA_LOCKED || !vma_has_file(v))
		return -EINVAL;
	if (!(v->flags & VMA_SHARED) || v->flags & VMA_NOWRITE)
		return -EACCES;
	return file_punch(v->file, vma_pgoff(v, start), vma_pgoff(v, end));
}

/* Linux is_discard. */
static bool is_discard(int advice)
{
	switch (advice) {
	case MADV_FREE:
	case MADV_DONTNEED:
	case MADV_DONTNEED_LOCKED:
	case MADV_REMOVE:
	case MADV_DONTFORK:
	case MADV_WIPEONFORK:
	case MADV_GUARD_INSTALL:
		return true;
	default:
		return false;
	}
}

static int advise_range(struct mm *mm, struct vma **pv, uint64_t start,
			uint64_t end, int advice)
{
	struct vma *v = *pv;

	/* Linux can_madvise_modify: a file's content is not lost by it. */
	if (v->flags & VMA_SEALED && is_discard(advice) && vma_is_anon(v) &&
	    (!(v->prot & PROT_WRITE) || pkey_denies(vma_pkey(v), true)))
		return -EPERM;
	switch (advice) {
	case MADV_DONTNEED:
		if (v->flags & VMA_LOCKED)
			return -EINVAL;
		/* fall through */
	case MADV_DONTNEED_LOCKED:
		if (vma_is_pfnmap(v))
			return -EINVAL;
		mm_zap(mm, start, end, ZAP_DONTNEED);
		return 0;
	case MADV_FREE:
		if (v->flags & VMA_LOCKED || !vma_is_anon(v))
			return -EINVAL;
		age_range(mm, start, end, advice);
		return 0;
	case MADV_COLD:
	case MADV_PAGEOUT:
		if (v->flags & VMA_LOCKED || vma_is_pfnmap(v))
			return -EINVAL;
		if (advice == MADV_COLD)
			age_range(mm, start, end, advice);
		else
			page_out(mm, v, start, end);
		return 0;
	case MADV_WILLNEED:
		return 0;
	case MADV_REMOVE:
		return advise_remove(v, start, end);
	case MADV_COLLAPSE:
		return huge_collapse(mm, v, start, end);
	case MADV_GUARD_INSTALL:
		return mm_guard_install(mm, v, start, end);
	case MADV_GUARD_REMOVE:
		return mm_guard_remove(mm, v, start, end);
	default:
		return advise_flags(mm, pv, start, end, advice);
	}
}

/* Linux madvise_walk_vmas: holes are passed over, and reported at the end. */
static int64_t advise_vmas(struct mm *mm, uint64_t start, uint64_t end,
			   int advice)
{
	struct vma *v = vma_find(&mm->vmas, start);
	int64_t hole = 0;

	while (start < end) {
		uint64_t upto;
		int err;

		if (!v || v->start >= end)
			return -ENOMEM;
		if (v->start > start) {
			hole = -ENOMEM;
			start = v->start;
		}
		upto = v->end < end ? v->end : end;
		err = advise_range(mm, &v, start, upto, advice);
		if (err)
			return is_flag_advice(advice) && err == -ENOMEM
				       ? -EAGAIN
				       : err;
		start = upto;
		if (start >= v->end)
			v = v->next;
	}
	return hole;
}

int64_t mm_madvise(struct mm *mm, uint64_t addr, uint64_t len, int advice)
{
	uint64_t end = addr + page_align(len);

	if (!is_advice(advice) || addr & (PAGE_SIZE - 1))
		return -EINVAL;
	if ((len && !page_align(len)) || end < addr)
		return -EINVAL;
	if (end == addr)
		return 0;
	if (advice == MADV_POPULATE_READ || advice == MADV_POPULATE_WRITE)
		return mm_populate(mm, addr, end,
				   advice == MADV_POPULATE_WRITE);
	return advise_vmas(mm, addr, end, advice);
}
