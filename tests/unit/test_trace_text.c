/*
 * test_trace_text.c: does a line say exactly what its record says?
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "hv_fault.h"
#include "hv_map.h"
#include "test_trace.h"
#include "text.h"

static void assert_line(const struct hv_fault *f, const char *expected)
{
	struct trace_config config = config_of(NULL, false);
	char line[TEXT_LINE_MAX];
	size_t len = text_line(&config, f, line);

	cr_assert_eq(len, strlen(line));
	cr_assert_str_eq(line, expected);
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

Test(trace_text, an_anonymous_fault_is_this_line)
{
	struct hv_fault f = anon_record(1);

	assert_line(&f,
		    "   1.234567     100/100 0x7ffff7ff8010 user:w  -       "
		    "0x401234 anon-zero        12.34    0x1a2b   0         -   "
		    "   - rw-p [anon]+0x10\n");
}

Test(trace_text, a_file_fault_shows_base_name_and_file_offset)
{
	struct hv_fault f = file_record(1);

	assert_line(&f,
		    "   0.000005     100/101       0x402123 user:x  M       "
		    "0x402123 file-read        40.00     0x200   0         -   "
		    " +15 r-xp busybox+0x2123\n");
}

Test(trace_text, a_copy_shows_the_old_frame)
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

Test(trace_text, a_fault_outside_any_mapping_has_dashes)
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

Test(trace_text, columns_stand_below_their_titles)
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

Test(trace_text, every_line_has_as_many_fields_as_the_header_but_the_function)
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

Test(trace_text, control_characters_and_blanks_in_names_are_octal)
{
	struct hv_fault f = file_record(1);
	struct trace_config config = config_of(NULL, false);
	char line[TEXT_LINE_MAX];

	f.file = 2;
	text_line(&config, &f, line);
	cr_assert(strstr(line, " a\\040b\\012\\033[1m+0x2123\n"), "%s", line);
	cr_assert_eq(count_lines(line), 1);
	f.file = 3;
	text_line(&config, &f, line);
	cr_assert(strstr(line, " \\177\\377\\134+0x2123\n"), "%s", line);
}

Test(trace_text, long_names_are_cut)
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

Test(trace_text, mappings_have_the_names_of_proc_maps)
{
	static const char *const names[HV_MAP_KINDS] = {
		[HV_MAP_ANON] = "[anon]",
		[HV_MAP_FILE] = "/usr/bin/busybox",
		[HV_MAP_HEAP] = "[heap]",
		[HV_MAP_STACK] = "[stack]",
		[HV_MAP_VDSO] = "[vdso]",
		[HV_MAP_VVAR] = "[vvar]",
		[HV_MAP_VCLOCK] = "[vvar_vclock]",
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

Test(trace_text, a_shared_mapping_shows_s)
{
	struct hv_fault f = file_record(1);
	char prot[5];

	f.map_flags = HV_MAPF_SHARED;
	f.map_prot = 0;
	text_prot(&f, prot);
	cr_assert_str_eq(prot, "---s");
}

Test(trace_text, any_bytes_make_one_line)
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

Test(trace_text, a_fault_before_the_start_has_time_zero)
{
	struct trace_config config = config_of(NULL, false);
	struct hv_fault f = anon_record(1);
	char line[TEXT_LINE_MAX];

	f.tsc = 999;
	text_line(&config, &f, line);
	cr_assert(!strncmp(line, "   0.000000 ", 12));
}

Test(trace_text, ticks_do_not_overflow)
{
	cr_assert_eq(text_ticks(0, 3000000, 1000), 0);
	cr_assert_eq(text_ticks(3000, 3000000, 1000), 1);
	cr_assert_eq(text_ticks(1ull << 63, 1ull << 23, 1000),
		     (1ull << 40) * 1000);
	cr_assert_eq(text_ticks(12345, 0, 1000), 0);
}
