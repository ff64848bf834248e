/*
 * test_mm_dup.c: what fork copies of an address space, and who gets which frame
 * when parent and child go on: Linux dup_mmap, copy_page_range, do_wp_page.
 */
#include "mm_dup.h"
#include "mm_fixture.h"

#define SPACES	   6
#define SLOTS	   8
#define SLOT_PAGES 12u

TestSuite(mm_dup, .init = mm_begin);

static struct mm *child;

static uint16_t fault_in(struct mm *of, uint64_t va, uint32_t access)
{
	cr_assert_eq(mm_fault(of, va, access, access & HV_ACCESS_WRITE ? 2 : 0,
			      0x1234, &rec),
		     0, "at %#lx", va);
	return rec.outcome;
}

static uint64_t map_in(struct mm *of, uint64_t pages, uint32_t prot,
		       uint32_t how)
{
	int64_t at = mm_mmap(of, 0, PAGES(pages), prot, how, -1, 0);

	cr_assert_gt(at, 0);
	return (uint64_t)at;
}

/* What the program would read; a page that is not there is faulted in. */
static uint8_t byte_at(struct mm *of, uint64_t va)
{
	const uint8_t *page = mm_user_page(of, va, false);

	if (!page) {
		fault_in(of, va, READ);
		page = mm_user_page(of, va, false);
	}
	cr_assert_not_null(page);
	return page[va & (PAGE_SIZE - 1)];
}

static void set_byte(struct mm *of, uint64_t va, uint8_t value)
{
	uint8_t *page = mm_user_page(of, va, true);

	if (!page) {
		fault_in(of, va, WRITE);
		page = mm_user_page(of, va, true);
	}
	cr_assert_not_null(page);
	page[va & (PAGE_SIZE - 1)] = value;
}

static void make_child(void)
{
	child = mm_dup(mm);
	cr_assert_not_null(child);
	assert_sound(mm_check(mm));
	assert_sound(mm_check(child));
}

static void end_both(void)
{
	mm_put(child);
	assert_sound(mm_check(mm));
	mm_put(mm);
	assert_all_is_back();
}

Test(mm_dup, the_first_writer_copies_and_the_last_one_reuses)
{
	uint64_t at = map_in(mm, 64, RW, ANON);

	for (uint64_t i = 0; i < 64; i++)
		set_byte(mm, at + PAGES(i), 'a');
	make_child();
	for (uint64_t i = 0; i < 64; i++) {
		cr_assert_eq(fault_in(child, at + PAGES(i), WRITE),
			     HV_FAULT_COW);
		set_byte(child, at + PAGES(i), 'b');
	}
	for (uint64_t i = 0; i < 64; i++) {
		cr_assert_eq(byte_at(mm, at + PAGES(i)), 'a');
		cr_assert_eq(fault_in(mm, at + PAGES(i), WRITE),
			     HV_FAULT_REUSE);
		cr_assert_eq(byte_at(child, at + PAGES(i)), 'b');
	}
	end_both();
}

Test(mm_dup, a_child_that_has_ended_leaves_the_pages_to_the_parent)
{
	uint64_t at = map_in(mm, 4, RW, ANON);

	set_byte(mm, at, 'a');
	make_child();
	mm_put(child);
	cr_assert_eq(fault_in(mm, at, WRITE), HV_FAULT_REUSE);
	cr_assert_eq(byte_at(mm, at), 'a');
	mm_put(mm);
	assert_all_is_back();
}

Test(mm_dup, the_parents_entries_are_flushed)
{
	uint64_t at = map_in(mm, 4, RW, ANON);

	set_byte(mm, at + PAGES(2), 'a');
	shim_flush_forget();
	make_child();
	cr_assert(shim_flushed(at + PAGES(2)));
	end_both();
}

