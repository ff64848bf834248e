/*
 * test_elfload_stack.c: does the program find on its stack what the ABI
 * promises? (System V ABI, AMD64 supplement, "Initial Process Stack"; order of
 * the auxiliary vector: Linux fs/binfmt_elf.c, create_elf_tables.)
 */
#include "../../elfload/elfload.h"
#include "test_elfload_build.h"
#include <criterion/criterion.h>

static const char *argv[] = {"prog", "", "third", NULL};
static const char *envp[] = {"A=1", "B=", NULL};
static const char *none[] = {NULL};

static struct elfload_params par;
static struct elfload_plan plan;
static struct elfload_error err;

static void make_plan(void)
{
	struct elfload_image img;
	struct tiny t;
	int r;

	tiny_build(&t, ET_EXEC);
	r = elfload_read_memory(t.bytes, t.len, &img, &err);
	cr_assert_eq(r, 0, "%s", err.text);
	elfload_plan_free(&plan);
	r = elfload_plan(&img, &par, &plan, &err);
	cr_assert_eq(r, 0, "%s", err.text);
}

static void setup(void)
{
	par = (struct elfload_params){
		.argv = argv,
		.envp = envp,
		.execfn = "/bin/prog",
		.platform = "x86_64",
		.hwcap = 0x1234,
		.hwcap2 = 2,
		.clktck = 100,
		.minsigstksz = 3632,
		.vvar_size = 0x4000,
		.vclock_size = 0x2000,
		.vdso_size = 0x2000,
		.rseq_feature_size = 28,
		.rseq_align = 32,
		.rlim_stack = 8 << 20,
		.rlim_as = UINT64_MAX,
		.rlim_data = UINT64_MAX,
		.mmap_rnd_bits = ELFLOAD_RND_BITS,
		.uid = 1,
		.euid = 2,
		.gid = 3,
		.egid = 4,
		.secure = 5,
	};
	memcpy(par.random, "0123456789abcdef", 16);
	make_plan();
}

static void teardown(void)
{
	elfload_plan_free(&plan);
}

TestSuite(elfload_stack, .init = setup, .fini = teardown);

/* ---- Reading the stack as the program would ----------------------------- */

static const void *at(uint64_t addr)
{
	cr_assert(addr >= plan.sp && addr < plan.stack_end, "%lx", addr);
	return plan.stack + (addr - plan.sp);
}

static uint64_t word(uint64_t i)
{
	uint64_t v;

	memcpy(&v, at(plan.sp + 8 * i), sizeof(v));
	return v;
}

/* Index of the first word after argc, argv, NULL, envp, NULL. */
static uint64_t auxv_index(void)
{
	uint64_t i = 1 + word(0) + 1;

	while (word(i))
		i++;
	return i + 1;
}

static uint64_t aux(uint64_t type)
{
	for (uint64_t i = auxv_index(); word(i) != AT_NULL; i += 2)
		if (word(i) == type)
			return word(i + 1);
	return UINT64_MAX;
}

/* ---- Claims ------------------------------------------------------------- */

Test(elfload_stack, sp_is_aligned_and_inside_the_mapping)
{
	cr_assert_eq(plan.sp % 16, 0);
	cr_assert_geq(plan.sp, plan.stack_start);
	cr_assert_eq(plan.sp + plan.stack_len, plan.stack_end);
	cr_assert_eq(plan.start_stack, plan.sp);
}

Test(elfload_stack, argc_and_argv_come_first)
{
	cr_assert_eq(word(0), 3);
	cr_assert_str_eq(at(word(1)), "prog");
	cr_assert_str_eq(at(word(2)), "");
	cr_assert_str_eq(at(word(3)), "third");
	cr_assert_eq(word(4), 0);
}

Test(elfload_stack, envp_follows_argv)
{
	cr_assert_str_eq(at(word(5)), "A=1");
	cr_assert_str_eq(at(word(6)), "B=");
	cr_assert_eq(word(7), 0);
	cr_assert_eq(auxv_index(), 8);
}

Test(elfload_stack, strings_lie_one_after_the_other)
{
	static const char want[] = "prog\0\0third\0A=1\0B=\0/bin/prog\0"
				   "\0\0\0\0\0\0\0";

	cr_assert_eq(plan.arg_start, plan.stack_end - sizeof(want));
	cr_assert_arr_eq(at(plan.arg_start), want, sizeof(want));
	cr_assert_eq(plan.arg_end, plan.arg_start + 12);
	cr_assert_eq(plan.env_start, plan.arg_end);
	cr_assert_eq(plan.env_end, plan.env_start + 7);
}

