/*
 * test_refused.c: does the user hear of a call that the program did not get?
 */
#include "run.h"

TestSuite(refused, .init = need_kvm);

static const char *refused(void)
{
	return path_in(image("."), "../vm/guest/refused");
}

static const char answers[] = "shmget: ENOSYS\n"
			      "socket: EAFNOSUPPORT\n"
			      "shmget: ENOSYS\n"
			      "socket: EAFNOSUPPORT\n"
			      "socket: EAFNOSUPPORT\n"
			      "511: ENOSYS\n"
			      "5000: ENOSYS\n";

/* A local socket is the C library's question for nscd: nobody misses it. */
Test(refused, each_call_is_named_once)
{
	struct run r;

	run_vmm_plain(&r, NULL, ARGS(refused()));
	expect_exit(&r, 0);
	expect_out(&r, answers);
	cr_assert_str_eq(r.err,
			 "vmm: system call shmget (29) is not supported: "
			 "the program got ENOSYS\n"
			 "vmm: system call socket (41) is not supported:"
			 " the program got EAFNOSUPPORT\n"
			 "vmm: system call ? (511) is not supported: "
			 "the program got ENOSYS\n");
	run_free(&r);
}

Test(refused, quiet_says_nothing)
{
	struct run r;

	run_vmm_plain(&r, NULL, ARGS("-q", refused()));
	expect_exit(&r, 0);
	expect_out(&r, answers);
	cr_assert_str_eq(r.err, "");
	run_free(&r);
}
