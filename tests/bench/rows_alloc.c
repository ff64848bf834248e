/*
 * rows_alloc.c: allocators, hosted: those of the guest kernel and those that
 * programs use. Times by the programs themselves, instructions by callgrind.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

static const char *const cases[] = {
	"page-pair", "page-batch", "page-mix",	"pair-64",
	"batch-64",  "pair-192",   "batch-192",
};
#define NR_CASES (sizeof(cases) / sizeof(cases[0]))

static const char *const case_names[NR_CASES] = {
	"page",
	"page, 1000 at once",
	"orders 0-10",
	"64 B",
	"64 B, 1000 at once",
	"192 B",
	"192 B, 1000 at once",
};

static struct allocator {
	const char *name, *library, *package;
	char environment[300]; /* how to get it; unused by the first */
	double counts[NR_CASES + 1];
	unsigned nr_counts;
} allocators[] = {
	{.name = "guest kernel"},
	{.name = "glibc"},
	{.name = "mimalloc",
	 .library = "libmimalloc.so.2",
	 .package = "libmimalloc2.0"},
	{.name = "tcmalloc",
	 .library = "libtcmalloc_minimal.so.4",
	 .package = "libtcmalloc-minimal4"},
	{.name = "jemalloc",
	 .library = "libjemalloc.so.2",
	 .package = "libjemalloc2"},
};
#define NR_ALLOCATORS (sizeof(allocators) / sizeof(allocators[0]))

static bool find_library(struct allocator *a)
{
	static const char *const dirs[] = {
		"/usr/lib/x86_64-linux-gnu",
		"/usr/lib64",
		"/usr/lib",
		"/usr/local/lib",
	};

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		const char *path = text("%s/%s", dirs[i], a->library);

		if (access(path, R_OK))
			continue;
		snprintf(a->environment, sizeof(a->environment),
			 "LD_PRELOAD=%s", path);
		return true;
	}
	return false;
}

static const char *program_of(const struct allocator *a)
{
	return text("%s/%s", bench.here,
		    a == allocators ? "bench_alloc" : "bench_malloc");
}

static void add_case(unsigned c, struct allocator *a)
{
	struct subject *s =
		group_add(text("%s: %s", case_names[c], a->name), REPORTED, 2,
			  "%s %s %s", a->environment, program_of(a), cases[c]);

	s->is_base = a == allocators;
	if (a->library && !a->environment[0])
		subject_miss(s, text("no %s", a->package));
	if (c + 1 < a->nr_counts)
		s->instructions = a->counts[c + 1];
}

void row_alloc(void)
{
	bool has_valgrind = command_exists("valgrind");

	for (size_t i = 0; i < NR_ALLOCATORS; i++) {
		struct allocator *a = &allocators[i];

		if (a->library && !find_library(a))
			continue;
		if (has_valgrind)
			a->nr_counts =
				callgrind_count(a->environment, program_of(a),
						a->counts, NR_CASES + 1);
	}
	group_begin(5, has_valgrind
			       ? "allocators: one allocation and its free"
			       : "allocators: one allocation and its free (no "
				 "valgrind: no instruction counts)");
	group_runs(3);
	for (unsigned c = 0; c < NR_CASES; c++)
		for (size_t i = 0; i < NR_ALLOCATORS; i++)
			add_case(c, &allocators[i]);
	group_run();
}
