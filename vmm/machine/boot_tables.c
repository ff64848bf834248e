/* boot_tables.c: see boot_tables.h. */
#include "boot_tables.h"

#include <errno.h>
#include <stddef.h>

#include "hv_map.h"

hv_gpa_t boot_tables_new(struct boot_tables *t)
{
	hv_gpa_t table = {0};

	if (t->next + HV_PAGE_SIZE > t->end)
		return table;
	table.v = t->next; /* fresh RAM: zero */
	t->next += HV_PAGE_SIZE;
	return table;
}

/* The entry for va in the table that maps pages of 2^shift bytes. */
static uint64_t *entry_at(struct boot_tables *t, hv_gpa_t root, uint64_t va,
			  unsigned shift)
{
	hv_gpa_t table = root;

	for (unsigned level = 39;; level -= 9) {
		uint64_t *entries = guestmem_at(t->mem, table, HV_PAGE_SIZE);
		uint64_t *entry = &entries[(va >> level) & 511];

		if (level == shift)
			return entry;
		if (!*entry) {
			hv_gpa_t lower = boot_tables_new(t);

			if (!lower.v)
				return NULL;
			/* Rights are the leaf's. */
			*entry = lower.v | PTE_PRESENT | PTE_WRITE | PTE_USER;
		}
		table.v = *entry & PTE_ADDR;
	}
}

static unsigned largest_page(const struct boot_tables *t, uint64_t va,
			     uint64_t gpa, uint64_t len)
{
	for (unsigned shift = t->gigabyte_pages ? 30 : 21; shift > 12;
	     shift -= 9)
		if (!((va | gpa) & ((1ull << shift) - 1)) &&
		    len >= 1ull << shift)
			return shift;
	return 12;
}

int boot_tables_map(struct boot_tables *t, hv_gpa_t root, uint64_t va,
		    uint64_t gpa, uint64_t len, uint64_t bits)
{
	while (len) {
		unsigned shift = largest_page(t, va, gpa, len);
		uint64_t *entry = entry_at(t, root, va, shift);

		if (!entry)
			return -ENOSPC;
		*entry = gpa | bits | PTE_PRESENT | PTE_ACCESSED | PTE_DIRTY |
			 (shift > 12 ? PTE_LARGE : 0);
		va += 1ull << shift;
		gpa += 1ull << shift;
		len -= 1ull << shift;
	}
	return 0;
}
