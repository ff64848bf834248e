/*
 * test_trace.c: does the log say exactly what the records say, and does it
 * notice when one is missing?
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "trace.h"

static const char *path_of(void *ctx, uint32_t file)
{
	const char *const *paths = ctx;

	return file < 4 ? paths[file] : NULL;
}

static const char *paths[4] = {NULL, "/usr/bin/busybox", "/tmp/a b\n\033[1m",
			       "/"};

/* 1 GHz: a tick is a nanosecond. */
static struct trace_config config_of(FILE *text, bool summary)
{
	return (struct trace_config){
		.text = text,
		.summary = summary,
		.tsc_khz = 1000000,
		.tsc_start = 1000,
		.file_path = path_of,
		.ctx = paths,
	};
}

static struct hv_fault anon_record(uint64_t seq)
{
	return (struct hv_fault){
		.seq = seq,
		.tsc = 1000 + 1234567000,
		.cycles = 12345,
		.va = 0x7ffff7ff8010,
		.ip = 0x401234,
		.err = 6,
		.map_start = 0x7ffff7ff8000,
		.map_end = 0x7ffff7ffa000,
		.pfn = 0x1a2b,
		.map_kind = HV_MAP_ANON,
		.map_prot = 3,
		.pid = 100,
		.tid = 100,
		.outcome = HV_FAULT_ANON_ZERO,
		.access = HV_ACCESS_WRITE | HV_ACCESS_USER,
	};
}

static struct hv_fault file_record(uint64_t seq)
{
	return (struct hv_fault){
		.seq = seq,
		.tsc = 1000 + 5000,
		.cycles = 40000,
		.va = 0x402123,
		.ip = 0x402123,
		.map_start = 0x401000,
		.map_end = 0x500000,
		.map_offset = 0x1000,
		.pfn = 0x200,
		.map_kind = HV_MAP_FILE,
		.map_prot = 5,
		.file = 1,
		.pid = 100,
		.tid = 101,
		.outcome = HV_FAULT_FILE_READ,
		.access = HV_ACCESS_EXEC | HV_ACCESS_USER | HV_FAULTF_MAJOR,
		.around = 15,
	};
}

static void assert_line(const struct hv_fault *f, const char *expected)
{
	struct trace_config config = config_of(NULL, false);
	char line[TEXT_LINE_MAX];
	size_t len = text_line(&config, f, line);

	cr_assert_eq(len, strlen(line));
	cr_assert_str_eq(line, expected);
}

/* What trace_finish says after these records, and the log in *text. */
static char *finish(const struct hv_fault *records, size_t nr, bool summary,
		    char **text)
{
	size_t text_size, out_size;
	char *said = NULL;
	FILE *log = open_memstream(text, &text_size);
	FILE *out = open_memstream(&said, &out_size);
	struct trace_config config = config_of(log, summary);
	struct trace *t = trace_create(&config);

	cr_assert(t && log && out);
	for (size_t i = 0; i < nr; i++)
		trace_fault(t, &records[i]);
	cr_assert_eq(trace_count(t), nr);
	trace_finish(t, out);
	trace_destroy(t);
	fclose(log);
	fclose(out);
	return said;
}

