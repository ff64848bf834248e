/*
 * test_elfload_plan.c: is the plan of a known program the known one?
 *
 * Numbers here were worked out from the kernel's source by hand; that Linux
 * agrees is shown by test_elfload_native.c.
 */
#include "../../elfload/elfload.h"
#include "test_elfload_build.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

#define END   ELFLOAD_USER_END
#define GUARD 0x100000ull

static const char *argv[] = {"prog", "arg", NULL};
static const char *envp[] = {"A=1", NULL};

static struct tiny t;
static struct elfload_params par;
static struct elfload_plan plan;
static struct elfload_error err;

static void setup(void)
{
	tiny_build(&t, ET_EXEC);
	par = (struct elfload_params){
		.argv = argv,
		.envp = envp,
		.execfn = "/bin/prog",
		.platform = "x86_64",
		.hwcap = 0x1234,
		.hwcap2 = 2,
		.clktck = 100,
		.rlim_stack = 8 << 20,
		.rlim_as = UINT64_MAX,
		.rlim_data = UINT64_MAX,
		.mmap_rnd_bits = ELFLOAD_RND_BITS,
		.uid = 1,
		.euid = 2,
		.gid = 3,
		.egid = 4,
	};
	memcpy(par.random, "0123456789abcdef", 16);
}

static void teardown(void)
{
	elfload_plan_free(&plan);
}

TestSuite(elfload_plan, .init = setup, .fini = teardown);

static int make_plan(void)
{
	struct elfload_image img;
	int r = elfload_read_memory(t.bytes, t.len, &img, &err);

	cr_assert_eq(r, 0, "%s", err.text);
	elfload_plan_free(&plan);
	return elfload_plan(&img, &par, &plan, &err);
}

static void must_plan(void)
{
	int r = make_plan();

	cr_assert_eq(r, 0, "%s", err.text);
}

static void must_fail(int want, const char *words)
{
	struct elfload_plan empty = {0};

	cr_assert_eq(make_plan(), -want, "%s", err.text);
	cr_assert_eq(err.err, want);
	cr_assert(strstr(err.text, words), "%s", err.text);
	cr_assert_arr_eq(&plan, &empty, sizeof(plan));
}

static void assert_map(uint32_t i, uint64_t start, uint64_t end, uint64_t off,
		       uint32_t prot, enum elfload_map_kind kind)
{
	const struct elfload_map *m = &plan.maps[i];

	cr_assert_lt(i, plan.nr_maps);
	cr_assert_eq(m->start, start, "map %u: %lx", i, m->start);
	cr_assert_eq(m->end, end, "map %u: %lx", i, m->end);
	cr_assert_eq(m->offset, off, "map %u: %lx", i, m->offset);
	cr_assert_eq(m->prot, prot, "map %u: %x", i, m->prot);
	cr_assert_eq(m->kind, kind, "map %u", i);
	cr_assert_eq(m->growsdown, kind == ELFLOAD_MAP_STACK);
}

/* ---- Mappings ----------------------------------------------------------- */

Test(elfload_plan, fixed_program_lies_where_it_says)
{
	must_plan();
	cr_assert_eq(plan.nr_maps, 5);
	assert_map(0, END - 0x21000, END, 0, 3, ELFLOAD_MAP_STACK);
	assert_map(1, 0x400000, 0x401000, 0, 1, ELFLOAD_MAP_FILE);
	assert_map(2, 0x401000, 0x402000, 0, 5, ELFLOAD_MAP_FILE);
	assert_map(3, 0x402000, 0x403000, 0, 3, ELFLOAD_MAP_FILE);
	assert_map(4, 0x403000, 0x405000, 0, 3, ELFLOAD_MAP_ANON);
	cr_assert_eq(plan.load_bias, 0);
	cr_assert_eq(plan.entry, 0x401200);
}

