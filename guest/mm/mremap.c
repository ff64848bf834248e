/*
 * mremap.c: shrink, grow in place, move (Linux mm/mremap.c). Frames move by
 * their page-table entries; nothing is copied.
 *
 * Not here: MREMAP_DONTUNMAP, and old_len 0, which makes a second mapping of
 * shared memory: both give -EINVAL. Moving several mappings by one call, as
 * Linux can since 6.17, gives -EFAULT.
 */
#include "internal.h"

struct move {
	struct mm *mm;
	struct pt_gather g;
	uint64_t delta; /* new address less old, modulo 2^64 */
};

static int prepare_pte(pte_t *p, pte_t pte, uint64_t va, void *ctx)
{
	struct move *m = ctx;

	(void)p;
	(void)pte;
	return pt_walk_alloc(m->mm->root, va + m->delta) ? 0 : -ENOMEM;
}

static int move_pte(pte_t *p, pte_t pte, uint64_t va, void *ctx)
{
	struct move *m = ctx;

	pt_fill(pt_walk(m->mm->root, va + m->delta), pte);
	pt_clear(p);
	if (pte.v & PTE_P)
		pt_gather_flush(&m->g, va);
	return 0;
}

/* All tables are made first, so that moving cannot fail halfway. */
static int move_pages(struct mm *mm, uint64_t from, uint64_t to, uint64_t len)
{
	struct move m = {.mm = mm, .delta = to - from};

	if (pt_visit(mm->root, from, from + len, NULL, prepare_pte, &m)) {
		mm_zap(mm, to, to + len);
		return -ENOMEM;
	}
	pt_gather_init(&m.g);
	/* Tables that become empty may be those prepared: mm_unmap frees. */
	pt_visit(mm->root, from, from + len, NULL, move_pte, &m);
	pt_gather_finish(&m.g);
	return 0;
}

/*
 * Linux move_vma: [addr, addr + old_len) of v to the free range at `to`. The
 * new part is accounted before the old one goes, as there.
 */
static int64_t move(struct mm *mm, struct vma *v, uint64_t addr,
		    uint64_t old_len, uint64_t new_len, uint64_t to)
{
	struct vma like = *v;

	if (mm->vmas.count >= MM_MAP_COUNT_MAX - 3)
		return -ENOMEM;
	like.start = to;
	like.end = to + new_len;
	like.pgoff = vma_pgoff(v, addr);
	/* Linux copy_vma: memory never written is as if mapped there. */
	if (vma_is_anon(v) && !v->anon_id)
		like.pgoff = to >> PAGE_SHIFT;
	if (mm_map(mm, &like))
		return -ENOMEM;
	if (move_pages(mm, addr, to, old_len)) {
		mm_unmap(mm, to, to + new_len);
		return -ENOMEM;
	}
	/* If that needs a VMA and there is no memory, the old stays, empty. */
	mm_unmap(mm, addr, addr + old_len);
	return (int64_t)to;
}

/* Linux check_prep_vma. v contains addr. */
static int check_resize(const struct mm *mm, const struct vma *v, uint64_t addr,
			uint64_t old_len, uint64_t new_len)
{
	uint64_t pgoff = vma_pgoff(v, addr);

	if (!old_len)
		return -EINVAL;
	if ((old_len < new_len ? old_len : new_len) > v->end - addr)
		return -EFAULT;
	if (new_len == old_len)
		return 0;
	if (pgoff + (new_len >> PAGE_SHIFT) < pgoff)
		return -EINVAL;
	if (v->flags & VMA_SPECIAL)
		return -EFAULT;
	if (new_len > old_len &&
	    !mm_may_expand(mm, v->prot, v->flags,
			   (new_len - old_len) >> PAGE_SHIFT))
		return -ENOMEM;
	return 0;
}

