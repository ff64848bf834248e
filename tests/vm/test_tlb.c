/*
 * test_tlb.c: no translation outlives its page-table entry, at either level.
 *
 * tests/vm/guest/tlb.c says which changes are tried; it is run natively too,
 * since a check that fails there would say nothing. On software KVM a CPL 0
 * kernel is interpreted, so there are fewer rounds; a missing flush shows in
 * the first.
 */
#include "run.h"

TestSuite(tlb, .init = need_kvm);

static const char *program(void)
{
	return path_in(image("."), "../vm/guest/tlb");
}

VM_TEST(tlb, each_change_of_a_mapping_is_seen)
{
	expect_as_native(level, NULL,
			 ARGS(program(), level ? "40" : "10", "0"));
}

VM_TEST(tlb, random_changes_are_seen)
{
	expect_as_native(level, NULL, ARGS(program(), "0", "5000", "1"));
}

VM_TEST(tlb, other_random_changes_are_seen)
{
	expect_as_native(level, NULL, ARGS(program(), "0", "5000", "77"));
}

/* With the log on the way out is another one: record, store and return. */
VM_TEST(tlb, changes_are_seen_while_faults_are_logged)
{
	struct run r;

	run_vmm(&r, NULL, level,
		ARGS("-o", "/dev/null", program(), "4", "500", "3"));
	expect_exit(&r, 0);
	run_free(&r);
}