Test(elfload_plan, fixed_program_has_these_mm_fields)
{
	must_plan();
	cr_assert_eq(plan.start_code, 0x401200);
	cr_assert_eq(plan.end_code, 0x401220);
	cr_assert_eq(plan.start_data, 0x402220);
	cr_assert_eq(plan.end_data, 0x402240);
	cr_assert_eq(plan.start_brk, 0x405000);
	cr_assert_eq(plan.brk, 0x405000);
	cr_assert_eq(plan.start_stack, plan.sp);
	cr_assert_eq(plan.mmap_base, END - (128ull << 20));
}

Test(elfload_plan, tail_of_last_file_page_is_cleared_to_the_page_end)
{
	must_plan();
	cr_assert_eq(plan.nr_clears, 1);
	cr_assert_eq(plan.clears[0].start, 0x402240);
	cr_assert_eq(plan.clears[0].end, 0x403000);
}

Test(elfload_plan, no_bss_no_clearing)
{
	t.ph[PH_DATA].p_memsz = t.ph[PH_DATA].p_filesz;
	must_plan();
	cr_assert_eq(plan.nr_clears, 0);
	cr_assert_eq(plan.nr_maps, 4);
	cr_assert_eq(plan.brk, 0x403000);
}

Test(elfload_plan, bss_inside_the_last_file_page_needs_no_mapping)
{
	t.ph[PH_DATA].p_memsz = t.ph[PH_DATA].p_filesz + 1;
	must_plan();
	cr_assert_eq(plan.nr_clears, 1);
	cr_assert_eq(plan.nr_maps, 4);
}

Test(elfload_plan, file_part_that_ends_a_page_needs_no_clearing)
{
	t.ph[PH_DATA].p_filesz = 0x1000 - 0x220;
	must_plan();
	cr_assert_eq(plan.nr_clears, 0);
	assert_map(4, 0x403000, 0x405000, 0, 3, ELFLOAD_MAP_ANON);
}

Test(elfload_plan, clearing_readonly_bss_is_tried_and_fails)
{
	must_plan();
	cr_assert_not(plan.clears[0].fails);
	t.ph[PH_DATA].p_flags = PF_R;
	must_plan();
	cr_assert_eq(plan.nr_clears, 1);
	cr_assert(plan.clears[0].fails);
	assert_map(4, 0x403000, 0x405000, 0, 3, ELFLOAD_MAP_ANON);
}

Test(elfload_plan, executable_bss_stays_executable)
{
	t.ph[PH_DATA].p_flags = PF_R | PF_W | PF_X;
	must_plan();
	assert_map(4, 0x403000, 0x405000, 0, 7, ELFLOAD_MAP_ANON);
}

Test(elfload_plan, segment_of_bss_alone_is_anonymous)
{
	t.ph[PH_DATA].p_filesz = 0;
	must_plan();
	cr_assert_eq(plan.nr_maps, 4);
	cr_assert_eq(plan.nr_clears, 0);
	assert_map(3, 0x402000, 0x405000, 0, 3, ELFLOAD_MAP_ANON);
}

Test(elfload_plan, executable_stack_is_executable)
{
	t.ph[PH_STACK].p_flags |= PF_X;
	must_plan();
	cr_assert_eq(plan.maps[0].prot, 7);
}

Test(elfload_plan, later_segment_wins_a_shared_page)
{
	/* code  401200-401220 |  data 401220-401320, both in page 401000 */
	t.ph[PH_DATA].p_vaddr = 0x401220;
	t.ph[PH_DATA].p_memsz = 0x100;
	must_plan();
	cr_assert_eq(plan.nr_maps, 3);
	assert_map(2, 0x401000, 0x402000, 0, 3, ELFLOAD_MAP_FILE);
}

Test(elfload_plan, shared_page_is_cut_from_the_front_of_a_longer_one)
{
	/* data 401220-403220 first, then code takes its first page */
	Elf64_Phdr code = t.ph[PH_CODE];

	t.ph[PH_CODE] = t.ph[PH_DATA];
	t.ph[PH_CODE].p_vaddr = 0x401220;
	t.ph[PH_CODE].p_filesz = t.ph[PH_CODE].p_memsz = 0x2000;
	t.ph[PH_DATA] = code;
	must_plan();
	cr_assert_eq(plan.nr_maps, 4);
	assert_map(2, 0x402000, 0x404000, 0x1000, 3, ELFLOAD_MAP_FILE);
	assert_map(3, 0x401000, 0x402000, 0, 5, ELFLOAD_MAP_FILE);
}

