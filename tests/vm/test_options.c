/*
 * test_options.c: the command line: what each option does, and that a wrong one
 * costs one line on stderr and status 125.
 */
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "run.h"

TestSuite(options, .fini = scratch_remove);

/* ---- without a guest ------------------------------------------------------
 */

static void help_fits_a_terminal(const char *option)
{
	size_t lines = 0, width = 0, longest = 0;
	struct run r;

	run_vmm_plain(&r, NULL, ARGS(option));
	expect_exit(&r, 0);
	cr_assert_str_eq(r.err, "");
	for (const char *p = r.out; *p; p++) {
		width = *p == '\n' ? 0 : width + 1;
		lines += *p == '\n';
		longest = width > longest ? width : longest;
	}
	cr_assert(lines > 10 && lines < 40, "%zu lines", lines);
	cr_assert(longest <= 80, "%zu columns", longest);
	cr_assert(!strncmp(r.out, "Usage: vmm ", 11), "%s", r.out);
	run_free(&r);
}

Test(options, help_goes_to_stdout_and_fits_a_terminal)
{
	help_fits_a_terminal("-h");
	help_fits_a_terminal("--help");
}

Test(options, version_is_one_line)
{
	struct run r;

	run_vmm_plain(&r, NULL, ARGS("-V"));
	expect_exit(&r, 0);
	cr_assert(!strncmp(r.out, "vmm ", 4) && r.out[4] >= '0' &&
			  r.out[4] <= '9' && r.out[r.out_len - 1] == '\n' &&
			  strchr(r.out, '\n') == r.out + r.out_len - 1,
		  "%s", r.out);
	cr_assert_str_eq(r.err, "");
	run_free(&r);
}

/* The line names what is wrong. */
static void refused(const char *names, const char *const *args)
{
	struct run r;

	run_vmm_plain(&r, NULL, args);
	expect_exit(&r, 125);
	expect_out(&r, "");
	expect_err_line(&r, names);
	run_free(&r);
}

Test(options, no_program_is_refused)
{
	refused("--help", (const char *const[]){NULL});
	refused("--help", ARGS("--trace"));
	refused("--help", ARGS("--"));
}

Test(options, unknown_options_are_refused)
{
	refused("--bogus", ARGS("--bogus", "true"));
	refused("-Z", ARGS("-Z", "true"));
	refused("-Z", ARGS("-qZ", "true"));
	refused("--trace", ARGS("--trace=3", "true"));
	refused("-", ARGS("-c1", "true"));
}

Test(options, missing_values_are_refused)
{
	refused("-m", ARGS("-m"));
	refused("--aslr", ARGS("--aslr"));
	refused("--rw", ARGS("--rw"));
}

Test(options, sizes_that_are_none_are_refused)
{
	refused("-m 1K", ARGS("-m", "1K", "true"));
	refused("-m 0", ARGS("-m", "0", "true"));
	refused("-m -1", ARGS("-m", "-1", "true"));
	refused("-m x", ARGS("-m", "x", "true"));
	refused("-m 1GG", ARGS("-m", "1GG", "true"));
	refused("-m 15M", ARGS("-m", "15M", "true"));
	refused("-m 2T", ARGS("-m", "2T", "true"));
	refused("-m 99999999999T", ARGS("-m", "99999999999T", "true"));
	refused("--fault-around", ARGS("--fault-around=5000", image("hello")));
	refused("--fault-around", ARGS("--fault-around=2M", image("hello")));
}

Test(options, other_wrong_values_are_refused)
{
	refused("--kernel-cpl 1", ARGS("--kernel-cpl=1", "true"));
	refused("--aslr x", ARGS("--aslr=x", "true"));
	refused("below 2^64", ARGS("--aslr=18446744073709551616", "true"));
	refused("--thp yes", ARGS("--thp=yes", "true"));
	refused("--folios yes", ARGS("--folios=yes", "true"));
	refused("-E =x: a variable", ARGS("-E", "=x", "true"));
	refused("-E : a variable", ARGS("-E", "", "true"));
	refused("-C /nowhere", ARGS("-C", "/nowhere", "true"));
}

/* Nor any who is not root; who is keeps the right to open the files. */
Test(options, folios_of_the_host_are_not_for_root_without_capability)
{
	prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN);
	refused("--folios=host: /proc/", ARGS("--folios=host", image("hello")));
	refused("run vmm as root, or with --folios=single",
		ARGS("--folios=host", image("hello")));
}

Test(options, files_that_cannot_be_are_refused, .init = need_kvm)
{
	refused("/nowhere", ARGS("--rw", "/nowhere", image("hello")));
	refused("/etc/passwd", ARGS("--rw", "/etc/passwd", image("hello")));
	refused("-o /nowhere/log", ARGS("-o", "/nowhere/log", image("hello")));
}

/* ---- the program's side ---------------------------------------------------
 */

VM_TEST(options, end_at_the_first_word_that_is_none)
{
	struct run r;

	run_vmm(&r, NULL, level,
		ARGS("busybox", "echo", "-m", "--trace", "--", "-V"));
	expect_exit(&r, 0);
	expect_out(&r, "-m --trace -- -V\n");
	run_free(&r);
}

