/*
 * test_images.c: each image ends and prints as its header says, and as it does
 * natively. Numbers are small: at level 0 a machine that interprets ring 0
 * takes some 10 ms a fault.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run.h"

TestSuite(images, .fini = scratch_remove);

static void prints(int level, const char *const *args, const char *out)
{
	struct run r;

	run_vmm(&r, NULL, level, args);
	expect_exit(&r, 0);
	expect_out(&r, out);
	run_free(&r);
	expect_as_native(level, NULL, args);
}

VM_TEST(images, hello_prints_42)
{
	prints(level, ARGS(image("hello")), "hello 42\n");
}

VM_TEST(images, nolibc_exits_with_42)
{
	struct run r;

	run_vmm(&r, NULL, level, ARGS(image("nolibc")));
	expect_exit(&r, 42);
	expect_out(&r, "nolibc 42\n");
	run_free(&r);
}

VM_TEST(images, nolibc_pf_prints_its_argument)
{
	prints(level, ARGS(image("nolibc_pf"), "100"), "100\n");
}

VM_TEST(images, nolibc_pf_without_a_number_exits_with_2)
{
	struct run r;

	run_vmm(&r, NULL, level, ARGS(image("nolibc_pf")));
	expect_exit(&r, 2);
	expect_out(&r, "");
	run_free(&r);
}

VM_TEST(images, touch_finds_what_it_wrote)
{
	prints(level, ARGS(image("touch"), "100"), "100\n");
}

VM_TEST(images, touch_may_read_first)
{
	prints(level, ARGS(image("touch"), "100", "read"), "100\n");
}

VM_TEST(images, many_pages_are_touched_and_freed)
{
	const char *n = level ? "10000" : "300";
	char line[16];

	snprintf(line, sizeof(line), "%s\n", n);
	prints(level, ARGS(image("touch"), n), line);
}

VM_TEST(images, bss_costs_what_is_touched)
{
	prints(level, ARGS(image("bss"), "64"), "64 of 16384 pages\n");
}

VM_TEST(images, guard_stops_at_the_marker)
{
	prints(level, ARGS(image("guard")), "24576 bytes, 1 mapping\n");
}

VM_TEST(images, cow_keeps_the_file_and_the_zero_page)
{
	prints(level, ARGS(image("cow"), "8"),
	       "zeros 8, ones 8, file unchanged 1\n");
}

VM_TEST(images, stack_grows_to_a_mebibyte)
{
	prints(level, ARGS(image("stack"), "1024"), "1024\n");
}

VM_TEST(images, calls_are_all_answered)
{
	prints(level, ARGS(image("calls"), "200", "getppid"), "200\n");
	prints(level, ARGS(image("calls"), "200", "brk"), "200\n");
}

VM_TEST(images, vector_registers_live_across_faults_and_calls)
{
	expect_as_native(level, NULL, ARGS(image("fpu"), "50"));
}

/* Where blocks lie, and how far brk moves: the same to the byte. */
VM_TEST(images, malloc128_prints_as_natively)
{
	struct run r;

	run_vmm(&r, NULL, level, ARGS(image("malloc128")));
	expect_exit(&r, 0);
	cr_assert(strstr(r.out, "as expected: 4 of 4\n"), "%s", r.out);
	run_free(&r);
	expect_as_native(level, NULL, ARGS(image("malloc128")));
}

VM_TEST(images, layout_is_in_order)
{
	struct run r;

	run_vmm(&r, NULL, level, ARGS(image("layout"), "an argument"));
	expect_exit(&r, 0);
	cr_assert(strstr(r.out, "arguments: 2\n"), "%s", r.out);
	cr_assert(strstr(r.out, "in order: 12 of 12\n"), "%s", r.out);
	run_free(&r);
}

