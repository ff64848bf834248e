/*
 * main.c: the benchmark: one table, and the same as JSON. docs/bench.md says
 * what each row means.
 *
 *   bench BUILD
 *
 * Environment: BENCH_ROWS=1,3 (rows to measure), BENCH_RUNS=N (rounds),
 * BENCH_CPL=0|3 (that level of the guest kernel alone), BENCH_LONG=1 (what
 * takes minutes, too).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bench.h"

#define RUNS 5

struct bench bench;

static void (*const rows[])(void) = {
	NULL,	   row_start,	 row_cpu,   row_fault, row_call,
	row_alloc, row_programs, row_scale, row_ring0,
};
#define NR_ROWS (sizeof(rows) / sizeof(rows[0]))

static bool is_wanted(unsigned row)
{
	const char *list = getenv("BENCH_ROWS");

	if (!list || !*list)
		return true;
	for (char *end; *list; list = *end ? end + 1 : end) {
		if (strtoul(list, &end, 10) == row)
			return true;
	}
	return false;
}

static void read_environment(const char *build)
{
	const char *runs = getenv("BENCH_RUNS");

	bench.build = build;
	snprintf(bench.vmm, sizeof(bench.vmm), "%s/vmm", build);
	snprintf(bench.images, sizeof(bench.images), "%s/images", build);
	snprintf(bench.here, sizeof(bench.here), "%s/bench", build);
	bench.runs = runs ? (unsigned)strtoul(runs, NULL, 10) : RUNS;
	bench.runs_are_set = runs != NULL;
	if (bench.runs < 1 || bench.runs > BENCH_RUNS_MAX)
		bench.runs = RUNS;
	bench.is_long = getenv("BENCH_LONG") != NULL;
}

int main(int argc, char **argv)
{
	char json[300];
	double start = now_wall();

	if (argc != 2) {
		fprintf(stderr, "usage: bench BUILD\n");
		return 2;
	}
	read_environment(argv[1]);
	snprintf(json, sizeof(json), "%s/bench.json", bench.build);
	table_open(json);
	machine_describe();
	for (unsigned i = 1; i < NR_ROWS; i++)
		if (is_wanted(i))
			rows[i]();
	table_close();
	printf("%.0f s\n", now_wall() - start);
	return 0;
}
