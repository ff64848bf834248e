/*
 * test_mmap_huge.c: on a file system that aligns large mappings for huge pages
 * (HV_FILE_HUGE), address and offset agree modulo 2 MiB. Against Linux itself:
 * tests/native/maps.sh.
 */
#include "hv_call.h"
#include "mm_fixture.h"

#define HUGE (2 * MIB)
#define FD   7

static void setup(void)
{
	mm_begin();
	shim_fd_set(FD, shim_file_add_pattern(16 * MIB));
	shim_fd_set_flags(FD, HV_FILE_HUGE);
}

TestSuite(mmap_huge, .init = setup, .fini = mm_end);

static uint64_t map_file(uint64_t hint, uint64_t len, uint64_t offset)
{
	int64_t va = mm_mmap(mm, hint, len, PROT_READ, MAP_PRIVATE, FD, offset);

	cr_assert(va > 0, "%ld", va);
	assert_sound(mm_check(mm));
	return (uint64_t)va;
}

Test(mmap_huge, what_holds_a_huge_page_is_aligned)
{
	uint64_t va = map_file(0, HUGE, 0);

	cr_assert_eq(va % HUGE, 0);
	cr_assert(va + HUGE <= MMAP_BASE);
	cr_assert(va + 2 * HUGE > MMAP_BASE);
}

Test(mmap_huge, droppable_memory_is_aligned_like_private)
{
	const uint32_t droppable = 8; /* MAP_DROPPABLE */
	uint64_t va = (uint64_t)mm_mmap(mm, 0, HUGE, RW,
					MAP_ANONYMOUS | droppable, -1, 0);

	cr_assert_eq(va % HUGE, 0);
	cr_assert(va + 2 * HUGE > MMAP_BASE);
}

Test(mmap_huge, less_is_not)
{
	cr_assert_eq(map_file(0, HUGE - PAGE_SIZE, 0),
		     MMAP_BASE - HUGE + PAGE_SIZE);
}

/* [1 page, 2 MiB + 1 page) holds none; a page less than another 2 MiB does. */
Test(mmap_huge, the_huge_page_counts_from_the_offset)
{
	uint64_t va;

	cr_assert_eq(map_file(0, HUGE, PAGE_SIZE), MMAP_BASE - HUGE);
	va = map_file(0, 2 * HUGE - PAGE_SIZE, PAGE_SIZE);
	cr_assert_eq(va % HUGE, PAGE_SIZE);
}

Test(mmap_huge, other_file_systems_do_not)
{
	shim_fd_set_flags(FD, 0);
	cr_assert_eq(map_file(0, 3 * MIB + PAGE_SIZE, 0),
		     MMAP_BASE - 3 * MIB - PAGE_SIZE);
}

Test(mmap_huge, a_hint_with_room_is_taken_as_it_is)
{
	cr_assert_eq(map_file(MMAP_BASE - 64 * MIB + PAGE_SIZE, HUGE, 0),
		     MMAP_BASE - 64 * MIB + PAGE_SIZE);
}

/* Room for len alone is not enough. */
Test(mmap_huge, a_hint_with_less_room_is_not)
{
	uint64_t above = MMAP_BASE - 64 * MIB, va;

	cr_assert_eq(map_file(above, PAGE_SIZE, 0), above);
	va = map_file(above - HUGE - PAGE_SIZE, HUGE, 0);
	cr_assert_eq(va % HUGE, 0);
	cr_assert(va > above);
}

Test(mmap_huge, a_fixed_address_stays)
{
	uint64_t want = MMAP_BASE - 64 * MIB + PAGE_SIZE;

	cr_assert_eq(mm_mmap(mm, want, HUGE, PROT_READ, MAP_PRIVATE | MAP_FIXED,
			     FD, 0),
		     (int64_t)want);
}
