/*
 * test_log.c: the log says what the program did: no more, no less, in order.
 *
 * That it says what Linux would have done is tests/native's affair.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "page_size.h"
#include "run.h"

TestSuite(log, .fini = scratch_remove);

/* Run with --trace and read stderr; the run stays for more questions. */
static void trace(struct log *log, struct run *r, int level,
		  const char *const *args)
{
	const char *all[16] = {"--trace"};

	for (size_t n = 1; *args && n < 15; n++)
		all[n] = *args++;
	run_vmm(r, NULL, level, all);
	log_read_closed(log, r->err);
}

VM_TEST(log, every_line_is_well_formed_and_counted)
{
	struct log log;
	struct run r;

	trace(&log, &r, level, ARGS(image("hello")));
	expect_exit(&r, 0);
	cr_assert(log.n > 5, "%zu lines", log.n);
	log_free(&log);
	run_free(&r);
}

VM_TEST(log, output_is_untouched)
{
	struct log log;
	struct run r;

	trace(&log, &r, level, ARGS(image("cow"), "8"));
	expect_exit(&r, 0);
	expect_out(&r, "zeros 8, ones 8, file unchanged 1\n");
	log_free(&log);
	run_free(&r);
}

VM_TEST(log, times_ascend_and_pids_are_one)
{
	struct log log;
	struct run r;

	trace(&log, &r, level, ARGS(image("touch"), "20"));
	for (size_t i = 0; i < log.n; i++) {
		const struct log_line *l = &log.line[i];

		cr_assert(l->pid == log.line[0].pid && l->tid == l->pid);
		if (i)
			cr_assert(l->time >= l[-1].time, "line %zu: %f, %f", i,
				  l[-1].time, l->time);
	}
	cr_assert(log.line[log.n - 1].time < run_seconds());
	log_free(&log);
	run_free(&r);
}

/*
 * Linux brings them in by get_user_pages, which perf does not count. They lie
 * in the last page of the stack; the program reads its arguments there.
 */
VM_TEST(log, strings_of_execve_take_no_fault)
{
	struct log log;
	struct run r;

	trace(&log, &r, level, ARGS(image("hello")));
	for (size_t i = 0; i < log.n; i++)
		cr_assert(strcmp(log.line[i].mapping, "[stack]") ||
				  log.line[i].offset < 0x20000,
			  "%#" PRIx64, log.line[i].offset);
	cr_assert_gt(log_count(&log, "anon-zero", "[stack]"), 0);
	log_free(&log);
	run_free(&r);
}

/* The pages of the one mmap: N records, ascending, each a frame of its own. */
VM_TEST(log, each_page_touched_is_one_anon_zero)
{
	uint64_t n = 0, next = 0, frame = 0;
	struct log log;
	struct run r;

	trace(&log, &r, level, ARGS(image("touch"), "100"));
	for (size_t i = 0; i < log.n; i++) {
		const struct log_line *l = &log.line[i];

		if (!log_is_mmap(l))
			continue;
		cr_assert_str_eq(l->outcome, "anon-zero");
		cr_assert_str_eq(l->access, "user:w");
		cr_assert_str_eq(l->prot, "rw-p");
		cr_assert_str_eq(l->function, "main");
		cr_assert(l->offset == n * PAGE, "%#" PRIx64, l->offset);
		cr_assert(!n || l->addr == next);
		cr_assert(l->frame && l->frame != frame && !l->old_frame);
		frame = l->frame;
		next = l->addr + PAGE;
		n++;
	}
	cr_assert(n == 100, "%" PRIu64 " records", n);
	log_free(&log);
	run_free(&r);
}

VM_TEST(log, without_a_zero_page_a_page_read_first_is_its_own)
{
	struct log log;
	struct run r;

	trace(&log, &r, level,
	      ARGS("--zero-page=off", image("touch"), "50", "read"));
	cr_assert_eq(log_count(&log, "zero-page", NULL), 0);
	cr_assert_eq(log_count(&log, "cow", NULL), 0);
	for (size_t i = 0; i < log.n; i++)
		cr_assert(!log_is_mmap(&log.line[i]) ||
			  !strcmp(log.line[i].outcome, "anon-zero"));
	log_free(&log);
	run_free(&r);
}

