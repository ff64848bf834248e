/*
 * collapse.h: small pages become a huge one, on request (Linux mm/khugepaged.c,
 * madvise_collapse). Nobody does so unasked.
 */
#ifndef COLLAPSE_H
#define COLLAPSE_H

#include "mm.h"

/* MADV_COLLAPSE of a part of v. 0 or -errno. */
int huge_collapse(struct mm *mm, struct vma *v, uint64_t start, uint64_t end);

#endif
