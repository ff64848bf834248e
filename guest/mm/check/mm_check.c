/*
 * mm_check.c: whether an address space is sound, and all that it stands on.
 */
#include "account.h"
#include "check.h"
#include "hv_map.h"
#include "leaf.h"
#include "wrong.h"

struct check {
	struct vma *v; /* the one the walk has come to */
	uint64_t rss[NR_RSS], nr_huge;
	const char *why;
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

static bool frame_is_sound(const struct vma *v, const struct leaf *l)
{
	const struct page *page = leaf_page(l);

	if (!page->mapcount || page->refcount < page->mapcount)
		return false;
	if ((page->flags & ~(PG_LAZYFREE | PG_PART)) == PG_ANON)
		return !(v->flags & VMA_SHARED);
	if (l->pte.v & PTE_RW &&
	    (!(v->flags & VMA_SHARED) || v->flags & VMA_NOWRITE))
		return false;
	return page->flags & PG_CACHE && page->owner == v->file &&
	       page->index == vma_pgoff(v, l->va);
}

static bool size_is_sound(const struct vma *v, const struct leaf *l)
{
	return v->end - l->va >= PT_SPAN_2M &&
	       (l->kind == LEAF_ZERO || leaf_page(l)->order == PT_ORDER_2M);
}

/* Of a leaf that lies in v, what is wrong with it, in a word; or NULL. */
static const char *judge_leaf(struct check *c, const struct leaf *l)
{
	const struct page *page = leaf_page(l);
	const struct vma *v = c->v;

	if (l->kind == LEAF_GUARD)
		return v->flags & VMA_GUARD ? NULL : "guard";
	if (!rights_are_sound(v, l->pte))
		return "rights";
	c->nr_huge += leaf_is_huge(l);
	if (leaf_is_huge(l) && !size_is_sound(v, l))
		return "size";
	if ((l->kind == LEAF_SPECIAL) != vma_is_pfnmap(v))
		return "special";
	if (l->kind == LEAF_SPECIAL)
		return l->pte.v & PTE_RW || page->owner != v->file ? "special"
								   : NULL;
	if (l->kind == LEAF_ZERO)
		return l->pte.v & PTE_RW || !vma_is_anon(v) ? "zero page"
							    : NULL;
	if (!frame_is_sound(v, l))
		return "frame";
	c->rss[page_rss(page)] += l->nr;
	return NULL;
}

static int check_leaf(const struct leaf *l, void *ctx)
{
	const struct page *page = leaf_page(l);
	struct check *c = ctx;
	const char *what = "mapping";

	while (c->v && c->v->end <= l->va)
		c->v = c->v->next;
	if (c->v && c->v->start <= l->va)
		what = judge_leaf(c, l);
	if (!what)
		return 0;
	c->why = wrong("mm: wrong %s: entry %#lx at %#lx; prot %u flags %#x of "
		       "the mapping; page flags %#x refcount %u mapcount %u",
		       what, l->pte.v, l->va, c->v ? c->v->prot : 0,
		       c->v ? c->v->flags : 0, page->flags, page->refcount,
		       page->mapcount);
	return 1;
}

struct figure {
	const char *name;
	uint64_t found, has;
};

static const char *figures_check(const struct figure *f, size_t n)
{
	const char *why = NULL;

	for (size_t i = 0; i < n && !why; i++)
		if (f[i].found != f[i].has)
			why = wrong("mm: %s is %lu, but counted are %lu",
				    f[i].name, f[i].has, f[i].found);
	return why;
}
#define FIGURES_CHECK(f) figures_check(f, sizeof(f) / sizeof((f)[0]))

static const char *accounts_check(const struct mm *mm)
{
	uint64_t committed = mm_machine.committed;
	struct mm sum = {0};

	for (const struct vma *v = mm->vmas.first; v; v = v->next)
		mm_account(&sum, v->prot, v->flags, (int64_t)vma_pages(v));
	mm_machine.committed = committed; /* mm_account counts it too */
	const struct figure f[] = {
		{"total_vm", sum.total_vm, mm->total_vm},
		{"data_vm", sum.data_vm, mm->data_vm},
		{"exec_vm", sum.exec_vm, mm->exec_vm},
		{"stack_vm", sum.stack_vm, mm->stack_vm},
		{"locked_vm", sum.locked_vm + mm->locked_lost, mm->locked_vm},
		{"committed", sum.committed, mm->committed},
	};

	return FIGURES_CHECK(f);
}

static const char *pages_check(struct mm *mm)
{
	struct check c = {.v = mm->vmas.first};

	if (leaf_visit_all(mm->root, 0, HV_VA_USER_END, check_leaf, &c))
		return c.why;
	const struct figure f[] = {
		{"nr_huge", c.nr_huge, mm->nr_huge},
		{"rss anon", c.rss[RSS_ANON], mm->rss[RSS_ANON]},
		{"rss file", c.rss[RSS_FILE], mm->rss[RSS_FILE]},
		{"rss shmem", c.rss[RSS_SHMEM], mm->rss[RSS_SHMEM]},
	};

	return FIGURES_CHECK(f);
}

static bool is_mapped(uint64_t start, uint64_t end, void *ctx)
{
	return vma_find_first(ctx, start, end) != NULL;
}

const char *mm_check(struct mm *mm)
{
	const char *why = vma_check(&mm->vmas);

	why = why ? why : pt_check(mm->root, is_mapped, &mm->vmas);
	why = why ? why : accounts_check(mm);
	why = why ? why : pages_check(mm);
	why = why ? why : parts_check();
	why = why ? why : filemap_check();
	why = why ? why : buddy_check();
	return why ? why : slab_check();
}
