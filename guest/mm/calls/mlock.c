/*
 * mlock.c: memory that stays (Linux mm/mlock.c). There is nothing here that
 * would take a page away, so locking is bookkeeping, limits, and bringing in.
 */
#include <asm/errno.h>

#include "calls.h"
#include "hv_map.h"
#include "merge.h"
#include "populate.h"

/* Newer than some headers. */
#ifndef MLOCK_ONFAULT
#define MLOCK_ONFAULT 1
#endif

/* Linux mlock_fixup. Returns the VMA that has the range now; NULL: no memory.
 */
static struct vma *lock_vma(struct mm *mm, struct vma *v, uint64_t start,
			    uint64_t end, uint32_t lock)
{
	uint32_t flags = (v->flags & ~VMA_LOCKED_MASK) | lock;

	if (flags == v->flags || v->flags & (VMA_SPECIAL | VMA_DROPPABLE))
		return v;
	return mm_modify(mm, v, start, end, v->prot, flags);
}

/* Linux apply_vma_lock_flags: up to the first hole, which is an error. */
static int lock_range(struct mm *mm, uint64_t start, uint64_t len,
		      uint32_t lock)
{
	uint64_t end = start + len;
	struct vma *v;

	if (end < start)
		return -EINVAL;
	if (end == start)
		return 0;
	v = vma_find_first(&mm->vmas, start, start + 1);
	if (!v)
		return -ENOMEM;
	while (start < end) {
		uint64_t upto;

		if (!v || v->start > start)
			return -ENOMEM;
		upto = v->end < end ? v->end : end;
		v = lock_vma(mm, v, start, upto, lock);
		if (!v)
			return -ENOMEM;
		start = upto;
		if (start >= v->end)
			v = v->next;
	}
	return 0;
}

/* Linux count_mm_mlocked_page_nr. */
static uint64_t locked_pages(struct mm *mm, uint64_t start, uint64_t len)
{
	uint64_t end = start + len < start ? ~0ull : start + len, bytes = 0;
	struct vma *v = vma_find_first(&mm->vmas, start, end);

	for (; v && v->start < end; v = v->next)
		if (v->flags & VMA_LOCKED)
			bytes += (v->end < end ? v->end : end) -
				 (v->start > start ? v->start : start);
	return bytes >> PAGE_SHIFT;
}

/* Linux do_mlock. */
static int64_t lock_and_populate(struct mm *mm, uint64_t addr, uint64_t len,
				 uint32_t lock)
{
	uint64_t limit = mm->rlim_memlock, pages;
	int err;

	if (!mm->rlim_memlock)
		return -EPERM;
	if (limit != ~0ull) /* no limit: whatever the length, go on */
		limit >>= PAGE_SHIFT;
	len = page_align(len + (addr & (PAGE_SIZE - 1)));
	addr &= PAGE_MASK;
	pages = mm->locked_vm + (len >> PAGE_SHIFT);
	if (pages > limit)
		pages -= locked_pages(mm, addr, len);
	if (pages > limit)
		return -ENOMEM;
	err = lock_range(mm, addr, len, lock);
	if (err)
		return err;
	err = len ? mm_populate_vmas(mm, addr, addr + len, false) : 0;
	if (err == -EFAULT)
		return -ENOMEM;
	return err == -ENOMEM ? -EAGAIN : err;
}

int64_t mm_mlock(struct mm *mm, uint64_t addr, uint64_t len)
{
	return lock_and_populate(mm, addr, len, VMA_LOCKED);
}

int64_t mm_mlock2(struct mm *mm, uint64_t addr, uint64_t len, uint32_t flags)
{
	if (flags & ~(uint32_t)MLOCK_ONFAULT)
		return -EINVAL;
	return lock_and_populate(mm, addr, len,
				 flags ? VMA_LOCKED_MASK : VMA_LOCKED);
}

int64_t mm_munlock(struct mm *mm, uint64_t addr, uint64_t len)
{
	len = page_align(len + (addr & (PAGE_SIZE - 1)));
	return lock_range(mm, addr & PAGE_MASK, len, 0);
}

/* Linux apply_mlockall_flags, for what there is: errors are passed over. */
static void lock_all(struct mm *mm, uint32_t lock)
{
	struct vma *v = mm->vmas.first;

	while (v) {
		uint64_t end = v->end;

		lock_vma(mm, v, v->start, end, lock);
		v = vma_find(&mm->vmas, end);
	}
}

int64_t mm_mlockall(struct mm *mm, uint32_t flags)
{
	uint32_t lock = flags & MCL_ONFAULT ? VMA_LOCKED_MASK : VMA_LOCKED;

	if (!flags || flags == MCL_ONFAULT ||
	    flags & ~(uint32_t)(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT))
		return -EINVAL;
	if (!mm->rlim_memlock)
		return -EPERM;
	if (flags & MCL_CURRENT &&
	    mm->total_vm > mm->rlim_memlock >> PAGE_SHIFT)
		return -ENOMEM;
	mm->def_flags = flags & MCL_FUTURE ? lock : 0;
	if (!(flags & MCL_CURRENT))
		return 0;
	lock_all(mm, lock);
	mm_populate_vmas(mm, 0, HV_VA_USER_END, true);
	return 0;
}

int64_t mm_munlockall(struct mm *mm)
{
	mm->def_flags = 0;
	lock_all(mm, 0);
	return 0;
}
