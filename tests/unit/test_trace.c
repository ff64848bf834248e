/*
 * test_trace.c: is every record in the log, and is a missing one noticed?
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "outcome.h"
#include "test_trace.h"
#include "text.h"
#include "trace.h"

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

Test(trace, every_outcome_has_a_name_of_its_own)
{
	for (unsigned i = 0; i < HV_FAULT_OUTCOMES; i++) {
		const char *name = outcome_name(i);

		cr_assert_str_neq(name, "unknown");
		cr_assert_leq(strlen(name), 12, "the column is 12 wide");
		cr_assert_eq(strspn(name, "abcdefghijklmnopqrstuvwxyz-"),
			     strlen(name));
		for (unsigned j = 0; j < i; j++)
			cr_assert_str_neq(name, outcome_name(j));
	}
	cr_assert_str_eq(outcome_name(HV_FAULT_OUTCOMES), "unknown");
	cr_assert_str_eq(outcome_name(~0u), "unknown");
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
	enum { N = 5000 };
	FILE *log = tmpfile();
	struct trace_config config = config_of(log, false);
	struct trace *t = trace_create(&config);
	struct hv_fault f = file_record(1);
	char line[TEXT_LINE_MAX];
	unsigned n = 0, wrong = 0;

	for (f.seq = 1; f.seq <= N; f.seq++) {
		f.pfn = f.seq;
		wrong += trace_fault(t, &f) != 0;
	}
	trace_destroy(t);
	rewind(log);
	cr_assert_not_null(fgets(line, sizeof(line), log));
	cr_assert_str_eq(line, text_header);
	while (fgets(line, sizeof(line), log)) {
		const char *pfn = strstr(line, "40.00");

		wrong += !pfn || strtoull(pfn + 5, NULL, 16) != ++n;
	}
	cr_assert_gt(ftell(log), 2l * (256 << 10), "more than one buffer");
	cr_assert_eq(n, N);
	cr_assert_eq(wrong, 0);
	fclose(log);
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
	cr_assert_eq(trace_error(t), 0);
	trace_finish(t, out);
	fclose(out);
	cr_assert_str_eq(said, "1 faults, 0 lost\n");
	cr_assert_eq(trace_error(t), ENOSPC);
	trace_destroy(t);
	fclose(log);
	free(said);
}

/* The end of the log after these records, some of which may be lost. */
static char *end_of_log(const struct hv_fault *records, size_t nr)
{
	char *text = NULL, *line;
	size_t size;
	FILE *log = open_memstream(&text, &size);
	struct trace_config config = config_of(log, false);
	struct trace *t = trace_create(&config);

	for (size_t i = 0; i < nr; i++)
		trace_fault(t, &records[i]);
	trace_end(t);
	trace_destroy(t);
	fclose(log);
	cr_assert_eq(count_lines(text), nr + 2);
	line = strdup(strstr(text, "# end"));
	free(text);
	return line;
}

Test(trace, the_last_line_says_that_the_log_is_whole)
{
	struct hv_fault f[] = {anon_record(1), anon_record(3)};
	char *end = end_of_log(f, 1);

	cr_assert_str_eq(end, "# end: 1 faults, 0 lost\n");
	free(end);
	end = end_of_log(f, 2);
	cr_assert_str_eq(end, "# end: 2 faults, 1 lost\n");
	free(end);
}

/* The disk is full for the records, and has room again for the end. */
Test(trace, a_log_that_could_not_be_written_gets_no_end)
{
	FILE *log = tmpfile(), *full = fopen("/dev/full", "w");
	struct trace_config config = config_of(log, false);
	struct trace *t = trace_create(&config);
	struct hv_fault f = anon_record(1);
	int room = dup(fileno(log));

	cr_assert(full && room >= 0);
	trace_fault(t, &f);
	cr_assert(dup2(fileno(full), fileno(log)) >= 0);
	trace_flush(t);
	cr_assert_eq(trace_error(t), ENOSPC);
	cr_assert(dup2(room, fileno(log)) >= 0);
	trace_end(t);
	cr_assert_eq(lseek(room, 0, SEEK_END), 0);
	trace_destroy(t);
	fclose(full);
	fclose(log);
	close(room);
}
