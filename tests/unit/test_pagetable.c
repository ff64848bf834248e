/*
 * test_pagetable.c: walking, making, visiting and freeing page tables.
 *
 * A root with one leaf entry has three more tables.
 */
#include <signal.h>

#include "hv_map.h"
#include "mm_fixture.h"

static pte_t *root;

static void begin(void)
{
	machine_begin();
	root = pt_root_alloc();
	cr_assert_not_null(root);
}

static int clear_leaf(const struct leaf *l, void *ctx)
{
	struct pt_gather *g = ctx;

	pt_clear(l->p, l->pte);
	if (g)
		pt_gather_flush(g, l->va);
	return 0;
}

/* Whose tables they are: one vCPU has it. */
static struct mm space = {.users = 1};

/* With a mapping that ends at floor, and one that begins at ceiling. */
static void clear_between(uint64_t start, uint64_t end, uint64_t floor,
			  uint64_t ceiling, int top)
{
	struct pt_gather g;
	struct leaf_limits limits = {floor, ceiling, top, &g};

	pt_gather_init(&g, &space);
	cr_assert_eq(leaf_visit_free(root, start, end, &limits, clear_leaf, &g),
		     0);
	pt_gather_finish(&g);
}

static void clear_range(uint64_t start, uint64_t end)
{
	clear_between(start, end, 0, ~0ull, PT_ALL);
}

static bool always(uint64_t start, uint64_t end, void *ctx)
{
	(void)ctx;
	return start < end;
}

static const char *check(void)
{
	return pt_check(root, always, NULL);
}

static void end(void)
{
	assert_sound(check());
	clear_range(0, HV_VA_USER_END);
	cr_assert_eq(pt_tables(), 1);
	cr_assert_eq(root[256].v, SHIM_KERNEL_ENTRY, "the kernel's share");
	cr_assert_eq(root[511].v, SHIM_KERNEL_ENTRY);
	pt_root_free(root);
	assert_all_is_back();
}

TestSuite(pagetable, .init = begin, .fini = end);

#define SOME_PFN 0x123ull
#define LEAF	 (PTE_P | PTE_US | PTE_A)

static void set(uint64_t va)
{
	pte_t *p = pt_walk_alloc(root, va);

	cr_assert_not_null(p);
	pt_fill(p, pte_make(SOME_PFN, LEAF));
}

static bool is_set(uint64_t va)
{
	pte_t *p = pt_walk(root, va);

	return p && arch_pte_get(p).v;
}

Test(pagetable, a_new_root_maps_nothing)
{
	cr_assert_null(pt_walk(root, 0));
	cr_assert_null(pt_walk(root, TEXT));
	cr_assert_null(pt_walk(root, HV_VA_USER_END - 1));
	cr_assert_eq(pt_tables(), 1);
	cr_assert_eq(virt_to_page(root)->flags, PG_TABLE);
}

Test(pagetable, the_first_page_needs_three_tables_the_next_none)
{
	set(TEXT);
	cr_assert_eq(pt_tables(), 4);
	set(TEXT + PAGE_SIZE);
	cr_assert_eq(pt_tables(), 4);
	set(TEXT + PT_SPAN_2M);
	cr_assert_eq(pt_tables(), 5);
	set(TEXT + (1ull << 30));
	cr_assert_eq(pt_tables(), 7);
	set(TEXT + (1ull << 39));
	cr_assert_eq(pt_tables(), 10);
	assert_sound(check());
}

Test(pagetable, walking_finds_what_was_set)
{
	pte_t *p;

	set(TEXT);
	p = pt_walk(root, TEXT + 5);
	cr_assert_eq(p, pt_walk_alloc(root, TEXT));
	cr_assert_eq(pte_pfn(arch_pte_get(p)), SOME_PFN);
	cr_assert_eq(arch_pte_get(p).v & ~PTE_PFN_MASK, LEAF);
	cr_assert_eq(arch_pte_get(p + 1).v, 0);
}

Test(pagetable, entries_at_both_ends_of_user_space)
{
	set(0);
	set(HV_VA_USER_END - PAGE_SIZE);
	cr_assert(is_set(0) && is_set(HV_VA_USER_END - 1));
	clear_range(HV_VA_USER_END - PAGE_SIZE, HV_VA_USER_END);
	cr_assert(is_set(0) && !is_set(HV_VA_USER_END - 1));
}