static unsigned count_lines(const char *text)
{
	unsigned n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static unsigned count_fields(const char *line)
{
	char *copy = strdup(line), *save = NULL, *p;
	unsigned n = 0;

	for (p = strtok_r(copy, " \n", &save); p;
	     p = strtok_r(NULL, " \n", &save))
		n++;
	free(copy);
	return n;
}

Test(trace, an_anonymous_fault_is_this_line)
{
	struct hv_fault f = anon_record(1);

	assert_line(&f,
		    "   1.234567     100/100 0x7ffff7ff8010 user:w  -       "
		    "0x401234 anon-zero        12.34    0x1a2b   0         -   "
		    "   - rw-p [anon]+0x10\n");
}

Test(trace, a_file_fault_shows_base_name_and_file_offset)
{
	struct hv_fault f = file_record(1);

	assert_line(&f,
		    "   0.000005     100/101       0x402123 user:x  M       "
		    "0x402123 file-read        40.00     0x200   0         -   "
		    " +15 r-xp busybox+0x2123\n");
}

Test(trace, a_copy_shows_the_old_frame)
{
	struct hv_fault f = anon_record(1);

	f.outcome = HV_FAULT_COW;
	f.old_pfn = 0x77;
	f.access = HV_ACCESS_WRITE | HV_FAULTF_UPCALL;
	assert_line(&f,
		    "   1.234567     100/100 0x7ffff7ff8010 kern:w  H       "
		    "0x401234 cow              12.34    0x1a2b   0      0x77   "
		    "   - rw-p [anon]+0x10\n");
}

Test(trace, a_fault_outside_any_mapping_has_dashes)
{
	struct hv_fault f = {
		.seq = 1,
		.va = 0,
		.ip = 0x401000,
		.outcome = HV_FAULT_SEGV_MAPERR,
		.access = HV_ACCESS_USER,
		.pid = 7,
		.tid = 7,
	};

	assert_line(&f,
		    "   0.000000         7/7            0x0 user:r  -       "
		    "0x401000 segv-maperr       0.00         -   -         -   "
		    "   - -    -\n");
}

Test(trace, columns_stand_below_their_titles)
{
	struct hv_fault f = file_record(1);
	struct trace_config config = config_of(NULL, false);
	char line[TEXT_LINE_MAX];
	const char *titles[] = {"outcome", "prot", "mapping+offset"};
	const char *values[] = {"file-read", "r-xp", "busybox"};

	text_line(&config, &f, line);
	for (unsigned i = 0; i < 3; i++)
		cr_assert_eq(strstr(text_header, titles[i]) - text_header,
			     strstr(line, values[i]) - line, "%s", titles[i]);
	/* Right-aligned ones end together. */
	cr_assert_eq(strstr(text_header, " us ") + 3 - text_header,
		     strstr(line, "40.00 ") + 5 - line);
	cr_assert_eq(strstr(text_header, "around ") + 6 - text_header,
		     strstr(line, "+15 ") + 3 - line);
}

Test(trace, every_line_has_as_many_fields_as_the_header_but_the_function)
{
	struct hv_fault f[] = {anon_record(1), file_record(2), {.seq = 3}};
	struct trace_config config = config_of(NULL, false);
	char line[TEXT_LINE_MAX];

	f[1].file = 2; /* blanks and escapes in its name */
	for (unsigned i = 0; i < 3; i++) {
		text_line(&config, &f[i], line);
		/* "#" is a field of the header, "function" is optional */
		cr_assert_eq(count_fields(line), count_fields(text_header) - 2,
			     "%s", line);
	}
}

Test(trace, control_characters_and_blanks_in_names_are_octal)
{
	struct hv_fault f = file_record(1);
	struct trace_config config = config_of(NULL, false);
	char line[TEXT_LINE_MAX];

	f.file = 2;
	text_line(&config, &f, line);
	cr_assert(strstr(line, " a\\040b\\012\\033[1m+0x2123\n"), "%s", line);
	cr_assert_eq(count_lines(line), 1);
}

Test(trace, long_names_are_cut)
{
	struct hv_fault f = file_record(1);
	struct trace_config config = config_of(NULL, false);
	char line[TEXT_LINE_MAX], name[5000];
	const char *long_paths[4] = {NULL, name, NULL, NULL};

	memset(name, 1, sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	config.ctx = long_paths;
	text_line(&config, &f, line);
	cr_assert(strstr(line, "\\001...+0x2123\n"), "%s", line);
}

Test(trace, mappings_have_the_names_of_proc_maps)
{
	static const char *const names[HV_MAP_KINDS] = {
		[HV_MAP_ANON] = "[anon]", [HV_MAP_FILE] = "/usr/bin/busybox",
		[HV_MAP_HEAP] = "[heap]", [HV_MAP_STACK] = "[stack]",
		[HV_MAP_VDSO] = "[vdso]", [HV_MAP_VVAR] = "[vvar]",
	};
	struct trace_config config = config_of(NULL, false);
	struct hv_fault f = file_record(1);

	for (f.map_kind = 0; f.map_kind < HV_MAP_KINDS; f.map_kind++)
		cr_assert_str_eq(text_mapping_name(&config, &f),
				 names[f.map_kind]);
	cr_assert_str_eq(text_mapping_name(&config, &f), "[unknown]");
	f.map_kind = HV_MAP_FILE;
	f.file = 99;
	cr_assert_str_eq(text_mapping_name(&config, &f), "[file]");
	config.file_path = NULL;
	f.file = 1;
	cr_assert_str_eq(text_mapping_name(&config, &f), "[file]");
}

Test(trace, a_shared_mapping_shows_s)
{
	struct hv_fault f = file_record(1);
	char prot[5];

	f.map_flags = HV_MAPF_SHARED;
	f.map_prot = 0;
	text_prot(&f, prot);
	cr_assert_str_eq(prot, "---s");
}

Test(trace, any_bytes_make_one_line)
{
	struct trace_config config = config_of(NULL, false);
	char line[TEXT_LINE_MAX];
	struct hv_fault f;

	srand(1);
	for (unsigned i = 0; i < 20000; i++) {
		for (size_t j = 0; j < sizeof(f); j++)
			((uint8_t *)&f)[j] = (uint8_t)(rand() >> 7);
		if (i & 1)
			f.map_kind = HV_MAP_FILE, f.file %= 5;
		cr_assert_eq(text_line(&config, &f, line), strlen(line));
		cr_assert_eq(count_lines(line), 1);
	}
	memset(&f, 0xff, sizeof(f));
	text_line(&config, &f, line);
	cr_assert_eq(count_lines(line), 1);
}

Test(trace, every_outcome_has_a_name_of_its_own)
{
	for (unsigned i = 0; i < HV_FAULT_OUTCOMES; i++) {
		const char *name = trace_outcome_name(i);

		cr_assert_str_neq(name, "unknown");
		cr_assert_leq(strlen(name), 12, "the column is 12 wide");
		cr_assert_eq(strspn(name, "abcdefghijklmnopqrstuvwxyz-"),
			     strlen(name));
		for (unsigned j = 0; j < i; j++)
			cr_assert_str_neq(name, trace_outcome_name(j));
	}
	cr_assert_str_eq(trace_outcome_name(HV_FAULT_OUTCOMES), "unknown");
	cr_assert_str_eq(trace_outcome_name(~0u), "unknown");
}

Test(trace, an_unbroken_sequence_loses_nothing)
{
	struct trace_config config = config_of(NULL, false);
	struct trace *t = trace_create(&config);

	for (uint64_t seq = 1; seq <= 100; seq++) {
		struct hv_fault f = anon_record(seq);

		cr_assert_eq(trace_fault(t, &f), 0);
		cr_assert_eq(trace_count(t), seq);
	}
	trace_destroy(t);
}

Test(trace, a_gap_is_an_error_once_and_is_counted)
{
	struct hv_fault f[] = {anon_record(1), anon_record(4), anon_record(5),
			       anon_record(7)};
	struct trace_config config = config_of(NULL, false);
	struct trace *t = trace_create(&config);
	char *text, *said;

	cr_assert_eq(trace_fault(t, &f[0]), 0);
	cr_assert_eq(trace_fault(t, &f[1]), -EPROTO);
	cr_assert_eq(trace_fault(t, &f[2]), 0);
	cr_assert_eq(trace_fault(t, &f[3]), -EPROTO);
	trace_destroy(t);

	said = finish(f, 4, false, &text);
	cr_assert_str_eq(said, "4 faults, 3 lost\n");
	free(said);
	free(text);
}

Test(trace, losing_the_first_record_is_noticed)
{
	struct hv_fault f = anon_record(2);
	char *text, *said = finish(&f, 1, false, &text);

	cr_assert_str_eq(said, "1 faults, 1 lost\n");
	free(said);
	free(text);
}

Test(trace, a_repeated_record_is_an_error_but_not_a_loss)
{
	struct hv_fault f[] = {anon_record(1), anon_record(1), anon_record(2)};
	char *text, *said = finish(f, 3, false, &text);

	cr_assert_str_eq(said, "3 faults, 0 lost, 1 repeated\n");
	free(said);
	free(text);
}

Test(trace, the_log_is_a_header_and_a_line_for_each_fault_in_order)
{
	struct hv_fault f[] = {anon_record(1), file_record(2), anon_record(3)};
	char *text, *said = finish(f, 3, false, &text);

	cr_assert_str_eq(said, "3 faults, 0 lost\n");
	cr_assert_eq(count_lines(text), 4);
	cr_assert(!strncmp(text, text_header, strlen(text_header)));
	cr_assert_lt(strstr(text, "anon-zero"), strstr(text, "file-read"));
	cr_assert_null(strstr(strstr(text, "file-read") + 1, "file-read"));
	free(said);
	free(text);
}

Test(trace, no_faults_still_close_the_log)
{
	char *text, *said = finish(NULL, 0, true, &text);

	cr_assert(strstr(said, "0 faults, 0 lost\n"));
	cr_assert_str_eq(text, text_header);
	free(said);
	free(text);
}

Test(trace, many_lines_pass_the_buffer_whole)
{
	enum { N = 20000 };
	char *text = NULL, *line;
	size_t size;
	FILE *log = open_memstream(&text, &size);
	struct trace_config config = config_of(log, false);
	struct trace *t = trace_create(&config);
	struct hv_fault f = file_record(1);
	unsigned n = 0;

	f.file = 2;
	for (f.seq = 1; f.seq <= N; f.seq++) {
		f.pfn = f.seq;
		cr_assert_eq(trace_fault(t, &f), 0);
	}
	trace_destroy(t);
	fclose(log);
	cr_assert_eq(count_lines(text), N + 1);
	for (line = strchr(text, '\n') + 1; *line;
	     line = strchr(line, '\n') + 1) {
		char *pfn = strstr(line, "file-read");

		cr_assert_eq(strtoull(strstr(pfn, " 0x"), NULL, 16), ++n);
	}
	cr_assert_eq(n, N);
	free(text);
}

Test(trace, a_flush_shows_what_was_logged_so_far)
{
	char *text = NULL;
	size_t size;
	FILE *log = open_memstream(&text, &size);
	struct trace_config config = config_of(log, false);
	struct trace *t = trace_create(&config);
	struct hv_fault f = anon_record(1);

	trace_fault(t, &f);
	trace_flush(t);
	cr_assert_eq(count_lines(text), 2);
	trace_destroy(t);
	fclose(log);
	free(text);
}

Test(trace, a_full_disk_is_reported)
{
	char *said = NULL;
	size_t size;
	FILE *log = fopen("/dev/full", "w"), *out;
	struct trace_config config = config_of(log, false);
	struct trace *t = trace_create(&config);
	struct hv_fault f = anon_record(1);

	cr_assert(log);
	trace_fault(t, &f);
	out = open_memstream(&said, &size);
	trace_finish(t, out);
	fclose(out);
	cr_assert_str_eq(said,
			 "1 faults, 0 lost\nthe log is not complete: No space "
			 "left on device\n");
	trace_destroy(t);
	fclose(log);
	free(said);
}

Test(trace, a_fault_before_the_start_has_time_zero)
{
	struct trace_config config = config_of(NULL, false);
	struct hv_fault f = anon_record(1);
	char line[TEXT_LINE_MAX];

	f.tsc = 999;
	text_line(&config, &f, line);
	cr_assert(!strncmp(line, "   0.000000 ", 12));
}

Test(trace, ticks_do_not_overflow)
{
	cr_assert_eq(text_ticks(0, 3000000, 1000), 0);
	cr_assert_eq(text_ticks(3000, 3000000, 1000), 1);
	cr_assert_eq(text_ticks(1ull << 63, 1ull << 23, 1000),
		     (1ull << 40) * 1000);
	cr_assert_eq(text_ticks(12345, 0, 1000), 0);
}
