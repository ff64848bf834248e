/*
 * Is an exec made whole or not at all, and are its numbers, seeds and file
 * numbers what they should be? What execve(2) answers is test_sys_exec.c's,
 * what is left of the process test_exec_state.c's.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <unistd.h>

#include "exec_tree.h"
#include "fake_exec.h"
#include "hv_map.h"
#include "script.h"
#include "sys_fixture.h"

static void setup(void)
{
	sys_setup();
	tree_program("prog", NULL);
	call(SYS_chdir, fake_str(&cpu, VA0, scratch));
}

TestSuite(exec, .init = setup, .fini = sys_teardown);

static int64_t execve_of(const char *path)
{
	return call(SYS_execve, fake_str(&cpu, VA0, path), 0, 0);
}

static const struct elfload_plan *last_plan(void)
{
	return &fake_exec.last->plan;
}

/* ---- Strings ------------------------------------------------------------ */

Test(exec, strings_lie_in_order_and_can_be_listed)
{
	static const char *const argv[] = {"a", "", "ccc", NULL};
	static const char *const envp[] = {"E=1", "F", NULL};
	struct exec_args a;
	char **args, **env;

	cr_assert_eq(exec_args_copy(&a, "name", argv, envp, 8 << 20), 0);
	cr_assert_eq(a.argc, 3);
	cr_assert_arr_eq(exec_args_first(&a), "a\0\0ccc\0E=1\0F\0name", 18);
	exec_args_pop(&a);
	cr_assert_eq(exec_args_push(&a, "x"), 0);
	a.argc++;
	cr_assert_eq(exec_args_lists(&a, &args, &env), 0);
	cr_assert_str_eq(args[0], "x");
	cr_assert_str_eq(args[1], "");
	cr_assert_str_eq(args[2], "ccc");
	cr_assert_null(args[3]);
	cr_assert_str_eq(env[0], "E=1");
	cr_assert_str_eq(env[1], "F");
	cr_assert_null(env[2]);
	free(args);
	exec_args_free(&a);
}

/* A quarter of the stack, 6 MiB at most, 128 KiB at least. */
Test(exec, the_room_for_strings_follows_the_stack)
{
	static const struct {
		uint64_t stack, room;
	} rows[] = {
		{0, 131072},	    {512 << 10, 131072}, {1 << 20, 262144},
		{8 << 20, 2 << 20}, {64 << 20, 6 << 20}, {~0ull, 6 << 20},
	};
	struct exec_args a;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_assert_eq(exec_args_init(&a, 1, 2, rows[i].stack), 0);
		cr_expect_eq(a.max, rows[i].room - 3 * 8);
		exec_args_free(&a);
		/* One pointer at least, as there will be one argument. */
		cr_assert_eq(exec_args_init(&a, 0, 0, rows[i].stack), 0);
		cr_expect_eq(a.max, rows[i].room - 8);
		exec_args_free(&a);
	}
	cr_expect_eq(exec_args_init(&a, 0x7fffffff, 0x7fffffff, ~0ull), -E2BIG);
	exec_args_free(&a);
}

/* ---- First lines -------------------------------------------------------- */

Test(exec, a_first_line_is_cut_into_two_words)
{
	static const struct {
		const char *line, *interp, *argument;
	} rows[] = {
		{"#!/bin/sh\nrest", "/bin/sh", NULL},
		{"#!/bin/sh -x\n", "/bin/sh", "-x"},
		{"#! \t/bin/sh\t -x  -y \t\n", "/bin/sh", "-x  -y"},
		{"#!/bin/sh", "/bin/sh", NULL},
		{"#!/bin/sh ", "/bin/sh", ""},
		{"#!/bin/sh\r\n", "/bin/sh\r", NULL},
		{"#!", "", NULL},
	};
	struct script s;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memset(s.head, 0, sizeof(s.head));
		memcpy(s.head, rows[i].line, strlen(rows[i].line));
		cr_assert_eq(script_parse(&s), 1, "row %zu", i);
		cr_expect_str_eq(s.interp, rows[i].interp);
		cr_expect_eq(!s.argument, !rows[i].argument, "row %zu", i);
		if (s.argument && rows[i].argument)
			cr_expect_str_eq(s.argument, rows[i].argument);
	}
	memset(s.head, 0, sizeof(s.head));
	cr_expect_eq(script_parse(&s), 0);
	memcpy(s.head, "#! \t\nx", 6);
	cr_expect_eq(script_parse(&s), -ENOEXEC);
}

