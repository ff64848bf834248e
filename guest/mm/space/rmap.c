/*
 * rmap.c: see rmap.h.
 */
#include "rmap.h"

void rmap_walk(struct file *file, uint64_t first, uint64_t last, rmap_fn *fn,
	       void *ctx)
{
	for (struct list *l = file->vmas.next; l != &file->vmas; l = l->next) {
		struct vma *v = list_entry(l, struct vma, file_link);
		uint64_t from = v->pgoff > first ? v->pgoff : first;
		uint64_t to = v->pgoff + vma_pages(v);

		if (to > last)
			to = last;
		if (from < to)
			fn(v, v->start + ((from - v->pgoff) << PAGE_SHIFT),
			   v->start + ((to - v->pgoff) << PAGE_SHIFT), ctx);
	}
}
