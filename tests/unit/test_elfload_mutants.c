/*
 * test_elfload_mutants.c: does Linux agree on programs that nobody would link?
 *
 * A small program with one to three header fields spoilt at random is given to
 * Linux and to elfload. What elfload accepts, Linux must load, at the same
 * addresses. What elfload refuses, Linux must refuse, with the same errno,
 * unless elfload means to be stricter (stricter_than_linux below).
 */
#include "random.h"
#include "test_elfload_build.h"
#include "test_elfload_compare.h"
#include <sys/stat.h>

#define MUTANTS 1500

static char dir[64], prog[128];
static uint64_t rng;
static int loaded, refused, stricter; /* how the mutants fared */

static uint64_t draw(uint64_t n)
{
	return random_below(&rng, n);
}

static void setup(void)
{
	strcpy(dir, "/tmp/elfload-mutants-XXXXXX");
	cr_assert_neq(mkdtemp(dir), NULL);
	snprintf(prog, sizeof(prog), "%s/prog", dir);
}

static void teardown(void)
{
	unlink(prog);
	rmdir(dir);
}

TestSuite(elfload_mutants, .init = setup, .fini = teardown, .timeout = 120);

/* ---- Mutation ----------------------------------------------------------- */

struct field {
	size_t offset, size;
};

#define EHDR(f)                                                                \
	{                                                                      \
		offsetof(Elf64_Ehdr, f), sizeof(((Elf64_Ehdr *)0)->f)          \
	}
#define PHDR(f)                                                                \
	{                                                                      \
		offsetof(Elf64_Phdr, f), sizeof(((Elf64_Phdr *)0)->f)          \
	}

static struct field pick_field(void)
{
	static const struct field eh[] = {
		EHDR(e_type),	   EHDR(e_machine), EHDR(e_entry),
		EHDR(e_phoff),	   EHDR(e_phnum),   EHDR(e_shoff),
		EHDR(e_phentsize), EHDR(e_version), EHDR(e_shnum),
	};
	static const struct field ph[] = {
		PHDR(p_type),  PHDR(p_flags),  PHDR(p_offset), PHDR(p_vaddr),
		PHDR(p_vaddr), PHDR(p_filesz), PHDR(p_memsz),  PHDR(p_align),
	};
	struct field f;

	if (draw(8) == 0)
		return eh[draw(sizeof(eh) / sizeof(eh[0]))];
	f = ph[draw(sizeof(ph) / sizeof(ph[0]))];
	f.offset += sizeof(Elf64_Ehdr) + draw(TINY_PHNUM) * sizeof(Elf64_Phdr);
	return f;
}

static uint64_t pick_value(uint64_t old, uint64_t other)
{
	static const uint64_t odd[] = {
		0,
		1,
		6,
		7,
		ET_DYN,
		0x1000,
		0xf000,
		0x10000,
		0x200000,
		0x400000,
		0x10000000,
		0x7ffff7000000,
		1ull << 46,
		0x7fffffff0000,
		0x7fffffffe000,
		0x7ffffffff000,
		1ull << 47,
		~0ull,
		1ull << 63,
		0xfffffffffffff000,
	};
	static const int64_t step[] = {1,	-1,   0x10, 0x1000,
				       -0x1000, 0x20, 0x800};

	switch (draw(4)) {
	case 0:
		return odd[draw(sizeof(odd) / sizeof(odd[0]))];
	case 1:
		return other;
	case 2:
		return old ^ (1ull << draw(16));
	default:
		return old + (uint64_t)step[draw(7)] * (1 + draw(3));
	}
}

static void mutate_once(struct tiny *t)
{
	struct field f = pick_field(), g = pick_field();
	uint64_t old = 0, other = 0;

	memcpy(&old, t->bytes + f.offset, f.size);
	memcpy(&other, t->bytes + g.offset, g.size);
	old = pick_value(old, other);
	memcpy(t->bytes + f.offset, &old, f.size);
}

static int names_interp; /* this mutant has become a dynamic program */

