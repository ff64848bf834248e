/*
 * test_logfile.c: what does -o do to files that were there, is the log written
 * while the program runs, and is a log that was cut seen as such?
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "run.h"

TestSuite(logfile, .init = need_kvm, .fini = scratch_remove);

static const char *in_scratch(const char *name)
{
	return path_in(scratch(), name);
}

static void holds(const char *path, const char *text)
{
	char *bytes = read_file(path, NULL);

	cr_assert_str_eq(bytes, text);
	free(bytes);
}

/* ---- what is overwritten --------------------------------------------------
 */

static void copy_of(const char *from, const char *to)
{
	size_t len;
	char *bytes = read_file(from, &len);

	write_file(to, bytes, len);
	cr_assert(chmod(to, 0755) == 0);
	free(bytes);
}

static void refused(const struct run_how *how, const char *says,
		    const char *const *args)
{
	struct run r;

	run_vmm_plain(&r, how, args);
	expect_exit(&r, 125);
	expect_out(&r, "");
	expect_err_line(&r, says);
	run_free(&r);
}

Test(logfile, the_program_is_not_overwritten)
{
	const char *program = in_scratch("hello"), *link = in_scratch("link");
	struct stat before, after;

	copy_of(image("hello"), program);
	cr_assert(stat(program, &before) == 0);
	refused(NULL, "would overwrite", ARGS("-o", program, program));
	cr_assert(symlink(program, link) == 0);
	refused(NULL, "would overwrite", ARGS("-o", link, program));
	cr_assert(stat(program, &after) == 0);
	cr_assert_eq(before.st_size, after.st_size);
}

Test(logfile, a_script_is_not_overwritten)
{
	static const char text[] = "#!/bin/busybox sh\necho hi\n";
	const char *script = in_scratch("script"), *path;
	char variable[300];

	write_file(script, text, strlen(text));
	cr_assert(chmod(script, 0755) == 0);
	refused(NULL, "script, which the program is given",
		ARGS("-o", script, script));
	path = scratch();
	snprintf(variable, sizeof(variable), "PATH=%s", path);
	refused(NULL, "would overwrite",
		ARGS("-E", variable, "-o", script, "script"));
	holds(script, text);
}

Test(logfile, a_script_of_a_script_is_not_overwritten)
{
	const char *inner = in_scratch("inner"), *outer = in_scratch("outer");
	static const char text[] = "#!/bin/busybox sh\necho hi\n";
	char line[300];

	write_file(inner, text, strlen(text));
	snprintf(line, sizeof(line), "#!%s\n", inner);
	write_file(outer, line, strlen(line));
	cr_assert(chmod(inner, 0755) == 0 && chmod(outer, 0755) == 0);
	refused(NULL, "inner, which the program is given",
		ARGS("-o", inner, outer));
	holds(inner, text);
	refused(NULL, "outer, which the program is given",
		ARGS("-o", outer, outer));
	holds(outer, line);
}

Test(logfile, input_is_not_overwritten)
{
	const char *input = in_scratch("input");
	const struct run_how how = {.in_file = input};

	write_file(input, "data\n", 5);
	refused(&how, "overwrite standard input",
		ARGS("-o", input, "busybox", "cat"));
	refused(NULL, "input, which the program is given",
		ARGS("-o", input, "busybox", "cat", input));
	holds(input, "data\n");
}

/* By the shell: the descriptor is inherited. */
Test(logfile, an_open_file_is_not_overwritten)
{
	const char *file = in_scratch("file");
	struct run r;

	write_file(file, "data\n", 5);
	run_native(&r, NULL,
		   ARGS("busybox", "sh", "-c",
			"exec \"$0\" -o \"$1\" busybox true 9<\"$1\"",
			run_vmm_path(), file));
	expect_exit(&r, 125);
	expect_err_line(&r, "in use, as descriptor 9");
	holds(file, "data\n");
	run_free(&r);
}

