/*
 * test_procfs.c: /proc of the program, from what a guest describes: each line
 * as Linux prints it, and no answer of a guest that is not checked.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "describe.h"
#include "procfs.h"
#include "sys_fixture.h"

#define ANON_FLAGS 0x100073ull /* rd wr mr mw me ac */

/* What the fake guest has. */
static struct hv_desc_mm guest_mm;
static struct hv_desc_smaps guest_vma[64];
static unsigned guest_vmas, asked;
/* What it does wrong. */
static enum { HONEST, TOO_MANY, NO_PROGRESS, EMPTY_PIECE, REFUSES } manner;

static int answer_vmas(uint64_t cursor, size_t size,
		       struct hv_call_describe *out)
{
	for (unsigned i = 0; i < guest_vmas; i++) {
		if (guest_vma[i].vma.end <= cursor)
			continue;
		if (out->count == 3) { /* small pieces */
			out->next = guest_vma[i].vma.start;
			return 0;
		}
		memcpy(out->data + out->count++ * size, &guest_vma[i], size);
	}
	return 0;
}

static int answer(struct vcpu *v, uint32_t what, uint64_t cursor, uint32_t want,
		  struct hv_call_describe *out)
{
	(void)v;
	asked++;
	if (manner == REFUSES)
		return -EINVAL;
	if (manner == TOO_MANY)
		out->count = 60;
	if (manner == NO_PROGRESS || manner == EMPTY_PIECE)
		out->next = manner == NO_PROGRESS ? 4096 : cursor + 4096;
	if (manner == NO_PROGRESS)
		out->count = 1;
	if (manner != HONEST)
		return 0;
	switch (what) {
	case HV_DESCRIBE_MM:
		out->count = 1;
		memcpy(out->data, &guest_mm, sizeof(guest_mm));
		return 0;
	case HV_DESCRIBE_MAPS:
		return answer_vmas(cursor, sizeof(struct hv_desc_vma), out);
	case HV_DESCRIBE_SMAPS:
		return answer_vmas(cursor, sizeof(struct hv_desc_smaps), out);
	case HV_DESCRIBE_PAGEMAP:
		out->count = want;
		for (uint32_t i = 0; i < want; i++)
			out->words[i] = 1ull << 63 | ((cursor >> 12) + i);
		return 0;
	default:
		return -EINVAL;
	}
}

static struct hv_desc_vma *add_vma(uint64_t start, uint64_t end, uint32_t prot)
{
	struct hv_desc_vma *v = &guest_vma[guest_vmas++].vma;

	*v = (struct hv_desc_vma){
		.start = start,
		.end = end,
		.prot = prot,
		.vm_flags = ANON_FLAGS,
	};
	return v;
}

static void setup(void)
{
	sys_setup();
	cpu.describe = answer;
}

TestSuite(procfs, .init = setup, .fini = sys_teardown);

static int64_t open_abs(const char *path, int flags)
{
	return call(SYS_open, fake_str(&cpu, VA0, path), (uint64_t)flags, 0);
}

static int64_t read_fd(int64_t fd, char *buf, size_t size)
{
	int64_t n = call(SYS_read, (uint64_t)fd, BIG, size - 1);

	if (n >= 0) {
		memcpy(buf, fake_at(&cpu, BIG), (size_t)n);
		buf[n] = '\0';
	}
	return n;
}

/* The file's content, in a static buffer. */
static const char *content(const char *path)
{
	static char buf[65536];
	int64_t fd = open_abs(path, O_RDONLY), n;

	cr_assert_geq(fd, 0, "%s: %d", path, (int)fd);
	n = read_fd(fd, buf, sizeof(buf));
	cr_assert_geq(n, 0, "%s: %d", path, (int)n);
	cr_assert_eq(call(SYS_close, (uint64_t)fd), 0);
	return buf;
}

static void expect_start(const char *text, const char *start)
{
	cr_assert(!strncmp(text, start, strlen(start)), "%s", text);
}

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

