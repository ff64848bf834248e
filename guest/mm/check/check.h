/*
 * check.h: is everything as its header says? Each looks at all there is, and
 * returns NULL, or what is wrong (lib/wrong.h). For --check and tests.
 */
#ifndef CHECK_H
#define CHECK_H

#include "mm.h"

const char *buddy_check(void);
/* Puts the objects that are kept aside back into their slabs. */
const char *slab_check(void);
const char *parts_check(void);
const char *vma_check(const struct vma_tree *t);
const char *filemap_check(void);
/*
 * `used` tells whether the bytes [start, end), which may reach beyond user
 * space, are mapped in part: else a table for them is for nobody.
 */
typedef bool pt_used_fn(uint64_t start, uint64_t end, void *ctx);
const char *pt_check(pte_t *root, pt_used_fn *used, void *ctx);
/* The address space, and all of the above. */
const char *mm_check(struct mm *mm);

#endif
