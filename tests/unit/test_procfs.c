/*
 * test_procfs.c: /proc of the program, from what a guest describes: each line
 * as Linux prints it, and no answer of a guest that is not checked.
 */
#include "hv_describe.h"
#include "hv_map.h"
#include "procfs_fixture.h"

TestSuite(procfs, .init = procfs_setup, .fini = sys_teardown);

/* ---- maps -------------------------------------------------------------- */

Test(procfs, an_anonymous_mapping_ends_with_a_blank)
{
	add_vma(0x4a9000, 0x4be000, PROT_READ | PROT_WRITE);
	expect_start(content("/proc/self/maps"),
		     "004a9000-004be000 rw-p 00000000 00:00 0 \n");
}

Test(procfs, names_begin_at_column_73)
{
	const char *line;

	add_vma(0x4be000, 0x4e0000, PROT_READ)->kind = HV_MAP_HEAP;
	add_vma(0x7ffffffde000, 0x7ffffffff000, 0)->kind = HV_MAP_STACK;
	line = content("/proc/self/maps");
	cr_assert_eq(strchr(line, '[') - line, 73);
	line = strchr(line, '\n') + 1;
	expect_start(line, "7ffffffde000-7ffffffff000 ---p 00000000 00:00 0 ");
	cr_assert_eq(strchr(line, '[') - line, 73);
}

Test(procfs, the_vdso_and_its_data_have_names_and_no_file)
{
	struct hv_desc_vma *v = add_vma(0x7000, 0x8000, PROT_READ);
	const char *text;

	v->kind = HV_MAP_VVAR;
	v = add_vma(0x8000, 0x9000, PROT_READ);
	v->kind = HV_MAP_VCLOCK;
	v->offset = 0x4000; /* not shown */
	add_vma(0x9000, 0xa000, PROT_READ | PROT_EXEC)->kind = HV_MAP_VDSO;
	text = content("/proc/self/maps");
	cr_assert(strstr(text, "[vvar]\n00008000-00009000 r--p 00000000 "));
	cr_assert(strstr(text, "[vvar_vclock]\n00009000-"));
	cr_assert(strstr(text, "[vdso]\n"));
}

Test(procfs, a_file_has_its_device_inode_and_path)
{
	int fd = open(in_scratch("ro/file"), O_RDONLY | O_CLOEXEC);
	struct hv_desc_vma *v = add_vma(0x10000, 0x12000, PROT_READ);
	int number = files_add(&machine.files, fd, "elsewhere");
	char inode[32], path[512];
	const char *line;
	struct stat st;

	v->file = (uint32_t)number;
	v->offset = 0x3000;
	fstat(fd, &st);
	snprintf(inode, sizeof(inode), " %lu ", (unsigned long)st.st_ino);
	snprintf(path, sizeof(path), " %s\n", in_scratch("ro/file"));
	line = content("/proc/self/maps");
	expect_start(line, "00010000-00012000 r--p 00003000 ");
	cr_assert(strstr(line, inode), "%s", line);
	cr_assert(strstr(line, path), "%s", line);
	close(fd);
}

Test(procfs, a_file_that_was_removed_is_marked)
{
	int fd = open(in_scratch("ro/file"), O_RDONLY | O_CLOEXEC);
	struct hv_desc_vma *v = add_vma(0x10000, 0x12000, PROT_READ);

	v->file = (uint32_t)files_add(&machine.files, fd, "elsewhere");
	unlink(in_scratch("ro/file"));
	cr_assert(strstr(content("/proc/self/maps"), "/file (deleted)\n"));
	close(fd);
}

Test(procfs, a_newline_in_a_path_is_escaped)
{
	struct hv_desc_vma *v = add_vma(0x10000, 0x12000, PROT_READ);
	int fd;

	host_file("ro/two\nlines", "x");
	fd = open(in_scratch("ro/two\nlines"), O_RDONLY | O_CLOEXEC);
	v->file = (uint32_t)files_add(&machine.files, fd, "elsewhere");
	cr_assert(strstr(content("/proc/self/maps"), "/two\\012lines\n"));
	close(fd);
}

Test(procfs, shared_anonymous_memory_is_dev_zero)
{
	struct hv_desc_vma *v = add_vma(0x10000, 0x12000, PROT_READ);

	v->shm = 5;
	v->vm_flags |= HV_VM_MAYSHARE;
	expect_start(content("/proc/self/maps"),
		     "00010000-00012000 r--s 00000000 00:01 5 ");
	cr_assert(strstr(content("/proc/self/maps"), " /dev/zero (deleted)\n"));
}

Test(procfs, mappings_come_in_pieces)
{
	const char *text;
	unsigned lines = 0;

	for (unsigned i = 0; i < 50; i++)
		add_vma(0x100000 + i * 0x2000, 0x101000 + i * 0x2000, 0);
	text = content("/proc/self/maps");
	for (; *text; text++)
		lines += *text == '\n';
	cr_assert(lines == 50 || lines == 51); /* vsyscall */
	cr_assert_geq(asked, 17);
}

/* ---- A guest that lies ------------------------------------------------- */

static int64_t read_of(const char *path)
{
	char buf[256];
	int64_t fd = open_abs(path, O_RDONLY), n;

	cr_assert_geq(fd, 0);
	n = read_fd(fd, buf, sizeof(buf));
	call(SYS_close, (uint64_t)fd);
	return n;
}

