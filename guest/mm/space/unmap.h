/*
 * unmap.h: what goes: pages of a range, or its mappings with all that hangs on
 * them.
 *
 * The order of removal is always: VMAs out of the tree, entries out of the page
 * tables, TLB flush, frames and tables freed, and last the VMAs, whose
 * references keep files (and so cached pages) alive until no TLB knows them.
 */
#ifndef UNMAP_H
#define UNMAP_H

#include "mm.h"

/*
 * Make VMA borders at start and end, where they lie in a VMA. As on Linux a
 * sealed mapping is found only when its turn comes. Fails as mm_unmap.
 */
int mm_split(struct mm *mm, uint64_t start, uint64_t end);
/* munmap of an aligned range, which may have holes. 0, -ENOMEM, -EPERM:
 * something in it is sealed, or -EINVAL: a part of the vDSO. */
int mm_unmap(struct mm *mm, uint64_t start, uint64_t end);
enum mm_zap {
	ZAP_ALL,
	ZAP_CACHED,    /* private pages stay */
	ZAP_RECLAIM,   /* what a Linux without swap could take away */
	ZAP_DROPPABLE, /* likewise of a MAP_DROPPABLE mapping */
	ZAP_DONTNEED,  /* all, and each table that maps nothing else */
	ZAP_UNMAP,     /* all, and guard markers: for mm_unmap alone */
};
/* Drop the pages of [start, end) that are of this kind; the VMAs stay, and
 * guard markers. */
void mm_zap(struct mm *mm, uint64_t start, uint64_t end, enum mm_zap kind);

#endif
