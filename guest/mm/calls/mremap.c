/*
 * mremap.c: shrink, grow in place, move, duplicate (Linux mm/mremap.c, 6.18).
 * Frames move by their page-table entries; nothing is copied.
 */
#include <asm/errno.h>

#include "account.h"
#include "calls.h"
#include "huge.h"
#include "hv_map.h"
#include "leaf.h"
#include "merge.h"
#include "mmap.h"
#include "populate.h"
#include "unmap.h"

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

/* Linux pagetable_move_control. */
struct move {
	struct mm *mm;
	uint64_t from, to; /* what is moved next */
	uint64_t end;	   /* of what is moved, at the old place */
	pte_t *new;	   /* entry for `to`, while single pages are moved */
	bool back;	   /* where it came from: there are tables for it */
	struct pt_gather g;
};

/* Bytes that lie in one span at the old place, and in one at the new place. */
static uint64_t extent(const struct move *m, uint64_t span)
{
	uint64_t n = m->end - m->from;
	uint64_t from = span - (m->from & (span - 1));
	uint64_t to = span - (m->to & (span - 1));

	n = n < from ? n : from;
	return n < to ? n : to;
}

/* Linux move_normal_pud, move_normal_pmd, move_huge_pmd. */
static bool move_entry(struct move *m, pte_t *old, pte_t *new, uint64_t span)
{
	if (extent(m, span) != span || arch_pte_get(new).v)
		return false;
	pt_move(new, old);
	pt_gather_flush(&m->g, m->from);
	pt_gather_flush(&m->g, m->from + span - PAGE_SIZE);
	return true;
}

static int move_leaf(const struct leaf *l, void *ctx)
{
	struct move *m = ctx;

	pt_move(m->new + ((l->va - m->from) >> PAGE_SHIFT), l->p);
	if (l->pte.v & PTE_P)
		pt_gather_flush(&m->g, l->va);
	return 0;
}

/* Of the new place. */
static pte_t *new_entry(struct move *m, int level)
{
	return m->back ? pt_entry(m->mm->root, m->to, level)
		       : pt_entry_alloc(m->mm->root, m->to, level);
}

/* The next *n bytes. False: there is no table for them. */
static bool move_some(struct move *m, uint64_t *n)
{
	pte_t *root = m->mm->root, *old, *new;

	*n = extent(m, PT_SPAN_1G);
	old = pt_entry(root, m->from, 3);
	if (!old || !arch_pte_get(old).v)
		return true;
	new = new_entry(m, 3);
	if (!new || move_entry(m, old, new, PT_SPAN_1G))
		return new;
	*n = extent(m, PT_SPAN_2M);
	old = pt_entry(root, m->from, 2);
	if (!arch_pte_get(old).v)
		return true;
	new = new_entry(m, 2);
	if (!new || move_entry(m, old, new, PT_SPAN_2M))
		return new;
	huge_split(m->mm, m->from);
	m->new = new_entry(m, 1);
	if (m->new)
		leaf_visit_all(root, m->from, m->from + *n, move_leaf, m);
	return m->new;
}

/* Linux move_page_tables. Returns how far it came. */
static uint64_t move_range(struct mm *mm, uint64_t from, uint64_t to,
			   uint64_t len, bool back)
{
	struct move m = {mm, from, to, from + len, .back = back};
	uint64_t n;

	pt_gather_init(&m.g, mm);
	for (; m.from < m.end; m.from += n, m.to += n)
		if (!move_some(&m, &n) && !back)
			break;
	pt_gather_finish(&m.g);
	return m.from - from;
}

/* Linux can_align_down: does v begin at va, and nothing else lie in its 2 MiB?
 */
static bool is_first(struct mm *mm, uint64_t va)
{
	return vma_find_first(&mm->vmas, va, va + 1)->start == va &&
	       !vma_find_first(&mm->vmas, va & ~(PT_SPAN_2M - 1), va);
}

/* Linux try_realign_addr: more than was asked for, to move whole tables. */
static uint64_t realign(struct mm *mm, uint64_t from, uint64_t to, uint64_t len)
{
	uint64_t below = from & (PT_SPAN_2M - 1);

	if (len < PT_SPAN_2M - below || (from ^ to) & (PT_SPAN_2M - 1) ||
	    !below || !is_first(mm, from) || !is_first(mm, to))
		return 0;
	return below;
}

static int move_pages(struct mm *mm, uint64_t from, uint64_t to, uint64_t len)
{
	uint64_t below = realign(mm, from, to, len), done;

	from -= below;
	to -= below;
	len += below;
	done = move_range(mm, from, to, len, false);
	if (done == len)
		return 0;
	move_range(mm, to, from, done, true);
	return -ENOMEM;
}

/* One call, or its part that concerns one mapping (Linux vma_remap_struct). */
struct remap {
	struct mm *mm;
	uint64_t addr, old_len, new_len, new_addr;
	uint32_t flags;
	struct vma *v; /* has addr */
	bool locked;   /* what grew is to be brought in */
};

/*
 * Linux dontunmap_complete: the old mapping stays, empty. All of it, also what
 * was not moved, is locked no longer, but stays counted as if it were.
 */
