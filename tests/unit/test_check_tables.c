/*
 * test_check_tables.c: each way in which page tables can let a program reach
 * the kernel is found, and sound ones pass.
 *
 *	page  0      the user root		page  1      the kernel root
 *	pages 2..63  lower tables, as needed	pages 64..79 the kernel's
 *	pages 80..95 may be the program's, and 16 MiB from 4 MiB on
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "check_tables.h"
#include "hv_boot.h"
#include "hv_map.h"

#define PAGES	 4096
#define P(n)	 ((n)*HV_PAGE_SIZE)
#define KERNEL	 P(64)
#define GATE	 P(70)
#define USER	 P(80)
#define BIG	 (4ull << 20)
#define GATE_VA	 (HV_VA_KERNEL + GATE)
#define PROGRAM	 0x400000ull
#define PRESENT	 1ull
#define WRITE	 2ull
#define FOR_USER 4ull
#define LARGE	 0x80ull
#define NX	 (1ull << 63)
#define ANY	 (PRESENT | WRITE | FOR_USER)

static struct guestmem mem;
static uint64_t next_table;
static char why[160];
static const struct check_range gate = {GATE_VA, GATE, P(2)};
static const struct hv_bank banks[] = {
	{.start = 0, .end = P(96), .memmap = KERNEL, .free = USER},
	{.start = BIG, .end = BIG + (8 << 20), .memmap = BIG, .free = BIG},
};

static uint64_t *table_at(uint64_t gpa)
{
	return (uint64_t *)(mem.base + gpa);
}

/* The entry for va that maps 2^shift bytes; tables above it have all rights. */
static uint64_t *entry(uint64_t root, uint64_t va, unsigned shift)
{
	uint64_t table = root;

	for (unsigned level = 39; level > shift; level -= 9) {
		uint64_t *e = &table_at(table)[va >> level & 511];

		if (!*e) {
			*e = next_table | ANY;
			next_table += HV_PAGE_SIZE;
		}
		table = *e & 0xffffffffff000;
	}
	return &table_at(table)[va >> shift & 511];
}

static void map(uint64_t root, uint64_t va, uint64_t gpa, uint64_t bits)
{
	*entry(root, va, 12) = gpa | bits;
}

static int check(uint32_t cpl)
{
	const struct check_tables c = {
		.mem = &mem,
		.user_root = {P(0)},
		.kernel_root = {P(1)},
		.kernel_cpl = cpl,
		.gate = &gate,
		.nr_gate = 1,
		.banks = banks,
		.nr_banks = 2,
	};

	why[0] = '\0';
	return check_tables(&c, why, sizeof(why));
}

/* Sound tables for a kernel at this level. */
static void build(uint32_t cpl)
{
	uint64_t user = cpl ? FOR_USER : 0;

	map(P(0), PROGRAM, USER, PRESENT | FOR_USER);
	map(P(0), PROGRAM + P(1), USER + P(1), ANY | NX);
	map(P(1), GATE_VA, GATE, PRESENT);
	map(P(1), GATE_VA + P(1), GATE + P(1), PRESENT | WRITE | NX);
	map(P(1), HV_VA_KERNEL + KERNEL, KERNEL, PRESENT | user);
	*entry(P(1), HV_VA_DIRECT, 21) = PRESENT | WRITE | NX | LARGE | user;
	if (cpl) {
		map(P(0), GATE_VA, GATE, PRESENT);
		map(P(0), GATE_VA + P(1), GATE + P(1), PRESENT | WRITE | NX);
		return;
	}
	for (unsigned i = 256; i < 512; i++)
		table_at(P(0))[i] = table_at(P(1))[i];
}

static void setup(void)
{
	mem.base = calloc(PAGES, HV_PAGE_SIZE);
	cr_assert(mem.base);
	mem.low_end = mem.span = PAGES * HV_PAGE_SIZE;
	next_table = P(2);
}

static void teardown(void)
{
	free(mem.base);
}

TestSuite(check_tables, .init = setup, .fini = teardown);

static void finds(uint32_t cpl, const char *text)
{
	cr_assert_lt(check(cpl), 0, "not found: %s", text);
	cr_assert(strstr(why, text), "said \"%s\", not \"%s\"", why, text);
}

Test(check_tables, sound_tables_pass_at_level_0)
{
	build(0);
	cr_assert_eq(check(0), 0, "%s", why);
}

Test(check_tables, sound_tables_pass_at_level_3)
{
	build(3);
	cr_assert_eq(check(3), 0, "%s", why);
}

Test(check_tables, the_check_changes_nothing)
{
	uint8_t *before = malloc(P(64));

	build(3);
	memcpy(before, mem.base, P(64));
	check(3);
	cr_assert_arr_eq(mem.base, before, P(64));
	free(before);
}

Test(check_tables, a_kernel_page_for_user_mode_is_found)
{
	build(0);
	*entry(P(1), HV_VA_DIRECT, 21) |= FOR_USER;
	finds(0, "user root: kernel page 0xffff888000000000 is for user mode");
}

Test(check_tables, a_kernel_page_for_user_mode_in_the_kernel_root_is_found)
{
	build(0);
	*entry(P(1), HV_VA_VMALLOC, 12) = KERNEL | PRESENT | FOR_USER;
	finds(0, "kernel root: kernel page 0xffffc90000000000 is for user");
}

Test(check_tables, a_user_bit_below_a_supervisor_table_is_no_leak)
{
	build(0);
	*entry(P(1), HV_VA_DIRECT, 21) |= FOR_USER;
	*entry(P(1), HV_VA_DIRECT, 30) &= ~FOR_USER;
	cr_assert_eq(check(0), 0, "%s", why);
}

