/*
 * mm_dup.c: see mm_dup.h.
 */
#include "mm_dup.h"

#include "account.h"
#include "hv_map.h"
#include "leaf.h"
#include "mm_life.h"

struct copy {
	struct mm *mm; /* the child */
	const struct vma *vma;
	struct pt_gather g; /* of the parent */
};

/* Linux vma_needs_copy, VM_COPY_ON_FORK. */
static bool needs_copy(const struct vma *v)
{
	return !(v->flags & VMA_WIPEONFORK) &&
	       (v->anon_id || vma_is_pfnmap(v) || v->flags & VMA_GUARD);
}

/* The child's entry: nobody has looked at it yet, nor stored by it. */
static uint64_t child_bits(const struct copy *c, pte_t pte)
{
	uint64_t drop = PTE_A;

	drop |= c->vma->flags & VMA_SHARED ? PTE_D | PTE_WAS_D : PTE_RW;
	return pte.v & ~(PTE_PFN_MASK | drop);
}

/* A page that both have: the one who stores first gets a copy. */
static pte_t share_page(struct copy *c, const struct leaf *l)
{
	struct leaf now = *l;

	if (!(l->pte.v & PTE_RW) || c->vma->flags & VMA_SHARED)
		return l->pte;
	now = leaf_take(l);
	now.pte.v &= ~PTE_RW;
	pt_change(l->p, now.pte);
	pt_gather_flush(&c->g, l->va);
	return now.pte;
}

static int copy_small(struct copy *c, const struct leaf *l, pte_t *to)
{
	struct page *page = leaf_page(l);
	pte_t pte = l->pte;

	switch (l->kind) {
	case LEAF_PAGE:
		pte = share_page(c, l);
		page->refcount++;
		leaf_map(c->mm, to, page, child_bits(c, pte));
		break;
	case LEAF_ZERO:
		leaf_map_zero(to, child_bits(c, pte));
		break;
	case LEAF_SPECIAL:
		leaf_map_special(to, leaf_pfn(l), child_bits(c, pte));
		break;
	case LEAF_GUARD:
		leaf_map_guard(to);
		break;
	default:
		break;
	}
	return 0;
}

static int copy_leaf(const struct leaf *l, void *ctx)
{
	struct copy *c = ctx;
	pte_t *to;

	if (leaf_is_huge(l)) {
		to = pt_entry_alloc(c->mm->root, l->va, 2);
		return !to ||
		       !leaf_map_huge_zero(c->mm, to, child_bits(c, l->pte));
	}
	to = pt_walk_alloc(c->mm->root, l->va);
	return !to || copy_small(c, l, to);
}

/* A block of 2 MiB has one owner: before it has two it becomes 512 pages. */
static int split_leaf(const struct leaf *l, void *ctx)
{
	struct copy *c = ctx;

	if (leaf_is_huge(l) && l->kind == LEAF_PAGE)
		leaf_split(c->g.mm, l);
	return 0;
}

static bool copy_pages(struct mm *from, struct mm *mm, const struct vma *v)
{
	struct copy c = {.mm = mm, .vma = v};
	int ret;

	pt_gather_init(&c.g, from);
	if (from->nr_huge)
		leaf_visit(from->root, v->start, v->end, split_leaf, &c);
	ret = leaf_visit_all(from->root, v->start, v->end, copy_leaf, &c);
	pt_gather_finish(&c.g);
	return !ret;
}

/* Linux: each has an anon_vma of its own, below the parent's. */
static uint64_t child_anon_id(struct mm *mm, const struct vma *v)
{
	if (!v->anon_id || v->flags & VMA_WIPEONFORK)
		return 0;
	return ++mm->anon_ids | VMA_ANON_FORKED;
}

static bool copy_vma(struct mm *from, struct mm *mm, const struct vma *v)
{
	struct vma like = *v, *copy;

	if (v->flags & VMA_ACCOUNT && !mm_may_commit(from, vma_pages(v)))
		return false;
	like.mm = mm;
	like.flags &= ~VMA_LOCKED_MASK;
	like.anon_id = child_anon_id(mm, v);
	copy = vma_new(&like);
	if (!copy)
		return false;
	vma_insert(&mm->vmas, copy);
	mm_account(mm, copy->prot, copy->flags, (int64_t)vma_pages(copy));
	return !needs_copy(v) || copy_pages(from, mm, v);
}

struct mm *mm_dup(struct mm *from)
{
	struct mm *mm = mm_new_like(from);

	for (const struct vma *v = from->vmas.first; mm && v; v = v->next) {
		if (v->flags & VMA_DONTFORK || copy_vma(from, mm, v))
			continue;
		mm_put(mm);
		return NULL;
	}
	if (mm)
		mm_note_peaks(mm);
	return mm;
}
