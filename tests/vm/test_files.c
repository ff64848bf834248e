/*
 * test_files.c: a program reads all that the user may read, and writes only
 * where --rw lets it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run.h"

TestSuite(files, .fini = scratch_remove);

#define SIZE 300001
static char bytes[SIZE + 1];

static void fill(void)
{
	for (size_t i = 0; i < SIZE; i++)
		bytes[i] = (char)(i * 31 + i / 4096);
}

static void expect_bytes(const struct run *r)
{
	expect_exit(r, 0);
	cr_assert(r->out_len == SIZE && !memcmp(r->out, bytes, SIZE),
		  "%s: %zu bytes, not the %d given; stderr: %s", r->command,
		  r->out_len, SIZE, r->err);
}

VM_TEST(files, a_pipe_a_file_and_a_name_read_the_same)
{
	const char *file = path_in(scratch(), "input");
	const struct run_how by_pipe = {.in = bytes, .in_len = SIZE};
	const struct run_how by_file = {.in_file = file};
	struct run r;

	fill();
	write_file(file, bytes, SIZE);
	run_vmm(&r, &by_pipe, level, ARGS("busybox", "cat"));
	expect_bytes(&r);
	run_free(&r);
	run_vmm(&r, &by_file, level, ARGS("busybox", "cat"));
	expect_bytes(&r);
	run_free(&r);
	run_vmm(&r, NULL, level, ARGS("busybox", "cat", file));
	expect_bytes(&r);
	run_free(&r);
}

VM_TEST(files, names_count_from_the_working_directory)
{
	const struct run_how how = {.dir = scratch()};
	struct run r;

	write_file(path_in(scratch(), "here"), "text\n", 5);
	run_vmm(&r, &how, level, ARGS("busybox", "cat", "here"));
	expect_exit(&r, 0);
	expect_out(&r, "text\n");
	run_free(&r);
}

VM_TEST(files, what_is_missing_is_missing)
{
	struct run r;

	run_vmm(&r, NULL, level, ARGS("busybox", "cat", "/nowhere"));
	expect_exit(&r, 1);
	expect_err(&r, "No such file or directory");
	run_free(&r);
}

/* And vmm says at the end what to do about it. */
VM_TEST(files, outside_the_file_system_is_read_only)
{
	const char *file = path_in(scratch(), "new"), *dir = scratch();
	char advice[64];
	struct run r;

	run_vmm(&r, NULL, level, ARGS("busybox", "touch", file));
	expect_exit(&r, 1);
	expect_err(&r, "Read-only file system");
	expect_err(&r, file);
	snprintf(advice, sizeof(advice), "--rw %s allows it", dir);
	expect_err(&r, advice);
	cr_assert(access(file, F_OK) && errno == ENOENT);
	run_free(&r);
}

VM_TEST(files, nothing_outside_is_changed_or_removed)
{
	const char *file = path_in(scratch(), "kept");
	const char *other = path_in(scratch(), "other");
	const char *const *const tries[] = {
		ARGS("busybox", "rm", "-f", file),
		ARGS("busybox", "mv", file, other),
		ARGS("busybox", "ln", file, other),
		ARGS("busybox", "ln", "-s", file, other),
		ARGS("busybox", "chmod", "0", file),
		ARGS("busybox", "truncate", "-s", "0", file),
		ARGS("busybox", "mkdir", other),
		ARGS("busybox", "dd", "if=/dev/zero", "count=1", "bs=1", NULL),
	};
	char *text;

	write_file(file, "kept\n", 5);
	for (size_t i = 0; i < 7; i++) {
		struct stat st;
		struct run r;

		run_vmm(&r, NULL, level, tries[i]);
		cr_assert(r.status, "%s: done", r.command);
		expect_err(&r, "Read-only file system");
		run_free(&r);
		text = read_file(file, NULL);
		cr_assert_str_eq(text, "kept\n");
		free(text);
		cr_assert(lstat(other, &st) && errno == ENOENT);
		cr_assert(lstat(file, &st) == 0 && st.st_mode & 0400);
	}
}

VM_TEST(files, temporary_files_are_written_and_removed)
{
	struct run r;
	char *end;

	run_vmm(&r, NULL, level, ARGS("busybox", "mktemp", "-p", "/tmp"));
	expect_exit(&r, 0);
	end = strchr(r.out, '\n');
	cr_assert(end && !strncmp(r.out, "/tmp/", 5), "%s", r.out);
	*end = '\0';
	cr_assert(access(r.out, F_OK) && errno == ENOENT);
	expect_err(&r, r.out);
	expect_err(&r, "removed: what the program makes in /tmp is temporary");
	run_free(&r);
}

VM_TEST(files, temporary_files_may_be_forbidden)
{
	struct run r;

	run_vmm(&r, NULL, level,
		ARGS("--no-tmp", "busybox", "mktemp", "-p", "/tmp"));
	expect_exit(&r, 1);
	expect_err(&r, "Read-only file system");
	expect_err(&r, "--rw /tmp allows it");
	run_free(&r);
}

