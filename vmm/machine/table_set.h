/*
 * table_set.h: page tables that a walk has met: a bit for each frame of RAM.
 *
 * The guest can make a table lead back to itself. A walk that follows none
 * twice ends, whatever the guest has written.
 */
#ifndef TABLE_SET_H
#define TABLE_SET_H

#include <stdbool.h>
#include <stdint.h>

#include "guestmem.h"

struct table_set {
	uint64_t *bits;
	uint64_t frames; /* up to the end of RAM, hole included */
};

/* Empty; costs memory where a bit is set. 0 or -ENOMEM. */
int table_set_init(struct table_set *t, const struct guestmem *mem);
void table_set_fini(struct table_set *t);
/* False: it was met before, or is not in RAM. */
bool table_set_add(struct table_set *t, uint64_t gpa);
/* Is one of them in [gpa, gpa + len)? */
bool table_set_has(const struct table_set *t, uint64_t gpa, uint64_t len);

#endif
