/*
 * test_vector.c: the kernel leaves the program's vector registers alone, at
 * either level; signal frames have them, handlers begin without them.
 *
 * Which sets of registers were tested is in the output of
 * tests/vm/guest/vector.c, which must be the one that Linux gives.
 */
#include "run.h"

TestSuite(vector, .init = need_kvm);

static const char *program(void)
{
	return path_in(image("."), "../vm/guest/vector");
}

VM_TEST(vector, registers_live_across_faults_calls_and_signals)
{
	expect_as_native(level, NULL, ARGS(program(), "40", "1"));
}

VM_TEST(vector, registers_live_while_faults_are_logged)
{
	struct run native, r;

	run_native(&native, NULL, ARGS(program(), "20", "2"));
	run_vmm(&r, NULL, level, ARGS("-o", "/dev/null", program(), "20", "2"));
	expect_same(&r, &native);
	run_free(&native);
	run_free(&r);
}