Test(elfload_plan, clearing_in_a_replaced_page_is_dropped)
{
	/* data 402220-402300 with bss; code put behind it in that page */
	Elf64_Phdr code = t.ph[PH_CODE];

	t.ph[PH_CODE] = t.ph[PH_DATA];
	t.ph[PH_CODE].p_memsz = 0x100;
	t.ph[PH_DATA] = code;
	t.ph[PH_DATA].p_vaddr = 0x402400;
	t.ph[PH_DATA].p_offset = 0x400;
	t.eh.e_entry = 0x402400;
	must_plan();
	cr_assert_eq(plan.nr_clears, 0);
	cr_assert_eq(plan.nr_maps, 3);
	assert_map(2, 0x402000, 0x403000, 0, 5, ELFLOAD_MAP_FILE);
}

Test(elfload_plan, lowest_address_can_be_mapped)
{
	t.ph[PH_HEAD].p_vaddr = ELFLOAD_MIN_ADDR;
	must_plan();
	assert_map(1, 0x10000, 0x11000, 0, 1, ELFLOAD_MAP_FILE);
}

Test(elfload_plan, program_without_code_segment_has_no_code_range)
{
	t.ph[PH_CODE].p_flags = PF_R;
	must_plan();
	cr_assert_eq(plan.start_code, UINT64_MAX);
	cr_assert_eq(plan.end_code, 0);
}

/* ---- Static-PIE --------------------------------------------------------- */

Test(elfload_plan, pie_ends_at_mmap_base_and_its_brk_is_elsewhere)
{
	uint64_t bias = END - (128ull << 20) - 0x5000;

	tiny_build(&t, ET_DYN);
	must_plan();
	cr_assert_eq(plan.load_bias, bias);
	cr_assert_eq(plan.entry, bias + 0x1200);
	assert_map(1, bias, bias + 0x1000, 0, 1, ELFLOAD_MAP_FILE);
	assert_map(4, bias + 0x3000, plan.mmap_base, 0, 3, ELFLOAD_MAP_ANON);
	cr_assert_eq(plan.start_code, bias + 0x1200);
	cr_assert_eq(plan.brk, 0x555555555000);
}

Test(elfload_plan, pie_is_aligned_as_its_segments_ask)
{
	tiny_build(&t, ET_DYN);
	t.ph[PH_CODE].p_align = 0x200000;
	must_plan();
	cr_assert_eq(plan.load_bias % 0x200000, 0);
	cr_assert_leq(plan.load_bias + 0x5000, plan.mmap_base);
}

Test(elfload_plan, pie_too_large_for_the_mmap_region_is_refused)
{
	tiny_build(&t, ET_DYN);
	t.ph[PH_DATA].p_memsz = END - 0x3000;
	must_fail(ENOMEM, "do not fit below");
}

Test(elfload_plan, pie_aligned_down_to_zero_is_refused)
{
	tiny_build(&t, ET_DYN);
	t.ph[PH_HEAD].p_align = 1ull << 47;
	must_fail(EPERM, "below the lowest");
}

/* ---- Where nothing fits ------------------------------------------------- */

Test(elfload_plan, segment_where_the_stack_is_is_refused)
{
	t.ph[PH_DATA].p_vaddr = END - 0x5000 + 0x220;
	must_fail(EEXIST, "where the stack is");
}

Test(elfload_plan, bss_that_reaches_the_stack_is_refused)
{
	t.ph[PH_DATA].p_memsz = END - 0x10000 - 0x402220;
	must_fail(EEXIST, "where the stack is");
}

static const char **many(unsigned n)
{
	static const char *list[200001];

	for (unsigned i = 0; i < n; i++)
		list[i] = "x";
	list[n] = NULL;
	return list;
}

