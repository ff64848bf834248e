/*
 * mincore.c: which pages are in memory (Linux mm/mincore.c). Of a file, those
 * in the page cache; of one that is in memory on the host, all but holes.
 */
#include <asm/errno.h>

#include "calls.h"
#include "filemap.h"
#include "hv.h"
#include "hv_call.h"
#include "hv_map.h"
#include "leaf.h"
#include "mm.h"
#include "string.h"

struct residency {
	uint64_t start, end;
	uint8_t *vec;
};

static int residency_leaf(const struct leaf *l, void *ctx)
{
	struct residency *r = ctx;
	uint64_t bytes = l->nr * PAGE_SIZE, va = l->va;
	uint64_t end = (va & ~(bytes - 1)) + bytes;

	for (; va < end && va < r->end; va += PAGE_SIZE)
		r->vec[(va - r->start) >> PAGE_SHIFT] = 1;
	return 0;
}

static void residency_file(const struct file *file, uint64_t index, uint64_t n,
			   uint8_t *vec)
{
	bool in_memory = file->flags & FILE_SHMEM && !(file->flags & FILE_ANON);
	uint64_t end = file_pages(file), holes = 0;

	for (uint64_t i = 0; i < n; i++) {
		uint64_t at = i % HV_FILE_READ_MAX, left = n - i;

		if (in_memory && !at)
			holes = hv_file_holes(
				file->number, (index + i) << PAGE_SHIFT,
				left < HV_FILE_READ_MAX ? (unsigned)left
							: HV_FILE_READ_MAX);
		vec[i] = filemap_find(file, index + i) ||
			 (in_memory && index + i < end && !(holes >> at & 1));
	}
}

int64_t mm_mincore_some(struct mm *mm, uint64_t addr, uint64_t pages,
			uint8_t *vec)
{
	struct residency r = {.start = addr, .vec = vec};
	const struct vma *v = vma_find_first(&mm->vmas, addr, addr + 1);
	uint64_t n;

	if (!v)
		return -ENOMEM;
	n = (v->end - addr) >> PAGE_SHIFT;
	if (n > pages)
		n = pages;
	/* Others' files are nobody's business: Linux can_do_mincore. */
	if (v->file && v->file->flags & FILE_FOREIGN) {
		memset(vec, 1, n);
		return (int64_t)n;
	}
	memset(vec, 0, n);
	if (v->file)
		residency_file(v->file, vma_pgoff(v, addr), n, vec);
	r.end = addr + (n << PAGE_SHIFT);
	leaf_visit(mm->root, addr, r.end, residency_leaf, &r);
	return (int64_t)n;
}

int64_t mm_mincore(struct mm *mm, uint64_t addr, uint64_t len, uint8_t *vec)
{
	uint64_t pages = (len >> PAGE_SHIFT) + !!(len & (PAGE_SIZE - 1));

	if (addr & (PAGE_SIZE - 1))
		return -EINVAL;
	if (addr > HV_VA_USER_END || len > HV_VA_USER_END - addr)
		return -ENOMEM;
	while (pages) {
		int64_t n = mm_mincore_some(mm, addr, pages, vec);

		if (n < 0)
			return n;
		pages -= (uint64_t)n;
		vec += n;
		addr += (uint64_t)n << PAGE_SHIFT;
	}
	return 0;
}
