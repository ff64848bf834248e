/* test_huge.c: transparent huge pages, --thp, in whole runs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"

TestSuite(huge, .fini = scratch_remove);

static void prints(int level, const char *option, const char *const *command,
		   const char *out)
{
	const char *args[8] = {option};
	struct run r;

	for (size_t i = 0; command[i]; i++)
		args[i + 1] = command[i];
	run_vmm(&r, NULL, level, args);
	expect_exit(&r, 0);
	expect_out(&r, out);
	run_free(&r);
}

VM_TEST(huge, advised_memory_gets_them)
{
	prints(level, "--thp=madvise", ARGS(image("huge"), "4"),
	       "faults 4, huge pages 4 of 4, after the split 3\n");
	prints(level, "--thp=always", ARGS(image("huge"), "4"),
	       "faults 4, huge pages 4 of 4, after the split 3\n");
}

VM_TEST(huge, never_means_never)
{
	prints(level, "--thp=never", ARGS(image("huge"), "1"),
	       "faults 512, huge pages 0 of 1, after the split 0\n");
}

VM_TEST(huge, as_the_host_if_not_told_otherwise)
{
	expect_as_native(level, NULL, ARGS(image("huge"), "1"));
}

/* The program keeps a model of its memory, and compares. */
VM_TEST(huge, whatever_is_done_the_bytes_are_right)
{
	static const char *const modes[] = {"--thp=always", "--thp=madvise",
					    "--thp=never"};

	for (int i = 0; i < 3; i++)
		prints(level, modes[i],
		       ARGS(image("../vm/guest/hugemix"),
			    level ? "1000" : "100", i ? "5" : "6"),
		       level ? "1000 steps, 0 wrong\n"
			     : "100 steps, 0 wrong\n");
}

VM_TEST(huge, the_log_names_outcome_and_order)
{
	const char *log = path_in(scratch(), "log");
	int lines = 0, ordered = 0;
	struct run r;
	char *text;

	run_vmm(&r, NULL, level,
		ARGS("--thp=madvise", "-o", log, image("huge"), "3"));
	expect_exit(&r, 0);
	run_free(&r);
	text = read_file(log, NULL);
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		char outcome[32];
		int order;

		if (sscanf(line, "%*s %*s %*s %*s %*s %*s %31s %*s %*s %d",
			   outcome, &order) != 2 ||
		    strcmp(outcome, "huge"))
			continue;
		lines++;
		ordered += order == 9;
	}
	cr_assert_eq(lines, 3);
	cr_assert_eq(ordered, 3);
	free(text);
}

/* bss is 64 MiB: what lies 16 MiB into it is in a huge page's place. */
VM_TEST(huge, a_walk_ends_at_level_2)
{
	struct run r;

	run_vmm(&r, NULL, level,
		ARGS("--thp=always", "--no-aslr", "--walk=0x1601234",
		     image("bss"), "64"));
	expect_exit(&r, 0);
	expect_err(&r, " large no-execute\n");
	expect_err(&r, ", order 9, ");
	cr_assert_null(strstr(r.err, "PTE["));
	run_free(&r);
}

/*
 * In 64 MiB, 512 huge pages' places of which one byte is used: at first they
 * are huge, then there is no frame left. At level 3 only: looking for zeros
 * takes seconds where ring 0 is interpreted.
 */
Test(huge, what_they_hold_unused_is_given_back_before_the_program_dies)
{
	need_kvm();
	prints(3, "--thp=always",
	       ARGS("-m", "64M", "--overcommit=1", image("../vm/guest/sparse")),
	       "65280\n");
}
