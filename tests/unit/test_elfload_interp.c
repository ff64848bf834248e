/*
 * test_elfload_interp.c: where a program, its interpreter and the vDSO go.
 *
 * The program is tiny_build()'s, of 5 pages, and so is the interpreter, unless
 * a test spoils them.
 */
#include "../../elfload/elfload.h"
#include "test_elfload_build.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

#define END	 ELFLOAD_USER_END
#define BASE	 (END - 0x8000000) /* mmap_base: a gap of 128 MiB */
#define DYN_BASE 0x555555554000ull
#define PAGES(n) ((n)*0x1000ull)
#define MIB	 (1ull << 20)

static struct tiny t, ti;
static struct elfload_image img, interp;
static struct elfload_params par;
static struct elfload_plan plan;
static struct elfload_error err;

static const char *const argv[] = {"prog", NULL};

static void setup(void)
{
	par = (struct elfload_params){
		.argv = argv,
		.execfn = "prog",
		.rlim_stack = 8 * MIB,
		.rlim_as = UINT64_MAX,
		.rlim_data = UINT64_MAX,
		.mmap_rnd_bits = ELFLOAD_RND_BITS,
		.vvar_size = PAGES(4),
		.vclock_size = PAGES(2),
		.vdso_size = PAGES(2),
		.interp = &interp,
	};
	tiny_build(&t, ET_DYN);
	tiny_build(&ti, ET_DYN);
}

static void teardown(void)
{
	elfload_plan_free(&plan);
}

TestSuite(elfload_interp, .init = setup, .fini = teardown);

