/*
 * test_threads.c: several threads and processes in one machine: as natively,
 * with no stale translation, and with every frame given back.
 */
#include "run.h"

static const char *guest(const char *name)
{
	return path_in(path_in(image("."), "../vm/guest"), name);
}

VM_TEST(threads, share_memory_and_locks)
{
	expect_as_native(level, NULL, ARGS(guest("threads"), "6"));
}

VM_TEST(threads, sixty_of_them)
{
	expect_as_native(level, NULL, ARGS(guest("threads"), "60"));
}

VM_TEST(threads, no_translation_stays_stale)
{
	expect_as_native(level, NULL, ARGS(guest("shoot"), "12"));
}

VM_TEST(threads, changes_against_each_other)
{
	expect_as_native(level, NULL, ARGS(guest("race"), "3", "400", "1"));
	expect_as_native(level, NULL, ARGS(guest("race"), "4", "300", "2"));
}

VM_TEST(threads, fork_lab)
{
	expect_as_native(level, NULL, ARGS(image("fork"), "64"));
}