Test(elfload_stack, auxv_is_in_the_order_of_linux)
{
	static const uint64_t order[] = {AT_SYSINFO_EHDR,
					 AT_MINSIGSTKSZ,
					 AT_HWCAP,
					 AT_PAGESZ,
					 AT_CLKTCK,
					 AT_PHDR,
					 AT_PHENT,
					 AT_PHNUM,
					 AT_BASE,
					 AT_FLAGS,
					 AT_ENTRY,
					 AT_UID,
					 AT_EUID,
					 AT_GID,
					 AT_EGID,
					 AT_SECURE,
					 AT_RANDOM,
					 AT_HWCAP2,
					 AT_EXECFN,
					 AT_PLATFORM,
					 27,
					 28,
					 AT_NULL};
	uint64_t i = auxv_index();

	for (size_t k = 0; k < sizeof(order) / sizeof(order[0]); k++)
		cr_assert_eq(word(i + 2 * k), order[k], "entry %zu", k);
}

Test(elfload_stack, auxv_has_what_the_parameters_say)
{
	cr_assert_eq(aux(AT_SYSINFO_EHDR), plan.mmap_base - 0x2000);
	cr_assert_eq(aux(AT_MINSIGSTKSZ), 3632);
	cr_assert_eq(aux(AT_HWCAP), 0x1234);
	cr_assert_eq(aux(AT_HWCAP2), 2);
	cr_assert_eq(aux(AT_CLKTCK), 100);
	cr_assert_eq(aux(AT_UID), 1);
	cr_assert_eq(aux(AT_EUID), 2);
	cr_assert_eq(aux(AT_GID), 3);
	cr_assert_eq(aux(AT_EGID), 4);
	cr_assert_eq(aux(AT_SECURE), 1);
	cr_assert_eq(aux(27), 28);
	cr_assert_eq(aux(28), 32);
}

Test(elfload_stack, auxv_has_what_the_program_says)
{
	cr_assert_eq(aux(AT_PHDR), 0x400040);
	cr_assert_eq(aux(AT_PHENT), 56);
	cr_assert_eq(aux(AT_PHNUM), 4);
	cr_assert_eq(aux(AT_ENTRY), 0x401200);
	cr_assert_eq(aux(AT_PAGESZ), 4096);
	cr_assert_eq(aux(AT_BASE), 0);
	cr_assert_eq(aux(AT_FLAGS), 0);
}

Test(elfload_stack, auxv_pointers_point_at_their_bytes)
{
	cr_assert_arr_eq(at(aux(AT_RANDOM)), "0123456789abcdef", 16);
	cr_assert_str_eq(at(aux(AT_PLATFORM)), "x86_64");
	cr_assert_str_eq(at(aux(AT_EXECFN)), "/bin/prog");
	cr_assert_eq(aux(AT_RANDOM) + 16, aux(AT_PLATFORM));
	cr_assert_lt(aux(AT_PLATFORM), plan.arg_start);
}

Test(elfload_stack, entries_that_are_zero_are_left_out)
{
	par.minsigstksz = par.vdso_size = 0;
	par.rseq_feature_size = par.rseq_align = 0;
	par.platform = NULL;
	make_plan();
	cr_assert_eq(aux(AT_SYSINFO_EHDR), UINT64_MAX);
	cr_assert_eq(aux(AT_MINSIGSTKSZ), UINT64_MAX);
	cr_assert_eq(aux(AT_PLATFORM), UINT64_MAX);
	cr_assert_eq(aux(27), UINT64_MAX);
	cr_assert_eq(aux(28), UINT64_MAX);
	cr_assert_eq(word(auxv_index()), AT_HWCAP);
}

Test(elfload_stack, empty_argv_becomes_one_empty_string)
{
	par.argv = none;
	make_plan();
	cr_assert_eq(word(0), 1);
	cr_assert_str_eq(at(word(1)), "");
	cr_assert_eq(plan.arg_end, plan.arg_start + 1);
	par.argv = NULL;
	make_plan();
	cr_assert_eq(word(0), 1);
}

Test(elfload_stack, environment_may_be_absent)
{
	par.envp = NULL;
	make_plan();
	cr_assert_eq(word(4), 0);
	cr_assert_eq(word(5), 0);
	cr_assert_eq(plan.env_start, plan.env_end);
}

Test(elfload_stack, randomised_stack_keeps_its_shape)
{
	par.aslr = ELFLOAD_ASLR_SEED;
	for (par.aslr_seed = 0; par.aslr_seed < 200; par.aslr_seed++) {
		make_plan();
		cr_assert_eq(plan.sp % 16, 0);
		cr_assert_eq(word(0), 3);
		cr_assert_str_eq(at(word(3)), "third");
		cr_assert_str_eq(at(aux(AT_EXECFN)), "/bin/prog");
		cr_assert_arr_eq(at(aux(AT_RANDOM)), par.random, 16);
	}
}
