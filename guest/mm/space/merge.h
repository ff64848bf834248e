/*
 * merge.h: VMAs are made and changed, and become one where Linux makes them one
 * (Linux mm/vma.c, vma_merge), counted all the while. Page tables are left
 * alone, but huge pages are split at new borders.
 */
#ifndef MERGE_H
#define MERGE_H

#include "mm.h"

/*
 * Map what `like` describes into a free range: extend a neighbour if Linux
 * would, else make a VMA (with its own reference to the file). 0 or -ENOMEM.
 */
int mm_map(struct mm *mm, const struct vma *like);
/* Likewise with new shared anonymous memory of its size. */
int mm_map_anon_shared(struct mm *mm, struct vma *like);
/*
 * Give [start, end) of v, page-aligned and inside v, these attributes: merge
 * with neighbours or split. Returns the VMA that has the range, NULL: -ENOMEM
 * (v may have been split). Accounts; leaves page tables alone.
 */
struct vma *mm_modify(struct mm *mm, struct vma *v, uint64_t start,
		      uint64_t end, uint32_t prot, uint32_t flags);

/*
 * Linux anon_vma_prepare: memory that gets its first own page can merge later
 * only with what has the same identity, or none. So it takes a neighbour's.
 */
void mm_anon_prepare(struct mm *mm, struct vma *v);

#endif
