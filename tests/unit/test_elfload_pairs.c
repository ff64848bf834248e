/*
 * test_elfload_pairs.c: programs and interpreters of odd shapes: does Linux put
 * both, and the vDSO, where we do?
 *
 * Both are tiny_build()'s, with types, addresses, sizes and alignments drawn
 * from a seed; ELFLOAD_PAIRS in the environment is how many. Where Linux
 * refuses or kills, we must refuse.
 */
#include "random.h"
#include "test_elfload_build.h"
#include "test_elfload_compare.h"

#include <criterion/criterion.h>

#define PAIRS 200
#define MIB   (1ull << 20)

static char dir[64], prog[128], ld[128];
static uint64_t rng;

static void setup(void)
{
	strcpy(dir, "/tmp/elfload-pairs-XXXXXX");
	cr_assert_neq(mkdtemp(dir), NULL);
	snprintf(prog, sizeof(prog), "%s/prog", dir);
	snprintf(ld, sizeof(ld), "%s/ld", dir);
}

static void teardown(void)
{
	unlink(prog);
	unlink(ld);
	rmdir(dir);
}

TestSuite(elfload_pairs, .init = setup, .fini = teardown, .timeout = 120);

static uint64_t draw(uint64_t n)
{
	return random_below(&rng, n);
}

#define DRAW(table) ((table)[draw(sizeof(table) / sizeof((table)[0]))])

/* Another place, another size, a hole, an alignment: each now and then. */
static void spoil(struct tiny *t)
{
	static const uint64_t by[] = {
		0x1000,	  0xf000,     0x10000,	  MIB,
		64 * MIB, 0x10000000, 1ull << 40, 0x7ffff7000000 - 0x400000};
	static const uint64_t more[] = {0x1000, MIB, 3 * MIB, 100 * MIB,
					1ull << 44};
	static const uint64_t aligns[] = {0,	   1,	    0x3000,
					  0x10000, 2 * MIB, 1ull << 30};

	if (draw(3) == 0) {
		uint64_t d = DRAW(by);

		for (int i = 0; i < 3; i++)
			t->ph[i].p_vaddr += d;
		t->eh.e_entry += d;
	}
	if (draw(3) == 0)
		t->ph[PH_DATA].p_vaddr += DRAW(more);
	if (draw(3) == 0)
		t->ph[PH_DATA].p_memsz += DRAW(more);
	if (draw(2) == 0)
		t->ph[draw(3)].p_align = DRAW(aligns);
	if (draw(6) == 0)
		t->ph[PH_DATA].p_filesz = t->ph[PH_DATA].p_memsz = 0x20;
}

static void make_program(struct tiny *t)
{
	tiny_build(t, draw(2) ? ET_EXEC : ET_DYN);
	spoil(t);
	t->ph[PH_STACK].p_type = PT_INTERP;
	t->ph[PH_STACK].p_offset = t->len;
	t->ph[PH_STACK].p_filesz = strlen(ld) + 1;
	memcpy(t->bytes + t->len, ld, strlen(ld) + 1);
	t->len += strlen(ld) + 1;
}

static void make_interp(struct tiny *t)
{
	tiny_build(t, draw(5) ? ET_DYN : ET_EXEC);
	spoil(t);
	if (t->eh.e_type == ET_EXEC && draw(2))
		for (int i = 0; i < 3; i++)
			t->ph[i].p_vaddr += 0x40000000;
}

static void write_file(const char *path, const struct tiny *t)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

	cr_assert(fd >= 0);
	cr_assert_eq(write(fd, t->bytes, t->len), (ssize_t)t->len);
	close(fd);
}

static int read_both(struct elfload_image *img, struct elfload_image *interp,
		     struct elfload_params *p, struct elfload_error *e)
{
	int fd = elfload_open(prog, e), ld_fd = elfload_open(ld, e), r;

	cr_assert(fd >= 0 && ld_fd >= 0, "%s", e->text);
	p->thp_files = elfload_thp_files(fd);
	p->interp_thp_files = elfload_thp_files(ld_fd);
	p->interp = interp;
	r = elfload_read(fd, img, e);
	if (!r)
		r = elfload_read_interp(ld_fd, interp, e);
	close(fd);
	close(ld_fd);
	return r;
}

static int asks_for_much(const struct elfload_image *img)
{
	for (uint32_t i = 0; i < img->nr_segments; i++)
		if (img->segments[i].memsz > 1ull << 30)
			return 1;
	return 0;
}

/* Refused alike; some that can only die we alone refuse. */
static int agree(const struct oracle *o, int r, const char *text)
{
	if (r)
		return o->fate != ORACLE_LOADED ||
		       strstr(text, "are not free") ||
		       strstr(text, "outside every segment") ||
		       strstr(text, "below the lowest") ||
		       strstr(text, "beyond user space") ||
		       strstr(text, "is where the stack is");
	return o->fate == ORACLE_LOADED;
}

static int compare_pair(int seed)
{
	static char *args[] = {"pair", NULL}, *env[] = {NULL};
	struct oracle_run run = {prog, args, env, 8ull << 20, 0};
	static struct elfload_image img, interp;
	struct elfload_plan plan = {0};
	struct elfload_error e = {0};
	struct elfload_params p;
	struct oracle o;
	int r;

	oracle_ask(&o, &run);
	if (o.fate == ORACLE_NO_PTRACE)
		cr_skip_test("ptrace is not permitted here");
	oracle_params(&o, &run, &p);
	r = read_both(&img, &interp, &p, &e);
	if (!r)
		r = elfload_plan(&img, &p, &plan, &e);
	/* Linux also asks whether there is that much memory. */
	if (!r && o.fate == ORACLE_KILLED &&
	    (asks_for_much(&img) || asks_for_much(&interp))) {
		elfload_plan_free(&plan);
		return 0;
	}
	cr_assert(agree(&o, r, e.text), "%d: Linux %d, %d; we %d: %s", seed,
		  (int)o.fate, o.err, r, e.text);
	if (!r)
		compare_plan(&plan, &o);
	elfload_plan_free(&plan);
	oracle_free(&o);
	return !r;
}

Test(elfload_pairs, linux_and_elfload_put_both_in_the_same_places)
{
	const char *s = getenv("ELFLOAD_PAIRS");
	int n = s ? atoi(s) : PAIRS, loaded = 0;
	struct tiny t;

	for (int seed = 0; seed < n; seed++) {
		rng = (uint64_t)seed;
		draw(1);
		make_program(&t);
		write_file(prog, &t);
		make_interp(&t);
		write_file(ld, &t);
		loaded += compare_pair(seed);
	}
	cr_log_info("%d pairs, %d laid out alike", n, loaded);
	cr_assert(loaded > n / 2);
}
