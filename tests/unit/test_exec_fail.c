/*
 * test_exec_fail.c: is every failure of the host to give memory ENOMEM for
 * execve, and nothing lost? make.c and args.c are compiled into this file with
 * allocators that fail on demand.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exec_tree.h"
#include "fake_exec.h"
#include "sys_fixture.h"

static int allocations; /* so far */
static int fail_at;	/* this one fails, counted from 1; 0: none */

static bool fails(void)
{
	return ++allocations == fail_at;
}

static void *test_malloc(size_t n)
{
	return fails() ? NULL : malloc(n);
}

static void *test_calloc(size_t n, size_t size)
{
	return fails() ? NULL : calloc(n, size);
}

static char *test_strdup(const char *s)
{
	return fails() ? NULL : strdup(s);
}

static char *test_strndup(const char *s, size_t n)
{
	return fails() ? NULL : strndup(s, n);
}

#define malloc	test_malloc
#define calloc	test_calloc
#define strdup	test_strdup
#define strndup test_strndup
#include "../../vmm/exec/args.c"
#include "../../vmm/exec/make.c"
#undef malloc
#undef calloc
#undef strdup
#undef strndup

static void setup(void)
{
	struct tree_elf t;

	sys_setup();
	tree_elf(&t, NULL);
	t.load->p_vaddr = 0x800000;
	t.eh->e_entry += 0x400000;
	tree_file("ld", t.bytes, sizeof(t.bytes), 0755);
	tree_program("prog", "ld");
	tree_text("script", "#!prog x\n", 0755);
	call(SYS_chdir, fake_str(&cpu, VA0, scratch));
	fail_at = 0;
}

TestSuite(exec_fail, .init = setup, .fini = sys_teardown);

/* Whatever fails, until nothing does. */
static void must_be_enomem(uint64_t fd, const char *path, uint64_t flags)
{
	unsigned fds = host_fds();
	int64_t r = -ENOMEM;

	fake_str(&cpu, VA0, path);
	for (fail_at = 1; fail_at < 100; fail_at++) {
		allocations = 0;
		r = call(SYS_execveat, fd, VA0, 0, 0, flags);
		if (r != -ENOMEM)
			break;
		cr_assert_eq(host_fds(), fds, "after allocation %d", fail_at);
		cr_assert_eq(fake_exec.commits, 0);
	}
	cr_assert_eq(r, 0);
	cr_assert_gt(fail_at, 5);
	cr_assert_lt(allocations, fail_at);
	cr_assert_eq(fake_exec.commits, 1);
}

Test(exec_fail, a_script_and_its_interpreters)
{
	must_be_enomem((uint64_t)AT_FDCWD, "script", 0);
}

Test(exec_fail, a_descriptor)
{
	must_be_enomem((uint64_t)guest_open("prog", O_PATH), "", AT_EMPTY_PATH);
}
