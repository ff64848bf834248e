/*
 * group.c: subjects, run in turns.
 *
 * A subject that fails once (wrong exit status, no figure) is out, with the
 * reason in its line; the others go on. The number of operations is made
 * smaller where a run would take longer than RUN_LIMIT.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define RUN_LIMIT 0.7 /* seconds for one run of a PER_OPERATION subject */

static struct group {
	int row;
	char title[120];
	unsigned n, runs;
	struct subject subjects[BENCH_SUBJECTS_MAX];
} group;

static struct outcome outcome; /* too large for the stack */

void group_begin(int row, const char *title)
{
	memset(&group, 0, sizeof(group));
	group.row = row;
	group.runs = bench.runs;
	snprintf(group.title, sizeof(group.title), "%s", title);
}

void group_runs(unsigned runs)
{
	if (!bench.runs_are_set || runs == 1)
		group.runs = runs;
}

static struct subject *add(const char *name, enum measure measure)
{
	struct subject *s = &group.subjects[group.n];
	const struct cost none = {-1, -1};

	if (group.n + 1 < BENCH_SUBJECTS_MAX)
		group.n++;
	snprintf(s->name, sizeof(s->name), "%s", name);
	s->measure = measure;
	s->instructions = -1;
	s->ratio = s->floor_ratio = none;
	s->is_base = s == group.subjects;
	return s;
}

struct subject *group_add(const char *name, enum measure measure,
			  unsigned long operations, const char *command, ...)
{
	struct subject *s = add(name, measure);
	va_list args;

	s->operations = operations;
	va_start(args, command);
	vsnprintf(s->command, sizeof(s->command), command, args);
	va_end(args);
	return s;
}

struct subject *group_add_count(const char *name, double count,
				const char *missing)
{
	struct subject *s = add(name, COUNTED);

	s->instructions = count;
	if (count < 0)
		subject_miss(s, missing);
	return s;
}

void subject_miss(struct subject *s, const char *why)
{
	snprintf(s->missing, sizeof(s->missing), "%s", why);
}

/* The last two words of what the command printed. */
static bool parse_reported(const char *text, struct cost *cost)
{
	const char *line = text + strlen(text);
	double wall, cpu;

	while (line > text && line[-1] == '\n')
		line--;
	while (line > text && line[-1] != '\n')
		line--;
	if (sscanf(line, "%lf %lf", &wall, &cpu) != 2)
		return false;
	cost->wall = wall * 1e-9;
	cost->cpu = cpu < 0 ? -1 : cpu * 1e-9;
	return true;
}

/* Run the command; false, and out, if that fails. */
static bool run_once(struct subject *s, unsigned long operations)
{
	enum capture capture =
		s->measure == FIRST_OUTPUT || s->measure == REPORTED
			? CAPTURE_OUT
			: CAPTURE_NONE;

	command_run(s->command, operations, capture, &outcome);
	if (s->status >= 0 && outcome.status != s->status) {
		char why[80];

		snprintf(why, sizeof(why), "its exit status is %d",
			 outcome.status);
		subject_miss(s, why);
		return false;
	}
	return true;
}

static bool measure_difference(struct subject *s, struct cost *cost)
{
	double n = (double)(s->operations - 1);

	if (!run_once(s, s->operations))
		return false;
	*cost = outcome.cost;
	if (!run_once(s, 1))
		return false;
	cost->wall = (cost->wall - outcome.cost.wall) / n;
	cost->cpu = (cost->cpu - outcome.cost.cpu) / n;
	if (s->has_no_wall)
		cost->wall = -1;
	return true;
}

static bool measure_once(struct subject *s, struct cost *cost)
{
	if (s->measure == PER_OPERATION)
		return measure_difference(s, cost);
	if (!run_once(s, s->operations))
		return false;
	*cost = outcome.cost;
	if (s->measure == FIRST_OUTPUT) {
		*cost = (struct cost){outcome.first_output, -1};
		if (outcome.first_output < 0)
			subject_miss(s, "it printed nothing");
	}
	if (s->measure == REPORTED && !parse_reported(outcome.output, cost))
		subject_miss(s, "it reported no figure");
	return !s->missing[0];
}

/* A first run, not counted: fill caches, see that it works, fit its size. */
static void warm_up(struct subject *s)
{
	unsigned long try = s->operations / 50 + 2;
	double start, a, b;

	if (s->measure != PER_OPERATION) {
		/* A long one has little to warm up. */
		if (s->operations <= 1)
			run_once(s, s->operations);
		return;
	}
	if (s->is_fixed || !run_once(s, 1))
		return;
	start = outcome.cost.wall;
	if (!run_once(s, try))
		return;
	a = (outcome.cost.wall - start) / (double)try;
	b = a > 0 ? RUN_LIMIT / a : (double)s->operations;
	if (b < (double)s->operations)
		s->operations = b < 100 ? 100 : (unsigned long)b;
}

static double ratio_of(const struct subject *s, const struct subject *to,
		       bool cpu)
{
	double r[BENCH_RUNS_MAX];
	unsigned n = s->runs < to->runs ? s->runs : to->runs;

	if (!n || s->missing[0] || to->missing[0])
		return -1;
	for (unsigned i = 0; i < n; i++) {
		double above = cpu ? s->sample[i].cpu : s->sample[i].wall;
		double below = cpu ? to->sample[i].cpu : to->sample[i].wall;

		if (above < 0 || below <= 0)
			return -1;
		r[i] = above / below;
	}
	return median_of(r, n);
}

static void conclude(struct subject *s, const struct subject *base)
{
	double v[BENCH_RUNS_MAX];

	if (!s->runs || s->missing[0])
		return;
	for (unsigned i = 0; i < s->runs; i++)
		v[i] = s->sample[i].wall;
	s->median.wall = median_of(v, s->runs);
	for (unsigned i = 0; i < s->runs; i++)
		v[i] = s->sample[i].cpu;
	s->median.cpu = median_of(v, s->runs);
	if (base && base->measure != COUNTED) {
		s->ratio.wall = ratio_of(s, base, false);
		s->ratio.cpu = ratio_of(s, base, true);
	}
	if (s->floor) {
		s->floor_ratio.wall = ratio_of(s, s->floor, false);
		s->floor_ratio.cpu = ratio_of(s, s->floor, true);
	}
}

static bool is_timed(const struct subject *s)
{
	return s->measure != COUNTED && !s->missing[0];
}

void group_run(void)
{
	const struct subject *base = NULL;

	table_group(group.row, group.title);
	for (unsigned i = 0; i < group.n; i++)
		if (is_timed(&group.subjects[i]))
			warm_up(&group.subjects[i]);
	for (unsigned round = 0; round < group.runs; round++) {
		for (unsigned i = 0; i < group.n; i++) {
			struct subject *s = &group.subjects[i];

			if (is_timed(s) && measure_once(s, &s->sample[s->runs]))
				s->runs++;
		}
	}
	for (unsigned i = 0; i < group.n; i++) {
		struct subject *s = &group.subjects[i];

		if (s->is_base)
			base = s;
		conclude(s, base);
		table_subject(group.row, group.title, s);
	}
}

const char *text(const char *format, ...)
{
	static char buffers[8][BENCH_COMMAND_MAX];
	static unsigned next;
	char *buffer = buffers[next++ % 8];
	va_list args;

	va_start(args, format);
	vsnprintf(buffer, sizeof(buffers[0]), format, args);
	va_end(args);
	return buffer;
}

const char *vmm_at(unsigned i)
{
	return text("%s -q --kernel-cpl=%d", bench.vmm, bench.levels[i]);
}