VM_TEST(files, below_a_rw_directory_files_are_written)
{
	const char *dir = scratch(), *file = path_in(dir, "copy");
	const char *from = path_in(dir, "from");
	struct run r;
	size_t len;
	char *copy;

	fill();
	write_file(from, bytes, SIZE);
	run_vmm(&r, NULL, level,
		ARGS("--rw", dir, "busybox", "cp", from, file));
	expect_exit(&r, 0);
	cr_assert(!strstr(r.err, "read-only"), "%s", r.err);
	run_free(&r);
	copy = read_file(file, &len);
	cr_assert(len == SIZE && !memcmp(copy, bytes, SIZE), "%zu bytes", len);
	free(copy);

	run_vmm(&r, NULL, level, ARGS("--rw", dir, "busybox", "rm", file));
	expect_exit(&r, 0);
	cr_assert(access(file, F_OK) && errno == ENOENT);
	run_free(&r);
}

VM_TEST(files, a_rw_directory_holds_its_own_tree_only)
{
	const char *dir = path_in(scratch(), "in");
	const char *twin = path_in(scratch(), "in2");
	const char *up = path_in(dir, "../escaped");
	struct run r;

	cr_assert(!mkdir(dir, 0755) && !mkdir(twin, 0755));
	run_vmm(&r, NULL, level, ARGS("--rw", dir, "busybox", "touch", up));
	expect_exit(&r, 1);
	expect_err(&r, "Read-only file system");
	run_free(&r);
	run_vmm(&r, NULL, level,
		ARGS("--rw", dir, "busybox", "touch", path_in(twin, "x")));
	expect_exit(&r, 1);
	expect_err(&r, "Read-only file system");
	run_free(&r);
	cr_assert(access(path_in(scratch(), "escaped"), F_OK));
	cr_assert(access(path_in(twin, "x"), F_OK));
}

/* Links to a file, to a new file and to a directory; each points out. */
VM_TEST(files, symbolic_links_do_not_lead_out)
{
	const char *dir = path_in(scratch(), "in");
	const char *kept = path_in(scratch(), "kept");
	const char *made = path_in(scratch(), "made");
	const char *const victims[] = {path_in(dir, "to-kept"),
				       path_in(dir, "to-made"),
				       path_in(dir, "to-dir/made")};
	char *text;

	cr_assert(!mkdir(dir, 0755));
	write_file(kept, "kept\n", 5);
	cr_assert(!symlink(kept, victims[0]) && !symlink(made, victims[1]) &&
		  !symlink("..", path_in(dir, "to-dir")));
	for (size_t i = 0; i < 3; i++) {
		char of[512];
		struct run r;

		snprintf(of, sizeof(of), "of=%s", victims[i]);
		run_vmm(&r, NULL, level,
			ARGS("--rw", dir, "busybox", "dd", "if=/etc/passwd",
			     of));
		expect_exit(&r, 1);
		expect_err(&r, "Read-only file system");
		run_free(&r);
		text = read_file(kept, NULL);
		cr_assert_str_eq(text, "kept\n");
		free(text);
		cr_assert(access(made, F_OK));
	}
}

VM_TEST(files, dev_null_may_be_written)
{
	struct run r;

	run_vmm(&r, NULL, level,
		ARGS("busybox", "sh", "-c", "echo lost >/dev/null; echo kept"));
	expect_exit(&r, 0);
	expect_out(&r, "kept\n");
	cr_assert(!strstr(r.err, "read-only"), "%s", r.err);
	run_free(&r);
}

VM_TEST(files, dev_zero_is_read)
{
	expect_as_native(level, NULL,
			 ARGS("busybox", "head", "-c", "100000", "/dev/zero"));
}

/* vmm's own descriptors are not the program's. */
VM_TEST(files, a_program_has_three_descriptors)
{
	const char *file = path_in(scratch(), "log");
	struct run r;

	for (int fd = 3; fd < 40; fd++) {
		char script[64];

		if (level == 0 && fd > 8)
			break;
		snprintf(script, sizeof(script), "echo x >&%d", fd);
		run_vmm(&r, NULL, level,
			ARGS("-o", file, "busybox", "sh", "-c", script));
		cr_assert(r.status && strstr(r.err, "Bad file descriptor"),
			  "%s: %s", r.command, r.err);
		run_free(&r);
	}
}

/* vmm opens files before the program runs: none may become its input. */
VM_TEST(files, what_is_closed_stays_closed)
{
	for (unsigned closed = 1; closed <= 3; closed++) {
		const struct run_how how = {.closed = closed};
		struct run r, native;

		run_native(&native, &how, ARGS("busybox", "cat"));
		run_vmm(&r, &how, level, ARGS("busybox", "cat"));
		expect_same(&r, &native);
		if (closed & 1)
			expect_err(&r, "Bad file descriptor");
		run_free(&r);
		run_free(&native);
	}
	expect_as_native(level, &(struct run_how){.closed = 1},
			 ARGS("busybox", "sh", "-c",
			      "exec </etc/passwd; read x; echo $x"));
}

/* "#!" and one argument; and a script of a script, with its own argument. */
VM_TEST(files, a_script_runs_its_interpreter)
{
	static const char first[] = "#! /bin/busybox  cat\t\nline\n";
	const char *path = path_in(scratch(), "script");
	const char *outer = path_in(scratch(), "outer");
	char line[4096];

	write_file(path, first, sizeof(first) - 1);
	cr_assert(chmod(path, 0755) == 0);
	expect_as_native(level, NULL, ARGS(path, "/etc/hostname"));
	snprintf(line, sizeof(line), "#!%s %s\n", path, "/etc/hostname");
	write_file(outer, line, strlen(line));
	cr_assert(chmod(outer, 0755) == 0);
	if (strlen(line) < 256)
		expect_as_native(level, NULL, ARGS(outer, path));
}
