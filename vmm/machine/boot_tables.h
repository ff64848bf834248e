/*
 * boot_tables.h: the guest kernel's page tables, built before the guest runs.
 * After that only the guest writes page tables.
 */
#ifndef BOOT_TABLES_H
#define BOOT_TABLES_H

#include <stdbool.h>

#include "guestmem.h"
#include "hv_map.h"
#include "pte.h"

struct boot_tables {
	struct guestmem *mem;
	uint64_t next, end; /* gpa: where table pages are taken from */
	bool gigabyte_pages;
};

/* An empty table. 0: no room. */
hv_gpa_t boot_tables_new(struct boot_tables *t);

/*
 * Map [va, va + len) to [gpa, gpa + len), all multiples of a page, by the
 * largest pages that alignment allows, with these PTE_* bits and those that any
 * mapping has. Returns 0, or -ENOSPC.
 */
int boot_tables_map(struct boot_tables *t, hv_gpa_t root, uint64_t va,
		    uint64_t gpa, uint64_t len, uint64_t bits);

#endif