/* With a PT_INTERP at the end of the file. */
static int make_plan(void)
{
	int r;

	t.ph[PH_STACK].p_type = PT_INTERP;
	t.ph[PH_STACK].p_offset = t.len;
	t.ph[PH_STACK].p_filesz = 7;
	memcpy(t.bytes + t.len, "/ld.so", 7);
	r = elfload_read_memory(t.bytes, t.len + 7, &img, &err);
	cr_assert_eq(r, 0, "%s", err.text);
	r = elfload_read_interp_memory(ti.bytes, ti.len, &interp, &err);
	cr_assert_eq(r, 0, "%s", err.text);
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

static uint64_t aux(uint64_t type)
{
	const uint64_t *w = (const uint64_t *)plan.stack;

	for (w += 1 + w[0] + 2; w[0]; w += 2)
		if (w[0] == type)
			return w[1];
	return UINT64_MAX;
}

static const struct elfload_map *first_of(enum elfload_map_kind kind)
{
	for (uint32_t i = 0; i < plan.nr_maps; i++)
		if (plan.maps[i].kind == kind)
			return &plan.maps[i];
	cr_assert_fail("no map of kind %d", (int)kind);
	abort();
}

/* ---- The usual ---------------------------------------------------------- */

Test(elfload_interp, a_pie_is_at_two_thirds_and_its_interpreter_on_top)
{
	must_plan();
	cr_assert_eq(plan.load_bias, DYN_BASE);
	cr_assert_eq(plan.mmap_base, BASE);
	cr_assert_eq(plan.interp_bias, BASE - PAGES(5));
	cr_assert_eq(first_of(ELFLOAD_MAP_FILE)->start, DYN_BASE);
	cr_assert_eq(first_of(ELFLOAD_MAP_INTERP)->start, BASE - PAGES(5));
}

Test(elfload_interp, the_interpreter_is_what_starts)
{
	must_plan();
	cr_assert_eq(plan.entry, plan.interp_bias + 0x1200);
	cr_assert_eq(plan.program_entry, plan.load_bias + 0x1200);
	cr_assert_eq(aux(AT_ENTRY), plan.program_entry);
	cr_assert_eq(aux(AT_BASE), plan.interp_bias);
	cr_assert_eq(aux(AT_PHDR), plan.load_bias + 64);
	cr_assert_eq(aux(AT_PHNUM), TINY_PHNUM);
}

Test(elfload_interp, the_fields_are_the_programs_alone)
{
	must_plan();
	cr_assert_eq(plan.start_code, DYN_BASE + 0x1200);
	cr_assert_eq(plan.end_code, DYN_BASE + 0x1220);
	cr_assert_eq(plan.end_data, DYN_BASE + 0x2240);
	cr_assert_eq(plan.brk, DYN_BASE + PAGES(5));
}

Test(elfload_interp, both_have_their_bss_cleared_in_this_order)
{
	must_plan();
	cr_assert_eq(plan.nr_clears, 2);
	cr_assert_eq(plan.clears[0].start, DYN_BASE + 0x2240);
	cr_assert_eq(plan.clears[1].start, plan.interp_bias + 0x2240);
}

Test(elfload_interp, the_vdso_is_below_the_interpreter)
{
	const struct elfload_map *vvar, *vclock, *vdso;

	must_plan();
	vvar = first_of(ELFLOAD_MAP_VVAR);
	vclock = first_of(ELFLOAD_MAP_VCLOCK);
	vdso = first_of(ELFLOAD_MAP_VDSO);
	cr_assert_eq(vdso->end, plan.interp_bias);
	cr_assert_eq(vdso->start, vdso->end - PAGES(2));
	cr_assert_eq(vclock->end, vdso->start);
	cr_assert_eq(vclock->start, vclock->end - PAGES(2));
	cr_assert_eq(vvar->end, vclock->start);
	cr_assert_eq(vvar->start, vvar->end - PAGES(4));
	cr_assert_eq(aux(AT_SYSINFO_EHDR), vdso->start);
	cr_assert_eq(vdso->prot, ELFLOAD_READ | ELFLOAD_EXEC);
	cr_assert_eq(vvar->prot, ELFLOAD_READ);
	cr_assert_eq(vclock->prot, ELFLOAD_READ);
}

Test(elfload_interp, older_hosts_have_no_vclock_area)
{
	par.vclock_size = 0;
	must_plan();
	cr_assert_eq(first_of(ELFLOAD_MAP_VVAR)->end,
		     first_of(ELFLOAD_MAP_VDSO)->start);
}

Test(elfload_interp, hosts_without_a_vdso_have_none)
{
	par.vdso_size = 0;
	must_plan();
	cr_assert_eq(plan.vdso, 0);
	cr_assert_eq(aux(AT_SYSINFO_EHDR), UINT64_MAX);
	for (uint32_t i = 0; i < plan.nr_maps; i++)
		cr_assert(plan.maps[i].kind < ELFLOAD_MAP_VVAR);
}

/* It fits in a hole of the interpreter, the highest free range. */
Test(elfload_interp, the_vdso_fills_a_hole_in_the_interpreter)
{
	ti.ph[PH_DATA].p_vaddr += MIB;
	must_plan();
	cr_assert_eq(plan.interp_bias, BASE - PAGES(5) - MIB);
	cr_assert_eq(plan.vdso, BASE - PAGES(3) - PAGES(2));
}

/* ---- Alignment, first addresses ------------------------------------------ */

Test(elfload_interp, a_pie_is_aligned_as_it_asks)
{
	t.ph[PH_DATA].p_align = 2 * MIB;
	must_plan();
	cr_assert_eq(plan.load_bias, DYN_BASE & ~(2 * MIB - 1));
}

Test(elfload_interp, what_is_no_power_of_two_is_no_alignment)
{
	t.ph[PH_DATA].p_align = 3 * MIB;
	must_plan();
	cr_assert_eq(plan.load_bias, DYN_BASE);
}

/* load_elf_interp() does not ask for its alignment. */
Test(elfload_interp, an_interpreter_is_not_aligned)
{
	ti.ph[PH_DATA].p_align = 2 * MIB;
	must_plan();
	cr_assert_eq(plan.interp_bias, BASE - PAGES(5));
}

static void move(struct tiny *x, uint64_t by)
{
	for (int i = 0; i < 3; i++)
		x->ph[i].p_vaddr += by;
	x->eh.e_entry += by;
}

Test(elfload_interp, a_first_address_does_not_move_a_pie)
{
	move(&t, MIB);
	must_plan();
	cr_assert_eq(plan.load_bias, DYN_BASE - MIB);
	cr_assert_eq(first_of(ELFLOAD_MAP_FILE)->start, DYN_BASE);
	cr_assert_eq(plan.program_entry, DYN_BASE + 0x1200);
}

Test(elfload_interp, beside_a_pie_the_interpreters_address_is_not_tried)
{
	move(&ti, 64 * MIB);
	must_plan();
	cr_assert_eq(first_of(ELFLOAD_MAP_INTERP)->start, BASE - PAGES(5));
	cr_assert_eq(plan.interp_bias, BASE - PAGES(5) - 64 * MIB);
}

Test(elfload_interp, beside_a_fixed_program_it_is)
{
	tiny_build(&t, ET_EXEC);
	move(&ti, 64 * MIB);
	must_plan();
	cr_assert_eq(first_of(ELFLOAD_MAP_INTERP)->start, 64 * MIB);
	cr_assert_eq(plan.interp_bias, 0);
}

Test(elfload_interp, unless_the_program_is_there)
{
	tiny_build(&t, ET_EXEC);
	move(&ti, TINY_BASE + PAGES(2));
	must_plan();
	cr_assert_eq(first_of(ELFLOAD_MAP_INTERP)->start, BASE - PAGES(5));
}

Test(elfload_interp, an_address_too_low_to_map_becomes_the_lowest)
{
	tiny_build(&t, ET_EXEC);
	move(&ti, PAGES(1));
	must_plan();
	cr_assert_eq(first_of(ELFLOAD_MAP_INTERP)->start, ELFLOAD_MIN_ADDR);
}

/* ---- Interpreters at fixed addresses --------------------------------------
 */

Test(elfload_interp, an_interpreter_may_have_fixed_addresses)
{
	tiny_build(&ti, ET_EXEC);
	must_plan();
	cr_assert_eq(plan.interp_bias, 0);
	cr_assert_eq(aux(AT_BASE), 0);
	cr_assert_eq(plan.entry, TINY_BASE + 0x1200);
	cr_assert_eq(plan.vdso, BASE - PAGES(2));
}

Test(elfload_interp, but_not_the_programs)
{
	tiny_build(&t, ET_EXEC);
	tiny_build(&ti, ET_EXEC);
	must_fail(ELIBBAD, "are not free");
}

/* ---- What does not fit ----------------------------------------------------
 */

Test(elfload_interp, a_dynamic_program_needs_its_interpreter)
{
	par.interp = NULL;
	must_fail(ELIBACC, "without its interpreter");
}

Test(elfload_interp, a_pie_over_the_stack_is_refused)
{
	t.ph[PH_DATA].p_memsz = END - DYN_BASE - PAGES(2) - 0x240;
	must_fail(EEXIST, "where the stack is");
}

Test(elfload_interp, a_pie_beyond_user_space_is_refused)
{
	t.ph[PH_DATA].p_memsz = END - DYN_BASE;
	must_fail(ENOMEM, "do not fit");
}

Test(elfload_interp, an_interpreter_without_room_is_refused)
{
	ti.ph[PH_DATA].p_memsz = BASE;
	must_fail(ENOMEM, "interpreter spans");
}

/* A PIE may take all below the stack; then there is none for the rest. */
Test(elfload_interp, an_interpreter_finds_room_below_the_program)
{
	t.ph[PH_DATA].p_memsz = BASE - DYN_BASE - PAGES(2);
	must_plan();
	cr_assert_eq(plan.interp_bias, DYN_BASE - PAGES(5));
	cr_assert_eq(plan.vdso, DYN_BASE - PAGES(7));
}

/* ---- Huge pages, ASLR ------------------------------------------------------
 */

Test(elfload_interp, a_large_interpreter_is_aligned_for_huge_pages)
{
	par.interp_thp_files = 1;
	ti.ph[PH_DATA].p_memsz = 3 * MIB;
	must_plan();
	cr_assert_eq(plan.interp_bias % (2 * MIB), 0);
	cr_assert(plan.interp_bias + 3 * MIB + PAGES(3) <= BASE);
	cr_assert(plan.interp_bias + 5 * MIB + PAGES(3) > BASE);
}

Test(elfload_interp, aslr_moves_program_and_interpreter_apart)
{
	uint64_t bias, interp_bias;

	par.aslr = ELFLOAD_ASLR_SEED;
	must_plan();
	bias = plan.load_bias;
	interp_bias = plan.interp_bias;
	cr_assert(bias >= DYN_BASE && bias < DYN_BASE + (1ull << 40));
	cr_assert_eq(interp_bias, plan.mmap_base - PAGES(5));
	cr_assert_neq(bias - DYN_BASE, BASE - plan.mmap_base);
	elfload_plan_free(&plan);
	must_plan();
	cr_assert_eq(plan.load_bias, bias);
	cr_assert_eq(plan.interp_bias, interp_bias);
	elfload_plan_free(&plan);
	par.aslr_seed++;
	must_plan();
	cr_assert_neq(plan.load_bias, bias);
	cr_assert_neq(plan.interp_bias, interp_bias);
}

/* The heap follows the program, with a page between, as with a fixed one. */
Test(elfload_interp, with_aslr_the_heap_follows_the_program)
{
	par.aslr = ELFLOAD_ASLR_SEED;
	for (par.aslr_seed = 0; par.aslr_seed < 50; par.aslr_seed++) {
		must_plan();
		cr_assert(plan.brk >= plan.load_bias + PAGES(6));
		cr_assert(plan.brk < plan.load_bias + PAGES(6) + 1024 * MIB);
		elfload_plan_free(&plan);
	}
}