/* Whatever the bytes are, words lie in the line and end there. */
Test(exec, no_line_leads_out_of_itself)
{
	static const char bytes[] = " \t\n/x#!";
	struct script s;

	srand(1);
	for (int n = 0; n < 20000; n++) {
		int blank = rand() % 4;

		for (size_t i = 0; i < sizeof(s.head); i++)
			s.head[i] =
				blank && rand() % 4
					? (blank & 1 ? ' ' : 'x')
					: bytes[rand() % (int)sizeof(bytes)];
		memcpy(s.head, "#!", 2);
		if (script_parse(&s) != 1)
			continue;
		cr_assert(s.interp >= s.head + 2 &&
			  s.interp + strlen(s.interp) < s.head + SCRIPT_HEAD);
		if (s.argument)
			cr_assert(s.argument > s.interp &&
				  s.argument + strlen(s.argument) <
					  s.head + SCRIPT_HEAD);
	}
}

/* ---- Where it lies ------------------------------------------------------ */

static uint64_t layout_of(uint64_t seed)
{
	process.aslr_seed = seed;
	cr_assert_eq(execve_of("prog"), 0);
	return last_plan()->stack_end ^ last_plan()->brk << 1 ^
	       last_plan()->mmap_base << 2;
}

Test(exec, a_seed_gives_the_same_layout_and_the_next)
{
	uint64_t first, second, seed;

	machine.exec_host->repeatable = true;
	process.personality &= ~(uint32_t)ADDR_NO_RANDOMIZE;
	first = layout_of(7);
	seed = process.aslr_seed;
	second = layout_of(seed);
	cr_expect_neq(seed, 7);
	cr_expect_neq(first, second);
	cr_expect_eq(layout_of(7), first);
	cr_expect_eq(process.aslr_seed, seed);
	cr_expect_eq(layout_of(seed), second);
	machine.exec_host->repeatable = false;
}

Test(exec, children_have_seeds_of_their_own)
{
	uint64_t parent = 7, again = 7, a, b;

	a = exec_seed_split(&parent);
	b = exec_seed_split(&parent);
	cr_expect_neq(a, b);
	cr_expect_neq(a, parent);
	cr_expect_eq(exec_seed_split(&again), a);
	cr_expect_eq(exec_seed_split(&again), b);
}

Test(exec, without_a_seed_each_has_its_own)
{
	process.personality &= ~(uint32_t)ADDR_NO_RANDOMIZE;
	cr_expect_neq(layout_of(7), layout_of(7));
}

Test(exec, a_personality_switches_chance_off)
{
	process.personality |= ADDR_NO_RANDOMIZE;
	cr_expect_eq(layout_of(7), layout_of(8));
	cr_expect_eq(last_plan()->stack_end, ELFLOAD_USER_END);
}

/* ---- Files by number ---------------------------------------------------- */

static uint32_t used_numbers(void)
{
	uint32_t n = 0;

	for (uint32_t i = 1; i <= machine.files.size; i++)
		n += !!files_find(&machine.files, i);
	return n;
}

