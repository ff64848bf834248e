/*
 * mincore.c: which pages are in memory (Linux mm/mincore.c). Of a file, those
 * in the page cache.
 */
#include "internal.h"
#include "string.h"

struct residency {
	uint64_t start, end;
	uint8_t *vec;
};

static int residency_pte(pte_t *p, pte_t pte, uint64_t va, void *ctx)
{
	struct residency *r = ctx;

	uint64_t end = va + PAGE_SIZE;

	(void)p;
	if (pte_is_huge(pte))
		end = (va | (PT_SPAN_2M - 1)) + 1;
	for (; va < end && va < r->end; va += PAGE_SIZE)
		r->vec[(va - r->start) >> PAGE_SHIFT] = 1;
	return 0;
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
	for (uint64_t i = 0; i < n; i++)
		vec[i] = v->file &&
			 filemap_find(v->file, vma_pgoff(v, addr) + i) != NULL;
	r.end = addr + (n << PAGE_SHIFT);
	pt_visit(mm->root, addr, r.end, NULL, residency_pte, &r);
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