/* 2000 faults: it recurses to the stack's limit. */
VM_TEST(images, a_handler_is_told_code_and_address)
{
	struct run r;

	run_vmm(&r, NULL, level, ARGS(image("segvhandler")));
	expect_exit(&r, 0);
	cr_assert(strstr(r.out, "right: 10 of 10\n"), "%s", r.out);
	run_free(&r);
}

VM_TEST(images, badptr_ends_by_sigsegv_as_natively)
{
	struct run r;

	run_vmm(&r, NULL, level, ARGS(image("badptr")));
	expect_signal(&r, SIGSEGV);
	expect_out(&r, "reading 0x10\n");
	expect_err(&r, "MAPERR");
	expect_err(&r, "address 0x10,");
	run_free(&r);
	expect_as_native(level, NULL, ARGS(image("badptr")));
}

/* The signal is forced: the program ends by it, and so does vmm. */
VM_TEST(images, badptr_ends_so_if_the_parent_blocked_the_signal)
{
	const struct run_how how = {.blocked = SIGSEGV};

	expect_as_native(level, &how, ARGS(image("badptr")));
}

VM_TEST(images, bad_pointers_anywhere_end_by_sigsegv)
{
	static const char *const where[] = {
		"0x0",
		"0x7fffffffefff",
		"0x7ffffffff000",
		"0x800000000000",
		"0xffff888000000000",
		"0xffffffff80000000",
		"0xffffffffffffffff",
	};

	for (size_t i = 0; i < sizeof(where) / sizeof(where[0]); i++) {
		struct run r;

		run_vmm(&r, NULL, level,
			ARGS("--no-aslr", image("badptr"), where[i]));
		if (!strcmp(where[i], "0x7fffffffefff")) {
			/* the last byte of the stack: a good pointer */
			expect_exit(&r, 1);
			cr_assert(strstr(r.out, "survived: 0\n"), "%s", r.out);
		} else {
			expect_signal(&r, SIGSEGV);
			cr_assert(!strstr(r.out, "survived"), "%s", r.out);
		}
		run_free(&r);
	}
}

VM_TEST(images, rotext_ends_by_sigsegv_as_natively)
{
	struct run r;

	run_vmm(&r, NULL, level, ARGS(image("rotext")));
	expect_signal(&r, SIGSEGV);
	expect_err(&r, "ACCERR");
	run_free(&r);
	expect_as_native(level, NULL, ARGS(image("rotext")));
}

/* Sizes around page and fault-around boundaries. */
VM_TEST(images, filemap_and_fileread_add_up_the_same)
{
	static const size_t sizes[] = {0, 1, 4095, 4096, 65536, 65537, 300001};
	static unsigned char bytes[300001];
	const char *file = path_in(scratch(), "data");

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(i * 31 + i / 4096);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		unsigned long sum = 0;
		char line[32];

		for (size_t k = 0; k < sizes[i]; k++)
			sum += bytes[k];
		snprintf(line, sizeof(line), "%lu\n", sum);
		write_file(file, bytes, sizes[i]);
		prints(level, ARGS(image("filemap"), file), line);
		prints(level, ARGS(image("fileread"), file), line);
	}
}

VM_TEST(images, usage_errors_exit_with_2)
{
	struct run r;

	run_vmm(&r, NULL, level, ARGS(image("stack"), "0"));
	expect_exit(&r, 2);
	expect_out(&r, "");
	expect_err(&r, "usage: stack");
	run_free(&r);
}

/* Where all files are memory, those of execve are counted as shmem, too. */
VM_TEST(images, a_program_may_lie_in_tmpfs)
{
	char path[64], command[512];
	struct run r;

	snprintf(path, sizeof(path), "/dev/shm/vmm-cow-%d", (int)getpid());
	snprintf(command, sizeof(command), "cp %s %s", image("cow"), path);
	cr_assert(system(command) == 0);
	run_vmm(&r, NULL, level, ARGS(path));
	unlink(path);
	expect_exit(&r, 0);
	run_free(&r);
}
