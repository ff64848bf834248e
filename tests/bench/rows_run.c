/*
 * rows_run.c: programs as a whole: start, computing, well-known programs.
 */
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"

#define TEXT_SIZE (2u << 20)
#define DATA_SIZE (20u << 20)

static struct subject *add_status(const char *name, enum measure measure,
				  int status, const char *command)
{
	struct subject *s = group_add(name, measure, 1, "%s", command);

	s->status = status;
	return s;
}

static void first_output(void)
{
	group_begin(1, "start to first output: a static program without libc, "
		       "whose first instructions write(2)");
	group_runs(21);
	add_status("native", FIRST_OUTPUT, 42, text("%s/nolibc", bench.images));
	for (unsigned i = 0; i < bench.nr_levels; i++)
		add_status(text("vmm, kernel at CPL %d", bench.levels[i]),
			   FIRST_OUTPUT, 42,
			   text("%s %s/nolibc", vmm_at(i), bench.images));
	group_run();
}

static void start_to_end(void)
{
	group_begin(1, "start to end: fork, exec, run, wait");
	group_runs(21);
	add_status("the same program, native", WHOLE, 42,
		   text("%s/nolibc", bench.images));
	group_add("bare KVM: open .. first exit", REPORTED, 11,
		  "%s/floor start @", bench.here);
	group_add("bare KVM: last exit .. all closed", REPORTED, 11,
		  "%s/floor close @", bench.here);
	for (unsigned i = 0; i < bench.nr_levels; i++)
		add_status(text("vmm, kernel at CPL %d", bench.levels[i]),
			   WHOLE, 42,
			   text("%s %s/nolibc", vmm_at(i), bench.images));
	group_add("busybox true, native", WHOLE, 1, "busybox true")->is_base =
		true;
	for (unsigned i = 0; i < bench.nr_levels; i++)
		group_add(text("busybox true, vmm, kernel at CPL %d",
			       bench.levels[i]),
			  WHOLE, 1, "%s busybox true", vmm_at(i));
	group_run();
}

void row_start(void)
{
	first_output();
	start_to_end();
}

static void add_computing(const char *name, enum measure measure,
			  unsigned long operations, const char *program)
{
	struct subject *native =
		group_add(text("%s, native", name), measure, operations,
			  "%s/%s @", bench.here, program);
	struct subject *guest =
		group_add(text("%s, vmm", name), measure, operations,
			  "%s %s/%s @", vmm_at(0), bench.here, program);

	native->is_base = true;
	native->is_fixed = guest->is_fixed = true;
}

void row_cpu(void)
{
	group_begin(2,
		    "computing: matrices of 512 x 512, and SHA-256 of 1 GiB");
	group_runs(3);
	add_computing("40 products, start to end", WHOLE, 40, "matmul");
	add_computing("one product more", PER_OPERATION, 40, "matmul");
	add_computing("sha256 of 1 GiB, start to end", WHOLE, 1024, "sha256");
	group_run();
}

/* A file of words, the same each time. False: it cannot be written. */
static bool write_words(const char *path, size_t size)
{
	FILE *f = fopen(path, "we");
	unsigned long seed = 1;
	bool ok;

	if (!f)
		return false;
	for (size_t n = 0; n < size; n += 8) {
		seed = seed * 6364136223846793005ul + 1442695040888963407ul;
		fprintf(f, "w%06lu%c", (seed >> 33) % 5000,
			(seed >> 60) ? ' ' : '\n');
	}
	ok = !ferror(f);
	return !fclose(f) && ok;
}

static void add_program(const char *name, const char *command)
{
	struct subject *s;

	group_add(text("%s, native", name), WHOLE, 1, "%s", command)->is_base =
		true;
	s = group_add(text("%s, native, perf trace -F all", name), WHOLE, 1,
		      "perf trace -F all -o %s/perf.txt %s", bench.here,
		      command);
	if (!command_exists("perf"))
		subject_miss(s, "no perf (linux-perf)");
	group_add(text("%s, vmm", name), WHOLE, 1, "%s %s", vmm_at(0), command);
	group_add(text("%s, vmm, traced to /dev/null", name), WHOLE, 1,
		  "%s -o /dev/null %s", vmm_at(0), command);
}

void row_programs(void)
{
	char script[300], words[300], data[300], command[700];
	FILE *f;

	snprintf(script, sizeof(script), "%s/words.awk", bench.here);
	snprintf(words, sizeof(words), "%s/words.txt", bench.here);
	snprintf(data, sizeof(data), "%s/data.bin", bench.here);
	f = fopen(script, "we");
	if (!f ||
	    fputs("{ for (i = 1; i <= NF; i++) c[$i]++ }\n"
		  "END { for (w in c) n += c[w]; print n }\n",
		  f) < 0 ||
	    fclose(f) || !write_words(words, TEXT_SIZE) ||
	    !write_words(data, DATA_SIZE)) {
		perror(bench.here);
		exit(1);
	}
	group_begin(6, "programs: ls -l /usr/bin, sha256sum of 20 MiB, awk "
		       "counting words in 2 MiB");
	add_program("ls", "busybox ls -l /usr/bin");
	snprintf(command, sizeof(command), "busybox sha256sum %s", data);
	add_program("sha256sum", command);
	snprintf(command, sizeof(command), "busybox awk -f %s %s", script,
		 words);
	add_program("awk", command);
	group_run();
}