Test(procfs, an_answer_that_makes_no_sense_is_an_io_error)
{
	static const char *const files[] = {"/proc/self/maps",
					    "/proc/self/smaps",
					    "/proc/self/smaps_rollup"};

	for (size_t i = 0; i < 3; i++) {
		manner = TOO_MANY;
		cr_assert_eq(read_of(files[i]), -EIO);
		manner = NO_PROGRESS;
		cr_assert_eq(read_of(files[i]), -EIO);
		manner = EMPTY_PIECE;
		cr_assert_eq(read_of(files[i]), -EIO);
		manner = REFUSES;
		cr_assert_eq(read_of(files[i]), -EINVAL);
	}
	manner = TOO_MANY;
	cr_assert_eq(read_of("/proc/self/stat"), -EIO);
	cr_assert_eq(read_of("/proc/self/statm"), -EIO);
	cr_assert_eq(read_of("/proc/self/status"), -EIO);
	cr_assert_eq(read_of("/proc/self/environ"), -EIO);
}

/* ---- smaps, statm, stat, status ---------------------------------------- */

Test(procfs, smaps_rounds_pss_down_and_names_flags)
{
	struct hv_desc_smaps *s = &guest_vma[0];
	const char *text;

	add_vma(0x10000, 0x14000, PROT_READ | PROT_WRITE);
	s->rss = 8192;
	s->pss = (uint64_t)3000 << HV_PSS_SHIFT;
	s->private_dirty = 8192;
	s->vma.vm_flags |= 0x100; /* gd */
	text = content("/proc/self/smaps");
	cr_assert(strstr(text, "\nSize:                 16 kB\n"), "%s", text);
	cr_assert(strstr(text, "\nRss:                   8 kB\n"));
	cr_assert(strstr(text, "\nPss:                   2 kB\n"));
	cr_assert(strstr(text, "\nPrivate_Dirty:         8 kB\n"));
	cr_assert(strstr(text, "\nVmFlags: rd wr mr mw me gd ac "));
}

/* Labels are padded, not the whole line. */
Test(procfs, smaps_gives_large_numbers_room)
{
	add_vma(0x10000, 0x10000 + (1ull << 43), PROT_NONE);
	cr_assert(strstr(content("/proc/self/smaps"),
			 "\nSize:           8589934592 kB\n"));
}

/* Rounding each mapping's share would lose it. */
Test(procfs, smaps_rollup_sums_before_it_rounds)
{
	for (unsigned i = 0; i < 2; i++) {
		add_vma(0x10000 + i * 0x4000, 0x12000 + i * 0x4000, PROT_READ);
		guest_vma[i].pss = (uint64_t)512 << HV_PSS_SHIFT;
	}
	cr_assert(strstr(content("/proc/self/smaps_rollup"),
			 "\nPss:                   1 kB\n"));
	expect_start(content("/proc/self/smaps_rollup"),
		     "00010000-00016000 ---p 00000000 00:00 0 ");
}

Test(procfs, statm_has_linuxs_seven_numbers)
{
	guest_mm = (struct hv_desc_mm){
		.total_vm = 100,
		.rss_anon = 5,
		.rss_file = 7,
		.rss_shmem = 1,
		.start_code = 0x401010,
		.end_code = 0x403001,
		.data_vm = 20,
		.stack_vm = 33,
	};
	cr_assert_str_eq(content("/proc/self/statm"), "100 13 8 3 0 53 0\n");
}

Test(procfs, status_divides_code_from_libraries)
{
	const char *text;

	guest_mm = (struct hv_desc_mm){
		.exec_vm = 10,
		.start_code = 0x401000,
		.end_code = 0x403001,
		.hiwater_rss = 9,
		.pagetables = 4,
	};
	text = content("/proc/self/status");
	expect_start(text, "Name:\ttrue\nUmask:\t");
	cr_assert(strstr(text, "\nVmExe:\t      12 kB\n"), "%s", text);
	cr_assert(strstr(text, "\nVmLib:\t      28 kB\n"));
	cr_assert(strstr(text, "\nVmHWM:\t      36 kB\n"));
	cr_assert(strstr(text, "\nVmPTE:\t      16 kB\n"));
	cr_assert(strstr(text, "\nThreads:\t1\n"));
	cr_assert(strstr(text, "\nTracerPid:\t0\n"));
}

Test(procfs, a_name_with_blanks_and_parentheses_keeps_stats_fields)
{
	const char *text;

	call(SYS_prctl, 15, fake_str(&cpu, VA0, "a (b) c"));
	guest_mm.start_stack = 0x7ffffffde010;
	text = content("/proc/self/stat");
	cr_assert(strstr(text, " (a (b) c) R "), "%s", text);
	cr_assert(strstr(text, " 140737488216080 "), "%s", text);
	cr_assert_str_eq(content("/proc/self/comm"), "a (b) c\n");
}

/* ---- Arguments and environment ----------------------------------------- */

static void put_arguments(const char *bytes, size_t args, size_t envs)
{
	fake_put(&cpu, FAKE_BASE + 0x8000, bytes, args + envs);
	guest_mm.arg_start = FAKE_BASE + 0x8000;
	guest_mm.arg_end = guest_mm.env_start = guest_mm.arg_start + args;
	guest_mm.env_end = guest_mm.env_start + envs;
}

Test(procfs, cmdline_and_environ_are_the_programs_memory)
{
	put_arguments("ls\0-l\0A=1\0B=2", 6, 8);
	cr_assert(!memcmp(content("/proc/self/cmdline"), "ls\0-l", 6));
	cr_assert(!memcmp(content("/proc/self/environ"), "A=1\0B=2", 8));
}

Test(procfs, a_title_may_run_into_the_environment)
{
	put_arguments("my long title\0=2", 6, 11);
	cr_assert_str_eq(content("/proc/self/cmdline"), "my long title");
}

Test(procfs, arguments_that_are_not_mapped_are_empty)
{
	guest_mm.arg_start = BAD;
	guest_mm.arg_end = BAD + 10;
	cr_assert_str_eq(content("/proc/self/cmdline"), "");
}