static void mutate(struct tiny *t)
{
	uint64_t n = 1 + draw(3);

	tiny_build(t, draw(2) ? ET_EXEC : ET_DYN);
	while (n--)
		mutate_once(t);
	if (draw(10) == 0)
		t->len = draw(TINY_LEN + 1);
	names_interp = 0;
	for (int i = 0; i < TINY_PHNUM; i++)
		names_interp |= t->ph[i].p_type == PT_INTERP;
}

/* ---- Agreement ---------------------------------------------------------- */

static int stricter_than_linux(const char *text)
{
	static const char *const words[] = {
		"inside the ELF header",
		"no segment to load",
		"overlap at",
		"outside every segment",
		"below the lowest",
		"is where the stack is",
		"has no bytes in the file",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strstr(text, words[i]))
			return 1;
	return 0;
}

/* Linux also asks whether there is that much memory; a plan does not. */
static int asks_for_much(const struct elfload_image *img)
{
	for (uint32_t i = 0; i < img->nr_segments; i++)
		if (img->segments[i].memsz > 1ull << 30)
			return 1;
	return 0;
}

static int load(const struct oracle *o, const struct oracle_run *run,
		struct elfload_image *img, struct elfload_plan *plan,
		struct elfload_error *e)
{
	struct elfload_image interp;
	struct elfload_params p;
	int fd = elfload_open(run->path, e);
	int r;

	cr_assert(fd >= 0, "%s", e->text);
	r = elfload_read(fd, img, e);
	oracle_params(o, run, &p);
	p.thp_files = elfload_thp_files(fd);
	close(fd);
	if (r || !img->dynamic)
		return r ? r : elfload_plan(img, &p, plan, e);
	fd = elfload_open(img->interp, e);
	if (fd < 0)
		return fd;
	r = elfload_read_interp(fd, &interp, e);
	p.interp = &interp;
	close(fd);
	return r ? r : elfload_plan(img, &p, plan, e);
}

static void check_refusal(const struct oracle *o, const struct elfload_error *e,
			  int seed)
{
	if (stricter_than_linux(e->text)) {
		stricter++;
		return;
	}
	refused++;
	cr_assert_neq(o->fate, ORACLE_LOADED, "%d: Linux loads it: %s", seed,
		      e->text);
	/* Linux looks for an interpreter before it looks at the segments. */
	if (o->fate == ORACLE_REFUSED && !names_interp)
		cr_assert_eq(o->err, e->err, "%d: %d, Linux %d: %s", seed,
			     e->err, o->err, e->text);
}

static void check_mutant(const struct oracle_run *run, int seed)
{
	struct elfload_plan plan = {0};
	struct elfload_image img = {0};
	struct elfload_error e = {0};
	struct oracle o;
	int r;

	oracle_ask(&o, run);
	if (o.fate == ORACLE_NO_PTRACE)
		cr_skip_test("ptrace is not permitted here");
	r = load(&o, run, &img, &plan, &e);
	if (r) {
		check_refusal(&o, &e, seed);
	} else if (o.fate != ORACLE_LOADED) {
		cr_assert(asks_for_much(&img), "%d: Linux refuses it: %d", seed,
			  o.err);
	} else {
		compare_plan(&plan, &o);
		loaded++;
	}
	elfload_plan_free(&plan);
	oracle_free(&o);
}

static void check_range(int from, int to)
{
	static char *args[] = {"mutant", NULL}, *env[] = {NULL};
	struct oracle_run run = {prog, args, env, 8ull << 20, 0};
	struct tiny t;

	for (int seed = from; seed < to; seed++) {
		int fd = open(prog, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
			      0755);

		rng = (uint64_t)seed;
		draw(1);
		mutate(&t);
		cr_assert(fd >= 0);
		cr_assert_eq(write(fd, t.bytes, t.len), (ssize_t)t.len);
		close(fd);
		check_mutant(&run, seed);
	}
}

Test(elfload_mutants, linux_and_elfload_agree_on_spoilt_programs)
{
	const char *s = getenv("ELFLOAD_MUTANTS");
	int n = s ? atoi(s) : MUTANTS;

	check_range(0, n);
	cr_log_info("%d mutants: %d laid out alike, %d refused alike, %d "
		    "refused by us alone",
		    n, loaded, refused, stricter);
	cr_assert(loaded > n / 6 && refused > n / 6);
}