static void dont_unmap(struct mm *mm, struct vma *v, uint64_t start,
		       uint64_t end)
{
	if (v->flags & VMA_LOCKED)
		mm->locked_lost += vma_pages(v);
	vma_set_flags(&mm->vmas, v, v->flags & ~VMA_LOCKED_MASK);
	if (v->start == start && v->end == end)
		v->anon_id = 0; /* as if never written */
}

/*
 * Linux move_vma: [addr, addr + old_len) to the free range at `to`. The new
 * part is accounted before the old one goes, as there.
 */
static int64_t move(struct remap *r, uint64_t to)
{
	struct mm *mm = r->mm;
	struct vma like = *r->v;
	uint64_t peak = mm->hiwater_vm; /* both at once do not count */
	uint64_t more = r->flags & MREMAP_DONTUNMAP ? r->new_len
						    : r->new_len - r->old_len;

	if (mm->vmas.count >= MM_MAP_COUNT_MAX - 3)
		return -ENOMEM;
	if (!vma_may_split(r->v, r->addr, r->addr + r->old_len))
		return -EINVAL;
	if (like.flags & VMA_ACCOUNT && !mm_may_commit(mm, more >> PAGE_SHIFT))
		return -ENOMEM;
	like.start = to;
	like.end = to + r->new_len;
	like.pgoff = vma_pgoff(r->v, r->addr);
	/* Linux copy_vma: memory never written is as if mapped there. */
	if (vma_is_anon(r->v) && !r->v->anon_id)
		like.pgoff = to >> PAGE_SHIFT;
	if (mm_map(mm, &like))
		return -ENOMEM;
	if (r->old_len && move_pages(mm, r->addr, to, r->old_len)) {
		mm_unmap(mm, to, to + r->new_len);
		mm->hiwater_vm = peak;
		return -ENOMEM;
	}
	/* mm_map may have merged: look the old one up again. */
	if (r->flags & MREMAP_DONTUNMAP)
		dont_unmap(mm, vma_find(&mm->vmas, r->addr), r->addr,
			   r->addr + r->old_len);
	else if (r->old_len) /* without memory for it the old stays, empty */
		mm_unmap(mm, r->addr, r->addr + r->old_len);
	mm->hiwater_vm = peak;
	return (int64_t)to;
}

static inline bool has_target(const struct remap *r)
{
	return r->flags & (MREMAP_FIXED | MREMAP_DONTUNMAP);
}

/* Linux check_prep_vma. */
static int check_vma(const struct remap *r)
{
	const struct vma *v = r->v;
	uint64_t pgoff, old_len = r->old_len;

	if (!v)
		return -EFAULT;
	if (v->flags & VMA_SEALED)
		return -EPERM;
	/* A shrink in place may start in one mapping and end in another. */
	if (!has_target(r) && old_len >= r->new_len)
		return 0;
	if (!old_len && !(v->flags & VMA_SHARED))
		return -EINVAL;
	if (r->flags & MREMAP_DONTUNMAP && v->flags & VMA_SPECIAL)
		return -EINVAL;
	if (old_len > r->new_len)
		old_len = r->new_len;
	if (old_len > v->end - r->addr)
		return -EFAULT;
	if (r->new_len == old_len)
		return 0;
	pgoff = vma_pgoff(v, r->addr);
	if (pgoff + (r->new_len >> PAGE_SHIFT) < pgoff)
		return -EINVAL;
	if (v->flags & VMA_SPECIAL)
		return -EFAULT;
	if (!mm_may_lock(r->mm, v->flags, r->new_len - old_len))
		return -EAGAIN;
	if (!mm_may_expand(r->mm, v->prot, v->flags,
			   (r->new_len - old_len) >> PAGE_SHIFT))
		return -ENOMEM;
	return 0;
}

/* Linux check_mremap_params; lengths are page-aligned. */
static int check_params(const struct remap *r)
{
	const uint32_t known = MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP;

	if (r->flags & ~known || r->addr & (PAGE_SIZE - 1) || !r->new_len ||
	    r->new_len > HV_VA_USER_END)
		return -EINVAL;
	if (!has_target(r))
		return 0;
	if (r->new_addr > HV_VA_USER_END - r->new_len ||
	    r->new_addr & (PAGE_SIZE - 1) || !(r->flags & MREMAP_MAYMOVE))
		return -EINVAL;
	if (r->flags & MREMAP_DONTUNMAP && r->old_len != r->new_len)
		return -EINVAL;
	if (r->addr + r->old_len > r->new_addr &&
	    r->new_addr + r->new_len > r->addr)
		return -EINVAL;
	return r->mm->vmas.count + 2 >= MM_MAP_COUNT_MAX - 3 ? -ENOMEM : 0;
}

/* Linux vrm_set_new_addr: where get_unmapped_area would put it. */
static int64_t find_place(const struct remap *r, uint64_t hint)
{
	uint32_t flags = r->flags & MREMAP_FIXED ? MAP_FIXED : 0;

	if (!r->v->file)
		flags |= MAP_ANONYMOUS | MAP_PRIVATE;
	if (r->v->flags & VMA_SHARED)
		flags |= MAP_SHARED;
	return mm_find_area(r->mm, hint, r->new_len, flags, r->v->file,
			    vma_pgoff(r->v, r->addr));
}

