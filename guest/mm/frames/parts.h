/*
 * parts.h: huge pages that are mapped by small entries (Linux mm/huge_memory.c,
 * deferred_split_folio).
 *
 * On Linux the block stays one when its mapping is split. What is unmapped of
 * it is not free before all of it is, or before memory is short: only then is
 * the block split. So here: each of its 512 frames is PG_PART, and
 *   mapped    PG_ANON too; its count is its own
 *   held      nobody maps it any more; refcount 1, mapcount 0
 * The first frame counts in `inuse` those that are not held, and is queued, by
 * `list`, if there are held ones.
 */
#ifndef PARTS_H
#define PARTS_H

#include <stdbool.h>

#include "hv_describe.h"
#include "hv_map.h"
#include "page.h"

#define PARTS_FRAMES (1u << HV_HUGE_ORDER)

/* What became of huge pages: vmstat's thp_*. */
extern struct hv_thp_events thp_events;

void parts_init(void);
/* A block of 2 MiB that is mapped by one entry becomes 512 mapped frames. */
void parts_make(struct page *head);
/* The last reference to a mapped frame is gone, and PG_ANON: it is held. */
void parts_put(struct page *page);
/* After a number of parts_put: blocks that lost only some count as deferred. */
void parts_settle(void);
/* Split the block that the frame is a part of: what is held is free. */
void parts_split(struct page *page);
/* Are any frames of its block held? */
bool parts_are_missing(const struct page *page);
/* Is the frame in the same block? */
bool parts_are_one(const struct page *a, const struct page *b);

/* Blocks with held frames, in the order in which they came: for the check.
 * `fresh` are those that parts_settle has not seen. */
extern struct list parts_fresh, parts_deferred;

#endif