/* Linux check_mremap_params; lengths are page-aligned. */
static int check_params(const struct mm *mm, uint64_t addr, uint64_t old_len,
			uint64_t new_len, uint32_t flags, uint64_t new_addr)
{
	if (flags & ~(uint32_t)(MREMAP_MAYMOVE | MREMAP_FIXED) ||
	    addr & (PAGE_SIZE - 1) || !new_len || new_len > HV_VA_USER_END)
		return -EINVAL;
	if (!(flags & MREMAP_FIXED))
		return 0;
	if (new_addr > HV_VA_USER_END - new_len || new_addr & (PAGE_SIZE - 1) ||
	    !(flags & MREMAP_MAYMOVE))
		return -EINVAL;
	if (addr + old_len > new_addr && new_addr + new_len > addr)
		return -EINVAL;
	return mm->vmas.count + 2 >= MM_MAP_COUNT_MAX - 3 ? -ENOMEM : 0;
}

/* Linux mremap_to: to exactly new_addr. All has been checked. */
static int64_t remap_to(struct mm *mm, uint64_t addr, uint64_t old_len,
			uint64_t new_len, uint64_t new_addr)
{
	int64_t ret;

	if (mm_unmap(mm, new_addr, new_addr + new_len))
		return -ENOMEM;
	if (old_len > new_len) {
		ret = mm_munmap(mm, addr + new_len, old_len - new_len);
		if (ret)
			return ret;
		old_len = new_len;
	}
	ret = mm_find_area(mm, new_addr, new_len, MAP_FIXED);
	if (ret < 0)
		return ret;
	return move(mm, vma_find(&mm->vmas, addr), addr, old_len, new_len,
		    new_addr);
}

/* Linux vma_expandable, and the merge that makes it longer. */
static bool grow_in_place(struct mm *mm, struct vma *v, uint64_t delta)
{
	struct vma like = *v;

	like.start = v->end;
	like.end = v->end + delta;
	like.pgoff = v->pgoff + vma_pages(v);
	if (like.end < like.start || like.end > HV_VA_USER_END ||
	    vma_find_first(&mm->vmas, like.start, like.end))
		return false;
	return !mm_map(mm, &like);
}

/* Linux expand_vma: in place if there is room, else elsewhere if it may. */
static int64_t expand(struct mm *mm, struct vma *v, uint64_t addr,
		      uint64_t old_len, uint64_t new_len, uint32_t flags)
{
	int64_t ret;

	if (old_len == v->end - addr && grow_in_place(mm, v, new_len - old_len))
		return (int64_t)addr;
	if (!(flags & MREMAP_MAYMOVE))
		return -ENOMEM;
	ret = mm_find_area(mm, 0, new_len,
			   vma_is_anon(v) ? MAP_ANONYMOUS | MAP_PRIVATE : 0);
	if (ret < 0)
		return ret;
	return move(mm, v, addr, old_len, new_len, (uint64_t)ret);
}

int64_t mm_mremap(struct mm *mm, uint64_t addr, uint64_t old_len,
		  uint64_t new_len, uint32_t flags, uint64_t new_addr)
{
	struct vma *v;
	bool locked;
	int64_t ret;

	old_len = page_align(old_len);
	new_len = page_align(new_len);
	ret = check_params(mm, addr, old_len, new_len, flags, new_addr);
	if (ret)
		return ret;
	v = vma_find_first(&mm->vmas, addr, addr + 1);
	if (!v)
		return -EFAULT;
	/* A shrink in place may start in one mapping and end in another. */
	if (flags & MREMAP_FIXED || old_len < new_len)
		ret = check_resize(mm, v, addr, old_len, new_len);
	if (ret)
		return ret;
	locked = v->flags & VMA_LOCKED;
	if (flags & MREMAP_FIXED)
		ret = remap_to(mm, addr, old_len, new_len, new_addr);
	else if (old_len < new_len)
		ret = expand(mm, v, addr, old_len, new_len, flags);
	else if (old_len > new_len &&
		 mm_munmap(mm, addr + new_len, old_len - new_len))
		return -ENOMEM;
	else
		return (int64_t)addr;
	if (ret >= 0 && locked && old_len < new_len)
		mm_populate(mm, (uint64_t)ret + old_len,
			    (uint64_t)ret + new_len, true);
	return ret;
}
