/*
 * test_vma.c: the tree of mappings: order, balance, gaps, merging rules.
 *
 * Drawn in pages: letters are VMAs, dots are free.
 */
#include "mm_fixture.h"

static struct vma_tree tree;

static void begin(void)
{
	machine_begin();
	memset(&tree, 0, sizeof(tree));
}

static void end(void)
{
	assert_sound(vma_check(&tree));
	while (tree.first) {
		struct vma *v = tree.first;

		vma_erase(&tree, v);
		vma_free(v);
	}
	cr_assert_null(tree.root);
	assert_all_is_back();
}

TestSuite(vma, .init = begin, .fini = end);

/* Pages count from here. */
#define AT(page) (0x100000ull + PAGES(page))

static struct vma *add_flags(uint64_t start, uint64_t pages, uint32_t flags)
{
	struct vma like = {.start = AT(start),
			   .end = AT(start + pages),
			   .pgoff = AT(start) >> PAGE_SHIFT,
			   .prot = RW,
			   .flags = flags};
	struct vma *v = vma_new(&like);

	cr_assert_not_null(v);
	vma_insert(&tree, v);
	assert_sound(vma_check(&tree));
	return v;
}

static struct vma *add(uint64_t start, uint64_t pages)
{
	return add_flags(start, pages, 0);
}

/* ---- Finding ----------------------------------------------------------- */

Test(vma, an_empty_tree_finds_nothing)
{
	cr_assert_null(vma_find(&tree, 0));
	cr_assert_null(vma_find_below(&tree, ~0ull));
	cr_assert_null(vma_find_first(&tree, 0, ~0ull));
	assert_sound(vma_check(&tree));
}

Test(vma, find_gives_the_first_that_ends_above)
{
	/* 0123456789
	 * ..aa..b... */
	struct vma *a = add(2, 2), *b = add(6, 1);

	cr_assert_eq(vma_find(&tree, AT(0)), a);
	cr_assert_eq(vma_find(&tree, AT(2)), a);
	cr_assert_eq(vma_find(&tree, AT(4) - 1), a);
	cr_assert_eq(vma_find(&tree, AT(4)), b);
	cr_assert_eq(vma_find(&tree, AT(6)), b);
	cr_assert_null(vma_find(&tree, AT(7)));
}

Test(vma, find_first_wants_an_intersection)
{
	struct vma *a = add(2, 2), *b = add(6, 1);

	cr_assert_null(vma_find_first(&tree, AT(0), AT(2)));
	cr_assert_eq(vma_find_first(&tree, AT(0), AT(3)), a);
	cr_assert_eq(vma_find_first(&tree, AT(3), AT(9)), a);
	cr_assert_null(vma_find_first(&tree, AT(4), AT(6)));
	cr_assert_eq(vma_find_first(&tree, AT(4), AT(6) + 1), b);
}

Test(vma, find_below_gives_the_last_that_starts_below)
{
	struct vma *a = add(2, 2), *b = add(6, 1);

	cr_assert_null(vma_find_below(&tree, AT(2)));
	cr_assert_eq(vma_find_below(&tree, AT(2) + 1), a);
	cr_assert_eq(vma_find_below(&tree, AT(6)), a);
	cr_assert_eq(vma_find_below(&tree, ~0ull), b);
}

Test(vma, what_was_found_last_is_forgotten_when_erased)
{
	struct vma *a = add(2, 2), *b = add(6, 1);

	cr_assert_eq(vma_find(&tree, AT(3)), a);
	vma_erase(&tree, a);
	vma_free(a);
	cr_assert_eq(vma_find(&tree, AT(3)), b);
}

Test(vma, neighbours_are_linked_in_order)
{
	struct vma *b = add(6, 1), *a = add(2, 2), *c = add(9, 1);

	cr_assert_eq(tree.first, a);
	cr_assert_eq(a->next, b);
	cr_assert_eq(b->next, c);
	cr_assert_eq(c->prev, b);
	cr_assert_null(c->next);
}

Test(vma, a_row_of_many_stays_flat)
{
	for (uint64_t i = 0; i < 1024; i++)
		add(2 * i, 1);
	cr_assert_leq(tree.root->height, 14, "1.44 log2(1024)");
}

Test(vma, a_falling_row_of_many_stays_flat)
{
	for (uint64_t i = 1024; i-- > 0;)
		add(2 * i, 1);
	cr_assert_leq(tree.root->height, 14);
}

/* ---- Splitting, resizing ----------------------------------------------- */

Test(vma, a_split_carries_the_offset_on)
{
	struct vma *a = add(2, 5), *b = vma_split(&tree, a, AT(4));

	cr_assert_eq(a->end, AT(4));
	cr_assert_eq(b->start, AT(4));
	cr_assert_eq(b->end, AT(7));
	cr_assert_eq(b->pgoff, a->pgoff + 2);
	cr_assert_eq(tree.count, 2);
	assert_sound(vma_check(&tree));
}

