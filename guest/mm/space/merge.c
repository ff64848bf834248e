/*
 * merge.c: see merge.h.
 */
#include "merge.h"

#include <asm/errno.h>

#include "account.h"
#include "huge.h"
#include "mm_machine.h"

/* Linux anon_vma_compatible: would they merge, but for their rights? */
static bool anon_adjacent(const struct vma *a, const struct vma *b)
{
	return a->end == b->start && a->file == b->file &&
	       a->opened == b->opened &&
	       !((a->flags ^ b->flags) & ~VMA_NO_MATTER) &&
	       b->pgoff == a->pgoff + vma_pages(a);
}

/* Linux reusable_anon_vma. */
static bool anon_reusable(const struct vma *v)
{
	return v && v->anon_id && !(v->anon_id & VMA_ANON_FORKED);
}

void mm_anon_prepare(struct mm *mm, struct vma *v)
{
	if (anon_reusable(v->next) && anon_adjacent(v, v->next))
		v->anon_id = v->next->anon_id;
	else if (anon_reusable(v->prev) && anon_adjacent(v->prev, v))
		v->anon_id = v->prev->anon_id;
	else
		v->anon_id = ++mm->anon_ids;
}

struct merge {
	struct vma *prev, *next; /* to be merged with, or NULL */
};

/* With whom can `like` merge? prev and next are its neighbours. */
static struct merge merge_find(struct vma *prev, struct vma *next,
			       const struct vma *like)
{
	struct merge m = {NULL, NULL};

	if (prev && prev->end == like->start && vma_can_merge(prev, like))
		m.prev = prev;
	if (next && next->start == like->end && vma_can_merge(next, like))
		m.next = next;
	if (m.prev && m.next &&
	    !vma_anon_compatible(prev->anon_id, next->anon_id))
		m.next = NULL;
	return m;
}

static void inherit(struct vma *to, const struct vma *from)
{
	if (!to->anon_id)
		to->anon_id = from->anon_id;
	to->flags |= from->flags & VMA_GUARD; /* Linux VM_STICKY */
}

/* [like->start, like->end) is free, and m says with whom it merges. */
static void merge_extend(struct mm *mm, struct merge m, const struct vma *like)
{
	if (m.prev && m.next) {
		uint64_t end = m.next->end;

		inherit(m.prev, m.next);
		vma_erase(&mm->vmas, m.next);
		vma_resize(&mm->vmas, m.prev, m.prev->start, end);
		vma_free(m.next);
	} else if (m.prev) {
		vma_resize(&mm->vmas, m.prev, m.prev->start, like->end);
	} else {
		vma_resize(&mm->vmas, m.next, like->start, m.next->end);
	}
	inherit(m.prev ? m.prev : m.next, like);
}

int mm_map(struct mm *mm, const struct vma *like)
{
	struct vma *prev = vma_find_below(&mm->vmas, like->start);
	struct vma *next = prev ? prev->next : mm->vmas.first;
	struct merge m = merge_find(prev, next, like);

	if (m.prev || m.next) {
		merge_extend(mm, m, like);
	} else {
		struct vma *v = vma_new(like);

		if (!v)
			return -ENOMEM;
		vma_insert(&mm->vmas, v);
	}
	mm_account(mm, like->prot, like->flags, (int64_t)vma_pages(like));
	return 0;
}

int mm_map_anon_shared(struct mm *mm, struct vma *like)
{
	bool promised = !(like->flags & VMA_NORESERVE);
	int err;

	/* Linux shmem_acct_size: all of it, once, as long as it exists. */
	if (promised && !mm_may_commit(mm, vma_pages(like)))
		return -ENOMEM;
	like->file = file_new_anon(like->end - like->start);
	if (!like->file)
		return -ENOMEM;
	if (promised) {
		like->file->promised = vma_pages(like);
		mm_machine.committed += vma_pages(like);
	}
	like->mm = mm;
	err = mm_map(mm, like);
	file_put(like->file);
	return err;
}

/* Cut [start, end) out of v. NULL: no memory, or too many VMAs. */
static struct vma *isolate(struct mm *mm, struct vma *v, uint64_t start,
			   uint64_t end)
{
	if (start > v->start) {
		if (mm->vmas.count >= MM_MAP_COUNT_MAX)
			return NULL;
		v = vma_split(&mm->vmas, v, start);
	}
	if (v && end < v->end) {
		if (mm->vmas.count >= MM_MAP_COUNT_MAX ||
		    !vma_split(&mm->vmas, v, end))
			return NULL;
	}
	return v;
}

/* Take [start, end), at one end of v or all of it, away from v. */
static void give_up(struct mm *mm, struct vma *v, uint64_t start, uint64_t end)
{
	if (start == v->start && end == v->end) {
		vma_erase(&mm->vmas, v);
		vma_free(v);
	} else if (start == v->start) {
		vma_resize(&mm->vmas, v, end, v->end);
	} else {
		vma_resize(&mm->vmas, v, v->start, start);
	}
}

struct vma *mm_modify(struct mm *mm, struct vma *v, uint64_t start,
		      uint64_t end, uint32_t prot, uint32_t flags)
{
	struct vma like = *v;
	int64_t pages = (int64_t)((end - start) >> PAGE_SHIFT);
	uint32_t old_prot = v->prot, old_flags = v->flags;
	struct merge m;

	huge_split_borders(mm, start, end);
	like.pgoff = vma_pgoff(v, start);
	like.start = start;
	like.end = end;
	like.prot = prot;
	like.flags = flags;
	m = merge_find(start == v->start ? v->prev : NULL,
		       end == v->end ? v->next : NULL, &like);
	if (m.prev || m.next) {
		give_up(mm, v, start, end);
		merge_extend(mm, m, &like);
		v = m.prev ? m.prev : m.next;
	} else {
		v = isolate(mm, v, start, end);
		if (!v)
			return NULL;
		v->prot = prot;
		vma_set_flags(&mm->vmas, v, flags);
	}
	mm_account(mm, old_prot, old_flags, -pages);
	mm_account(mm, prot, flags, pages);
	return v;
}
