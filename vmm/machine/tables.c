/*
 * tables.c: see tables.h.
 */
#include "tables.h"

#include <errno.h>

#include "pte.h"
#include "stop.h"

#define ROOT_SHIFT 39

uint64_t tables_leaf_gpa(uint64_t entry, unsigned shift, uint64_t va)
{
	uint64_t mask = (1ull << shift) - 1;

	return (entry & PTE_ADDR & ~mask) | (va & mask);
}

void tables_descend(const struct guestmem *mem, hv_gpa_t root, uint64_t va,
		    struct tables_path *path)
{
	uint64_t table = root.v & PTE_ADDR, entry;

	path->n = 0;
	for (unsigned shift = ROOT_SHIFT; shift >= 12; shift -= 9) {
		unsigned index = va >> shift & (TABLES_ENTRIES - 1), n;
		hv_gpa_t at = {table + index * sizeof(entry)};

		entry = 0;
		path->in_ram = !guestmem_read(mem, at, &entry, sizeof(entry));
		n = path->n++;
		path->at[n].table = table;
		path->at[n].index = index;
		path->at[n].shift = shift;
		path->at[n].entry = entry;
		if (!(entry & PTE_PRESENT) || pte_is_leaf(entry, shift))
			return;
		table = entry & PTE_ADDR;
	}
}

struct walk {
	const struct guestmem *mem;
	const struct tables_visitor *visitor;
	void *ctx;
};

/* Bits 47 to 63 of an address are equal. */
static uint64_t canonical(uint64_t va)
{
	return (uint64_t)((int64_t)(va << 16) >> 16);
}

static int walk_table(const struct walk *w, uint64_t gpa, unsigned first,
		      unsigned end, const struct tables_page *above);

/* page: of the entry, with the rights of the levels above. */
static int walk_entry(const struct walk *w, uint64_t entry,
		      struct tables_page *page)
{
	page->user &= !!(entry & PTE_USER);
	page->write &= !!(entry & PTE_WRITE);
	page->exec &= !(entry & PTE_NX);
	if (!pte_is_leaf(entry, page->shift))
		return walk_table(w, entry & PTE_ADDR, 0, TABLES_ENTRIES, page);
	page->gpa = tables_leaf_gpa(entry, page->shift, 0);
	return w->visitor->page ? w->visitor->page(w->ctx, page) : 0;
}

/* above: the entry that leads here. */
static int walk_table(const struct walk *w, uint64_t gpa, unsigned first,
		      unsigned end, const struct tables_page *above)
{
	uint64_t entries[TABLES_ENTRIES];
	int ret = 0;

	if (stop_signal())
		return -EINTR;
	if (guestmem_read(w->mem, (hv_gpa_t){gpa}, entries, sizeof(entries)))
		return w->visitor->no_table
			       ? w->visitor->no_table(w->ctx, gpa, above->va)
			       : 0;
	if (w->visitor->table)
		ret = w->visitor->table(w->ctx, gpa, above->va);
	for (unsigned i = first; i < end && !ret; i++) {
		struct tables_page page = *above;

		page.shift = above->shift - 9;
		page.va = canonical(above->va | (uint64_t)i << page.shift);
		if (entries[i] & PTE_PRESENT)
			ret = walk_entry(w, entries[i], &page);
	}
	return ret == TABLES_SKIP ? 0 : ret;
}

int tables_each(const struct guestmem *mem, hv_gpa_t root, unsigned first,
		unsigned end, const struct tables_visitor *visitor, void *ctx)
{
	const struct walk w = {mem, visitor, ctx};
	const struct tables_page all = {
		.shift = ROOT_SHIFT + 9,
		.user = true,
		.write = true,
		.exec = true,
	};

	return walk_table(&w, root.v & PTE_ADDR, first, end, &all);
}
