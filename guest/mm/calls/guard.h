/*
 * guard.h: MADV_GUARD_INSTALL and MADV_GUARD_REMOVE.
 */
#ifndef GUARD_H
#define GUARD_H

#include "mm.h"

/*
 * Linux madvise_guard_install, madvise_guard_remove: [start, end) lies in v.
 * 0, -EINVAL: not in such a mapping, -ENOMEM: no tables for all of it.
 */
int mm_guard_install(struct mm *mm, struct vma *v, uint64_t start,
		     uint64_t end);
int mm_guard_remove(struct mm *mm, const struct vma *v, uint64_t start,
		    uint64_t end);

#endif
