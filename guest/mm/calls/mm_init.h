/*
 * mm_init.h: all of guest/mm is made ready.
 */
#ifndef MM_INIT_H
#define MM_INIT_H

#include "hv_boot.h"

/* Zones, buddy, slab, page cache, caches for objects. Panics without memory. */
void mm_init(const struct hv_boot *boot);

#endif
