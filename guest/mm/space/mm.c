/*
 * mm.c: how VMAs are made, changed, removed, with all that hangs on them.
 *
 * The order of removal is always: VMAs out of the tree, entries out of the
 * page tables, TLB flush, frames and tables freed, and last the VMAs, whose
 * references keep files (and so cached pages) alive until no TLB knows them.
 */
#include "mm.h"

#include "buddy.h"
#include "internal.h"
#include "panic.h"

/* ---- Accounting -------------------------------------------------------- */

/* Linux is_exec_mapping, is_stack_mapping, is_data_mapping. */
static bool is_exec(uint32_t prot, uint32_t flags)
{
	return prot & PROT_EXEC && !(prot & PROT_WRITE) &&
	       !(flags & VMA_GROWSDOWN);
}

static bool is_data(uint32_t prot, uint32_t flags)
{
	return prot & PROT_WRITE && !(flags & (VMA_SHARED | VMA_GROWSDOWN));
}

bool mm_may_expand(const struct mm *mm, uint32_t prot, uint32_t flags,
		   uint64_t pages)
{
	/* Linux may_expand_vm, for Valgrind: 0 leaves it to the hard limit. */
	uint64_t data = mm->rlim_data ? mm->rlim_data : mm->rlim_data_max;

	if (mm->total_vm + pages > mm->rlim_as >> PAGE_SHIFT)
		return false;
	return !is_data(prot, flags) ||
	       mm->data_vm + pages <= data >> PAGE_SHIFT;
}

bool mm_may_lock(const struct mm *mm, uint32_t flags, uint64_t bytes)
{
	return !(flags & VMA_LOCKED) || mm->locked_vm + (bytes >> PAGE_SHIFT) <=
						mm->rlim_memlock >> PAGE_SHIFT;
}

void mm_account(struct mm *mm, uint32_t prot, uint32_t flags, int64_t pages)
{
	mm->total_vm += (uint64_t)pages;
	if (flags & VMA_LOCKED)
		mm->locked_vm += (uint64_t)pages;
	if (flags & VMA_ACCOUNT) {
		mm->committed += (uint64_t)pages;
		mm_globals.committed += (uint64_t)pages;
	}
	if (is_exec(prot, flags))
		mm->exec_vm += (uint64_t)pages;
	else if (flags & VMA_GROWSDOWN)
		mm->stack_vm += (uint64_t)pages;
	else if (is_data(prot, flags))
		mm->data_vm += (uint64_t)pages;
}

void mm_note_peaks(struct mm *mm)
{
	uint64_t rss =
		mm->rss[RSS_ANON] + mm->rss[RSS_FILE] + mm->rss[RSS_SHMEM];

	if (rss > mm->hiwater_rss)
		mm->hiwater_rss = rss;
	if (mm->total_vm > mm->hiwater_vm)
		mm->hiwater_vm = mm->total_vm;
}

uint64_t mm_count_pages(struct mm *mm, uint64_t start, uint64_t end)
{
	struct vma *v = vma_find_first(&mm->vmas, start, end);
	uint64_t bytes = 0;

	for (; v && v->start < end; v = v->next)
		bytes += (v->end < end ? v->end : end) -
			 (v->start > start ? v->start : start);
	return bytes >> PAGE_SHIFT;
}

enum hv_map_kind mm_map_kind(const struct mm *mm, const struct vma *v)
{
	if (v->flags & VMA_SPECIAL)
		return v->kind;
	if (v->file)
		return v->file->number ? HV_MAP_FILE : HV_MAP_ANON;
	if (v->start < mm->brk && v->end > mm->start_brk)
		return HV_MAP_HEAP;
	if (v->start <= mm->start_stack && v->end >= mm->start_stack)
		return HV_MAP_STACK;
	return HV_MAP_ANON;
}

/* ---- Merging (Linux vma_merge) ----------------------------------------- */

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
		mm_globals.committed += vma_pages(like);
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

/* ---- Unmapping --------------------------------------------------------- */

struct zap {
	struct mm *mm;
	enum mm_zap kind;
	struct pt_gather g;
};

/*
 * Linux madvise_cold_or_pageout_pte_range, shrink_folio_list: nothing that is
 * mapped elsewhere too, and no private page that anyone needs.
 */
static bool may_reclaim(pte_t pte, const struct page *page, enum mm_zap kind)
{
	if (pte_is_special(pte) || page->mapcount != 1)
		return false;
	if (page->flags & PG_CACHE || kind == ZAP_DROPPABLE)
		return true;
	return page->flags & PG_LAZYFREE && !(pte.v & PTE_D);
}

static bool is_of_kind(pte_t pte, const struct page *page, enum mm_zap kind)
{
	switch (kind) {
	case ZAP_CACHED:
		return page->flags & PG_CACHE;
	case ZAP_RECLAIM:
	case ZAP_DROPPABLE:
		return may_reclaim(pte, page, kind);
	default:
		return true;
	}
}

static int zap_pte(pte_t *p, pte_t pte, uint64_t va, void *ctx)
{
	struct zap *z = ctx;
	struct page *page = pfn_to_page(pte_pfn(pte));

	if (pte_is_guard(pte)) {
		if (z->kind == ZAP_UNMAP)
			pt_clear(p);
		return 0;
	}
	if (!is_of_kind(pte, page, z->kind))
		return 0;
	pt_clear(p);
	if (pte.v & PTE_P)
		pt_gather_flush_entry(&z->g, va, pte);
	if (pte_is_huge(pte))
		z->mm->nr_huge--;
	if (pte_is_special(pte))
		return 0;
	BUG_ON(!page->mapcount);
	if (pte.v & PTE_D && page->flags & PG_CACHE)
		page_set_dirty(page);
	page->mapcount--;
	z->mm->rss[page_rss(page)] -= pte_frames(pte);
	pt_gather_page(&z->g, page);
	return 0;
}

/* Entries and tables of [start, end); the VMAs around it end and begin at
 * floor and ceiling. */
static void zap(struct mm *mm, uint64_t start, uint64_t end, enum mm_zap kind,
		struct pt_limits limits)
{
	struct zap z = {.mm = mm, .kind = kind};

	pt_gather_init(&z.g);
	limits.g = &z.g;
	pt_visit_free(mm->root, start, end, &limits, zap_pte, &z);
	pt_gather_finish(&z.g);
}

void mm_zap(struct mm *mm, uint64_t start, uint64_t end, enum mm_zap kind)
{
	/* Linux CONFIG_PT_RECLAIM: tables of pages, but none above them. */
	int top = kind == ZAP_DONTNEED ? 1 : 0;

	mm_note_peaks(mm);
	huge_split_borders(mm, start, end);
	zap(mm, start, end, kind, (struct pt_limits){start, end, top, NULL});
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
	struct pt_limits limits = {0, ~0ull, PT_ALL, NULL};
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
