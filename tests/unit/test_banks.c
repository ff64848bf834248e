/* test_banks.c: how RAM is cut into banks. */
#include <criterion/criterion.h>

#include "banks.h"
#include "hv_boot.h"
#include "hv_map.h"

#define KIB	 1024ull
#define MIB	 (1024 * KIB)
#define GIB	 (1024 * MIB)
#define RESERVED (MIB + 0x57000)

static struct hv_bank bank[HV_BANKS_MAX];

/* Struct pages that frames of a bank need, in bytes. */
static uint64_t memmap_need(const struct hv_bank *b)
{
	return (b->end - b->start) / HV_PAGE_SIZE * HV_STRUCT_PAGE_SIZE;
}

/* Everything that must hold of any layout of ram_size bytes. */
static void check_layout(uint64_t ram_size, uint64_t reserved)
{
	unsigned n = banks_layout(ram_size, reserved, bank);
	uint64_t at = 0, sum = 0;

	cr_assert(n >= 1 && n <= HV_BANKS_MAX, "size %#lx", ram_size);
	for (unsigned i = 0; i < n; i++) {
		const struct hv_bank *b = &bank[i];

		if (at == HV_RAM_HOLE_START)
			at = HV_RAM_HOLE_END;
		cr_assert_eq(b->start, at);
		cr_assert_lt(b->start, b->end);
		cr_assert(b->end <= HV_RAM_HOLE_START ||
			  b->start >= HV_RAM_HOLE_END);
		cr_assert_eq(b->memmap, b->start + (i ? 0 : reserved));
		cr_assert_leq(b->free, b->end);
		cr_assert_eq((b->end | b->memmap | b->free) % HV_PAGE_SIZE, 0);
		if (b->free < b->end)
			cr_assert_geq(b->free - b->memmap, memmap_need(b));
		sum += b->end - b->start;
		at = b->end;
	}
	cr_assert_eq(sum, ram_size);
}

Test(banks, the_smallest_ram_is_one_bank)
{
	cr_assert_eq(banks_layout(HV_RAM_MIN, RESERVED, bank), 1);
	cr_assert_eq(bank[0].start, 0);
	cr_assert_eq(bank[0].end, 16 * MIB);
	cr_assert_eq(bank[0].memmap, RESERVED);
	cr_assert_eq(bank[0].free, RESERVED + 256 * KIB);
}

Test(banks, each_bank_doubles_what_there_is)
{
	static const uint64_t starts[] = {0, 64, 128, 256, 512};

	cr_assert_eq(banks_layout(GIB, RESERVED, bank), 5);
	for (unsigned i = 0; i < 5; i++)
		cr_assert_eq(bank[i].start, starts[i] * MIB);
	cr_assert_eq(bank[4].end, GIB);
}

Test(banks, the_hole_below_4_gib_is_no_ram)
{
	cr_assert_eq(banks_layout(4 * GIB, RESERVED, bank), 12);
	cr_assert_eq(bank[6].start, 2 * GIB);
	cr_assert_eq(bank[6].end, 3 * GIB);
	cr_assert_eq(bank[7].start, 4 * GIB);
	cr_assert_eq(bank[7].end, 4 * GIB + 64 * MIB);
	cr_assert_eq(bank[11].end, 5 * GIB);
}

Test(banks, ram_of_just_3_gib_has_nothing_above_the_hole)
{
	unsigned n = banks_layout(3 * GIB, RESERVED, bank);

	cr_assert_eq(n, 7);
	cr_assert_eq(bank[n - 1].end, 3 * GIB);
}

Test(banks, one_page_more_than_3_gib_is_a_bank_without_room)
{
	unsigned n = banks_layout(3 * GIB + 4 * KIB, RESERVED, bank);

	cr_assert_eq(n, 8);
	cr_assert_eq(bank[7].start, 4 * GIB);
	cr_assert_eq(bank[7].end, 4 * GIB + 4 * KIB);
	cr_assert_eq(bank[7].free, bank[7].end);
}

Test(banks, the_largest_ram_fits)
{
	check_layout(HV_RAM_MAX, RESERVED);
	cr_assert_eq(banks_layout(HV_RAM_MAX, RESERVED, bank), 22);
}

Test(banks, large_banks_have_struct_pages_aligned_to_2_mib)
{
	unsigned n = banks_layout(HV_RAM_MAX, RESERVED, bank);

	for (unsigned i = 0; i < n; i++) {
		uint64_t va = bank[i].start / HV_PAGE_SIZE * 64;

		if (bank[i].end - bank[i].start < 128 * MIB)
			continue;
		cr_assert_eq(bank[i].memmap % (2 * MIB), 0);
		cr_assert_eq((HV_VA_VMEMMAP + va) % (2 * MIB), 0);
	}
}

Test(banks, struct_pages_cover_the_last_4_mib_whole)
{
	cr_assert_eq(banks_layout(64 * MIB + 5 * MIB, RESERVED, bank), 2);
	cr_assert_eq(bank[1].free - bank[1].memmap, 2 * 64 * KIB);
}

Test(banks, any_multiple_of_4_kib_is_laid_out)
{
	for (uint64_t size = HV_RAM_MIN; size < 200 * MIB; size += 37 * 4 * KIB)
		check_layout(size, RESERVED);
	for (uint64_t size = 3 * GIB - 4 * MIB; size < 3 * GIB + 200 * MIB;
	     size += 53 * 4 * KIB)
		check_layout(size, RESERVED);
	for (uint64_t size = HV_RAM_MIN; size <= HV_RAM_MAX; size *= 2) {
		check_layout(size, RESERVED);
		check_layout(size + 4 * KIB > HV_RAM_MAX ? size
							 : size + 4 * KIB,
			     RESERVED);
	}
}

Test(banks, sizes_that_are_not_allowed_are_refused)
{
	cr_assert_eq(banks_layout(0, RESERVED, bank), 0);
	cr_assert_eq(banks_layout(HV_RAM_MIN - 4 * KIB, RESERVED, bank), 0);
	cr_assert_eq(banks_layout(HV_RAM_MAX + 4 * KIB, RESERVED, bank), 0);
	cr_assert_eq(banks_layout(GIB + 1, RESERVED, bank), 0);
	cr_assert_eq(banks_layout(~0ull, RESERVED, bank), 0);
}

Test(banks, a_kernel_that_leaves_no_room_is_refused)
{
	cr_assert_eq(banks_layout(16 * MIB, 16 * MIB, bank), 0);
	cr_assert_eq(banks_layout(16 * MIB, 16 * MIB - 256 * KIB, bank), 0);
	cr_assert_eq(banks_layout(16 * MIB, ~0ull, bank), 0);
	cr_assert_eq(banks_layout(16 * MIB, 16 * MIB - 260 * KIB, bank), 1);
	cr_assert_eq(bank[0].free, 16 * MIB - 4 * KIB);
}