VM_TEST(log, a_page_read_first_is_zero_page_and_then_cow)
{
	uint64_t zeros = 0, cows = 0, zero_frame = 0;
	struct log log;
	struct run r;

	trace(&log, &r, level,
	      ARGS("--zero-page=on", image("touch"), "50", "read"));
	for (size_t i = 0; i < log.n; i++) {
		const struct log_line *l = &log.line[i];

		if (!log_is_mmap(l))
			continue;
		if (zeros < 50) {
			cr_assert_str_eq(l->outcome, "zero-page");
			cr_assert_str_eq(l->access, "user:r");
			cr_assert(!zeros || l->frame == zero_frame);
			cr_assert(l->offset == zeros++ * PAGE);
			zero_frame = l->frame;
		} else {
			cr_assert_str_eq(l->outcome, "cow");
			cr_assert_str_eq(l->access, "user:w");
			cr_assert(l->old_frame == zero_frame);
			cr_assert(l->frame && l->frame != zero_frame);
			cr_assert(l->offset == cows++ * PAGE);
		}
	}
	cr_assert(zero_frame && zeros == 50 && cows == 50);
	log_free(&log);
	run_free(&r);
}

/* 1024 levels of a little more than 1 KiB: 256 pages, and some below 280. */
VM_TEST(log, recursion_goes_down_the_stack_a_page_a_fault)
{
	uint64_t last = UINT64_MAX;
	struct log log;
	struct run r;
	size_t n = 0;

	trace(&log, &r, level, ARGS(image("stack"), "1024"));
	for (size_t i = 0; i < log.n; i++) {
		const struct log_line *l = &log.line[i];

		if (strcmp(l->function, "descend"))
			continue;
		cr_assert_str_eq(l->mapping, "[stack]");
		cr_assert(!strcmp(l->outcome, "stack-growth") ||
				  !strcmp(l->outcome, "anon-zero"),
			  "%s", l->outcome);
		cr_assert(n == 0 || (last & -PAGE) - (l->addr & -PAGE) == PAGE,
			  "%#" PRIx64 " after %#" PRIx64, l->addr, last);
		last = l->addr;
		n++;
	}
	cr_assert(n >= 250 && n < 280, "%zu", n);
	/* Linux maps 132 KiB at first: the rest is growth. */
	cr_assert(log_count(&log, "stack-growth", "[stack]") >= 200);
	log_free(&log);
	run_free(&r);
}

VM_TEST(log, a_bad_pointer_is_segv_maperr_in_no_mapping)
{
	const struct log_line *last;
	struct log log;
	struct run r;

	trace(&log, &r, level, ARGS(image("badptr"), "0x1234"));
	expect_signal(&r, SIGSEGV);
	last = &log.line[log.n - 1];
	cr_assert_str_eq(last->outcome, "segv-maperr");
	cr_assert_str_eq(last->access, "user:r");
	cr_assert_str_eq(last->mapping, "-");
	cr_assert_str_eq(last->prot, "-");
	cr_assert(last->addr == 0x1234 && !last->frame);
	cr_assert(log_count(&log, "segv-maperr", NULL) == 1);
	log_free(&log);
	run_free(&r);
}

VM_TEST(log, a_guard_marker_is_segv_guard_in_its_mapping)
{
	const struct log_line *last = NULL;
	struct log log;
	struct run r;

	trace(&log, &r, level, ARGS(image("guard")));
	expect_exit(&r, 0);
	expect_out(&r, "24576 bytes, 1 mapping\n");
	cr_assert_eq(log_count(&log, "segv-guard", "[anon]"), 1);
	for (size_t i = 0; i < log.n; i++)
		if (!strcmp(log.line[i].outcome, "segv-guard"))
			last = &log.line[i];
	cr_assert_str_eq(last->access, "user:w");
	cr_assert_str_eq(last->prot, "rw-p");
	cr_assert_str_eq(last->function, "main");
	cr_assert(!last->frame);
	log_free(&log);
	run_free(&r);
}