Test(pagetable, clearing_the_last_entry_frees_the_tables)
{
	uint64_t free = frames_free();

	set(TEXT);
	set(TEXT + PAGE_SIZE);
	clear_range(TEXT, TEXT + PAGE_SIZE);
	cr_assert_eq(pt_tables(), 4);
	clear_range(TEXT + PAGE_SIZE, TEXT + 2 * PAGE_SIZE);
	cr_assert_eq(pt_tables(), 1);
	cr_assert_eq(frames_free(), free);
	cr_assert_eq(arch_pte_get(&root[0]).v, 0);
}

Test(pagetable, a_table_is_freed_after_the_flush)
{
	set(TEXT);
	shim_flush_forget();
	clear_range(TEXT, TEXT + PAGE_SIZE);
	cr_assert_eq(shim_flushes(), 1);
	cr_assert(shim_flushed(TEXT));
}

Test(pagetable, a_range_keeps_to_its_borders)
{
	uint64_t base = 0x40000000 - PAGES(3); /* a 1 GiB border inside */

	for (uint64_t i = 0; i < 8; i++)
		set(base + PAGES(i));
	clear_range(base + PAGES(1), base + PAGES(6));
	for (uint64_t i = 0; i < 8; i++)
		cr_assert_eq(is_set(base + PAGES(i)), i < 1 || i >= 6);
	assert_sound(check());
}

struct seen {
	unsigned n;
	uint64_t last;
	unsigned stop_at;
};

static int see(const struct leaf *l, void *ctx)
{
	struct seen *s = ctx;

	cr_assert_eq(arch_pte_get(l->p).v, l->pte.v);
	cr_assert(!s->n || l->va > s->last);
	s->last = l->va;
	return ++s->n == s->stop_at ? -5 : 0;
}

Test(pagetable, a_visit_sees_each_entry_once_in_order)
{
	struct seen s = {0};
	uint64_t seed = 1;

	for (unsigned i = 0; i < 40; i++)
		set((random_next(&seed) * PAGE_SIZE * 7919) %
		    (HV_VA_USER_END & PAGE_MASK));
	cr_assert_eq(leaf_visit(root, 0, HV_VA_USER_END, see, &s), 0);
	cr_assert_eq(s.n, 40);
}

Test(pagetable, a_visit_stops_when_told)
{
	struct seen s = {.stop_at = 2};

	for (unsigned i = 0; i < 5; i++)
		set(TEXT + PT_SPAN_2M * i);
	cr_assert_eq(leaf_visit(root, 0, HV_VA_USER_END, see, &s), -5);
	cr_assert_eq(s.n, 2);
}

Test(pagetable, a_visit_frees_no_table)
{
	set(TEXT);
	leaf_visit(root, 0, HV_VA_USER_END, clear_leaf, NULL);
	cr_assert_eq(pt_tables(), 4);
	assert_sound(check());
}

#define MIDDLE ((1ull << 40) + (5ull << 30) + (7ull << 21) + PAGES(9))

/* What is left, roots included, when one page goes and so much around it is
 * not mapped. */
static uint64_t tables_left(uint64_t floor, uint64_t ceiling, int top)
{
	uint64_t n;

	set(MIDDLE);
	clear_between(MIDDLE, MIDDLE + PAGE_SIZE, floor, ceiling, top);
	n = pt_tables();
	assert_sound(check());
	clear_range(0, HV_VA_USER_END);
	return n;
}

Test(pagetable, an_empty_table_stays_where_a_neighbour_could_use_it)
{
	const uint64_t span[] = {PT_SPAN_2M, PT_SPAN_1G, 1ull << 39};

	for (unsigned i = 0; i < 3; i++) {
		uint64_t low = MIDDLE & ~(span[i] - 1), high = low + span[i];

		/* The neighbour ends, or begins, just outside or inside. */
		cr_assert_eq(tables_left(low, high, PT_ALL), 3 - i);
		cr_assert_eq(tables_left(low + PAGE_SIZE, high, PT_ALL), 4 - i);
		cr_assert_eq(tables_left(low, high - PAGE_SIZE, PT_ALL), 4 - i);
	}
}

Test(pagetable, tables_of_the_lower_levels_alone_may_be_freed)
{
	for (int top = 0; top <= PT_ALL; top++)
		cr_assert_eq(tables_left(0, ~0ull, top), 4u - (unsigned)top);
}