Test(logfile, any_other_file_is_replaced)
{
	const char *file = in_scratch("file");
	char long_text[60000];
	struct log log;
	struct run r;
	char *text;

	memset(long_text, 'x', sizeof(long_text));
	write_file(file, long_text, sizeof(long_text));
	run_vmm_plain(&r, NULL, ARGS("-o", file, image("hello")));
	expect_exit(&r, 0);
	text = read_file(file, NULL);
	log_read_closed(&log, text);
	log_free(&log);
	free(text);
	run_free(&r);
}

/* Both in one file: what is there stays, and the log is whole in it. */
Test(logfile, the_file_of_standard_output_is_shared)
{
	static const char script[] = "echo before >\"$1\"; exec \"$0\" -q -o "
				     "\"$2\" busybox echo hi >>\"$1\"";
	const char *file = in_scratch("file");
	const char *const names[] = {file, "/dev/stdout"};

	for (int i = 0; i < 2; i++) {
		struct run r;
		char *text;

		run_native(&r, NULL,
			   ARGS("busybox", "sh", "-c", script, run_vmm_path(),
				file, names[i]));
		expect_exit(&r, 0);
		text = read_file(file, NULL);
		cr_assert(!strncmp(text, "before\n#", 8), "%.100s", text);
		cr_assert(strstr(text, "\nhi\n"), "%s", text);
		cr_assert(strstr(text, "\n# end: "), "%s", text);
		free(text);
		run_free(&r);
	}
}

Test(logfile, a_pipe_gets_the_whole_log)
{
	struct log log;
	struct run r;

	run_vmm_plain(&r, NULL,
		      ARGS("-q", "-o", "/dev/stdout", "busybox", "true"));
	expect_exit(&r, 0);
	log_read_closed(&log, r.out);
	log_free(&log);
	run_free(&r);
}

/* ---- while the program runs -----------------------------------------------
 */

/*
 * Runs the program that never ends until the log has the three faults of its
 * main, then ends vmm by SIGNAL. Without a flush by time they never come.
 */
static const char watch[] =
	"rm -f log\n"
	"\"$VMM\" --trace-mode=$MODE -o log \"$SPIN\" $HOW & vmm=$!\n"
	"i=0\n"
	"while [ $i -lt 200 ]; do\n"
	"	[ \"$(grep -c 'anon-zero.* main+' log)\" = 3 ] && break\n"
	"	sleep 0.1; i=$((i + 1))\n"
	"done 2>/dev/null\n"
	"[ $i -lt 200 ] && echo in time\n"
	"kill -$SIGNAL $vmm; wait $vmm 2>/dev/null; exit 0\n";

static void watch_log(const char *mode, const char *how, const char *signal,
		      bool whole)
{
	const struct run_how in = {.dir = scratch()};
	const char *spin = path_in(image("."), "../vm/guest/spin");
	char env[5][600], *text;
	struct log log;
	struct run r;

	snprintf(env[0], sizeof(env[0]), "VMM=%s", run_vmm_path());
	snprintf(env[1], sizeof(env[1]), "SPIN=%s", spin);
	snprintf(env[2], sizeof(env[2]), "MODE=%s", mode);
	snprintf(env[3], sizeof(env[3]), "HOW=%s", how);
	snprintf(env[4], sizeof(env[4]), "SIGNAL=%s", signal);
	run_native(&r, &in,
		   ARGS("busybox", "env", env[0], env[1], env[2], env[3],
			env[4], "sh", "-c", watch));
	expect_out(&r, "in time\n");
	text = read_file(in_scratch("log"), NULL);
	log_read(&log, text);
	cr_assert_eq(log.closed, whole, "%s", text);
	cr_assert(log.n >= 3);
	log_free(&log);
	free(text);
	run_free(&r);
}

Test(logfile, it_is_written_while_the_program_computes)
{
	watch_log("trap", "compute", "TERM", true);
	watch_log("ring", "compute", "TERM", true);
}

Test(logfile, it_is_written_while_the_program_blocks)
{
	watch_log("trap", "block", "TERM", true);
	watch_log("ring", "block", "TERM", true);
}

Test(logfile, one_that_was_cut_has_no_end)
{
	watch_log("trap", "compute", "KILL", false);
	watch_log("ring", "block", "KILL", false);
}