VM_TEST(log, a_write_to_code_is_segv_accerr_in_its_mapping)
{
	const struct log_line *last;
	struct log log;
	struct run r;

	trace(&log, &r, level, ARGS(image("rotext")));
	expect_signal(&r, SIGSEGV);
	last = &log.line[log.n - 1];
	cr_assert_str_eq(last->outcome, "segv-accerr");
	cr_assert_str_eq(last->access, "user:w");
	cr_assert_str_eq(last->mapping, "rotext");
	cr_assert_str_eq(last->prot, "r-xp");
	cr_assert_str_eq(last->function, "main");
	cr_assert(log_count(&log, "segv-accerr", NULL) == 1);
	log_free(&log);
	run_free(&r);
}

/* Program text is never written; [heap] and [anon] never come from a file, the
 * program, [vdso] and [vvar] always. */
VM_TEST(log, outcomes_fit_their_mappings)
{
	struct log log;
	struct run r;

	trace(&log, &r, level, ARGS(image("malloc128")));
	for (size_t i = 0; i < log.n; i++) {
		const struct log_line *l = &log.line[i];
		bool file = !strncmp(l->outcome, "file-", 5);
		bool anon = l->mapping[0] == '[' && l->mapping[1] != 'v';

		cr_assert(file != anon, "%s in %s", l->outcome, l->mapping);
		cr_assert(l->access[5] != 'w' || l->prot[1] == 'w');
		cr_assert(l->access[5] != 'x' || l->prot[2] == 'x');
		cr_assert(l->frame, "line %zu", i);
		cr_assert(!l->around || !strcmp(l->outcome, "file-read"));
		cr_assert(l->around <= 15);
	}
	cr_assert(log_count(&log, "anon-zero", "[heap]") >= 4);
	log_free(&log);
	run_free(&r);
}

/* 64 pages of a mapped file, and no fault-around: a fault for each. */
VM_TEST(log, without_fault_around_each_file_page_is_a_fault)
{
	static char bytes[64 * PAGE];
	const char *file = path_in(scratch(), "mapped");
	size_t single, around = 0;
	struct log log;
	struct run r;

	write_file(file, bytes, sizeof(bytes));
	trace(&log, &r, level,
	      ARGS("--fault-around=4K", image("filemap"), file));
	single = log_count(&log, "file-read", "mapped");
	cr_assert(single == 64, "%zu", single);
	for (size_t i = 0; i < log.n; i++)
		cr_assert(!log.line[i].around);
	log_free(&log);
	run_free(&r);

	trace(&log, &r, level, ARGS(image("filemap"), file));
	for (size_t i = 0; i < log.n; i++)
		if (!strcmp(log.line[i].mapping, "mapped"))
			around += 1 + log.line[i].around;
	cr_assert(log_count(&log, NULL, "mapped") <= 5);
	cr_assert(around == 64, "%zu pages", around);
	log_free(&log);
	run_free(&r);
}

VM_TEST(log, a_log_file_holds_the_records_and_stderr_the_count)
{
	const char *file = path_in(scratch(), "log");
	uint64_t counted = 0;
	struct log log;
	struct run r;
	char *text;

	run_vmm(&r, NULL, level, ARGS("-o", file, image("touch"), "20"));
	expect_out(&r, "20\n");
	text = read_file(file, NULL);
	log_read_closed(&log, text);
	cr_assert(sscanf(r.err, "%" SCNu64 " faults, 0 lost\n", &counted) == 1,
		  "%s", r.err);
	cr_assert(counted == log.n, "%" PRIu64 ", %zu", counted, log.n);
	free(text);
	log_free(&log);
	run_free(&r);
}