Test(procfs, the_second_vvar_is_the_clocks)
{
	struct hv_desc_vma *v = add_vma(0x7000, 0x8000, PROT_READ);
	const char *text;

	v->kind = HV_MAP_VVAR;
	*add_vma(0x8000, 0x9000, PROT_READ) = *v;
	guest_vma[1].vma.start = 0x8000;
	guest_vma[1].vma.end = 0x9000;
	guest_vma[1].vma.offset = 0x4000; /* not shown */
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
	int number = sys_file_add(sys, fd, "elsewhere");
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

	v->file = (uint32_t)sys_file_add(sys, fd, "elsewhere");
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
	v->file = (uint32_t)sys_file_add(sys, fd, "elsewhere");
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

/* ---- pagemap ----------------------------------------------------------- */

Test(procfs, pagemap_is_read_by_the_page)
{
	int64_t fd = open_abs("/proc/self/pagemap", O_RDONLY);
	const uint64_t *words = fake_at(&cpu, BIG);

	cr_assert_eq(call(SYS_pread64, (uint64_t)fd, BIG, 16, 0x4a8 * 8), 16);
	cr_assert_eq(words[0] >> 63, 1);
	if (geteuid() == 0)
		cr_assert_eq(words[1] & ((1ull << 55) - 1), 0x4a9);
	cr_assert_eq(call(SYS_lseek, (uint64_t)fd, 0x400 * 8, SEEK_SET),
		     0x400 * 8);
	cr_assert_eq(call(SYS_read, (uint64_t)fd, BIG, 8), 8);
	cr_assert_eq(call(SYS_lseek, (uint64_t)fd, 0, SEEK_CUR), 0x401 * 8);
	/* More than fits one answer of the guest, and one after the other. */
	cr_assert_eq(call(SYS_pread64, (uint64_t)fd, BIG, 65536, 0), 65536);
	cr_assert_eq(words[8191] & 0xffff, 8191);
}

Test(procfs, pagemap_is_read_in_whole_entries_up_to_the_end_of_user_space)
{
	uint64_t end = HV_VA_USER_END / 4096 * 8;
	int64_t fd = open_abs("/proc/self/pagemap", O_RDONLY);

	cr_assert_eq(call(SYS_pread64, (uint64_t)fd, BIG, 7, 0), -EINVAL);
	cr_assert_eq(call(SYS_pread64, (uint64_t)fd, BIG, 8, 4), -EINVAL);
	cr_assert_eq(call(SYS_pread64, (uint64_t)fd, BIG, 64, end - 16), 16);
	cr_assert_eq(call(SYS_pread64, (uint64_t)fd, BIG, 64, end), 0);
	cr_assert_eq(call(SYS_pread64, (uint64_t)fd, BIG, 64, end * 2), 0);
}

/* ---- Descriptors ------------------------------------------------------- */

Test(procfs, a_file_is_made_anew_when_it_is_read_from_the_start)
{
	int64_t fd = open_abs("/proc/self/comm", O_RDONLY), copy;
	char buf[64];

	copy = call(SYS_dup, (uint64_t)fd);
	cr_assert_eq(read_fd(fd, buf, 3), 2);
	call(SYS_prctl, 15, fake_str(&cpu, VA0, "other"));
	cr_assert_eq(read_fd(copy, buf, sizeof(buf)), 3); /* goes on */
	cr_assert_str_eq(buf, "ue\n");
	call(SYS_lseek, (uint64_t)fd, 0, SEEK_SET);
	cr_assert_eq(read_fd(copy, buf, sizeof(buf)), 6);
	cr_assert_str_eq(buf, "other\n");
	cr_assert_eq(call(SYS_pread64, (uint64_t)fd, BIG, 64, 0), 6);
}

Test(procfs, a_descriptor_looks_like_the_file)
{
	int64_t fd = open_abs("/proc/self/maps", O_RDONLY);
	struct stat *st = fake_at(&cpu, VA1), host;
	char path[64], link[64];
	int64_t n;

	stat("/proc/self/maps", &host);
	cr_assert_eq(call(SYS_fstat, (uint64_t)fd, VA1), 0);
	cr_assert_eq(st->st_mode, host.st_mode);
	cr_assert_eq(st->st_size, 0);
	cr_assert_eq(st->st_dev, host.st_dev);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", (int)fd);
	n = call(SYS_readlink, fake_str(&cpu, VA0, path), VA1, 4096);
	snprintf(link, sizeof(link), "/proc/%d/maps", getpid());
	cr_assert_eq(n, (int64_t)strlen(link));
	cr_assert(!memcmp(fake_at(&cpu, VA1), link, (size_t)n));
	cr_assert_eq(call(SYS_fcntl, (uint64_t)fd, F_GETFL) & O_ACCMODE,
		     O_RDONLY);
}

Test(procfs, a_descriptor_opened_again_is_the_programs_too)
{
	int64_t fd = open_abs("/proc/self/maps", O_PATH);
	char path[64];

	cr_assert_geq(fd, 0);
	add_vma(0x10000, 0x12000, PROT_READ);
	cr_assert_eq(call(SYS_read, (uint64_t)fd, BIG, 10), -EBADF);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", (int)fd);
	expect_start(content(path), "00010000-00012000 r--p ");
	call(SYS_dup2, (uint64_t)fd, 40);
	expect_start(content("/dev/fd/40"), "00010000-00012000 r--p ");
}

Test(procfs, nothing_can_be_written_or_mapped)
{
	int64_t fd = open_abs("/proc/self/maps", O_RDONLY);
	uint64_t size;

	cr_assert_eq(call(SYS_write, (uint64_t)fd, BIG, 1), -EBADF);
	cr_assert_eq(open_abs("/proc/self/comm", O_WRONLY), -EROFS);
	cr_assert_eq(open_abs("/proc/self/comm", O_RDWR), -EROFS);
	cr_assert_eq(open_abs("/proc/self/mem", O_RDONLY), -EACCES);
	cr_assert_eq(sys_file_get(sys, (int)fd, PROT_READ, MAP_PRIVATE, &size),
		     -ENODEV);
	cr_assert_eq(call(SYS_sendfile, 1, (uint64_t)fd, 0, 100), -EINVAL);
}

Test(procfs, files_leave_no_descriptor_behind)
{
	unsigned before = host_fds();

	add_vma(0x10000, 0x12000, PROT_READ);
	for (unsigned i = 0; procfs_dump_name(i); i++) {
		char path[64];
		int64_t fd;

		snprintf(path, sizeof(path), "/proc/self/%s",
			 procfs_dump_name(i));
		fd = open_abs(path, O_RDONLY);
		if (fd < 0)
			continue;
		call(SYS_read, (uint64_t)fd, BIG, 4096);
		call(SYS_close, (uint64_t)fd);
	}
	cr_assert_eq(host_fds(), before);
}

/* ---- Directories ------------------------------------------------------- */

struct entry {
	uint64_t ino, off;
	uint16_t reclen;
	uint8_t type;
	char name[];
};

/* Names, each followed by a blank, read with so large a buffer. */
static void list(const char *path, size_t size, char *names)
{
	int64_t fd = open_abs(path, O_RDONLY | O_DIRECTORY), n;

	cr_assert_geq(fd, 0, "%s: %d", path, (int)fd);
	*names = '\0';
	while ((n = call(SYS_getdents64, (uint64_t)fd, BIG, size)) > 0) {
		const uint8_t *at = fake_at(&cpu, BIG);

		for (int64_t i = 0; i < n;) {
			const struct entry *e = (const void *)(at + i);

			strcat(strcat(names, e->name), " ");
			i += e->reclen;
		}
	}
	cr_assert_eq(n, 0);
	call(SYS_close, (uint64_t)fd);
}

Test(procfs, small_buffers_list_the_same_names)
{
	char large[4096], small[4096];

	list("/proc/self", 4096, large);
	list("/proc/self", 40, small);
	cr_assert_str_eq(small, large);
	cr_assert(strstr(large, ". .. task fd "));
	cr_assert(strstr(large, " smaps "));
	cr_assert(!strstr(large, " map_files "));
	list("/proc/thread-self", 4096, small);
	cr_assert(strstr(small, ". .. fd "));
}

Test(procfs, a_buffer_too_small_for_a_name_is_refused)
{
	int64_t fd = open_abs("/proc/self", O_RDONLY);

	cr_assert_eq(call(SYS_getdents64, (uint64_t)fd, BIG, 8), -EINVAL);
}

Test(procfs, the_descriptor_directory_has_the_programs_numbers_only)
{
	char names[4096], mine[32];
	int64_t fd = open_abs("/dev/null", O_RDONLY);

	call(SYS_dup2, (uint64_t)fd, 33);
	list("/proc/self/fd", 4096, names);
	cr_assert(strstr(names, " 33 "), "%s", names);
	list("/proc/self/task", 4096, names);
	snprintf(mine, sizeof(mine), ". .. %d ", getpid());
	cr_assert_str_eq(names, mine);
}

Test(procfs, a_directory_descriptor_leads_to_its_files)
{
	int64_t dir = open_abs("/proc/self", O_RDONLY | O_DIRECTORY), fd;
	char buf[64];

	fd = call(SYS_openat, (uint64_t)dir, fake_str(&cpu, VA0, "comm"),
		  O_RDONLY);
	cr_assert_eq(read_fd(fd, buf, sizeof(buf)), 5);
	cr_assert_str_eq(buf, "true\n");
	fd = call(SYS_openat, (uint64_t)dir,
		  fake_str(&cpu, VA0, "fd/../task/./../comm"), O_RDONLY);
	cr_assert_eq(read_fd(fd, buf, sizeof(buf)), 5);
	cr_assert_eq(call(SYS_openat, (uint64_t)dir,
			  fake_str(&cpu, VA0, "fdinfo"), O_RDONLY),
		     -ENOENT);
}