Test(elfload_plan, stack_does_not_grow_into_the_guard_gap_of_a_segment)
{
	/* 40000 pointers need 320000 bytes, the mapping has 131072 spare */
	par.argv = many(40000);
	must_plan();
	cr_assert_lt(plan.stack_start, END - 0x21000 - 0x14000);
	cr_assert_eq(plan.maps[0].start, plan.stack_start);
	t.ph[PH_DATA].p_vaddr = plan.stack_start - GUARD - 0x5000 + 0x220;
	must_plan();
	t.ph[PH_DATA].p_vaddr += 0x3000;
	must_fail(E2BIG, "no room for the stack");
}

Test(elfload_plan, too_many_arguments_are_refused)
{
	par.argv = many(200000);
	par.rlim_stack = 1 << 20;
	must_fail(E2BIG, "are allowed");
}

Test(elfload_plan, string_over_the_limit_is_refused)
{
	static char s[131073];
	const char *one[] = {s, NULL};

	memset(s, 'x', sizeof(s) - 1);
	par.envp = one;
	must_fail(E2BIG, "longer than 131071");
	s[sizeof(s) - 2] = 0;
	must_plan();
}

Test(elfload_plan, strings_larger_than_the_stack_limit_are_refused)
{
	static char s[100000];
	const char *one[] = {s, NULL};

	memset(s, 'x', sizeof(s) - 1);
	par.envp = one;
	par.rlim_stack = 65536;
	must_fail(E2BIG, "stack limit is 65536");
}

Test(elfload_plan, pointers_larger_than_the_stack_limit_are_refused)
{
	/* 8000 bytes of strings: 2 pages; 32000 bytes of pointers: 8 pages */
	par.argv = many(4000);
	par.rlim_stack = 0x8000;
	must_fail(E2BIG, "stack limit is 32768");
	par.rlim_stack = 0xb000;
	must_plan();
}

Test(elfload_plan, limits_of_address_space_and_data_hold)
{
	/* Five pages beside the stack; three of them are data. */
	must_plan();
	par.rlim_as = plan.stack_end - plan.stack_start + 0x5000;
	par.rlim_data = 0x3000;
	must_plan();
	par.rlim_data--;
	must_fail(ENOMEM, "bytes of data, the limit is 0x2fff");
	par.rlim_data++;
	par.rlim_as--;
	must_fail(ENOMEM, "bytes of address space");
}

Test(elfload_plan, a_gap_between_segments_counts_while_they_are_mapped)
{
	uint64_t all;

	tiny_build(&t, ET_DYN);
	t.ph[PH_DATA].p_vaddr += 0x100000;
	must_plan();
	all = plan.stack_end - plan.stack_start + 0x105000;
	cr_assert_eq(plan.hiwater_vm, all);
	par.rlim_as = all;
	must_plan();
	par.rlim_as--;
	must_fail(ENOMEM, "bytes of address space");
}

Test(elfload_plan, freeing_twice_is_allowed)
{
	must_plan();
	elfload_plan_free(&plan);
	elfload_plan_free(&plan);
	cr_assert_null(plan.stack);
}

/* ---- The mmap region ---------------------------------------------------- */

#define MMAP_BASE(name, limit, want)                                           \
	Test(elfload_plan, name)                                               \
	{                                                                      \
		par.rlim_stack = limit;                                        \
		must_plan();                                                   \
		cr_assert_eq(plan.mmap_base, want, "%lx", plan.mmap_base);     \
	}

MMAP_BASE(small_stack_leaves_128m, 0, END - (128ull << 20))
MMAP_BASE(large_stack_lowers_mmap_base, 1ull << 30, END - (1ull << 30) - GUARD)
MMAP_BASE(unlimited_stack_takes_five_sixths, UINT64_MAX, 0x155555556000)

/* ---- ASLR --------------------------------------------------------------- */

static void plan_seed(uint64_t seed)
{
	par.aslr = ELFLOAD_ASLR_SEED;
	par.aslr_seed = seed;
	must_plan();
}

