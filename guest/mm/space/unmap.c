/*
 * unmap.c: see unmap.h.
 */
#include "unmap.h"

#include <asm/errno.h>

#include "account.h"
#include "huge.h"
#include "leaf.h"

struct zap {
	enum mm_zap kind;
	struct pt_gather g;
};

/*
 * Linux madvise_cold_or_pageout_pte_range, shrink_folio_list: nothing that is
 * mapped elsewhere too, and no private page that anyone needs.
 */
static bool may_reclaim(const struct leaf *l, enum mm_zap kind)
{
	const struct page *page = leaf_page(l);

	if (l->kind != LEAF_PAGE || page->mapcount != 1)
		return false;
	if (page->flags & PG_CACHE || kind == ZAP_DROPPABLE)
		return true;
	return page->flags & PG_LAZYFREE && !leaf_is_dirty(l);
}

static bool is_of_kind(const struct leaf *l, enum mm_zap kind)
{
	switch (kind) {
	case ZAP_CACHED:
		return l->kind != LEAF_GUARD && leaf_page(l)->flags & PG_CACHE;
	case ZAP_RECLAIM:
	case ZAP_DROPPABLE:
		return may_reclaim(l, kind);
	default:
		return l->kind != LEAF_GUARD || kind == ZAP_UNMAP;
	}
}

static int zap_leaf(const struct leaf *l, void *ctx)
{
	struct zap *z = ctx;

	if (is_of_kind(l, z->kind))
		leaf_unmap(&z->g, l);
	return 0;
}

/* Entries and tables of [start, end); the VMAs around it end and begin at
 * floor and ceiling. */
static void zap(struct mm *mm, uint64_t start, uint64_t end, enum mm_zap kind,
		struct leaf_limits limits)
{
	struct zap z = {.kind = kind};

	pt_gather_init(&z.g, mm);
	limits.g = &z.g;
	leaf_visit_free(mm->root, start, end, &limits, zap_leaf, &z);
	pt_gather_finish(&z.g);
}

void mm_zap(struct mm *mm, uint64_t start, uint64_t end, enum mm_zap kind)
{
	/* Linux CONFIG_PT_RECLAIM: tables of pages, but none above them. */
	int top = kind == ZAP_DONTNEED ? 1 : 0;

	mm_note_peaks(mm);
	huge_split_borders(mm, start, end);
	zap(mm, start, end, kind, (struct leaf_limits){start, end, top, NULL});
}

int mm_split(struct mm *mm, uint64_t start, uint64_t end)
{
	struct vma *v = vma_find_first(&mm->vmas, start, end);

	huge_split_borders(mm, start, end);
	if (v && v->start < start) {
		if (end < v->end && mm->vmas.count >= MM_MAP_COUNT_MAX)
			return -ENOMEM;
		if (v->flags & VMA_SEALED)
			return -EPERM;
		if (!vma_may_split(v, start, end))
			return -EINVAL;
		v = vma_split(&mm->vmas, v, start);
		if (!v)
			return -ENOMEM;
	}
	for (; v && v->start < end; v = v->next) {
		if (v->flags & VMA_SEALED)
			return -EPERM;
		if (!vma_may_split(v, start, end))
			return -EINVAL;
		if (v->end > end && !vma_split(&mm->vmas, v, end))
			return -ENOMEM;
	}
	return 0;
}

int mm_unmap(struct mm *mm, uint64_t start, uint64_t end)
{
	struct leaf_limits limits = {0, ~0ull, PT_ALL, NULL};
	struct vma *v, *next, *gone = NULL;
	int err;

	if (!vma_find_first(&mm->vmas, start, end))
		return 0;
	err = mm_split(mm, start, end);
	if (err)
		return err;
	mm_note_peaks(mm);
	v = vma_find_first(&mm->vmas, start, end);
	if (v->prev)
		limits.floor = v->prev->end;
	for (; v && v->start < end; v = next) {
		next = v->next;
		vma_erase(&mm->vmas, v);
		mm_account(mm, v->prot, v->flags, -(int64_t)vma_pages(v));
		v->next = gone;
		gone = v;
	}
	if (v)
		limits.ceiling = v->start;
	zap(mm, start, end, ZAP_UNMAP, limits);
	for (; gone; gone = next) {
		next = gone->next;
		vma_free(gone);
	}
	return 0;
}
