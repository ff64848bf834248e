/*
 * summary.c: the totals of -c, by outcome and by mapping.
 *
 * A mapping is a line of /proc/PID/maps without its addresses: name and
 * protection. The name is copied, since a file's name may go with its last
 * mapping. Both tables add up to the number of records.
 */
#include "summary.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "escape.h"
#include "outcome.h"
#include "text.h"

struct outcome_row {
	unsigned outcome; /* HV_FAULT_OUTCOMES: a value that is none */
	uint64_t faults, cycles;
};

struct mapping_row {
	char *name;
	char prot[5];
	uint64_t faults;
};

/* Open addressing with linear probing; never more than half full. */
#define SLOTS (2 * SUMMARY_MAPPINGS)

struct summary {
	struct outcome_row outcome[HV_FAULT_OUTCOMES + 1];
	uint64_t major, for_host, around;
	unsigned nr_mappings;
	uint64_t other; /* faults in mappings without a row */
	struct mapping_row mapping[SLOTS];
};

struct summary *summary_create(void)
{
	struct summary *s = calloc(1, sizeof(*s));

	for (unsigned i = 0; s && i <= HV_FAULT_OUTCOMES; i++)
		s->outcome[i].outcome = i;
	return s;
}

void summary_destroy(struct summary *s)
{
	if (!s)
		return;
	for (unsigned i = 0; i < SLOTS; i++)
		free(s->mapping[i].name);
	free(s);
}

/* FNV-1a. */
static uint32_t hash(const char *name, const char *prot)
{
	uint32_t h = 2166136261u;

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * 16777619u;
	for (; *prot; prot++)
		h = (h ^ (unsigned char)*prot) * 16777619u;
	return h;
}

static void add_mapping(struct summary *s, const char *name, const char *prot)
{
	uint32_t slot = hash(name, prot) % SLOTS;
	struct mapping_row *row;

	for (; s->mapping[slot].name; slot = (slot + 1) % SLOTS) {
		row = &s->mapping[slot];
		if (!strcmp(row->name, name) && !strcmp(row->prot, prot)) {
			row->faults++;
			return;
		}
	}
	row = &s->mapping[slot];
	if (s->nr_mappings < SUMMARY_MAPPINGS)
		row->name = strdup(name);
	if (!row->name) {
		s->other++;
		return;
	}
	s->nr_mappings++;
	strcpy(row->prot, prot);
	row->faults = 1;
}

void summary_add(struct summary *s, const struct trace_config *config,
		 const struct hv_fault *f)
{
	unsigned outcome =
		f->outcome < HV_FAULT_OUTCOMES ? f->outcome : HV_FAULT_OUTCOMES;
	char prot[5];

	s->outcome[outcome].faults++;
	s->outcome[outcome].cycles += f->cycles;
	s->major += !!(f->access & HV_FAULTF_MAJOR);
	s->for_host += !!(f->access & HV_FAULTF_UPCALL);
	s->around += f->around;
	text_prot(f, prot);
	add_mapping(s, text_mapping_name(config, f), prot);
}

/* Most time first; without times, most faults; then the contract's order. */
static int compare_outcomes(const void *a, const void *b)
{
	const struct outcome_row *x = a, *y = b;

	if (x->cycles != y->cycles)
		return x->cycles > y->cycles ? -1 : 1;
	if (x->faults != y->faults)
		return x->faults > y->faults ? -1 : 1;
	return x->outcome < y->outcome ? -1 : x->outcome > y->outcome;
}

/* Most faults first, then by name; unused slots last. */
static int compare_mappings(const void *a, const void *b)
{
	const struct mapping_row *x = a, *y = b;
	int order;

	if (x->faults != y->faults)
		return x->faults > y->faults ? -1 : 1;
	if (!x->name || !y->name)
		return !x->name - !y->name;
	order = strcmp(x->name, y->name);
	return order ? order : strcmp(x->prot, y->prot);
}

static double share(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0.0;
}

static void print_outcome(FILE *out, const struct outcome_row *row,
			  const struct outcome_row *total, uint64_t khz,
			  const char *name)
{
	double us = khz ? (double)row->cycles * 1000.0 / (double)khz : 0.0;

	fprintf(out, "%6.2f %14.2f %10.2f %10" PRIu64 " %s\n",
		share(row->cycles, total->cycles), us,
		row->faults ? us / (double)row->faults : 0.0, row->faults,
		name);
}

static struct outcome_row print_outcomes(const struct summary *s, uint64_t khz,
					 FILE *out)
{
	static const char rule[] =
		"------ -------------- ---------- ---------- ------------\n";
	struct outcome_row rows[HV_FAULT_OUTCOMES + 1], total = {0};
	unsigned i;

	memcpy(rows, s->outcome, sizeof(rows));
	for (i = 0; i <= HV_FAULT_OUTCOMES; i++) {
		total.faults += rows[i].faults;
		total.cycles += rows[i].cycles;
	}
	qsort(rows, HV_FAULT_OUTCOMES + 1, sizeof(rows[0]), compare_outcomes);
	fprintf(out, "%% time       total us    mean us     faults outcome\n%s",
		rule);
	for (i = 0; i <= HV_FAULT_OUTCOMES; i++)
		if (rows[i].faults)
			print_outcome(out, &rows[i], &total, khz,
				      outcome_name(rows[i].outcome));
	fputs(rule, out);
	print_outcome(out, &total, &total, khz, "total");
	return total;
}

static void print_mapping(FILE *out, uint64_t faults, uint64_t total,
			  const char *prot, const char *name)
{
	fprintf(out, "%6.2f %10" PRIu64 " %-4s %s\n", share(faults, total),
		faults, prot, name);
}

static void print_mappings(const struct summary *s, uint64_t total, FILE *out)
{
	static const char rule[] = "------ ---------- ---- ------------\n";
	struct mapping_row *rows = malloc(sizeof(s->mapping));
	char name[ESCAPE_MAX];
	unsigned i;

	if (!rows) {
		fprintf(out, "(no memory for the table by mapping)\n");
		return;
	}
	memcpy(rows, s->mapping, sizeof(s->mapping));
	qsort(rows, SLOTS, sizeof(rows[0]), compare_mappings);
	fprintf(out, "%% flts     faults prot mapping\n%s", rule);
	for (i = 0; i < s->nr_mappings; i++) {
		escape_name(name, rows[i].name);
		print_mapping(out, rows[i].faults, total, rows[i].prot, name);
	}
	if (s->other)
		print_mapping(out, s->other, total, "-", "(other)");
	fputs(rule, out);
	print_mapping(out, total, total, "", "total");
	free(rows);
}

void summary_print(const struct summary *s, uint64_t tsc_khz, FILE *out)
{
	struct outcome_row total = print_outcomes(s, tsc_khz, out);

	fputc('\n', out);
	print_mappings(s, total.faults, out);
	fprintf(out,
		"\n%" PRIu64 " major, %" PRIu64 " for system calls, %" PRIu64
		" more pages by fault-around\n",
		s->major, s->for_host, s->around);
}