Test(exec, the_guest_is_given_the_numbers)
{
	uint32_t program, interp;
	struct tree_elf t;

	tree_elf(&t, NULL);
	t.load->p_vaddr = 0x800000;
	t.eh->e_entry += 0x400000;
	tree_file("ld", t.bytes, sizeof(t.bytes), 0755);
	tree_program("dynamic", "ld");
	cr_assert_eq(execve_of("dynamic"), 0);
	program = fake_exec.last->program.number;
	interp = fake_exec.last->interp.number;
	cr_assert(program && interp && program != interp);
	cr_expect_eq(used_numbers(), 2);
	/* It puts them when nothing of them is mapped. */
	files_put(&machine.files, program);
	files_put(&machine.files, interp);
	cr_expect_eq(used_numbers(), 0);
}

Test(exec, a_number_that_the_guest_has_is_the_same)
{
	int64_t fd = guest_open("prog", O_RDONLY);
	int host = fdtable_host(&process.fds, (int)fd);
	int number = files_add(&machine.files, host, "prog");

	fake_exec.result = -ENOMEM;
	cr_assert_eq(execve_of("prog"), -ENOMEM);
	cr_expect_eq(used_numbers(), 1); /* it is the guest's still */
	fake_exec.result = 0;
	cr_assert_eq(execve_of("prog"), 0);
	cr_expect_eq(fake_exec.last->program.number, (uint32_t)number);
	files_put(&machine.files, (uint32_t)number);
	cr_expect_eq(used_numbers(), 0);
}

Test(exec, a_held_number_is_not_used_again)
{
	struct files f = {0};
	int fd = open(in_scratch("prog"), O_RDONLY);
	int number = files_hold(&f, fd, "prog");

	cr_assert_gt(number, 0);
	cr_assert_eq(files_add(&f, fd, "prog"), number);
	files_put(&f, (uint32_t)number); /* while the exec goes on */
	cr_assert(files_find(&f, (uint32_t)number));
	files_release(&f, (uint32_t)number, true);
	cr_assert(files_find(&f, (uint32_t)number));
	files_put(&f, (uint32_t)number);
	cr_assert_null(files_find(&f, (uint32_t)number));
	number = files_hold(&f, fd, "prog");
	files_release(&f, (uint32_t)number, false);
	cr_assert_null(files_find(&f, (uint32_t)number));
	close(fd);
	files_fini(&f);
}

/* What it has stored in a mapping of it goes to the file before it is read. */
Test(exec, a_program_may_be_mapped_for_writing)
{
	struct tree_elf t;
	int64_t fd = call(SYS_memfd_create, fake_str(&cpu, VA0, "m"), 0);
	int host = fdtable_host(&process.fds, (int)fd), number;

	tree_elf(&t, NULL);
	cr_assert_eq(write(host, t.bytes, sizeof(t.bytes)),
		     (ssize_t)sizeof(t.bytes));
	number = files_add(&machine.files, host, "m");
	cr_assert_eq(files_allow_write(&machine.files, (uint32_t)number, host),
		     0);
	cr_assert_eq(call(SYS_execveat, (uint64_t)fd, fake_str(&cpu, VA0, ""),
			  0, 0, AT_EMPTY_PATH),
		     0);
	cr_expect_eq(cpu.nr_file_upcalls, 1);
	cr_expect_eq(cpu.file_upcalls[0].file, (uint32_t)number);
	cr_expect_eq(cpu.file_upcalls[0].op, HV_FILE_UPCALL_PUT);
	cr_expect_eq(cpu.file_upcalls[0].end, INT64_MAX);
}

/* ---- All or nothing ----------------------------------------------------- */