Test(mm_dup, shared_anonymous_memory_is_one)
{
	uint64_t at = map_in(mm, 4, RW, MAP_SHARED | MAP_ANONYMOUS);

	set_byte(mm, at, 'a');
	make_child();
	/* Linux vma_needs_copy: what faults can find again is left to them. */
	cr_assert_eq(leaf_at(child, at).kind, LEAF_NONE);
	cr_assert_eq(byte_at(child, at), 'a');
	set_byte(child, at + PAGES(1), 'c');
	cr_assert_eq(byte_at(mm, at + PAGES(1)), 'c');
	end_both();
}

Test(mm_dup, pages_of_files_are_left_to_faults_unless_some_are_private)
{
	byte_at(mm, TEXT);
	set_byte(mm, DATA, 'x');
	byte_at(mm, DATA + PAGES(1));
	make_child();
	cr_assert_eq(leaf_at(child, TEXT).kind, LEAF_NONE);
	cr_assert_eq(leaf_at(child, DATA).kind, LEAF_PAGE);
	cr_assert_eq(leaf_at(child, DATA + PAGES(1)).kind, LEAF_PAGE);
	cr_assert_eq(byte_at(child, DATA), 'x');
	cr_assert_eq(byte_at(child, TEXT), shim_file_byte(1, 0));
	end_both();
}

Test(mm_dup, what_the_program_advised)
{
	uint64_t none = map_in(mm, 2, RW, ANON), wipe = map_in(mm, 2, RW, ANON);

	set_byte(mm, none, 'n');
	set_byte(mm, wipe, 'w');
	cr_assert_eq(mm_madvise(mm, none, PAGES(2), MADV_DONTFORK), 0);
	cr_assert_eq(mm_madvise(mm, wipe, PAGES(2), MADV_WIPEONFORK), 0);
	make_child();
	cr_assert_null(vma_find_first(&child->vmas, none, none + 1));
	cr_assert_eq(byte_at(child, wipe), 0);
	cr_assert_eq(byte_at(mm, wipe), 'w');
	cr_assert_eq(child->total_vm, mm->total_vm - 2);
	end_both();
}

Test(mm_dup, locks_are_not_inherited)
{
	uint64_t at = map_in(mm, 3, RW, ANON);

	cr_assert_eq(mm_mlock(mm, at, PAGES(3)), 0);
	cr_assert_eq(mm_mlockall(mm, MCL_FUTURE), 0);
	make_child();
	cr_assert_eq(child->locked_vm, 0);
	cr_assert_eq(child->def_flags, 0);
	cr_assert_eq(mm->locked_vm, 3);
	end_both();
}

Test(mm_dup, a_heap_of_a_child_grows_by_a_mapping_of_its_own)
{
	uint64_t vmas;

	set_byte(mm, BSS, 'b');
	cr_assert_eq(mm_brk(mm, HEAP + PAGES(2)), HEAP + PAGES(2));
	set_byte(mm, HEAP, 'h');
	make_child();
	vmas = child->vmas.count;
	cr_assert_eq(mm_brk(child, HEAP + PAGES(4)), HEAP + PAGES(4));
	/* Linux is_mergeable_anon_vma: its anon_vma has a parent. */
	cr_assert_eq(child->vmas.count, vmas + 1);
	end_both();
}

static void set_thp(uint32_t thp)
{
	mm_machine.thp = thp;
	huge_set_disabled(mm, 0);
}

Test(mm_dup, huge_pages_become_small_ones_and_keep_what_they_hold)
{
	uint64_t at = map_in(mm, 1024, RW, ANON);
	uint64_t huge = (at + PT_SPAN_2M - 1) & ~(PT_SPAN_2M - 1);

	set_thp(HV_THP_ALWAYS);
	set_byte(mm, huge + PAGES(7), 'h');
	cr_assert_eq(mm->nr_huge, 1);
	make_child();
	cr_assert_eq(mm->nr_huge, 0);
	cr_assert_eq(byte_at(child, huge + PAGES(7)), 'h');
	set_byte(child, huge + PAGES(7), 'c');
	set_byte(mm, huge + PAGES(8), 'p');
	cr_assert_eq(byte_at(mm, huge + PAGES(7)), 'h');
	cr_assert_eq(byte_at(child, huge + PAGES(8)), 0);
	set_thp(HV_THP_NEVER);
	end_both();
}

