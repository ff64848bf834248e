/*
 * rmap.h: from a page of a file to the entries that map it (Linux mm/rmap.c):
 * each file knows the VMAs that map it, and these their page tables.
 */
#ifndef RMAP_H
#define RMAP_H

#include "file.h"
#include "vma.h"

/*
 * Call fn for each mapping of the file that shows some of its pages [first,
 * last): they are the bytes [start, end) of v->mm. Whether an entry there still
 * is of the file, and no private copy, is fn's to see.
 */
typedef void rmap_fn(struct vma *v, uint64_t start, uint64_t end, void *ctx);
void rmap_walk(struct file *file, uint64_t first, uint64_t last, rmap_fn *fn,
	       void *ctx);

#endif
