/*
 * pagetable_check.c: is every count of the tables true, every table a PG_TABLE
 * page, and of use to someone?
 */
#include "check.h"
#include "pagetable.h"
#include "wrong.h"

/* One table in reserve for each leaf of 2 MiB: how many there are, or ~0. */
static uint32_t count_reserve(const struct page *page)
{
	const struct page *table = (const void *)(uintptr_t)page->private;
	uint32_t n = 0;

	for (; table && n <= PT_ENTRIES; n++) {
		if (table->flags != PG_TABLE || table->inuse)
			return ~0u;
		table = (const void *)(uintptr_t)table->private;
	}
	return n;
}

static bool leaf_is_sound(pte_t entry, int level)
{
	if (pte_is_huge(entry) != (level == 2) ||
	    (pte_is_huge(entry) && pte_pfn(entry) & (PT_FRAMES_2M - 1)))
		return false;
	if (entry.v == PTE_GUARD)
		return true;
	return !(entry.v & PTE_P) != !(entry.v & PTE_PROTNONE);
}

struct check {
	pt_used_fn *used;
	void *ctx;
};

static const char *check_table(pte_t *table, int level, uint64_t start,
			       const struct check *c);

/* An entry of level `level` for what begins at va. */
static const char *check_entry(pte_t entry, int level, uint64_t va,
			       const struct check *c)
{
	if (level > 1 && !pte_is_huge(entry))
		return check_table(pte_table(entry), level - 1, va, c);
	return leaf_is_sound(entry, level)
		       ? NULL
		       : wrong("pagetable: entry %#lx of level %d at %#lx",
			       entry.v, level, va);
}

/* `table` maps what begins at `start`. */
static const char *check_table(pte_t *table, int level, uint64_t start,
			       const struct check *c)
{
	const struct page *page = pt_table_page(table);
	unsigned n = level == PT_LEVELS ? PT_USER_ENTRIES : PT_ENTRIES;
	uint64_t span = 1ull << pt_shift(level);
	uint32_t inuse = 0, leaves = 0;
	const char *why = NULL;

	if (page->flags != PG_TABLE || page->refcount != 1)
		return wrong("pagetable: table of level %d at %#lx: pfn %#lx "
			     "flags %#x refcount %u",
			     level, start, page_to_pfn(page), page->flags,
			     page->refcount);
	if (level < PT_LEVELS && !c->used(start, start + n * span, c->ctx))
		return wrong("pagetable: table of level %d at %#lx is for "
			     "nobody",
			     level, start);
	for (unsigned i = 0; i < n && !why; i++) {
		pte_t entry = arch_pte_get(&table[i]);

		if (!entry.v)
			continue;
		inuse++;
		leaves += level == 2 && pte_is_huge(entry);
		why = check_entry(entry, level, start + i * span, c);
	}
	if (!why && (inuse != page->inuse || leaves != count_reserve(page)))
		why = wrong("pagetable: table of level %d at %#lx: %u entries, "
			    "counted are %u; %u of 2 MiB, in reserve are %d",
			    level, start, inuse, page->inuse, leaves,
			    (int)count_reserve(page));
	return why;
}

const char *pt_check(pte_t *root, pt_used_fn *used, void *ctx)
{
	const struct check c = {used, ctx};

	return check_table(root, PT_LEVELS, 0, &c);
}