/* ---- Any order of everything --------------------------------------------- */

struct space {
	struct mm *mm;
	struct {
		uint64_t at; /* 0: not mapped */
		uint8_t holds[SLOT_PAGES];
	} slot[SLOTS];
};

static struct space spaces[SPACES];

static void check_slot(struct space *s, unsigned k)
{
	for (unsigned i = 0; i < SLOT_PAGES; i++)
		cr_assert_eq(byte_at(s->mm, s->slot[k].at + PAGES(i)),
			     s->slot[k].holds[i], "slot %u page %u", k, i);
}

static void fork_space(const struct space *s)
{
	for (unsigned i = 0; i < SPACES; i++) {
		if (spaces[i].mm)
			continue;
		spaces[i] = *s;
		spaces[i].mm = mm_dup(s->mm);
		cr_assert_not_null(spaces[i].mm);
		return;
	}
}

static void change_slot(struct space *s, unsigned k, uint64_t *r)
{
	uint64_t at = s->slot[k].at;
	unsigned i = (unsigned)random_below(r, SLOT_PAGES);

	switch (random_below(r, 8)) {
	case 0:
		cr_assert_eq(mm_munmap(s->mm, at, PAGES(SLOT_PAGES)), 0);
		s->slot[k].at = 0;
		return;
	case 1:
		cr_assert_eq(mm_madvise(s->mm, at + PAGES(i), PAGE_SIZE,
					MADV_DONTNEED),
			     0);
		s->slot[k].holds[i] = 0;
		return;
	case 2:
		cr_assert_eq(
			mm_mprotect(s->mm, at + PAGES(i), PAGE_SIZE, PROT_READ),
			0);
		cr_assert_eq(mm_mprotect(s->mm, at, PAGES(SLOT_PAGES), RW), 0);
		return;
	case 3:
		s->slot[k].at = (uint64_t)mm_mremap(
			s->mm, at, PAGES(SLOT_PAGES), PAGES(SLOT_PAGES),
			MREMAP_MAYMOVE, 0);
		cr_assert_gt((int64_t)s->slot[k].at, 0);
		return;
	default:
		s->slot[k].holds[i] = (uint8_t)random_below(r, 256);
		set_byte(s->mm, at + PAGES(i), s->slot[k].holds[i]);
	}
}

static void one_step(uint64_t *r)
{
	struct space *s = &spaces[random_below(r, SPACES)];
	unsigned k = (unsigned)random_below(r, SLOTS);

	if (!s->mm)
		return;
	if (random_below(r, 16) == 0) {
		fork_space(s);
	} else if (random_below(r, 24) == 0 && s != &spaces[0]) {
		mm_put(s->mm);
		s->mm = NULL;
		return;
	} else if (s->slot[k].at) {
		change_slot(s, k, r);
	} else {
		s->slot[k].at = map_in(s->mm, SLOT_PAGES, RW, ANON);
		memset(s->slot[k].holds, 0, SLOT_PAGES);
	}
	assert_sound(mm_check(s->mm));
	if (s->slot[k].at)
		check_slot(s, k);
}

Test(mm_dup, any_order_of_changes_and_forks)
{
	for (uint64_t seed = 1; seed <= 20; seed++) {
		uint64_t r = seed * 7919;

		memset(spaces, 0, sizeof(spaces));
		spaces[0].mm = mm;
		for (unsigned i = 0; i < 600; i++)
			one_step(&r);
		for (unsigned i = 0; i < SPACES; i++)
			for (unsigned k = 0; spaces[i].mm && k < SLOTS; k++)
				if (spaces[i].slot[k].at)
					check_slot(&spaces[i], k);
		for (unsigned i = 1; i < SPACES; i++)
			if (spaces[i].mm)
				mm_put(spaces[i].mm);
		for (unsigned k = 0; k < SLOTS; k++)
			if (spaces[0].slot[k].at)
				mm_munmap(mm, spaces[0].slot[k].at,
					  PAGES(SLOT_PAGES));
	}
	mm_put(mm);
	assert_all_is_back();
}
