/*
 * visit.c: leaf_visit and its kin (leaf.h): the one walk over a range of a
 * page table.
 */
#include "hv_map.h"
#include "leaf.h"
#include "panic.h"

struct visit {
	struct leaf_limits limits;
	leaf_fn *fn;
	void *ctx;
	bool guards;
};

static inline int visit_leaf(pte_t *p, pte_t pte, uint64_t va, bool huge,
			     const struct visit *v)
{
	struct leaf l = leaf_make(p, pte, va, huge);

	return l.kind == LEAF_GUARD && !v->guards ? 0 : v->fn(&l, v->ctx);
}

/* Is the table of `level` that maps va empty, and nobody else's? */
static inline bool may_release(const pte_t *table, int level, uint64_t va,
			       const struct leaf_limits *l)
{
	uint64_t span = 1ull << pt_shift(level + 1);
	uint64_t start = va & ~(span - 1);

	return level <= l->top && !pt_table_page(table)->inuse &&
	       start >= l->floor && start + span <= l->ceiling;
}

/*
 * Of a table of pages, which [start, end) lies in. Entries in use are counted
 * down, so that a nearly empty table is not read to its end.
 */
static int visit_pages(pte_t *table, uint64_t start, uint64_t end,
		       const struct visit *v)
{
	uint32_t left = pt_table_page(table)->inuse;
	pte_t *p = &table[start >> PAGE_SHIFT & (PT_ENTRIES - 1)];
	int ret = 0;

	for (uint64_t va = start; va < end && left && !ret; va += PAGE_SIZE) {
		pte_t pte = arch_pte_get(p);

		if (pte.v) {
			left--;
			ret = visit_leaf(p, pte, va, false, v);
		}
		p++;
	}
	return ret;
}

/* Likewise of a table of level 2 or above. */
static int visit_table(pte_t *table, int level, uint64_t start, uint64_t end,
		       const struct visit *v)
{
	uint64_t span = 1ull << pt_shift(level);
	uint32_t left = pt_table_page(table)->inuse;
	int ret = 0;

	for (uint64_t va = start, next; va < end && left && !ret; va = next) {
		pte_t *p = &table[va >> pt_shift(level) & (PT_ENTRIES - 1)];
		pte_t entry = arch_pte_get(p), *sub;
		uint64_t last;

		next = (va & ~(span - 1)) + span;
		last = next < end ? next : end;
		if (!entry.v)
			continue;
		left--;
		if (pte_is_huge(entry)) {
			ret = visit_leaf(p, entry, va, true, v);
			continue;
		}
		sub = pte_table(entry);
		ret = level == 2 ? visit_pages(sub, va, last, v)
				 : visit_table(sub, level - 1, va, last, v);
		if (may_release(sub, level - 1, va, &v->limits))
			pt_release(p, va, v->limits.g);
	}
	return ret;
}

static int visit(pte_t *root, uint64_t start, uint64_t end,
		 const struct visit *v)
{
	BUG_ON((start | end) & (PAGE_SIZE - 1) || end > HV_VA_USER_END);
	return visit_table(root, PT_LEVELS, start, end, v);
}

int leaf_visit(pte_t *root, uint64_t start, uint64_t end, leaf_fn *fn,
	       void *ctx)
{
	const struct visit v = {.fn = fn, .ctx = ctx};

	return visit(root, start, end, &v);
}

int leaf_visit_all(pte_t *root, uint64_t start, uint64_t end, leaf_fn *fn,
		   void *ctx)
{
	const struct visit v = {.fn = fn, .ctx = ctx, .guards = true};

	return visit(root, start, end, &v);
}

int leaf_visit_free(pte_t *root, uint64_t start, uint64_t end,
		    const struct leaf_limits *limits, leaf_fn *fn, void *ctx)
{
	const struct visit v = {*limits, fn, ctx, true};

	return visit(root, start, end, &v);
}