/* The column "faults" of both total rows; the count; all the same number. */
VM_TEST(log, the_summary_adds_up_to_the_count)
{
	const char *file = path_in(scratch(), "log");
	uint64_t counted = 0, outcomes = 0, mappings = 0;
	const char *line;
	struct log log;
	struct run r;
	char *text;

	run_vmm(&r, NULL, level, ARGS("-c", "-o", file, image("touch"), "20"));
	text = read_file(file, NULL);
	log_read(&log, text);
	line = strstr(r.err, " total\n");
	cr_assert(line, "%s", r.err);
	while (line > r.err && line[-1] != '\n')
		line--;
	cr_assert(sscanf(line, "%*f %*f %*f %" SCNu64, &outcomes) == 1);
	line = strstr(strstr(line, " total\n") + 1, " total\n");
	cr_assert(line, "%s", r.err);
	while (line[-1] != '\n')
		line--;
	cr_assert(sscanf(line, "%*f %" SCNu64, &mappings) == 1, "%s", line);
	line = strstr(r.err, " faults, 0 lost\n");
	cr_assert(line, "%s", r.err);
	while (line[-1] != '\n')
		line--;
	counted = strtoull(line, NULL, 10);
	cr_assert(counted == log.n && outcomes == log.n && mappings == log.n,
		  "%" PRIu64 " %" PRIu64 " %" PRIu64 " %zu", counted, outcomes,
		  mappings, log.n);
	free(text);
	log_free(&log);
	run_free(&r);
}

VM_TEST(log, without_tracing_nothing_is_said)
{
	struct run r;

	run_vmm_plain(&r, NULL,
		      ARGS(level ? "--kernel-cpl=3" : "--kernel-cpl=0",
			   image("hello")));
	expect_out(&r, "hello 42\n");
	cr_assert_str_eq(r.err, "");
	run_free(&r);
}

VM_TEST(log, quiet_leaves_out_the_closing_lines)
{
	const char *file = path_in(scratch(), "log");
	struct run r;

	run_vmm_plain(&r, NULL,
		      ARGS(level ? "--kernel-cpl=3" : "--kernel-cpl=0", "-q",
			   "-o", file, image("hello")));
	expect_out(&r, "hello 42\n");
	cr_assert_str_eq(r.err, "");
	run_free(&r);
}

/* What the kernel counted itself, by --check, is what was logged. */
VM_TEST(log, the_kernel_counted_as_many_faults)
{
	unsigned long counted = 0;
	struct log log;
	const char *at;
	struct run r;

	trace(&log, &r, level, ARGS(image("touch"), "20", "read"));
	at = strstr(r.err, " slab objects, ");
	cr_assert(at && sscanf(at, " slab objects, %lu faults", &counted) == 1,
		  "%s", r.err);
	cr_assert(counted == log.n, "%lu, %zu", counted, log.n);
	log_free(&log);
	run_free(&r);
}

/* Memory runs out: said in the log, and nothing is lost even then. */
Test(log, the_last_frame_is_followed_by_oom, .init = need_kvm)
{
	struct log log;
	struct run r;

	trace(&log, &r, 3, ARGS("-m", "16M", image("touch"), "10000"));
	expect_signal(&r, SIGKILL);
	expect_out(&r, "");
	cr_assert_str_eq(log.line[log.n - 1].outcome, "oom");
	cr_assert(log_count(&log, "oom", NULL) == 1);
	cr_assert(log_count(&log, "anon-zero", "[anon]") > 2000);
	log_free(&log);
	run_free(&r);
}

VM_TEST(log, a_log_that_cannot_be_written_is_said_so)
{
	struct run r;

	run_vmm(&r, NULL, level, ARGS("-o", "/dev/full", image("hello")));
	expect_out(&r, "hello 42\n");
	expect_err(&r, "the log is not complete: No space left on device\n");
	run_free(&r);
}

/* By whichever signal vmm is ended: the log says so, and is whole. */
Test(log, a_signal_from_outside_leaves_the_log_whole, .init = need_kvm)
{
	static const struct {
		const char *name;
		int sig;
	} signals[] = {{"TERM", SIGTERM}, {"ALRM", SIGALRM}, {"USR1", SIGUSR1}};
	char command[1024];

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		struct run r;

		snprintf(command, sizeof(command),
			 "%s --trace --dump=maps busybox sleep 30 & sleep 1; "
			 "kill -%s $!; wait $!",
			 run_vmm_path(), signals[i].name);
		run_native(&r, NULL, ARGS("busybox", "sh", "-c", command));
		expect_exit(&r, 128 + signals[i].sig);
		expect_err(&r, " faults, 0 lost\n");
		expect_err(&r, "ended by a signal");
		expect_err(&r, "(from outside: nothing is dumped");
		run_free(&r);
	}
}
