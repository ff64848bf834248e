/*
 * huge_unused.h: frames of zeros in huge pages are given back (Linux
 * thp_shrinker, split_folio).
 */
#ifndef HUGE_UNUSED_H
#define HUGE_UNUSED_H

#include "mm.h"

/*
 * Split huge pages that have a part in [start, end) and one outside; frames of
 * zeros give way to the zero page.
 */
void huge_split_unused(struct mm *mm, uint64_t start, uint64_t end);
/* Likewise all that have a part in it: MADV_PAGEOUT without swap. */
void huge_page_out(struct mm *mm, uint64_t start, uint64_t end);
/* When no frame is left: likewise the first one that has frames of zeros.
 * False: there is none. */
bool huge_reclaim(struct mm *mm);

#endif