Test(pagetable, the_last_table_of_user_space_is_freed_too)
{
	set(HV_VA_USER_END - PAGE_SIZE);
	clear_range(HV_VA_USER_END - PAGE_SIZE, HV_VA_USER_END);
	cr_assert_eq(pt_tables(), 1);
}

Test(pagetable, an_entry_moves_with_all_that_it_names)
{
	const uint64_t spans[] = {PT_SPAN_2M, PT_SPAN_1G};

	set(TEXT);
	set(TEXT + PAGE_SIZE);
	pt_move(pt_walk_alloc(root, MIDDLE), pt_walk(root, TEXT + PAGE_SIZE));
	cr_assert(is_set(MIDDLE) && !is_set(TEXT + PAGE_SIZE));
	for (int level = 2; level <= 3; level++) {
		uint64_t span = spans[level - 2];
		uint64_t to = (MIDDLE & ~(span - 1)) + span;
		pte_t *p = pt_entry(root, TEXT, level);

		pt_move(pt_entry_alloc(root, to, level), p);
		cr_assert(is_set(to + TEXT % span));
		cr_assert_null(pt_walk(root, TEXT));
		assert_sound(check());
		pt_move(p, pt_entry(root, to, level));
		cr_assert(is_set(TEXT));
	}
}

static bool is_below(uint64_t start, uint64_t end, void *ctx)
{
	(void)end;
	return start < *(uint64_t *)ctx;
}

Test(pagetable, a_table_that_nobody_uses_is_noticed)
{
	uint64_t limit = TEXT + PT_SPAN_2M;

	set(TEXT);
	assert_sound(pt_check(root, is_below, &limit));
	set(limit);
	assert_wrong(pt_check(root, is_below, &limit), "is for nobody");
}

Test(pagetable, without_memory_there_is_no_entry)
{
	if (!shim_alloc_calls())
		cr_skip_test("linked without SHIM_FAIL_LDFLAGS");
	for (unsigned n = 0; n < 3; n++) {
		shim_fail_allocs(n, 1);
		cr_assert_null(pt_walk_alloc(root, TEXT));
		assert_sound(check());
		clear_range(0, HV_VA_USER_END);
		cr_assert_eq(pt_tables(), 1, "empty tables go");
	}
	shim_fail_allocs(0, 1);
	cr_assert_null(pt_root_alloc());
}

Test(pagetable, a_gather_frees_after_the_flush)
{
	struct page *page = buddy_alloc(0, 0);
	struct pt_gather g;
	uint64_t free = frames_free();

	pt_gather_init(&g, &space);
	pt_gather_flush(&g, TEXT);
	pt_gather_page(&g, page);
	cr_assert_eq(frames_free(), free);
	cr_assert_eq(shim_flushes(), 0);
	pt_gather_finish(&g);
	cr_assert_eq(frames_free(), free + 1);
	cr_assert_eq(shim_flushes(), 1);
}

Test(pagetable, a_gather_drops_one_reference_of_many)
{
	struct page *page = buddy_alloc(0, 0);
	struct pt_gather g;

	page_get(page);
	pt_gather_init(&g, &space);
	pt_gather_page(&g, page);
	cr_assert_eq(page->refcount, 1);
	pt_gather_finish(&g);
	cr_assert_eq(page->refcount, 1);
	cr_assert_eq(shim_flushes(), 0, "nothing was said to be stale");
	page_put(page);
}

Test(pagetable, one_page_is_flushed_as_one)
{
	struct pt_gather g;

	pt_gather_init(&g, &space);
	pt_gather_flush(&g, TEXT);
	pt_gather_finish(&g);
	cr_assert_eq(shim_flush(0).end - shim_flush(0).start, PAGE_SIZE);
	pt_gather_flush(&g, TEXT);
	pt_gather_flush(&g, TEXT + PAGES(9));
	pt_gather_finish(&g);
	cr_assert_eq(shim_flush(1).start, TEXT);
	cr_assert_eq(shim_flush(1).end, TEXT + PAGES(10));
}

Test(pagetable, a_wrong_count_is_noticed)
{
	struct page *table;

	set(TEXT);
	table = virt_to_page(pt_walk(root, TEXT));
	table->inuse++;
	assert_wrong(check(), "1 entries, counted are 2");
	table->inuse--;
	assert_sound(check());
}

Test(pagetable, the_peak_is_kept)
{
	set(TEXT);
	clear_range(0, HV_VA_USER_END);
	cr_assert_eq(pt_tables(), 1);
	cr_assert_eq(pt_tables_peak(), 4);
}
