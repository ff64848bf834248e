/*
 * test_trace_summary.c: do the tables of -c add up?
 */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "hv_fault.h"
#include "hv_map.h"
#include "summary.h"

static char path_buffer[64];

static const char *path_of(void *ctx, uint32_t file, uint32_t opened)
{
	(void)opened;
	(void)ctx;
	if (!file)
		return NULL;
	snprintf(path_buffer, sizeof(path_buffer), "/lib/file%u", file);
	return path_buffer;
}

/* 1 GHz: a tick is a nanosecond. */
static const struct trace_config config = {.tsc_khz = 1000000,
					   .file_path = path_of};

static void add(struct summary *s, unsigned outcome, uint64_t cycles,
		unsigned kind, uint32_t file)
{
	struct hv_fault f = {
		.cycles = cycles,
		.map_start = 0x1000,
		.map_end = 0x2000,
		.map_kind = kind,
		.map_prot = kind == HV_MAP_FILE ? 5 : 3,
		.file = file,
		.outcome = (uint16_t)outcome,
	};

	summary_add(s, &config, &f);
}

static char *print(const struct summary *s)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	summary_print(s, config.tsc_khz, out);
	fclose(out);
	return text;
}

Test(summary, the_tables_are_these)
{
	struct summary *s = summary_create();
	struct hv_fault bad = {.outcome = HV_FAULT_SEGV_MAPERR, .cycles = 1000};
	struct hv_fault read_ahead = {
		.cycles = 60000,
		.map_end = 1,
		.map_kind = HV_MAP_FILE,
		.map_prot = 5,
		.file = 1,
		.outcome = HV_FAULT_FILE_READ,
		.access = HV_FAULTF_MAJOR | HV_FAULTF_UPCALL,
		.around = 15,
	};
	char *text;

	for (unsigned i = 0; i < 3; i++)
		add(s, HV_FAULT_ANON_ZERO, 10000, HV_MAP_ANON, 0);
	add(s, HV_FAULT_ANON_ZERO, 9000, HV_MAP_HEAP, 0);
	summary_add(s, &config, &read_ahead);
	summary_add(s, &config, &bad);
	text = print(s);
	cr_assert_str_eq(
		text,
		"% time       total us    mean us     faults outcome\n"
		"------ -------------- ---------- ---------- ------------\n"
		" 60.00          60.00      60.00          1 file-read\n"
		" 39.00          39.00       9.75          4 anon-zero\n"
		"  1.00           1.00       1.00          1 segv-maperr\n"
		"------ -------------- ---------- ---------- ------------\n"
		"100.00         100.00      16.67          6 total\n"
		"\n"
		"% flts     faults prot mapping\n"
		"------ ---------- ---- ------------\n"
		" 50.00          3 rw-p [anon]\n"
		" 16.67          1 -    -\n"
		" 16.67          1 r-xp /lib/file1\n"
		" 16.67          1 rw-p [heap]\n"
		"------ ---------- ---- ------------\n"
		"100.00          6      total\n"
		"\n"
		"1 major, 1 for system calls, 15 more pages by fault-around\n");
	free(text);
	summary_destroy(s);
}

Test(summary, nothing_is_a_table_of_nothing)
{
	struct summary *s = summary_create();
	char *text = print(s);

	cr_assert(strstr(text, "  0.00           0.00       0.00          0 "
			       "total\n"),
		  "%s", text);
	free(text);
	summary_destroy(s);
}

/* Second column of each row between a table's rules, and of its total. */
static uint64_t sum_rows(const char *table, unsigned column, uint64_t *total)
{
	uint64_t sum = 0;
	const char *line = strstr(table, "\n------") + 1;

	for (line = strchr(line, '\n') + 1;; line = strchr(line, '\n') + 1) {
		bool rule = *line == '-';
		const char *p = rule ? strchr(line, '\n') + 1 : line;
		char *end;

		for (unsigned i = 1; i < column; i++) {
			strtod(p, &end);
			p = end;
		}
		if (rule) {
			*total = strtoull(p, NULL, 10);
			return sum;
		}
		sum += strtoull(p, NULL, 10);
	}
}

Test(summary, both_tables_count_every_record_whatever_it_holds)
{
	enum { N = 10000 };
	struct summary *s = summary_create();
	uint64_t total;
	char *text;

	srand(1);
	for (unsigned i = 0; i < N; i++)
		add(s, (unsigned)rand() % 40, (unsigned)rand() % 100000,
		    (unsigned)rand() % 9, (unsigned)rand() % 9);
	text = print(s);
	cr_assert(strstr(text, " unknown\n"));
	cr_assert_eq(sum_rows(text, 4, &total), N);
	cr_assert_eq(total, N);
	cr_assert_eq(sum_rows(strstr(text, "% flts"), 2, &total), N);
	cr_assert_eq(total, N);
	free(text);
	summary_destroy(s);
}

Test(summary, too_many_mappings_share_a_row)
{
	enum { N = 3 * SUMMARY_MAPPINGS };
	struct summary *s = summary_create();
	uint64_t total;
	char *text, expected[64];

	for (uint32_t i = 1; i <= N; i++)
		add(s, HV_FAULT_FILE_READ, 1, HV_MAP_FILE, i);
	/* Known ones still find their row. */
	add(s, HV_FAULT_FILE_READ, 1, HV_MAP_FILE, 1);
	text = print(s);
	snprintf(expected, sizeof(expected), "%u -    (other)\n",
		 N - SUMMARY_MAPPINGS);
	cr_assert(strstr(text, expected));
	cr_assert(strstr(text, " 2 r-xp /lib/file1\n"));
	cr_assert_eq(sum_rows(strstr(text, "% flts"), 2, &total), N + 1);
	free(text);
	summary_destroy(s);
}

Test(summary, the_same_file_with_other_rights_is_another_mapping)
{
	struct summary *s = summary_create();
	struct hv_fault f = {.map_end = 1,
			     .map_kind = HV_MAP_FILE,
			     .map_prot = 1,
			     .file = 1};
	char *text;

	summary_add(s, &config, &f);
	f.map_prot = 3;
	summary_add(s, &config, &f);
	f.map_flags = HV_MAPF_SHARED;
	summary_add(s, &config, &f);
	text = print(s);
	cr_assert(strstr(text, "1 r--p /lib/file1\n"));
	cr_assert(strstr(text, "1 rw-p /lib/file1\n"));
	cr_assert(strstr(text, "1 rw-s /lib/file1\n"));
	free(text);
	summary_destroy(s);
}
