/*
 * rows_cost.c: one fault, one system call, one instruction of ring 0.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define NATIVE_FAULTS 100000
#define FAULTS	      20000
#define FLOOR_FAULTS  20000
#define NATIVE_CALLS  500000
#define CALLS	      20000

/* Is it in vmm --help? Options come with time. */
static bool vmm_has(const char *option)
{
	static struct outcome o;

	command_run(text("%s --help", bench.vmm), 0, CAPTURE_OUT, &o);
	return strstr(o.output, option) != NULL;
}

static void add_native_faults(void)
{
	bool has_perf = command_exists("perf");
	struct subject *s;

	group_add("native", PER_OPERATION, NATIVE_FAULTS, "%s/nolibc_pf @",
		  bench.images);
	s = group_add("native, perf record -e page-faults -c 1 -d",
		      PER_OPERATION, NATIVE_FAULTS,
		      "perf record -q -o %s/perf.data -e page-faults -c 1 -d "
		      "%s/nolibc_pf @",
		      bench.here, bench.images);
	s->has_no_wall = true; /* it takes a second even for one fault */
	if (!has_perf)
		subject_miss(s, "no perf (linux-perf)");
	s = group_add("native, perf trace -F all", PER_OPERATION, NATIVE_FAULTS,
		      "perf trace -F all -o %s/perf.txt %s/nolibc_pf @",
		      bench.here, bench.images);
	if (!has_perf)
		subject_miss(s, "no perf (linux-perf)");
}

static struct subject *add_faults(unsigned level, const char *how,
				  const char *options,
				  const struct subject *floor)
{
	struct subject *s =
		group_add(text("vmm, CPL %d, %s", bench.levels[level], how),
			  PER_OPERATION, FAULTS, "%s%s %s/nolibc_pf @",
			  vmm_at(level), options, bench.images);

	s->floor = floor;
	return s;
}

void row_fault(void)
{
	bool has_ring = vmm_has("--trace-mode");
	struct subject *retry, *out, *s;

	group_begin(3, "one fault: first write to an anonymous page");
	add_native_faults();
	retry = group_add("bare KVM: #PF, 3 instructions, retry", REPORTED,
			  FLOOR_FAULTS, "%s/floor retry @", bench.here);
	out = group_add("bare KVM: #PF, OUT, host sets entry, retry", REPORTED,
			FLOOR_FAULTS, "%s/floor out @", bench.here);
	for (unsigned i = 0; i < bench.nr_levels; i++) {
		s = add_faults(i, "not traced", "", retry);
		add_faults(i, "summary (-c)", " -c", out);
		add_faults(i, "traced to /dev/null", " -o /dev/null", out);
		s = add_faults(i, "ring, to /dev/null",
			       " --trace-mode=ring -o /dev/null", s);
		if (!has_ring)
			subject_miss(s, "vmm has no --trace-mode");
	}
	group_run();
}

static void add_calls(const char *name, unsigned long native,
		      unsigned long guest, const char *command)
{
	group_add(text("%s, native", name), PER_OPERATION, native, "%s",
		  command)
		->is_base = true;
	for (unsigned i = 0; i < bench.nr_levels; i++)
		group_add(text("%s, vmm, CPL %d", name, bench.levels[i]),
			  PER_OPERATION, guest, "%s %s", vmm_at(i), command);
}

void row_call(void)
{
	static char zeros[1 << 20];
	char file[300];
	FILE *f;

	snprintf(file, sizeof(file), "%s/zeros", bench.here);
	f = fopen(file, "we");

	if (!f || fwrite(zeros, sizeof(zeros), 1, f) != 1 || fclose(f)) {
		perror(file);
		exit(1);
	}
	group_begin(4, "one system call");
	add_calls("brk(0), served in the guest", NATIVE_CALLS, CALLS,
		  text("%s/calls @ brk", bench.images));
	add_calls("getppid, forwarded", NATIVE_CALLS, CALLS,
		  text("%s/calls @ getppid", bench.images));
	add_calls("pread of 4 KiB", NATIVE_CALLS, CALLS,
		  text("%s/reads %s 4096 @", bench.here, file));
	add_calls("pread of 1 MiB", 5000, 2000,
		  text("%s/reads %s 1048576 @", bench.here, file));
	group_run();
}

/*
 * What `vmm --count-cpl0` printed: "ring 0: N instructions before [the
 * program's first], M in all". False: nothing like it.
 */
static bool count_ring0(unsigned level, const char *program, double *first,
			double *all)
{
	static struct outcome o;
	const char *at, *comma;

	command_run(text("%s --kernel-cpl=%d --count-cpl0 %s", bench.vmm,
			 bench.levels[level], program),
		    0, CAPTURE_ERR, &o);
	for (at = o.output; (at = strstr(at, "ring 0: ")); at++) {
		comma = strchr(at, ',');
		if (comma &&
		    sscanf(at, "ring 0: %lf instructions before", first) == 1 &&
		    sscanf(comma, ", %lf in all", all) == 1)
			return true;
	}
	return false;
}

void row_ring0(void)
{
	const char *missing = vmm_has("--count-cpl0")
				      ? "vmm --count-cpl0 gave no count"
				      : "vmm has no --count-cpl0";

	group_begin(8, "instructions executed at CPL 0, counted by single "
		       "steps");
	for (unsigned i = 0; i < bench.nr_levels; i++) {
		double start = -1, few = 0, many = 0;
		bool ok =
			count_ring0(i, text("%s/nolibc_pf 100", bench.images),
				    &start, &few) &&
			count_ring0(i, text("%s/nolibc_pf 1100", bench.images),
				    &start, &many);

		group_add_count(text("CPL %d: entry .. first user instruction",
				     bench.levels[i]),
				ok ? start : -1, missing);
		group_add_count(
			text("CPL %d: one anonymous fault", bench.levels[i]),
			ok ? (many - few) / 1000 : -1, missing);
	}
	group_run();
}
