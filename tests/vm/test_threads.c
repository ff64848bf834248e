/*
 * test_threads.c: several threads and processes in one machine: as natively,
 * with no stale translation, and with every frame given back.
 */
#include <signal.h>

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

VM_TEST(threads, many_come_and_go)
{
	expect_as_native(level, NULL, ARGS(guest("many"), "forks", "200"));
	expect_as_native(level, NULL, ARGS(guest("many"), "zombies", "60"));
	expect_as_native(level, NULL, ARGS(guest("many"), "threads", "120"));
}

VM_TEST(threads, what_one_child_gives_up_the_next_one_has)
{
	expect_as_native(level, NULL, ARGS(guest("inherit")));
}

/* Whoever is left when the first process has ended is ended, too. */
VM_TEST(threads, the_machine_ends_with_its_first_process)
{
	struct run r;

	run_vmm(&r, NULL, level, ARGS(guest("many"), "orphans", "20"));
	expect_signal(&r, SIGKILL);
	run_free(&r);
}
