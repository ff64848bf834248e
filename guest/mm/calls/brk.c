/*
 * brk.c: the heap's end (Linux mm/mmap.c, brk and do_brk_flags). The heap is no
 * special mapping: it is private anonymous memory. But brk looks for something
 * to extend from start_brk on only, so a bss that ends there stays apart.
 */
#include <asm/errno.h>

#include "account.h"
#include "calls.h"
#include "hv_map.h"
#include "mm.h"
#include "populate.h"
#include "unmap.h"

/* Linux check_data_rlimit. */
static bool data_limit_allows(const struct mm *mm, uint64_t brk)
{
	return mm->rlim_data == ~0ull ||
	       brk - mm->start_brk + (mm->end_data - mm->start_data) <=
		       mm->rlim_data;
}

static int heap_map(struct mm *mm, uint64_t start, uint64_t end)
{
	struct vma like = {
		.start = start,
		.end = end,
		.pgoff = start >> PAGE_SHIFT,
		.prot = PROT_READ | PROT_WRITE | mm->read_adds,
		.flags = VMA_ACCOUNT | mm->def_flags,
		.kind = HV_MAP_HEAP,
	};

	struct vma *v = vma_find_below(&mm->vmas, start);

	if (end > HV_VA_USER_END ||
	    !mm_may_lock(mm, mm->def_flags, end - start) ||
	    !mm_may_commit(mm, vma_pages(&like)) ||
	    !mm_may_expand(mm, like.prot, like.flags, vma_pages(&like)) ||
	    mm->vmas.count > MM_MAP_COUNT_MAX)
		return -ENOMEM;
	if (v && v->end == start && start > mm->start_brk &&
	    vma_can_merge(v, &like)) {
		vma_resize(&mm->vmas, v, v->start, end);
	} else {
		v = vma_new(&like);
		if (!v)
			return -ENOMEM;
		vma_insert(&mm->vmas, v);
	}
	mm_account(mm, like.prot, like.flags, (int64_t)vma_pages(&like));
	return 0;
}

int64_t mm_brk(struct mm *mm, uint64_t brk)
{
	uint64_t old = page_align(mm->brk), new = page_align(brk);
	const struct vma *v;

	if (brk < mm->start_brk || brk > HV_VA_USER_END ||
	    !data_limit_allows(mm, brk))
		return (int64_t)mm->brk;
	if (new < old) {
		/* Linux refuses if the heap's last page is not mapped. */
		v = vma_find(&mm->vmas, new);
		if (!v || v->start >= old || mm_unmap(mm, new, old))
			return (int64_t)mm->brk;
	} else if (new > old) {
		v = vma_find(&mm->vmas, old);
		if (v && new + PAGE_SIZE > vma_start_gap(v))
			return (int64_t)mm->brk;
		if (heap_map(mm, old, new))
			return (int64_t)mm->brk;
		if (mm->def_flags & VMA_LOCKED)
			mm_populate_vmas(mm, old, new, true);
	}
	mm->brk = brk;
	return (int64_t)brk;
}
