/*
 * populate.h: pages brought in before they are touched (Linux mm/gup.c).
 */
#ifndef POPULATE_H
#define POPULATE_H

#include "mm.h"

/*
 * Bring in every page of [start, end), for writing where `write`, by
 * mm_fault_in(). Stops at the first page that cannot be: 0, or -ENOMEM (hole,
 * no memory), -EINVAL (forbidden), -EFAULT (past the end of the file).
 */
int mm_populate(struct mm *mm, uint64_t start, uint64_t end, bool write);
/*
 * Linux __mm_populate: likewise each mapping in [start, end) in its own way,
 * holes left out. 0, -ENOMEM, or -EFAULT: forbidden, or past the end of the
 * file. `ignore`: go on after errors.
 */
int mm_populate_vmas(struct mm *mm, uint64_t start, uint64_t end, bool ignore);

#endif
