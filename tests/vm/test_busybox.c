/*
 * test_busybox.c: busybox applets end and print as they do natively, in the
 * same environment, from the same directory.
 *
 * No pipes or subshells in scripts: fork is not there yet.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"

TestSuite(busybox, .fini = scratch_remove);

#define SAME(...) expect_as_native(level, NULL, ARGS("busybox", __VA_ARGS__))

static void same_with_input(int level, const char *in, const char *const *args)
{
	const struct run_how how = {.in = in, .in_len = strlen(in)};

	expect_as_native(level, &how, args);
}

/* Words and numbers, in no order, some twice. */
static char *text(size_t lines)
{
	char *all = malloc(lines * 32 + 1), *p = all;
	unsigned long x = 1;

	cr_assert(all, "no memory");
	for (size_t i = 0; i < lines; i++) {
		x = x * 6364136223846793005ul + 1442695040888963407ul;
		p += sprintf(p, "line %lu of word%lu\n", x >> 50, x >> 60);
	}
	return all;
}

VM_TEST(busybox, echo)
{
	SAME("echo", "-e", "a\\tb", "c  d", "");
}

VM_TEST(busybox, cat_and_wc)
{
	char *in = text(2000);

	same_with_input(level, in, ARGS("busybox", "cat", "-n"));
	same_with_input(level, in, ARGS("busybox", "wc"));
	free(in);
}

VM_TEST(busybox, sort_and_uniq)
{
	char *in = text(2000);

	same_with_input(level, in, ARGS("busybox", "sort"));
	same_with_input(level, in, ARGS("busybox", "sort", "-u", "-k4"));
	same_with_input(level, in, ARGS("busybox", "uniq", "-c", "-f3"));
	free(in);
}

/* 5 MB, by file: reading and computing, few faults. */
VM_TEST(busybox, checksums)
{
	const char *file = path_in(scratch(), "data");
	size_t len = 5000000;
	char *bytes = malloc(len);

	cr_assert(bytes, "no memory");
	for (size_t i = 0; i < len; i++)
		bytes[i] = (char)(i * i >> 7);
	write_file(file, bytes, len);
	free(bytes);
	SAME("md5sum", file);
	SAME("sha256sum", file);
	SAME("cksum", file);
}

VM_TEST(busybox, sed_grep_tr)
{
	char *in = text(500);

	same_with_input(
		level, in,
		ARGS("busybox", "sed", "-n", "s/word\\([0-9]*\\)/<\\1>/p"));
	same_with_input(level, in, ARGS("busybox", "grep", "-c", "word7"));
	same_with_input(level, in, ARGS("busybox", "grep", "not there"));
	same_with_input(level, in, ARGS("busybox", "tr", "a-z", "A-Z"));
	free(in);
}

VM_TEST(busybox, head_and_tail)
{
	char *in = text(1000);

	same_with_input(level, in, ARGS("busybox", "head", "-n", "7"));
	same_with_input(level, in, ARGS("busybox", "tail", "-c", "100"));
	same_with_input(level, in, ARGS("busybox", "tail", "-n", "+990"));
	free(in);
}

VM_TEST(busybox, seq_and_expr)
{
	SAME("seq", "1", "10000");
	SAME("expr", "6", "*", "7");
}

VM_TEST(busybox, od_gzip_and_bzip2)
{
	char *in = text(300);

	same_with_input(level, in, ARGS("busybox", "od", "-c"));
	same_with_input(level, in, ARGS("busybox", "gzip", "-c"));
	same_with_input(level, in, ARGS("busybox", "bzip2", "-c"));
	free(in);
}

VM_TEST(busybox, date)
{
	SAME("date", "-d", "@0", "-u");
}

VM_TEST(busybox, awk)
{
	char *in = text(500);

	same_with_input(level, in,
			ARGS("busybox", "awk",
			     "{ n[$4] += $2; c++ } END { for (i = 0; i < 16; "
			     "i++) print i, n[\"word\" i], c, sqrt(i) }"));
	free(in);
}

VM_TEST(busybox, find_ls_stat)
{
	SAME("find", "/usr/include/asm-generic", "-name", "*.h");
	SAME("ls", "-la", "/usr/include/asm-generic");
	SAME("ls", "-l", "/nowhere");
	SAME("stat", "/etc/passwd");
	SAME("readlink", "-f", "/bin/../etc/passwd");
}

VM_TEST(busybox, env_pwd_id_uname)
{
	const struct run_how how = {.dir = "/usr/include"};

	SAME("env");
	expect_as_native(level, &how, ARGS("busybox", "pwd"));
	SAME("id");
	SAME("uname", "-a");
	SAME("nproc");
}

VM_TEST(busybox, sleep_takes_its_time)
{
	SAME("sleep", "0.1");
}

VM_TEST(busybox, sh_computes)
{
	SAME("sh", "-c",
	     "i=0; s=0; while [ $i -lt 500 ]; do i=$((i + 1)); "
	     "s=$((s + i * i)); done; echo $s");
	SAME("sh", "-c",
	     "f() { [ $1 -le 1 ] || f $(($1 - 1)); r=$((r + $1)); }; "
	     "f 50; echo $r; set -- a b c; echo $# \"$*\"");
	SAME("sh", "-c", "read a b; echo \"<$a> <$b>\"");
	SAME("sh", "-c", "echo /usr/include/asm-generic/s*.h");
}

VM_TEST(busybox, sh_reads_its_input)
{
	same_with_input(level, "echo one\nread x\ntwo words\necho \"$x\"\n",
			ARGS("busybox", "sh"));
}

VM_TEST(busybox, exit_statuses)
{
	SAME("true");
	SAME("false");
	SAME("sh", "-c", "exit 7");
	SAME("sh", "-c", "exit 255");
	SAME("no-such-applet");
}

VM_TEST(busybox, signals_that_end_it)
{
	struct run r;

	run_vmm(&r, NULL, level,
		ARGS("busybox", "sh", "-c", "echo before; kill -TERM $$"));
	expect_signal(&r, SIGTERM);
	expect_out(&r, "before\n");
	run_free(&r);
	SAME("sh", "-c", "kill -KILL $$");
	SAME("sh", "-c", "kill -ABRT $$");
}

VM_TEST(busybox, signals_that_it_catches)
{
	SAME("sh", "-c", "trap 'echo caught' USR1; kill -USR1 $$; echo after");
	SAME("sh", "-c", "trap '' TERM; kill -TERM $$; echo alive");
	SAME("sh", "-c", "trap 'echo bye' EXIT; exit 3");
}