VM_TEST(options, two_dashes_end_them)
{
	struct run r;

	run_vmm(&r, NULL, level, ARGS("--", "busybox", "echo", "-V"));
	expect_exit(&r, 0);
	expect_out(&r, "-V\n");
	run_free(&r);
}

VM_TEST(options, variables_are_set_and_removed)
{
	struct run r;

	run_vmm(&r, NULL, level,
		ARGS("-E", "A=b=c", "-E", "HOME", "-E", "EMPTY=", "busybox",
		     "env"));
	expect_exit(&r, 0);
	cr_assert(strstr(r.out, "A=b=c\n"), "%s", r.out);
	cr_assert(strstr(r.out, "EMPTY=\n"), "%s", r.out);
	cr_assert(strstr(r.out, "LANG=C\n"), "%s", r.out);
	cr_assert(!strstr(r.out, "HOME="), "%s", r.out);
	run_free(&r);
}

VM_TEST(options, the_directory_is_where_it_starts)
{
	struct run r;

	run_vmm(&r, NULL, level, ARGS("-C", "/usr/bin", "busybox", "pwd"));
	expect_exit(&r, 0);
	expect_out(&r, "/usr/bin\n");
	run_free(&r);
}

/* 100 pages of 4 KiB fit any guest; the smallest is 16 MiB. */
VM_TEST(options, ram_may_be_small_or_large)
{
	static const char *const sizes[] = {"16M", "64M", "4G", "64G"};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct run r;

		run_vmm(&r, NULL, level,
			ARGS("-m", sizes[i], image("touch"), "100"));
		expect_exit(&r, 0);
		expect_out(&r, "100\n");
		run_free(&r);
	}
}

Test(options, ram_of_an_odd_size_works, .init = need_kvm)
{
	static const char *const sizes[] = {"17M", "16777217", "100000K",
					    "0x2000000"};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct run r;

		run_vmm(&r, NULL, 3,
			ARGS("-m", sizes[i], image("touch"), "1000"));
		expect_exit(&r, 0);
		expect_out(&r, "1000\n");
		run_free(&r);
	}
}

/* ---- address space --------------------------------------------------------
 */

static char *layout_of(int level, const char *option)
{
	struct run r;
	char *out;

	run_vmm(&r, NULL, level, ARGS(option, image("layout")));
	expect_exit(&r, 0);
	out = strdup(r.out);
	cr_assert(out, "no memory");
	run_free(&r);
	return out;
}

VM_TEST(options, a_seed_repeats_the_addresses)
{
	char *a = layout_of(level, "--aslr=42");
	char *b = layout_of(level, "--aslr=42");
	char *c = layout_of(level, "--aslr=43");

	cr_assert_str_eq(a, b);
	cr_assert_str_neq(a, c);
	free(a);
	free(b);
	free(c);
}

VM_TEST(options, addresses_are_random_by_default)
{
	char *a = layout_of(level, "--");
	char *b = layout_of(level, "--");

	cr_assert_str_neq(a, b);
	free(a);
	free(b);
}

VM_TEST(options, a_log_that_cannot_be_written_is_not_passed_over)
{
	struct run r;

	run_vmm(&r, NULL, level, ARGS("-o", "/dev/full", image("hello")));
	expect_exit(&r, 125);
	expect_err(&r, "-o /dev/full: the log is not complete: No space left "
		       "on device\n");
	run_free(&r);
}

/* vmm's status with one output on a full disk. */
static void full_disk_is_125(const char *redirect, const char *option,
			     const char *said)
{
	char command[64];
	struct run r;

	snprintf(command, sizeof(command), "exec \"$@\" %s/dev/full", redirect);
	run_native(&r, NULL,
		   ARGS("busybox", "sh", "-c", command, "sh", run_vmm_path(),
			option, image("nolibc")));
	expect_exit(&r, 125);
	expect_err(&r, said);
	run_free(&r);
}

Test(options, what_was_asked_for_and_cannot_be_written_is_125, .init = need_kvm)
{
	full_disk_is_125(">", "--help", "vmm: standard output: No space left");
	full_disk_is_125(">", "-V", "vmm: standard output: No space left");
	full_disk_is_125("2>", "--trace", "");
	full_disk_is_125("2>", "-c", "");
	full_disk_is_125("2>", "--dump=maps", "");
	full_disk_is_125("2>", "--walk=0x401000", "");
}

VM_TEST(options, full_memory_is_said_to_be_full)
{
	struct run r;

	run_vmm(&r, NULL, level, ARGS("-m", "16M", image("touch"), "10000"));
	expect_signal(&r, SIGKILL);
	expect_err(&r, "guest RAM (16 MiB) is full");
	run_free(&r);
}

VM_TEST(options, verbose_says_more_and_changes_nothing)
{
	struct run r;

	run_vmm(&r, NULL, level, ARGS("-v", image("hello")));
	expect_exit(&r, 0);
	expect_out(&r, "hello 42\n");
	run_free(&r);
}
