/*
 * test_levels.c: a program cannot tell the kernel's privilege level from the
 * faults that it gets: the same addresses, accesses and outcomes in the same
 * order, at fixed addresses.
 *
 * The 16 random bytes of AT_RANDOM differ from run to run; no fault depends on
 * them. Process numbers differ too: the images do not look at them.
 */
#include "log.h"
#include "run.h"

TestSuite(levels, .init = need_kvm);

static void trace(struct log *log, int level, const char *const *args)
{
	const char *all[16] = {"--no-aslr", "--trace"};
	struct run r;

	for (size_t n = 2; *args && n < 15; n++)
		all[n] = *args++;
	run_vmm(&r, NULL, level, all);
	log_read_closed(log, r.err);
	run_free(&r);
}

static void same_at_both(const char *const *args)
{
	struct log at_0, at_3;

	trace(&at_0, 0, args);
	trace(&at_3, 3, args);
	log_compare(&at_0, &at_3);
	log_free(&at_0);
	log_free(&at_3);
}

Test(levels, a_run_repeats_itself)
{
	struct log once, again;

	trace(&once, 3, ARGS(image("malloc128")));
	trace(&again, 3, ARGS(image("malloc128")));
	log_compare(&once, &again);
	log_free(&once);
	log_free(&again);
}

Test(levels, the_smallest_program_faults_the_same)
{
	same_at_both(ARGS(image("nolibc")));
}

Test(levels, touching_faults_the_same)
{
	same_at_both(ARGS(image("touch"), "30"));
}

Test(levels, reading_first_faults_the_same)
{
	same_at_both(ARGS(image("touch"), "30", "read"));
}

Test(levels, copy_on_write_faults_the_same)
{
	same_at_both(ARGS(image("cow"), "8"));
}

Test(levels, the_heap_faults_the_same)
{
	same_at_both(ARGS(image("malloc128")));
}

Test(levels, the_stack_faults_the_same)
{
	same_at_both(ARGS(image("stack"), "300"));
}

Test(levels, bad_pointers_fault_the_same)
{
	same_at_both(ARGS(image("badptr")));
	same_at_both(ARGS(image("badptr"), "0xffff888000000000"));
	same_at_both(ARGS(image("rotext")));
}

Test(levels, a_mapped_file_faults_the_same)
{
	same_at_both(ARGS(image("filemap"), image("hello")));
}

Test(levels, busybox_faults_the_same)
{
	same_at_both(ARGS("busybox", "seq", "1", "100"));
}
