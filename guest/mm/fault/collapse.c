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

struct collapse {
	struct page *to;
	struct pt_gather g;
	unsigned had; /* frames that were counted already */
};

static int collapse_pte(pte_t *p, pte_t pte, uint64_t va, void *ctx)
{
	struct collapse *c = ctx;
	struct page *from = pfn_to_page(pte_pfn(pte));
	struct page *to = c->to + (va >> PAGE_SHIFT & (PT_FRAMES_2M - 1));

	(void)p;
	if (pte_is_zero_page(pte))
		return 0;
	arch_page_copy(page_to_phys(to), page_to_phys(from));
	from->mapcount--;
	pt_gather_page(&c->g, from);
	c->had++;
	return 0;
}

/* Linux collapse_huge_page: of the table that p names, which is in v alone. */
static int collapse_table(struct mm *mm, struct vma *v, pte_t *p, uint64_t va)
{
	struct fault f = {.mm = mm, .access = HV_ACCESS_WRITE, .vma = v};
	struct collapse c = {
		.to = fault_anon_frame(&f, PT_ORDER_2M, GFP_ZERO),
	};

	if (!c.to) {
		thp_events.collapse_alloc_failed++;
		return -ENOMEM;
	}
	thp_events.collapse_alloc++;
	pt_gather_init(&c.g);
	pt_visit(mm->root, va, va + PT_SPAN_2M, collapse_pte, &c);
	mm->rss[RSS_ANON] -= c.had;
	pt_join_2m(p, fault_anon_pte(&f, page_to_pfn(c.to)));
	pt_gather_flush_entry(&c.g, va, arch_pte_get(p));
	pt_gather_finish(&c.g);
	mm->nr_huge++;
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

static int find_guard(pte_t *p, pte_t pte, uint64_t va, void *ctx)
{
	(void)p;
	(void)va;
	(void)ctx;
	return pte_is_guard(pte);
}

/* Linux __collapse_huge_page_swapin: not over a guard marker. */
static bool has_guard(struct mm *mm, const struct vma *v, uint64_t va)
{
	return v->flags & VMA_GUARD &&
	       pt_visit_all(mm->root, va, va + PT_SPAN_2M, find_guard, NULL);
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
