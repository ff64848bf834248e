/*
 * test_limits.c: do limits that a program can live with stop vmm, and does the
 * program see those that were set?
 *
 * vmm raises its own limits: to the hard ones, and as root above them. So each
 * limit is tried in both ways, the second without CAP_SYS_RESOURCE.
 */
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "run.h"

TestSuite(limits, .init = need_kvm, .fini = scratch_remove);

/* Run args natively, or (native false) by vmm, after `ulimit LIMITS`. */
static void run_limited(struct run *r, const char *limits, bool native,
			const char *const *args)
{
	const struct run_how how = {.dir = scratch()};
	const char *all[16] = {"busybox", "sh", "-c", NULL, "sh"};
	char script[200];
	size_t n = 5;

	snprintf(script, sizeof(script), "ulimit %s && exec \"$@\"", limits);
	all[3] = script;
	if (!native) {
		all[n++] = run_vmm_path();
		all[n++] = "--rw";
		all[n++] = ".";
	}
	while (*args && n < 15)
		all[n++] = *args++;
	run_native(r, &how, all);
}

static void as_native(const char *limits, const char *const *args)
{
	struct run native, r;

	run_limited(&native, limits, true, args);
	expect_exit(&native, 0);
	run_limited(&r, limits, false, args);
	expect_same(&r, &native);
	run_free(&native);
	run_free(&r);
}

static void drop_right(void)
{
	prctl(PR_CAPBSET_DROP, CAP_SYS_RESOURCE); /* others have it not */
}

#define SHOW_LIMITS ARGS("busybox", "cat", "/proc/self/limits")

static const char *fdfull(void)
{
	return path_in(image("."), "../vm/guest/fdfull");
}

Test(limits, all_descriptors_are_the_programs)
{
	if (geteuid())
		cr_skip_test("only root may have more than the limit");
	as_native("-n 1024", ARGS(fdfull()));
	as_native("-n 64", ARGS(fdfull()));
	as_native("-n 10", ARGS(fdfull()));
}

/* The soft limit is the program's, up to the hard one it is vmm's. */
Test(limits, all_descriptors_of_a_soft_limit_are_the_programs,
     .init = drop_right)
{
	as_native("-Sn 256", ARGS(fdfull()));
}

/* Where vmm has no more, the program gets what vmm can do without. */
Test(limits, paths_work_when_vmm_has_no_more_descriptors, .init = drop_right)
{
	as_native("-n 1024", ARGS(fdfull(), "quiet"));
	as_native("-n 40", ARGS(fdfull(), "quiet"));
}

Test(limits, too_few_descriptors_for_vmm_are_refused, .init = drop_right)
{
	struct run r;

	run_limited(&r, "-n 31", false, ARGS(image("hello")));
	expect_exit(&r, 125);
	expect_err_line(&r, "hard limit of open files, 31, is too low");
	run_free(&r);
}

static void small_limits(void)
{
	static const char *const limits[] = {"-s 32",	 "-s 100", "-v 200000",
					     "-v 60000", "-d 300", "-f 100",
					     "-l 0",	 "-i 0"};

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		as_native(limits[i], SHOW_LIMITS);
}

Test(limits, small_ones_do_not_stop_vmm)
{
	small_limits();
}

Test(limits, small_ones_do_not_stop_a_vmm_that_may_not_raise_them,
     .init = drop_right)
{
	small_limits();
}

/* Nor do they cut its log. */
Test(limits, the_log_may_be_larger_than_the_programs_files)
{
	struct run r;

	run_limited(&r, "-Sf 1", false, ARGS("-o", "log", "busybox", "true"));
	expect_exit(&r, 0);
	expect_err(&r, " faults, 0 lost\n");
	run_free(&r);
}

Test(limits, ram_that_was_asked_for_is_not_cut, .init = drop_right)
{
	struct run r;

	run_limited(&r, "-v 200000", false, ARGS(image("hello")));
	expect_exit(&r, 0);
	expect_err_line(&r, "guest RAM is 128 MiB, not 1024");
	run_free(&r);
	run_limited(&r, "-v 200000", false, ARGS("-m", "1G", image("hello")));
	expect_exit(&r, 125);
	expect_err_line(&r, "cannot reserve 1024 MiB");
	run_free(&r);
}

/* ---- --limit -----------------------------------------------------------
 */

/* By the option as by ulimit. */
static void same_as_ulimit(const char *option, const char *limits)
{
	struct run native, r;

	run_limited(&native, limits, true, SHOW_LIMITS);
	run_limited(&r, "-c 0", false,
		    ARGS(option, "busybox", "cat", "/proc/self/limits"));
	expect_same(&r, &native);
	run_free(&native);
	run_free(&r);
}

Test(limits, the_option_sets_them_for_the_program)
{
	same_as_ulimit("--limit=nofile:64", "-c 0 && ulimit -n 64");
	same_as_ulimit("--limit=stack:1M", "-c 0 && ulimit -s 1024");
	same_as_ulimit("--limit=as:64M:1G",
		       "-c 0 && ulimit -v 1048576 && ulimit -Sv 65536");
	same_as_ulimit("--limit=core:0", "-c 0");
}

Test(limits, the_option_has_the_effect_of_the_limit)
{
	struct run native, r;

	run_limited(&native, "-n 100", true, ARGS(fdfull()));
	run_limited(&r, "-c 0", false, ARGS("--limit=nofile:100", fdfull()));
	expect_same(&r, &native);
	run_free(&native);
	run_free(&r);
}

/* The host counts: it is of both, vmm and program. */
Test(limits, processor_time_is_limited)
{
	const char *spin = path_in(image("."), "../vm/guest/spin");
	struct run r;

	run_vmm_plain(&r, NULL, ARGS("--limit=cpu:1:9", spin, "compute"));
	expect_signal(&r, SIGXCPU);
	run_free(&r);
}

static void refused(const char *option, const char *says)
{
	struct run r;

	run_vmm_plain(&r, NULL, ARGS(option, image("hello")));
	expect_exit(&r, 125);
	expect_out(&r, "");
	expect_err_line(&r, says);
	run_free(&r);
}

Test(limits, what_is_no_limit_is_refused)
{
	refused("--limit=files:3", "--limit files:3: no such limit");
	refused("--limit=n:3", "no such limit");
	refused("--limit=nofile", "needs a value");
	refused("--limit=nofile:", "not a value");
	refused("--limit=nofile:x", "not a value");
	refused("--limit=nofile:1:", "not a value");
	refused("--limit=nofile:1:2:3", "not a value");
	refused("--limit=nofile:2:1", "above the hard one");
}