Test(exec, who_fails_stays_as_it_was)
{
	const struct signal_action act = {.handler = 0x400000, .flags = 4};
	int64_t fd = guest_open("prog", O_RDONLY | O_CLOEXEC);
	struct exec *before;
	unsigned fds;

	cr_assert_eq(execve_of("prog"), 0);
	before = process.exec;
	fd = guest_open("prog", O_RDONLY | O_CLOEXEC);
	process.signals.action[SIGUSR1] = act;
	thread.clear_tid = 5;
	thread_set_name(&thread, "name");
	fds = host_fds();
	fake_exec.result = -ENOMEM;
	cr_assert_eq(execve_of("prog"), -ENOMEM);
	cr_expect_eq(fake_exec.commits, 2);
	cr_expect_eq(process.exec, before);
	cr_expect_geq(fdtable_host(&process.fds, (int)fd), 0);
	cr_expect_eq(process.signals.action[SIGUSR1].handler, act.handler);
	cr_expect_eq(thread.clear_tid, 5);
	cr_expect_str_eq(thread.name, "name");
	cr_expect_eq(host_fds(), fds);
}

/* Each exec after the other: nothing is left of those before. */
Test(exec, nothing_is_left_of_those_before)
{
	unsigned fds;

	cr_assert_eq(execve_of("prog"), 0);
	fds = host_fds();
	for (int i = 0; i < 20; i++)
		cr_assert_eq(execve_of("prog"), 0);
	cr_expect_eq(host_fds(), fds);
	cr_expect_eq(used_numbers(), 1);
}

/* ---- For the guest ------------------------------------------------------ */

Test(exec, the_guest_is_told_of_the_plan)
{
	static struct hv_exec out;
	const struct elfload_plan *p;

	cr_assert_eq(execve_of("prog"), 0);
	p = last_plan();
	exec_describe(fake_exec.last, &process.limits, 77, &out);
	cr_expect_eq(out.pid, 77);
	cr_expect_eq(out.nr_maps, p->nr_maps);
	cr_expect_eq(out.nr_maps, 2);
	cr_expect_eq(out.maps[0].kind, HV_MAP_STACK);
	cr_expect_eq(out.maps[1].kind, HV_MAP_FILE);
	cr_expect_eq(out.maps[1].start, 0x400000);
	cr_expect_eq(out.maps[1].file, fake_exec.last->program.number);
	cr_expect_eq(out.nr_files, 1);
	cr_expect_eq(out.files[0].size, sizeof((struct tree_elf){0}.bytes));
	cr_expect_eq(out.rlim_stack, process.limits.of[RLIMIT_STACK].rlim_cur);
	cr_expect_eq(out.start_stack, p->sp);
}

Test(exec, the_processor_is_as_at_the_start)
{
	cpu.fs_base = cpu.gs_base = 0x1234;
	memset(cpu.xsave, 0x55, sizeof(cpu.xsave));
	cr_assert_eq(exec_reset_cpu(&cpu), 0);
	cr_expect_eq(cpu.fs_base, 0);
	cr_expect_eq(cpu.gs_base, 0);
	cr_expect_eq(*(uint16_t *)cpu.xsave, 0x37f);	     /* FCW */
	cr_expect_eq(*(uint32_t *)(cpu.xsave + 24), 0x1f80); /* MXCSR */
	cr_expect_eq(*(uint64_t *)(cpu.xsave + 160), 0);     /* XMM0 */
	cr_expect_eq(*(uint64_t *)(cpu.xsave + 576), 0);     /* AVX */
	cpu.xsave_fails = true;
	cr_expect_eq(exec_reset_cpu(&cpu), -EINVAL);
}

/* Where nothing may be promised, it is found too late (Linux vm_commit). */
Test(exec, what_may_not_be_promised)
{
	const struct hv_commit heuristic = {.mode = 0, .total = 1 << 20},
			       little = {.mode = 0, .total = 10},
			       always = {.mode = 1, .total = 10},
			       strict = {.mode = 2, .limit = 10};

	cr_assert_eq(execve_of("prog"), 0);
	cr_expect(exec_is_promised(fake_exec.last, &heuristic));
	cr_expect(!exec_is_promised(fake_exec.last, &little));
	cr_expect(exec_is_promised(fake_exec.last, &always));
	cr_expect(!exec_is_promised(fake_exec.last, &strict));
}