Test(vma, a_split_without_memory_changes_nothing)
{
	struct vma *a = add(2, 5);

	if (!shim_alloc_calls())
		cr_skip_test("linked without SHIM_FAIL_LDFLAGS");
	shim_fail_allocs(0, 1);
	cr_assert_null(vma_split(&tree, a, AT(4)));
	cr_assert_eq(a->end, AT(7));
	cr_assert_eq(tree.count, 1);
}

Test(vma, resizing_moves_the_offset_with_the_start)
{
	struct vma *a = add(4, 4);
	uint64_t pgoff = a->pgoff;

	vma_resize(&tree, a, AT(2), AT(8));
	cr_assert_eq(a->pgoff, pgoff - 2);
	vma_resize(&tree, a, AT(6), AT(20));
	cr_assert_eq(a->pgoff, pgoff + 2);
	assert_sound(vma_check(&tree));
}

/* ---- Room -------------------------------------------------------------- */

#define LOW  AT(0)
#define HIGH AT(20)

static uint64_t top(uint64_t pages)
{
	return vma_gap_topdown(&tree, PAGES(pages), LOW, HIGH);
}

static uint64_t bottom(uint64_t pages)
{
	return vma_gap_bottomup(&tree, PAGES(pages), LOW, HIGH);
}

Test(vma, in_an_empty_space_the_highest_is_at_the_top)
{
	cr_assert_eq(top(3), AT(17));
	cr_assert_eq(bottom(3), AT(0));
	cr_assert_eq(top(20), AT(0));
	cr_assert_eq(top(21), 0);
	cr_assert_eq(bottom(21), 0);
}

Test(vma, the_highest_gap_that_fits_is_taken)
{
	/* 01234567890123456789
	 * ..aa...bb....cc..ddd */
	add(2, 2);
	add(7, 2);
	add(13, 2);
	add(17, 3);
	cr_assert_eq(top(2), AT(15));
	cr_assert_eq(top(3), AT(10));
	cr_assert_eq(top(4), AT(9));
	cr_assert_eq(top(5), 0);
	cr_assert_eq(bottom(1), AT(0));
	cr_assert_eq(bottom(3), AT(4));
	cr_assert_eq(bottom(4), AT(9));
}

Test(vma, mappings_beyond_the_limits_do_not_matter)
{
	add(18, 10);
	cr_assert_eq(top(1), AT(17));
	vma_resize(&tree, tree.first, AT(25), AT(28));
	cr_assert_eq(top(1), AT(19));
}

Test(vma, a_stack_keeps_its_guard_gap)
{
	/* The stack starts at page 300; 256 pages below it are its guard. */
	struct vma *s = add_flags(300, 4, VMA_GROWSDOWN);

	cr_assert_eq(vma_gap_topdown(&tree, PAGES(1), LOW, AT(300)), AT(43));
	vma_set_flags(&tree, s, 0);
	cr_assert_eq(vma_gap_topdown(&tree, PAGES(1), LOW, AT(300)), AT(299));
	vma_set_flags(&tree, s, VMA_GROWSDOWN);
	add(100, 1);
	cr_assert_eq(vma_gap_topdown(&tree, PAGES(1), LOW, AT(300)), AT(43));
}

Test(vma, linux_overlooks_room_beside_others_in_a_guard_gap)
{
	/* page 40  60  100        300
	 *       oo      oo        SS     256 pages below S are its guard */
	add(40, 2);
	add(100, 2);
	add_flags(300, 4, VMA_GROWSDOWN);
	cr_assert_eq(vma_gap_topdown(&tree, PAGES(3), LOW, AT(304)), AT(37));
	/* A hole above the mapping, too small for the guard: not looked at. */
	cr_assert_eq(vma_gap_bottomup(&tree, PAGES(3), AT(102), AT(400)),
		     AT(304));
	cr_assert_eq(vma_gap_bottomup(&tree, PAGES(3), AT(60), AT(400)),
		     AT(60));
}

Test(vma, linux_goes_on_below_a_guard_gap_only)
{
	/* Free at 90 for two pages, and from 296 to 300; the guard of the
	 * stack at 300 begins at 44, where the search goes on. */
	add(20, 2);
	add(60, 30);
	add(92, 204);
	add_flags(300, 4, VMA_GROWSDOWN);
	cr_assert_eq(vma_gap_topdown(&tree, PAGES(2), LOW, AT(300)), AT(42));
}

/* ---- Merging rules ----------------------------------------------------- */

static struct vma base;