/* Linux mremap_to: with MREMAP_FIXED to exactly new_addr. */
static int64_t remap_to(struct remap *r)
{
	int64_t ret;

	if (r->flags & MREMAP_FIXED) {
		ret = mm_unmap(r->mm, r->new_addr, r->new_addr + r->new_len);
		if (ret)
			return ret;
		/* Nothing of it may be left, if old_len is 0. */
		r->v = vma_find_first(&r->mm->vmas, r->addr, r->addr + 1);
		if (!r->v)
			return -EFAULT;
	}
	if (r->old_len > r->new_len) {
		ret = mm_munmap(r->mm, r->addr + r->new_len,
				r->old_len - r->new_len);
		if (ret)
			return ret;
		r->old_len = r->new_len;
		r->v = vma_find(&r->mm->vmas, r->addr);
	}
	if (r->flags & MREMAP_DONTUNMAP &&
	    !mm_may_expand(r->mm, r->v->prot, r->v->flags,
			   r->old_len >> PAGE_SHIFT))
		return -ENOMEM;
	ret = find_place(r, r->new_addr);
	return ret < 0 ? ret : move(r, (uint64_t)ret);
}

/* Linux vma_expandable, and the merge that makes it longer. */
static bool grow_in_place(struct mm *mm, struct vma *v, uint64_t delta)
{
	struct vma like = *v;

	like.start = v->end;
	like.end = v->end + delta;
	like.pgoff = v->pgoff + vma_pages(v);
	if (v->flags & VMA_ACCOUNT && !mm_may_commit(mm, delta >> PAGE_SHIFT))
		return false;
	if (like.end < like.start || like.end > HV_VA_USER_END ||
	    vma_find_first(&mm->vmas, like.start, like.end))
		return false;
	return !mm_map(mm, &like);
}

/* Linux expand_vma: in place if there is room, else elsewhere if it may. */
static int64_t expand(struct remap *r)
{
	int64_t ret;

	if (r->old_len && r->old_len == r->v->end - r->addr &&
	    grow_in_place(r->mm, r->v, r->new_len - r->old_len))
		return (int64_t)r->addr;
	if (!(r->flags & MREMAP_MAYMOVE))
		return -ENOMEM;
	ret = find_place(r, 0);
	return ret < 0 ? ret : move(r, (uint64_t)ret);
}

/*
 * Linux remap_move, since 6.17: a move without a change of size may take many
 * mappings along, with the gaps between them.
 */
static int64_t move_many(struct remap *r)
{
	uint64_t start = r->addr, end = r->addr + r->old_len;
	uint64_t target = r->new_addr, last_end = 0;
	int64_t first = -EFAULT;

	for (uint64_t at = start; at < end; at = last_end) {
		struct vma *v = vma_find_first(&r->mm->vmas, at, end);
		int64_t ret;

		if (!v)
			break;
		if (!last_end && v->start > start)
			return -EFAULT;
		r->v = v;
		r->addr = v->start > start ? v->start : start;
		r->new_addr = target + (last_end ? v->start - last_end : 0);
		r->old_len = r->new_len =
			(v->end < end ? v->end : end) - r->addr;
		last_end = v->end;
		ret = check_vma(r);
		if (!ret)
			ret = remap_to(r);
		if (ret < 0)
			return ret;
		if (first < 0)
			first = ret;
		target = (uint64_t)ret + r->new_len;
	}
	return first;
}

static int64_t remap_one(struct remap *r)
{
	int64_t ret;

	r->v = vma_find_first(&r->mm->vmas, r->addr, r->addr + 1);
	ret = check_vma(r);
	if (ret)
		return ret;
	r->locked = r->v->flags & VMA_LOCKED && r->old_len < r->new_len;
	if (has_target(r))
		return remap_to(r);
	if (r->old_len < r->new_len)
		return expand(r);
	if (r->old_len > r->new_len)
		ret = mm_munmap(r->mm, r->addr + r->new_len,
				r->old_len - r->new_len);
	return ret ? ret : (int64_t)r->addr;
}

int64_t mm_mremap(struct mm *mm, uint64_t addr, uint64_t old_len,
		  uint64_t new_len, uint32_t flags, uint64_t new_addr)
{
	struct remap r = {
		.mm = mm,
		.addr = addr,
		.old_len = page_align(old_len),
		.new_len = page_align(new_len),
		.new_addr = new_addr,
		.flags = flags,
	};
	uint64_t grown;
	int64_t ret = check_params(&r);

	if (ret)
		return ret;
	if (flags & MREMAP_FIXED && r.old_len == r.new_len)
		return move_many(&r);
	grown = r.old_len;
	ret = remap_one(&r);
	if (ret >= 0 && r.locked)
		mm_populate_vmas(mm, (uint64_t)ret + grown,
				 (uint64_t)ret + r.new_len, true);
	return ret;
}
