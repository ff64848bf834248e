/*
 * pagetable.c: walking, making, visiting and freeing page tables.
 *
 * Entries are read and written by arch_pte_get and arch_pte_set only. The
 * kernel's half of the root is arch's: neither read, changed nor counted here.
 */
#include "pagetable.h"

#include "buddy.h"
#include "panic.h"

#define PT_TABLE_BITS (PTE_P | PTE_RW | PTE_US | PTE_A)

static uint64_t nr_tables, nr_tables_peak;

static inline unsigned level_index(uint64_t va, int level)
{
	return (unsigned)(va >> pt_shift(level)) & (PT_ENTRIES - 1);
}

uint64_t pt_tables(void)
{
	return nr_tables;
}

uint64_t pt_tables_peak(void)
{
	return nr_tables_peak;
}

static struct page *table_alloc(void)
{
	struct page *page = buddy_alloc(0, GFP_ZERO);

	if (!page)
		return NULL;
	page->flags |= PG_TABLE;
	page->inuse = 0;
	if (++nr_tables > nr_tables_peak)
		nr_tables_peak = nr_tables;
	return page;
}

static void table_free(struct page *page)
{
	page->flags &= ~PG_TABLE;
	nr_tables--;
	page_put(page);
}

/* ---- Roots ------------------------------------------------------------- */

pte_t *pt_root_alloc(void)
{
	struct page *page = table_alloc();

	if (!page)
		return NULL;
	arch_root_init(page_to_virt(page));
	return page_to_virt(page);
}

void pt_root_free(pte_t *root)
{
	struct page *page = virt_to_page(root);

	BUG_ON(page->inuse);
	table_free(page);
}

/* ---- Walking ----------------------------------------------------------- */

pte_t *pt_walk(pte_t *root, uint64_t va)
{
	pte_t *table = root;

	for (int level = PT_LEVELS; level > 1; level--) {
		pte_t entry = arch_pte_get(&table[level_index(va, level)]);

		if (!entry.v)
			return NULL;
		if (pte_is_huge(entry))
			return &table[level_index(va, level)];
		table = pte_table(entry);
	}
	return &table[level_index(va, 1)];
}

/* p names no table: make one. */
static __attribute__((noinline)) pte_t *table_make(pte_t *p)
{
	struct page *page = table_alloc();

	if (!page)
		return NULL;
	pt_fill(p, pte_make(page_to_pfn(page), PT_TABLE_BITS));
	return page_to_virt(page);
}

static inline pte_t *table_below(pte_t *table, uint64_t va, int level)
{
	pte_t *p = &table[level_index(va, level)];
	pte_t entry = arch_pte_get(p);

	return __builtin_expect(!!entry.v, 1) ? pte_table(entry)
					      : table_make(p);
}

/* Each fault comes here: written out, so that every shift is a constant. */
static inline pte_t *walk_alloc_2m(pte_t *root, uint64_t va)
{
	pte_t *table = table_below(root, va, 4);

	if (table)
		table = table_below(table, va, 3);
	return table ? &table[level_index(va, 2)] : NULL;
}

pte_t *pt_entry(pte_t *root, uint64_t va, int level)
{
	pte_t *table = root;

	for (int l = PT_LEVELS; l > level; l--) {
		pte_t entry = arch_pte_get(&table[level_index(va, l)]);

		if (!entry.v)
			return NULL;
		table = pte_table(entry);
	}
	return &table[level_index(va, level)];
}

pte_t *pt_entry_alloc(pte_t *root, uint64_t va, int level)
{
	pte_t *table = root;

	for (int l = PT_LEVELS; l > level && table; l--)
		table = table_below(table, va, l);
	return table ? &table[level_index(va, level)] : NULL;
}

pte_t *pt_walk_alloc(pte_t *root, uint64_t va)
{
	pte_t *p = walk_alloc_2m(root, va), *table;
	pte_t entry;

	if (!p)
		return NULL;
	entry = arch_pte_get(p);
	if (pte_is_huge(entry))
		return p;
	table = __builtin_expect(!!entry.v, 1) ? pte_table(entry)
					       : table_make(p);
	return table ? &table[level_index(va, 1)] : NULL;
}

/* ---- Entries ----------------------------------------------------------- */

void pt_fill(pte_t *p, pte_t pte)
{
	pt_table_page(p)->inuse++;
	arch_pte_set(p, pte);
}

void pt_count_filled(pte_t *p, unsigned n)
{
	pt_table_page(p)->inuse += n;
}

/* Tables in reserve are a list of the level 2 table whose entries need them. */
static void reserve_put(pte_t *p, struct page *table)
{
	struct page *above = pt_table_page(p);

	table->private = above->private;
	above->private = (uint64_t)(uintptr_t)table;
}

static struct page *reserve_take(pte_t *p)
{
	struct page *above = pt_table_page(p);
	struct page *table = (struct page *)(uintptr_t)above->private;

	BUG_ON(!table);
	above->private = table->private;
	table->private = 0;
	return table;
}

void pt_clear(pte_t *p, pte_t was)
{
	struct page *page = pt_table_page(p);

	BUG_ON(!page->inuse);
	page->inuse--;
	if (pte_is_huge(was))
		table_free(reserve_take(p));
	arch_pte_set(p, (pte_t){0});
}

bool pt_fill_2m(pte_t *p, pte_t pte)
{
	struct page *table = table_alloc();

	if (!table)
		return false;
	reserve_put(p, table);
	pt_fill(p, (pte_t){pte.v | PTE_PS});
	return true;
}

void pt_move(pte_t *to, pte_t *from)
{
	pte_t pte =
		arch_has_others() ? arch_pte_take(from) : arch_pte_get(from);

	if (pte_is_huge(pte))
		reserve_put(to, reserve_take(from));
	pt_fill(to, pte);
	pt_table_page(from)->inuse--;
	arch_pte_set(from, (pte_t){0});
}

void pt_split_2m(pte_t *p, pte_t first, unsigned step)
{
	struct page *page = reserve_take(p);
	pte_t *table = page_to_virt(page);

	/* No processor walks it yet: plain stores. */
	for (unsigned i = 0; i < PT_ENTRIES; i++)
		*(volatile uint64_t *)&table[i].v =
			first.v + i * step * PAGE_SIZE;
	page->inuse = PT_ENTRIES;
	arch_pte_set(p, pte_make(page_to_pfn(page), PT_TABLE_BITS));
}

void pt_join_2m(pte_t *p, pte_t pte)
{
	struct page *page = virt_to_page(pte_table(arch_pte_get(p)));
	pte_t *table = page_to_virt(page);

	arch_pte_set(p, (pte_t){pte.v | PTE_PS});
	for (unsigned i = 0; i < PT_ENTRIES; i++)
		arch_pte_set(&table[i], (pte_t){0});
	page->inuse = 0;
	reserve_put(p, page);
}

void pt_release(pte_t *p, uint64_t va, struct pt_gather *g)
{
	struct page *page = virt_to_page(pte_table(arch_pte_get(p)));

	BUG_ON(page->inuse);
	pt_clear(p, arch_pte_get(p));
	nr_tables--;
	/* Any flush in its range forgets the cached upper-level entry too. */
	pt_gather_flush(g, va & PAGE_MASK);
	pt_gather_page(g, page);
}