/* b follows a at once and is like it in all. */
static void twins(struct vma *a, struct vma *b)
{
	base = (struct vma){.start = AT(2),
			    .end = AT(4),
			    .pgoff = 100,
			    .prot = RW,
			    .flags = VMA_ACCOUNT,
			    .anon_id = 5};
	*a = *b = base;
	b->start = AT(4);
	b->end = AT(7);
	b->pgoff = 102;
}

Test(vma, twins_merge_both_ways)
{
	struct vma a, b;

	twins(&a, &b);
	cr_assert(vma_can_merge(&a, &b));
	cr_assert(vma_can_merge(&b, &a));
}

Test(vma, strangers_do_not_merge)
{
	struct vma a, b;

	twins(&a, &b);
	b.prot = PROT_READ;
	cr_assert(!vma_can_merge(&a, &b));
	twins(&a, &b);
	b.flags |= VMA_NORESERVE;
	cr_assert(!vma_can_merge(&a, &b));
	twins(&a, &b);
	b.pgoff++;
	cr_assert(!vma_can_merge(&a, &b));
	cr_assert(!vma_can_merge(&b, &a));
	twins(&a, &b);
	b.file = (struct file *)&base;
	cr_assert(!vma_can_merge(&a, &b));
	twins(&a, &b);
	a.flags |= VMA_SPECIAL;
	b.flags |= VMA_SPECIAL;
	cr_assert(!vma_can_merge(&a, &b));
}

Test(vma, memory_that_was_written_apart_stays_apart)
{
	struct vma a, b;

	twins(&a, &b);
	b.anon_id = 6;
	cr_assert(!vma_can_merge(&a, &b));
	b.anon_id = 0;
	cr_assert(vma_can_merge(&a, &b));
}

Test(vma, who_mapped_the_program_does_not_matter)
{
	struct vma a, b;

	twins(&a, &b);
	b.flags |= VMA_DENYWRITE;
	cr_assert(vma_can_merge(&a, &b));
}

/* ---- Against a plain array --------------------------------------------- */

#define SPAN 200u

static struct vma *model[SPAN]; /* who has page i */

static uint64_t model_top(uint64_t pages)
{
	for (uint64_t at = SPAN - pages + 1; at-- > 0;) {
		uint64_t i = 0;

		while (i < pages && !model[at + i])
			i++;
		if (i == pages)
			return AT(at);
	}
	return 0;
}

static uint64_t model_bottom(uint64_t pages)
{
	for (uint64_t at = 0; at + pages <= SPAN; at++) {
		uint64_t i = 0;

		while (i < pages && !model[at + i])
			i++;
		if (i == pages)
			return AT(at);
	}
	return 0;
}

static struct vma *model_find(uint64_t page)
{
	for (; page < SPAN; page++)
		if (model[page])
			return model[page];
	return NULL;
}

static void model_set(const struct vma *v, struct vma *owner)
{
	for (uint64_t va = v->start; va < v->end; va += PAGE_SIZE)
		model[(va - AT(0)) >> PAGE_SHIFT] = owner;
}

static void step(uint64_t *seed)
{
	uint64_t page = random_next(seed) % SPAN;
	uint64_t n = 1 + random_next(seed) % 8;
	struct vma *v = model[page];
	uint64_t mid;

	if (v) {
		mid = v->start + PAGES(vma_pages(v) / 2);
		if (random_next(seed) % 4 == 0 && mid > v->start) {
			v = vma_split(&tree, v, mid);
			model_set(v, v);
			return;
		}
		model_set(v, NULL);
		vma_erase(&tree, v);
		vma_free(v);
		return;
	}
	for (uint64_t i = 0; i < n; i++)
		if (page + i >= SPAN || model[page + i])
			return;
	v = add(page, n);
	model_set(v, v);
}

static void random_walk(uint64_t seed)
{
	for (unsigned i = 0; i < 1500; i++) {
		uint64_t page = random_next(&seed) % SPAN;
		uint64_t n = 1 + random_next(&seed) % 12;

		step(&seed);
		assert_sound_at(vma_check(&tree), "step %u", i);
		cr_assert_eq(vma_find(&tree, AT(page)), model_find(page));
		cr_assert_eq(vma_gap_topdown(&tree, PAGES(n), AT(0), AT(SPAN)),
			     model_top(n), "step %u", i);
		cr_assert_eq(vma_gap_bottomup(&tree, PAGES(n), AT(0), AT(SPAN)),
			     model_bottom(n), "step %u", i);
	}
}

Test(vma, agrees_with_an_array_seed_1)
{
	random_walk(1);
}

Test(vma, agrees_with_an_array_seed_2)
{
	random_walk(2);
}

Test(vma, agrees_with_an_array_seed_3)
{
	random_walk(3);
}

Test(vma, counts_what_exists)
{
	uint64_t peak;

	add(2, 1);
	add(4, 1);
	cr_assert_eq(vma_count(), 2);
	peak = vma_count_peak();
	cr_assert_eq(peak, 2);
}
