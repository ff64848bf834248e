/*
 * test_elfload_native.c: does Linux lay out the same program in the same way?
 *
 * Address by address and byte by byte, on the machine that runs the test. Where
 * there is no ptrace or no compiler, the test says so and is skipped.
 */
#include "test_elfload_build.h"
#include "test_elfload_compare.h"
#include <criterion/criterion.h>
#include <sys/stat.h>

#define STACK_LIMIT (8ull << 20)

static char dir[64], prog[128];
static char *args[4] = {"prog", "an argument", "", NULL};
static char *env[4] = {"HOME=/", "EMPTY=", "X=1", NULL};

static void setup(void)
{
	strcpy(dir, "/tmp/elfload-native-XXXXXX");
	cr_assert_neq(mkdtemp(dir), NULL);
	snprintf(prog, sizeof(prog), "%s/prog", dir);
}

static void teardown(void)
{
	char src[128];

	snprintf(src, sizeof(src), "%s/prog.c", dir);
	unlink(src);
	unlink(prog);
	rmdir(dir);
}

TestSuite(elfload_native, .init = setup, .fini = teardown, .timeout = 60);

static void write_program(const void *buf, size_t len)
{
	int fd = open(prog, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

	cr_assert(fd >= 0);
	cr_assert_eq(write(fd, buf, len), (ssize_t)len);
	close(fd);
}

/* Skips the test if there is no such compiler or library. */
static void compile(const char *cc, const char *flags, const char *source)
{
	char cmd[512], src[128];
	FILE *f;

	snprintf(src, sizeof(src), "%s/prog.c", dir);
	f = fopen(src, "w");
	cr_assert_neq(f, NULL);
	fputs(source, f);
	fclose(f);
	snprintf(cmd, sizeof(cmd), "%s %s -o %s %s 2>/dev/null", cc, flags,
		 prog, src);
	if (system(cmd) != 0)
		cr_skip_test("cannot run: %s %s", cc, flags);
}

/* A program that is open and read, and its interpreter if it has one. */
struct loaded {
	int fd, interp_fd;
	struct elfload_image img, interp;
};

static void load(struct loaded *l, const char *path)
{
	struct elfload_error e = {0};

	l->interp_fd = -1;
	l->fd = elfload_open(path, &e);
	cr_assert(l->fd >= 0, "%s", e.text);
	cr_assert_eq(elfload_read(l->fd, &l->img, &e), 0, "%s", e.text);
	if (!l->img.dynamic)
		return;
	l->interp_fd = elfload_open(l->img.interp, &e);
	cr_assert(l->interp_fd >= 0, "%s: %s", l->img.interp, e.text);
	cr_assert_eq(elfload_read_interp(l->interp_fd, &l->interp, &e), 0, "%s",
		     e.text);
}

static void unload(struct loaded *l)
{
	close(l->fd);
	if (l->interp_fd >= 0)
		close(l->interp_fd);
}

static void choose_params(const struct loaded *l, const struct oracle *o,
			  const struct oracle_run *run,
			  struct elfload_params *p)
{
	oracle_params(o, run, p);
	p->thp_files = elfload_thp_files(l->fd);
	if (l->interp_fd < 0)
		return;
	p->interp = &l->interp;
	p->interp_thp_files = elfload_thp_files(l->interp_fd);
}

static void compare_run(const struct oracle_run *run)
{
	struct elfload_error e = {0};
	struct elfload_plan plan;
	struct elfload_params p;
	struct loaded l;
	struct oracle o;
	int err;

	oracle_ask(&o, run);
	if (o.fate == ORACLE_NO_PTRACE)
		cr_skip_test("ptrace is not permitted here");
	cr_assert_eq(o.fate, ORACLE_LOADED, "Linux refused: %d", o.err);
	load(&l, run->path);
	choose_params(&l, &o, run, &p);
	err = elfload_plan(&l.img, &p, &plan, &e);
	cr_assert_eq(err, 0, "%s", e.text);
	compare_plan(&plan, &o);
	elfload_plan_free(&plan);
	oracle_free(&o);
	unload(&l);
}

static void compare(const char *path)
{
	struct oracle_run run = {path, args, env, STACK_LIMIT, 0};

	compare_run(&run);
}

/* ---- Programs from real linkers ----------------------------------------- */

static const char source[] =
	"static char bss[300000]; int data[1000] = {1};\n"
	"int main(int argc, char **argv) { return bss[argc] + !argv; }\n";

#define LINKED(name, cc, flags)                                                \
	Test(elfload_native, name)                                             \
	{                                                                      \
		compile(cc, flags, source);                                    \
		compare(prog);                                                 \
	}

LINKED(static_glibc_is_laid_out_as_by_linux, "gcc", "-static")
LINKED(static_pie_glibc_is_laid_out_as_by_linux, "gcc", "-static-pie")
LINKED(static_musl_is_laid_out_as_by_linux, "musl-gcc", "-static")
LINKED(executable_stack_is_laid_out_as_by_linux, "gcc", "-static -z execstack")
LINKED(one_writable_segment_is_laid_out_as_by_linux, "gcc",
       "-static -nostdlib -Wl,--omagic,-e,main")
LINKED(joined_code_and_headers_are_laid_out_as_by_linux, "gcc",
       "-static -Wl,-z,noseparate-code")
LINKED(pie_with_2m_pages_is_laid_out_as_by_linux, "gcc",
       "-static-pie -Wl,-z,max-page-size=0x200000")
LINKED(pie_with_64k_pages_is_laid_out_as_by_linux, "gcc",
       "-static-pie -Wl,-z,max-page-size=0x10000")
LINKED(high_image_base_is_laid_out_as_by_linux, "gcc",
       "-static -Wl,-Ttext-segment=0x10000000")

/* Dynamic programs: with their interpreter and the vDSO. */
LINKED(dynamic_pie_is_laid_out_as_by_linux, "gcc", "-pie")
LINKED(dynamic_exec_is_laid_out_as_by_linux, "gcc", "-no-pie")
LINKED(dynamic_musl_pie_is_laid_out_as_by_linux, "musl-gcc", "-pie -fPIE")
LINKED(dynamic_musl_exec_is_laid_out_as_by_linux, "musl-gcc", "-no-pie")
LINKED(dynamic_pie_with_an_executable_stack_is_laid_out_as_by_linux, "gcc",
       "-pie -z execstack")
LINKED(dynamic_pie_with_2m_pages_is_laid_out_as_by_linux, "gcc",
       "-pie -Wl,-z,max-page-size=0x200000")
LINKED(dynamic_pie_with_64k_pages_is_laid_out_as_by_linux, "gcc",
       "-pie -Wl,-z,max-page-size=0x10000")
LINKED(dynamic_exec_with_2m_pages_is_laid_out_as_by_linux, "gcc",
       "-no-pie -Wl,-z,max-page-size=0x200000")
LINKED(dynamic_pie_with_a_first_address_is_laid_out_as_by_linux, "gcc",
       "-pie -Wl,-Ttext-segment=0x5000000")
LINKED(dynamic_pie_of_joined_segments_is_laid_out_as_by_linux, "gcc",
       "-pie -Wl,-z,noseparate-code")

/* Where these lie depends on the file system: elfload_thp_files(). */
#define LARGE(name, len)                                                       \
	Test(elfload_native, name)                                             \
	{                                                                      \
		compile("gcc", "-static-pie",                                  \
			"const char big[" #len "] = {1};\n"                    \
			"int main(void) { return big[1]; }\n");                \
		compare(prog);                                                 \
	}

LARGE(large_static_pie_is_laid_out_as_by_linux, 5000000)
LARGE(static_pie_near_2m_is_laid_out_as_by_linux, 1500000)
LARGE(static_pie_of_a_huge_page_is_laid_out_as_by_linux, 2097152)

Test(elfload_native, busybox_is_laid_out_as_by_linux)
{
	if (access("/bin/busybox", X_OK) != 0)
		cr_skip_test("no /bin/busybox");
	compare("/bin/busybox");
}

/* ---- Arguments and limits ----------------------------------------------- */

static void write_tiny(uint16_t type)
{
	struct tiny t;

	tiny_build(&t, type);
	write_program(t.bytes, t.len);
}

#define LIMITED(name, type, limit)                                             \
	Test(elfload_native, name)                                             \
	{                                                                      \
		struct oracle_run run = {prog, args, env, limit, 0};           \
                                                                               \
		write_tiny(type);                                              \
		compare_run(&run);                                             \
	}

LIMITED(tiny_program_is_laid_out_as_by_linux, ET_EXEC, STACK_LIMIT)
LIMITED(tiny_pie_is_laid_out_as_by_linux, ET_DYN, STACK_LIMIT)
LIMITED(small_stack_limit_acts_as_on_linux, ET_EXEC, 65536)
LIMITED(odd_stack_limit_acts_as_on_linux, ET_DYN, 1234567)
LIMITED(stack_limit_of_1g_acts_as_on_linux, ET_DYN, 1ull << 30)
LIMITED(unlimited_stack_acts_as_on_linux, ET_EXEC, RLIM_INFINITY)
LIMITED(unlimited_stack_moves_pie_as_on_linux, ET_DYN, RLIM_INFINITY)

Test(elfload_native, aligned_pie_with_an_odd_first_address_is_as_on_linux)
{
	struct tiny t;

	for (uint64_t align = 0x1000; align <= 0x40000000; align *= 2) {
		tiny_build(&t, ET_DYN);
		t.ph[PH_HEAD] = tiny_load(0, 0x20, 0x100, 0x100, PF_R);
		t.ph[PH_CODE].p_align = align;
		write_program(t.bytes, t.len);
		compare(prog);
	}
}

Test(elfload_native, stacks_of_every_alignment_are_as_on_linux)
{
	static char word[40];
	char *argv[] = {word, NULL}, *envp[] = {"A=b", NULL};
	struct oracle_run run = {prog, argv, envp, STACK_LIMIT, 0};

	write_tiny(ET_EXEC);
	for (size_t i = 0; i < 33; i++) {
		compare_run(&run);
		word[i] = 'w';
	}
}

Test(elfload_native, every_count_of_arguments_is_as_on_linux)
{
	char *argv[10] = {NULL}, *envp[1] = {NULL};
	struct oracle_run run = {prog, argv, envp, STACK_LIMIT, 0};

	write_tiny(ET_EXEC);
	for (int i = 0; i < 9; i++) {
		argv[i] = "x";
		compare_run(&run);
	}
}

Test(elfload_native, no_argument_at_all_is_as_on_linux)
{
	char *none[1] = {NULL};
	struct oracle_run run = {prog, none, none, STACK_LIMIT, 0};

	write_tiny(ET_EXEC);
	compare_run(&run);
}

Test(elfload_native, many_arguments_grow_the_stack_as_on_linux)
{
	static char *argv[40001];
	struct oracle_run run = {prog, argv, env, STACK_LIMIT, 0};

	for (int i = 0; i < 40000; i++)
		argv[i] = "x";
	write_tiny(ET_EXEC);
	compare_run(&run);
}

Test(elfload_native, a_long_argument_grows_the_stack_as_on_linux)
{
	static char word[131072];
	char *argv[] = {word, word, NULL};
	struct oracle_run run = {prog, argv, env, STACK_LIMIT, 0};

	memset(word, 'w', sizeof(word) - 1);
	write_tiny(ET_EXEC);
	compare_run(&run);
}

/* ---- How much is too much, and how far things move ---------------------- */

static void plan_run(const struct oracle_run *run, const struct oracle *o,
		     struct elfload_plan *plan, struct elfload_error *e)
{
	struct elfload_params p;
	struct loaded l;

	load(&l, run->path);
	choose_params(&l, o, run, &p);
	elfload_plan(&l.img, &p, plan, e);
	unload(&l);
}

/* n strings of 1000 bytes and one of last bytes, each with its 0. */
static char *const *strings(int n, int last)
{
	static char full[1000], end[2000], *list[400];

	memset(full, 'f', sizeof(full) - 1);
	memset(end, 0, sizeof(end));
	memset(end, 'e', (size_t)last - 1);
	for (int i = 0; i < n; i++)
		list[i] = full;
	list[n] = end;
	list[n + 1] = NULL;
	return list;
}

static int agree_on_limit(uint64_t limit, int n, int last)
{
	static char *none[] = {NULL};
	struct oracle_run run = {prog, strings(n, last), none, limit, 0};
	struct elfload_error e = {0};
	struct elfload_plan plan = {0};
	struct oracle o;

	oracle_ask(&o, &run);
	if (o.fate == ORACLE_NO_PTRACE)
		cr_skip_test("ptrace is not permitted here");
	plan_run(&run, &o, &plan, &e);
	if (o.fate == ORACLE_LOADED)
		compare_plan(&plan, &o);
	else
		cr_assert_eq(e.err, o.err, "%d: Linux %d, we %d: %s", last,
			     o.err, e.err, e.text);
	elfload_plan_free(&plan);
	oracle_free(&o);
	return e.err;
}

Test(elfload_native, linux_and_elfload_draw_the_same_line_at_e2big)
{
	int refused = 0, tried = 0;

	/* A quarter of 512 KiB, less 8 a pointer, less the program's path. */
	write_tiny(ET_EXEC);
	for (int last = 950; last < 1050; last++, tried++)
		refused += agree_on_limit(512 << 10, 129, last) == E2BIG;
	cr_assert(refused > 0 && refused < tried, "%d of %d", refused, tried);
}

/* Everything that ASLR moves, against its bounds: plan and Linux alike. */
#define IN_BOUNDS(l)                                                           \
	do {                                                                   \
		cr_assert((l)->start_brk >= 0x406000);                         \
		cr_assert((l)->start_brk < 0x406000 + (1ull << 30));           \
		cr_assert((l)->arg_start < ELFLOAD_USER_END);                  \
		cr_assert((l)->arg_start > ELFLOAD_USER_END - 0x400100000);    \
		cr_assert((l)->start_stack < (l)->arg_start);                  \
		cr_assert((l)->arg_start - (l)->start_stack < 8192 + 1024);    \
		cr_assert_eq((l)->start_stack % 16, 0);                        \
	} while (0)

Test(elfload_native, aslr_has_the_bounds_of_linux)
{
	struct oracle_run run = {prog, args, env, STACK_LIMIT, 1};
	struct elfload_error e = {0};
	struct elfload_params p;
	struct elfload_plan plan;
	struct elfload_image img;
	struct oracle o;
	struct tiny t;

	write_tiny(ET_EXEC);
	tiny_build(&t, ET_EXEC);
	cr_assert_eq(elfload_read_memory(t.bytes, t.len, &img, &e), 0);
	for (int i = 0; i < 50; i++) {
		oracle_ask(&o, &run);
		if (o.fate != ORACLE_LOADED)
			cr_skip_test("ptrace is not permitted here");
		oracle_params(&o, &run, &p);
		p.aslr = ELFLOAD_ASLR_ON;
		cr_assert_eq(elfload_plan(&img, &p, &plan, &e), 0);
		IN_BOUNDS(&o);
		IN_BOUNDS(&plan);
		elfload_plan_free(&plan);
		oracle_free(&o);
	}
}
