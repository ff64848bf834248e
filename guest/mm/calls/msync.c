/*
 * msync.c: msync (Linux mm/msync.c).
 */
#include <asm/errno.h>

#include "calls.h"
#include "hv.h"
#include "mm.h"
#include "writeback.h"

/* Linux vfs_fsync_range: the pages, and the file on its disk. */
static int sync_file(const struct vma *v, uint64_t start, uint64_t end)
{
	file_sync(v->file, start, end);
	return v->file->flags & FILE_SHMEM
		       ? 0
		       : hv_file_sync(v->file->number, v->opened);
}

static bool is_synced(const struct vma *v, uint32_t flags)
{
	return flags & MS_SYNC && v->file && v->flags & VMA_SHARED &&
	       !(v->flags & VMA_NOWRITE);
}

/* [start, end) from the mapping v on; holes are told of at the end. */
static int64_t sync_range(struct mm *mm, uint64_t start, uint64_t end,
			  uint32_t flags)
{
	struct vma *v = vma_find(&mm->vmas, start);
	int64_t hole = 0;

	for (;; v = v->next) {
		uint64_t upto;

		if (!v)
			return -ENOMEM;
		if (start < v->start) {
			if (flags == MS_ASYNC || v->start >= end)
				return -ENOMEM;
			start = v->start;
			hole = -ENOMEM;
		}
		if (flags & MS_INVALIDATE && v->flags & VMA_LOCKED)
			return -EBUSY;
		upto = v->end < end ? v->end : end;
		if (is_synced(v, flags)) {
			int err = sync_file(v, vma_pgoff(v, start),
					    vma_pgoff(v, upto));

			if (err)
				return err;
		}
		start = v->end;
		if (start >= end)
			return hole;
	}
}

int64_t mm_msync(struct mm *mm, uint64_t addr, uint64_t len, uint32_t flags)
{
	uint64_t end = addr + page_align(len);

	if (flags & ~(uint32_t)(MS_ASYNC | MS_INVALIDATE | MS_SYNC) ||
	    addr & (PAGE_SIZE - 1) ||
	    (flags & (MS_ASYNC | MS_SYNC)) == (MS_ASYNC | MS_SYNC))
		return -EINVAL;
	if (end < addr)
		return -ENOMEM;
	return end == addr ? 0 : sync_range(mm, addr, end, flags);
}
