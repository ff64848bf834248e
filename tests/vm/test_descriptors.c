/*
 * Which of the caller's descriptors does the program have? As any program all,
 * or with --close-fds the first three.
 */
#include <stdio.h>
#include <string.h>

#include "run.h"

TestSuite(descriptors, .init = need_kvm, .fini = scratch_remove);

/* vmm, its options, and a program of busybox, after what bash does. */
static void in_bash(struct run *r, const char *options, const char *program)
{
	char script[1024];

	snprintf(script, sizeof(script),
		 "'%s' %s busybox %s 5>'%s/out' 6</dev/null 7<&0; cat %s/out",
		 run_vmm_path(), options, program, scratch(), scratch());
	run_native(r, NULL, ARGS("bash", "-c", script));
}

Test(descriptors, the_program_inherits_what_it_can_write_and_v_names_it)
{
	struct run r;
	char line[256];

	in_bash(&r, "-v", "sh -c 'echo hi >&5'");
	expect_out(&r, "hi\n");
	snprintf(line, sizeof(line), "descriptor 5 can be written: %s/out\n",
		 scratch());
	expect_err(&r, line);
	cr_assert(!strstr(r.err, "descriptor 6") &&
			  !strstr(r.err, "descriptor 7"),
		  "%s", r.err);
	run_free(&r);
}

Test(descriptors, process_substitution_works)
{
	struct run r;
	char script[512];

	snprintf(script, sizeof(script), "'%s' busybox cat <(echo in)",
		 run_vmm_path());
	run_native(&r, NULL, ARGS("bash", "-c", script));
	expect_out(&r, "in\n");
	run_free(&r);
}

Test(descriptors, close_fds_leaves_the_first_three)
{
	struct run r;

	in_bash(&r, "--close-fds", "sh -c 'echo hi >&5'");
	expect_out(&r, "");
	expect_err(&r, "5: Bad file descriptor");
	run_free(&r);
	in_bash(&r, "--close-fds -v", "echo out");
	expect_out(&r, "out\n");
	cr_assert(!strstr(r.err, "can be written"), "%s", r.err);
	run_free(&r);
}

/* A directory whose name is a C1 control and a colour. */
Test(descriptors, names_in_dumps_and_messages_do_nothing_to_a_terminal)
{
	struct run r;
	char script[1024];

	snprintf(script, sizeof(script),
		 "d=%s/$'\\x1b[31m\\xc2\\x9b'; mkdir \"$d\"; cp %s \"$d/p\"; "
		 "X=$'a\\x9bb' '%s' --dump=maps,environ,cmdline,layout "
		 "--walk=0x400000 --no-aslr \"$d/p\"; "
		 "'%s' \"$d/none\"",
		 scratch(), image("hello"), run_vmm_path(), run_vmm_path());
	run_native(&r, NULL, ARGS("bash", "-c", script));
	expect_err(&r, "/\\x1b[31m\\xc2\\x9b/p\n"); /* maps, cmdline */
	expect_err(&r, "X=a\\x9bb\n");
	expect_err(&r, "page 0 of ");
	expect_err(&r, "\\xc2\\x9b/none: ");
	cr_assert(!strchr(r.err, '\x1b') && !strchr(r.err, '\x9b'), "%s",
		  r.err);
	run_free(&r);
}
