/*
 * collapse.c: see collapse.h.
 */
#include "collapse.h"

#include <asm/errno.h>

#include "buddy.h"
#include "fault_internal.h"
#include "huge.h"
#include "hv_fault.h"
#include "parts.h"

static int copy_leaf(const struct leaf *l, void *ctx)
{
	struct page *block = ctx;
	struct page *to = block + (l->va >> PAGE_SHIFT & (PT_FRAMES_2M - 1));

	if (l->kind == LEAF_PAGE)
		arch_page_copy(page_to_phys(to), page_to_phys(leaf_page(l)));
	return 0;
}

/* Linux collapse_huge_page: of the table that p names, which is in v alone. */
static int collapse_table(struct mm *mm, struct vma *v, pte_t *p, uint64_t va)
{
	struct fault f = {.mm = mm, .access = HV_ACCESS_WRITE, .vma = v};
	struct page *block = fault_anon_frame(&f, PT_ORDER_2M, GFP_ZERO);
	struct pt_gather g;

	if (!block) {
		thp_events.collapse_alloc_failed++;
		return -ENOMEM;
	}
	thp_events.collapse_alloc++;
	pt_gather_init(&g, mm);
	leaf_visit(mm->root, va, va + PT_SPAN_2M, copy_leaf, block);
	leaf_join(&g, p, va, block, fault_anon_bits(&f));
	pt_gather_finish(&g);
	return 0;
}

/*
 * Linux hpage_collapse_scan_pmd. -EINVAL: nothing was ever there; -ENOENT: nor
 * near it, there is not even a table of tables.
 */
static int collapse_one(struct mm *mm, struct vma *v, uint64_t va)
{
	pte_t *p = pt_entry(mm->root, va, 2);
	pte_t pte;

	if (!p)
		return -ENOENT;
	pte = arch_pte_get(p);
	if (!pte.v)
		return -EINVAL;
	if (pte_is_huge(pte))
		return 0;
	return collapse_table(mm, v, p, va);
}

static int is_guard(const struct leaf *l, void *ctx)
{
	(void)ctx;
	return l->kind == LEAF_GUARD;
}

/* Linux __collapse_huge_page_swapin: not over a guard marker. */
static bool has_guard(struct mm *mm, const struct vma *v, uint64_t va)
{
	return v->flags & VMA_GUARD &&
	       leaf_visit_all(mm->root, va, va + PT_SPAN_2M, is_guard, NULL);
}

/* Linux madvise_collapse: only what has no tables at all does not end it. */
int huge_collapse(struct mm *mm, struct vma *v, uint64_t start, uint64_t end)
{
	int ret = 0;

	if (!huge_is_allowed(v) || !v->anon_id || !huge_has_room(v))
		return -EINVAL;
	start = (start + PT_SPAN_2M - 1) & HUGE_MASK;
	if (start > (end & HUGE_MASK)) /* with no border of huge pages in it */
		return -EINVAL;
	for (; start < end && end - start >= PT_SPAN_2M; start += PT_SPAN_2M) {
		int err;

		if (has_guard(mm, v, start))
			return -EINVAL;
		err = collapse_one(mm, v, start);
		if (err && err != -ENOENT)
			return err;
		if (err)
			ret = -EINVAL;
	}
	return ret;
}
