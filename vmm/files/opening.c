/*
 * opening.c: see opening.h.
 */
#include "opening.h"

#include <linux/kcmp.h>

#include "fdtable.h"
#include "host_call.h"

static uint32_t last; /* number that was given */

static bool is_same_opening(int a, int b)
{
	return host_compare(KCMP_FILE, a, b) == 0;
}

uint32_t opening_of(struct fdtable *t, int guest_fd)
{
	struct fd_entry *e = fdtable_entry(t, guest_fd);

	if (!e)
		return 0;
	for (unsigned i = 0; i < t->size && !e->opened; i++) {
		const struct fd_entry *other = &t->entry[i];

		if (other->host >= 0 && other->opened &&
		    is_same_opening(other->host, e->host))
			e->opened = other->opened;
	}
	if (!e->opened)
		e->opened = ++last;
	return e->opened;
}
