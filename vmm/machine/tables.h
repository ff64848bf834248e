/*
 * tables.h: the guest's page tables, looked at from outside: the one place of
 * the host that follows them. Guest memory is only read; what the guest has
 * written there may be anything.
 */
#ifndef TABLES_H
#define TABLES_H

#include <stdbool.h>
#include <stdint.h>

#include "guestmem.h"
#include "hv_map.h"

#define TABLES_LEVELS  4
#define TABLES_ENTRIES 512u
#define TABLES_HALF    256u /* entries of the root: from here on, the kernel's */

/* The entries of one address, from the root down. */
struct tables_path {
	unsigned n;  /* entries: the last is a leaf, not present, or not RAM */
	bool in_ram; /* the last table is */
	struct {
		uint64_t table; /* gpa */
		unsigned index, shift;
		uint64_t entry;
	} at[TABLES_LEVELS];
};

void tables_descend(const struct guestmem *mem, hv_gpa_t root, uint64_t va,
		    struct tables_path *path);
/* Where the page is that a leaf entry maps, and va in it. */
uint64_t tables_leaf_gpa(uint64_t entry, unsigned shift, uint64_t va);

/* A page as the processor sees it: rights of all levels combined. */
struct tables_page {
	uint64_t va, gpa;
	unsigned shift; /* 2^shift bytes */
	bool user, write, exec;
};

#define TABLES_SKIP 1

/* Each returns 0 to go on; what is not 0 ends the walk, but TABLES_SKIP. */
struct tables_visitor {
	/* Before the entries of a table, that of va: TABLES_SKIP leaves it. */
	int (*table)(void *ctx, uint64_t gpa, uint64_t va);
	/* A table is not in RAM. */
	int (*no_table)(void *ctx, uint64_t gpa, uint64_t va);
	int (*page)(void *ctx, const struct tables_page *page);
};

/*
 * All that the entries [first, end) of a root lead to. A table that leads back
 * to itself is the visitor's to skip. Returns 0, what a visitor returned, or
 * -EINTR: stop_signal().
 */
int tables_each(const struct guestmem *mem, hv_gpa_t root, unsigned first,
		unsigned end, const struct tables_visitor *visitor, void *ctx);

#endif
