/*
 * callgrind.c: count instructions, which no load of the machine changes.
 *
 * callgrind collects in run_case() only and dumps at each of its ends, so dump
 * number i + 1 is case i of the program (loop.h). What the loop itself takes is
 * known from the empty case and subtracted.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

static void dump_name(char *name, size_t size, unsigned part)
{
	if (part)
		snprintf(name, size, "%s/callgrind.%u", bench.here, part);
	else
		snprintf(name, size, "%s/callgrind", bench.here);
}

/* Instructions in a dump; < 0: there is none. The file is removed. */
static double read_dump(unsigned part)
{
	char name[300], line[4096];
	double total = -1;
	FILE *f;

	dump_name(name, sizeof(name), part);
	f = fopen(name, "re");
	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "totals: %lf", &total) == 1)
			break;
	fclose(f);
	unlink(name);
	return total;
}

unsigned callgrind_count(const char *environment, const char *program,
			 double *counts, unsigned max)
{
	static struct outcome o;
	char command[BENCH_COMMAND_MAX], dump[300];
	double operations, rounds, loop = 0, total;
	unsigned n = 0;

	dump_name(dump, sizeof(dump), 0);
	snprintf(command, sizeof(command),
		 "%s valgrind -q --tool=callgrind --toggle-collect=run_case "
		 "--dump-after=run_case --callgrind-out-file=%s %s --count",
		 environment, dump, program);
	command_run(command, 0, CAPTURE_OUT, &o);
	for (char *line = strtok(o.status ? NULL : o.output, "\n");
	     line && n < max; line = strtok(NULL, "\n")) {
		total = read_dump(n + 1);
		if (sscanf(line, "%lf %lf", &operations, &rounds) != 2 ||
		    total < 0)
			break;
		if (n == 0)
			loop = total / rounds;
		counts[n++] = (total - loop * rounds) / operations;
	}
	read_dump(0);
	return n;
}
