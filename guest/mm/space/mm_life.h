/*
 * mm_life.h: an address space from birth to death.
 */
#ifndef MM_LIFE_H
#define MM_LIFE_H

#include "hv_boot.h"
#include "hv_vcpu.h"
#include "mm.h"

/* After slab_init. */
void mm_life_init(void);

/* A new address space without mappings, with exec's fields. NULL: no memory. */
struct mm *mm_new(const struct hv_exec *exec);
/* Likewise, with the fields of another one, as fork keeps them. */
struct mm *mm_new_like(const struct mm *from);
/* Unmap all, free all tables and the page cache entries nobody else uses. */
void mm_destroy(struct mm *mm);

/* One more vCPU has it, and one less; without any it is destroyed. */
struct mm *mm_get(struct mm *mm);
void mm_put(struct mm *mm);

void mm_set_limits(struct mm *mm, const struct hv_limits *limits);

#endif
