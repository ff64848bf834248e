/*
 * test_vdso.c: are the vDSO's answers the system's, at both levels, and do C
 * libraries use it? tests/vm/guest/vdso.c asks.
 *
 * Where the host's own clock is not the TSC the vDSO makes system calls, and
 * the claims about cost are skipped.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run.h"

TestSuite(vdso, .init = need_kvm, .fini = scratch_remove);

static void need_tsc(void)
{
	struct run r;

	run_vmm_plain(&r, NULL, ARGS("-v", "/bin/busybox", "true"));
	if (strstr(r.err, "clocks make system calls"))
		cr_skip_test("this host's clock is not the TSC");
	run_free(&r);
}

static void says_ok(int level, const char *program, const char *what)
{
	struct run r;

	run_vmm(&r, NULL, level, ARGS(program, what));
	expect_out(&r, "ok\n");
	expect_exit(&r, 0);
	run_free(&r);
}

#define BOTH_LEVELS(name, what)                                                \
	Test(vdso, name)                                                       \
	{                                                                      \
		says_ok(0, image("../vm/guest/vdso"), what);                   \
		says_ok(3, image("../vm/guest/vdso"), what);                   \
	}

BOTH_LEVELS(every_clock_is_the_systems, "clocks")
BOTH_LEVELS(time_never_goes_back, "back")
BOTH_LEVELS(half_a_second_without_a_trap_is_no_microsecond_wrong, "long")
BOTH_LEVELS(the_processor_is_the_systems, "cpu")
BOTH_LEVELS(other_clocks_and_errors_are_the_systems, "other")

Test(vdso, static_glibc_uses_it)
{
	need_tsc();
	says_ok(3, image("../vm/guest/vdso"), "libc");
}

/* Skips the test if there is no such compiler. */
static const char *compiled(const char *cc)
{
	const char *to = path_in(scratch(), "prog");
	char cmd[1024];

	snprintf(cmd, sizeof(cmd),
		 "%s -D_GNU_SOURCE -O1 -o %s tests/vm/guest/vdso.c 2>/dev/null",
		 cc, to);
	if (system(cmd))
		cr_skip_test("cannot run: %s", cc);
	return to;
}

#define LIBC(name, cc)                                                         \
	Test(vdso, name)                                                       \
	{                                                                      \
		need_tsc();                                                    \
		says_ok(3, compiled(cc), "libc");                              \
	}

LIBC(dynamic_glibc_uses_it, "gcc")
LIBC(static_musl_uses_it, "musl-gcc -static")
LIBC(dynamic_musl_uses_it, "musl-gcc")