Test(elfload_plan, same_seed_gives_the_same_plan)
{
	struct elfload_plan first;

	plan_seed(7);
	first = plan;
	plan.stack = NULL; /* first owns it now */
	plan_seed(7);
	cr_assert_eq(first.brk, plan.brk);
	cr_assert_eq(first.sp, plan.sp);
	cr_assert_eq(first.stack_len, plan.stack_len);
	cr_assert_arr_eq(first.stack, plan.stack, plan.stack_len);
	for (uint32_t i = 0; i < plan.nr_maps; i++)
		cr_assert_eq(first.maps[i].start, plan.maps[i].start);
	elfload_plan_free(&first);
}

Test(elfload_plan, seeds_move_everything_that_linux_moves)
{
	struct elfload_plan first;

	plan_seed(1);
	first = plan;
	plan_seed(2);
	cr_assert_neq(first.mmap_base, plan.mmap_base);
	cr_assert_neq(first.stack_end, plan.stack_end);
	cr_assert_neq(first.sp % 4096, plan.sp % 4096);
	cr_assert_neq(first.brk, plan.brk);
	cr_assert_eq(first.entry, plan.entry);
}

Test(elfload_plan, random_layouts_differ)
{
	uint64_t first;

	par.aslr = ELFLOAD_ASLR_ON;
	must_plan();
	first = plan.mmap_base ^ plan.brk;
	must_plan();
	cr_assert_neq(first, plan.mmap_base ^ plan.brk);
}

Test(elfload_plan, randomised_addresses_stay_in_linux_bounds)
{
	uint64_t rnd = 0x3fffff000, gap = (8 << 20) + GUARD + rnd;

	for (uint64_t seed = 0; seed < 1000; seed++) {
		plan_seed(seed);
		cr_assert(plan.mmap_base <= END - gap + 4096 &&
			  plan.mmap_base >= END - gap - 0xfffffff000);
		cr_assert(plan.stack_end <= END &&
			  plan.stack_end >= END - rnd - 8192);
		cr_assert(plan.brk >= 0x406000 &&
			  plan.brk < 0x406000 + (1ull << 30));
		cr_assert_eq(plan.sp % 16, 0);
		cr_assert_eq(
			(plan.mmap_base | plan.stack_end | plan.brk) % 4096, 0);
		cr_assert_eq(plan.maps[0].end, plan.stack_end);
		cr_assert_eq(plan.sp + plan.stack_len, plan.stack_end);
	}
}

/* How far apart 64 seeds put the mmap region. */
static uint64_t spread(unsigned bits)
{
	uint64_t low = UINT64_MAX, high = 0;

	par.mmap_rnd_bits = bits;
	for (uint64_t seed = 0; seed < 64; seed++) {
		plan_seed(seed);
		low = plan.mmap_base < low ? plan.mmap_base : low;
		high = plan.mmap_base > high ? plan.mmap_base : high;
	}
	return high - low;
}

Test(elfload_plan, mmap_rnd_bits_says_how_far_the_mmap_region_moves)
{
	const uint64_t span = 1ull << 32 << 12;

	cr_assert_eq(spread(0), 0);
	cr_assert(spread(28) > span >> 5 && spread(28) < span >> 4, "%#lx",
		  spread(28));
	cr_assert(spread(32) > span >> 1 && spread(32) < span, "%#lx",
		  spread(32));
}

Test(elfload_plan, more_mmap_rnd_bits_than_linux_has_are_refused)
{
	par.mmap_rnd_bits = 33;
	must_fail(EINVAL, "vm.mmap_rnd_bits is 33");
}

Test(elfload_plan, randomised_pie_moves_as_a_whole)
{
	tiny_build(&t, ET_DYN);
	for (uint64_t seed = 0; seed < 100; seed++) {
		plan_seed(seed);
		cr_assert_eq(plan.load_bias, plan.mmap_base - 0x5000);
		cr_assert_eq(plan.entry, plan.load_bias + 0x1200);
		cr_assert_geq(plan.brk, 0x555555555000);
	}
}
