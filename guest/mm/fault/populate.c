/*
 * populate.c: see populate.h.
 */
#include "populate.h"

#include <asm/errno.h>

#include "fault.h"
#include "hv_fault.h"
#include "leaf.h"

static bool is_dirty(const struct mm *mm, uint64_t va)
{
	const uint64_t bits = PTE_P | PTE_RW | PTE_D;

	return (leaf_at(mm, va).pte.v & bits) == bits;
}

/*
 * Linux follow_page_pte with FOLL_TOUCH and FOLL_WRITE: a page of a file is
 * dirty, not only its entry, unless the entry was dirty already.
 */
static void mark_dirty(struct mm *mm, const struct vma *v, uint64_t va)
{
	struct leaf l = leaf_at(mm, va);

	if (l.kind != LEAF_PAGE || !(v->flags & VMA_SHARED))
		return;
	page_set_dirty(leaf_page(&l));
	v->file->flags |= FILE_DIRTIED;
}

/* `force`: whatever rights a mapping has will do for reading. */
static int populate(struct mm *mm, uint64_t start, uint64_t end, bool write,
		    bool force)
{
	uint32_t access = write ? HV_ACCESS_WRITE : 0;

	for (uint64_t va = start; va < end; va += PAGE_SIZE) {
		const struct vma *v = vma_find_first(&mm->vmas, va, va + 1);
		bool dirty = write && is_dirty(mm, va);

		/* Linux gup_vma_lookup: no stack grows by this. */
		if (!v)
			return -ENOMEM;
		/* Linux check_vma_flags: memory only to be written or run. */
		if (!write && !force && !(v->prot & PROT_READ))
			return -EINVAL;
		if (vma_is_pfnmap(v))
			return -EINVAL;
		switch (mm_fault_in(mm, va, access)) {
		case HV_FAULT_SEGV_MAPERR:
		case HV_FAULT_OOM:
			return -ENOMEM;
		case HV_FAULT_SEGV_ACCERR:
		case HV_FAULT_SEGV_PKUERR:
			return -EINVAL;
		case HV_FAULT_SEGV_GUARD:
		case HV_FAULT_SIGBUS:
			return -EFAULT;
		default:
			if (write && !dirty)
				mark_dirty(mm, v, va);
		}
	}
	return 0;
}

int mm_populate(struct mm *mm, uint64_t start, uint64_t end, bool write)
{
	return populate(mm, start, end, write, false);
}

int mm_populate_vmas(struct mm *mm, uint64_t start, uint64_t end, bool ignore)
{
	struct vma *v = vma_find_first(&mm->vmas, start, end);

	for (; v && v->start < end; v = v->next) {
		uint64_t from = v->start > start ? v->start : start;
		bool write = v->prot & PROT_WRITE && !(v->flags & VMA_SHARED);
		int err = 0;

		if (!(v->flags & VMA_LOCKONFAULT) && !vma_is_pfnmap(v))
			err = populate(mm, from, v->end < end ? v->end : end,
				       write, true);
		if (err && !ignore)
			return err == -EINVAL ? -EFAULT : err;
	}
	return 0;
}