Test(check_tables, a_kernel_page_in_a_user_root_is_found)
{
	build(3);
	map(P(0), HV_VA_KERNEL + KERNEL, KERNEL, PRESENT);
	finds(3, "user root: kernel page 0xffffffff80040000 (0x40000) is not");
}

Test(check_tables, a_direct_map_in_a_user_root_is_found)
{
	build(3);
	*entry(P(0), HV_VA_DIRECT, 21) = PRESENT | WRITE | NX | LARGE;
	finds(3, "user root: kernel page 0xffff888000000000");
}

Test(check_tables, a_slot_of_the_kernel_root_in_a_user_root_is_found)
{
	build(3);
	table_at(P(0))[511] = table_at(P(1))[511];
	finds(3, "0xffffffff80040000 (0x40000) is not the gate's");
}

Test(check_tables, a_gate_page_for_user_mode_is_found)
{
	build(3);
	*entry(P(0), GATE_VA, 12) |= FOR_USER;
	finds(3, "user root: kernel page 0xffffffff80046000 is for user mode");
}

Test(check_tables, a_gate_page_of_another_frame_is_found)
{
	build(3);
	*entry(P(0), GATE_VA, 12) = KERNEL | PRESENT;
	finds(3, "(0x40000) is not the gate's");
}

Test(check_tables, a_page_beyond_the_gate_is_found)
{
	build(3);
	map(P(0), GATE_VA + P(2), GATE + P(2), PRESENT);
	finds(3, "is not the gate's");
}

Test(check_tables, a_large_page_over_the_gate_is_found)
{
	build(3);
	*entry(P(0), HV_VA_KERNEL, 21) = PRESENT | LARGE;
	finds(3, "user root: kernel page 0xffffffff80000000 (0)");
}

Test(check_tables, a_program_in_the_kernel_root_is_found)
{
	build(3);
	map(P(1), PROGRAM, USER, ANY);
	finds(3, "kernel root: page 0x400000 of a program");
}

Test(check_tables, the_kernels_frame_under_a_program_is_found)
{
	build(3);
	map(P(0), PROGRAM + P(5), KERNEL, PRESENT | FOR_USER);
	finds(3, "page 0x405000 of the program is 0x40000, which is the");
}

Test(check_tables, a_frame_outside_ram_under_a_program_is_found)
{
	build(0);
	map(P(0), PROGRAM + P(5), 1ull << 40, PRESENT | FOR_USER);
	finds(0, "which is the kernel's");
}

Test(check_tables, a_page_table_under_a_program_is_found)
{
	uint64_t table = USER + P(3);

	build(3);
	/* A table that is where a program's frames are, as real ones are. */
	*entry(P(0), 0x40000000, 21) = table | ANY;
	table_at(table)[0] = USER | PRESENT | FOR_USER;
	cr_assert_eq(check(3), 0, "%s", why);
	table_at(table)[1] = table | ANY;
	finds(3, "page 0x40001000 of the program is 0x53000, a page table");
}

Test(check_tables, a_page_table_in_a_programs_large_page_is_found)
{
	build(0);
	*entry(P(0), 0x40000000, 21) = BIG | ANY | LARGE;
	cr_assert_eq(check(0), 0, "%s", why);
	*entry(P(0), 0x80000000, 21) = (BIG + P(9)) | ANY;
	finds(0, "a page table");
}

Test(check_tables, a_large_page_that_runs_out_of_its_bank_is_found)
{
	build(0);
	*entry(P(0), 0x40000000, 30) = ANY | LARGE;
	finds(0, "which is the kernel's");
}

Test(check_tables, a_supervisor_page_in_the_lower_half_is_found)
{
	build(0);
	map(P(0), PROGRAM + P(5), USER, PRESENT | WRITE);
	finds(0, "page 0x405000 of the program is not for user mode");
}

Test(check_tables, a_kernel_page_to_write_and_run_is_found)
{
	build(0);
	map(P(1), HV_VA_KERNEL + KERNEL, KERNEL, PRESENT | WRITE);
	finds(0, "can be written and run");
}

Test(check_tables, a_page_of_the_level_3_kernel_to_write_and_run_is_found)
{
	build(3);
	map(P(1), HV_VA_KERNEL + KERNEL, KERNEL, ANY);
	finds(3, "can be written and run");
}

Test(check_tables, a_table_outside_ram_is_found)
{
	build(3);
	table_at(P(0))[3] = 1ull << 40 | ANY;
	finds(3, "user root: table of 0x18000000000 at 0x10000000000 is not");
}

Test(check_tables, a_root_outside_ram_is_found)
{
	build(3);
	mem.low_end = 0;
	finds(3, "is not RAM");
}

/* The last table of the lower half is the program's, the next is not. */
Test(check_tables, the_halves_meet_between_entries_255_and_256)
{
	build(3);
	map(P(0), 0x7fffffffe000, USER, ANY | NX);
	cr_assert_eq(check(3), 0, "%s", why);
	map(P(0), 0xffff800000000000, USER, ANY | NX);
	finds(3, "kernel page 0xffff800000000000");
}

/* 512 ways at each of four levels: a walk that follows them does not end. */
Test(check_tables, a_table_that_leads_to_itself_is_found, .timeout = 20)
{
	uint64_t table = USER + P(3);

	build(3);
	for (unsigned i = 0; i < 512; i++)
		table_at(table)[i] = table | ANY;
	table_at(P(0))[5] = table | ANY;
	finds(3, "user root: table of 0x28000000000 at 0x53000 is in use");
}

Test(check_tables, a_table_in_two_places_of_a_root_is_found)
{
	build(0);
	table_at(P(0))[7] = table_at(P(0))[0];
	finds(0, "is in use elsewhere in this root");
}
