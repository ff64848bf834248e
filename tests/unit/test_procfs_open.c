/*
 * test_procfs_open.c: descriptors of files and directories in /proc: what is
 * read when, what they look like, and that they lead nowhere else.
 */
#include "hv_map.h"
#include "mapfile.h"
#include "procfs_fixture.h"

TestSuite(procfs_open, .init = procfs_setup, .fini = sys_teardown);

/* ---- pagemap ----------------------------------------------------------- */

Test(procfs_open, pagemap_is_read_by_the_page)
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

Test(procfs_open, pagemap_is_read_in_whole_entries_up_to_the_end_of_user_space)
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

Test(procfs_open, a_file_is_made_anew_when_it_is_read_from_the_start)
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

/* Lines of 80 bytes. */
Test(procfs_open, maps_comes_a_page_at_a_time)
{
	int64_t fd = open_abs("/proc/self/maps", O_RDONLY), n, sum = 0;
	static char buf[65536];

	for (unsigned i = 0; i < 60; i++)
		add_vma(0x100000 + i * 0x2000, 0x101000 + i * 0x2000, 0)->kind =
			HV_MAP_HEAP;
	n = read_fd(fd, buf, sizeof(buf));
	cr_assert(n > 4000 && n <= 4096, "%d", (int)n);
	cr_assert_eq(n % 80, 0);
	for (; n > 0; n = read_fd(fd, buf, sizeof(buf)))
		sum += n;
	cr_assert_geq(sum, 60 * 80);
	cr_assert_leq(sum, 60 * 80 + 85); /* vsyscall */
	/* A mapping that went away is not found again, one that came is. */
	call(SYS_lseek, (uint64_t)fd, 0, SEEK_SET);
	cr_assert_eq(read_fd(fd, buf, 81), 80);
	guest_vma[1].vma.start = 0x103000;
	guest_vma[1].vma.end = 0x104000;
	cr_assert_eq(read_fd(fd, buf, 81), 80);
	expect_start(buf, "00103000-");
}

Test(procfs_open, a_seek_forward_skips_what_was_not_made_yet)
{
	int64_t fd = open_abs("/proc/self/maps", O_RDONLY);
	char buf[256];

	for (unsigned i = 0; i < 3; i++)
		add_vma(0x100000 + i * 0x2000, 0x101000 + i * 0x2000, 0)->kind =
			HV_MAP_HEAP;
	call(SYS_lseek, (uint64_t)fd, 160, SEEK_SET);
	cr_assert_eq(read_fd(fd, buf, 81), 80);
	expect_start(buf, "00104000-");
	cr_assert_eq(call(SYS_pread64, (uint64_t)fd, BIG, 80, 80), 80);
	cr_assert(!memcmp(fake_at(&cpu, BIG), "00102000-", 9));
}

/* Linux 6.18, lseek by 2 from the end, from data, from a hole. */
Test(procfs_open, only_three_files_have_an_end_to_seek_from)
{
	static const char *const sized[] = {"environ", "auxv", "cmdline"};
	static const char *const others[] = {
		"maps", "smaps",  "smaps_rollup", "stat",   "statm",
		"comm", "limits", "pagemap",	  "status", "personality"};
	char path[64];
	int64_t fd;

	for (size_t i = 0; i < sizeof(sized) / sizeof(sized[0]); i++) {
		snprintf(path, sizeof(path), "/proc/self/%s", sized[i]);
		fd = open_abs(path, O_RDONLY);
		cr_assert_eq(call(SYS_lseek, (uint64_t)fd, 2, SEEK_END), 2);
		cr_assert_eq(call(SYS_lseek, (uint64_t)fd, -1, SEEK_END),
			     -EINVAL);
		cr_assert_eq(call(SYS_lseek, (uint64_t)fd, 0, SEEK_DATA),
			     -ENXIO);
		cr_assert_eq(call(SYS_lseek, (uint64_t)fd, 1, SEEK_CUR), 3);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		snprintf(path, sizeof(path), "/proc/self/%s", others[i]);
		fd = open_abs(path, O_RDONLY);
		for (int whence = SEEK_END; whence <= SEEK_HOLE + 1; whence++)
			cr_assert_eq(call(SYS_lseek, (uint64_t)fd, 2, whence),
				     -EINVAL, "%s", path);
		cr_assert_eq(call(SYS_lseek, (uint64_t)fd, 2, SEEK_SET), 2);
	}
}

Test(procfs_open, a_descriptor_looks_like_the_file)
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

Test(procfs_open, a_descriptor_opened_again_is_the_programs_too)
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

Test(procfs_open, little_can_be_written_and_nothing_mapped)
{
	int64_t fd = open_abs("/proc/self/maps", O_RDONLY);
	uint64_t size;

	cr_assert_eq(call(SYS_write, (uint64_t)fd, BIG, 1), -EBADF);
	cr_assert_eq(open_abs("/proc/self/maps", O_WRONLY), -EROFS);
	cr_assert_eq(open_abs("/proc/self/io", O_RDWR), -EROFS);
	cr_assert_eq(
		mapfile_get(&process, (int)fd, PROT_READ, MAP_PRIVATE, &size),
		-ENODEV);
	cr_assert_eq(call(SYS_sendfile, 1, (uint64_t)fd, 0, 100), -EINVAL);
}

Test(procfs_open, the_name_can_be_written)
{
	int64_t fd = open_abs("/proc/self/comm", O_RDWR | O_TRUNC);

	fake_str(&cpu, VA0, "a name that is too long");
	cr_assert_eq(call(SYS_write, (uint64_t)fd, VA0, 23), 23);
	cr_assert_str_eq(content("/proc/self/comm"), "a name that is \n");
	fake_str(&cpu, VA0, "short");
	cr_assert_eq(call(SYS_pwrite64, (uint64_t)fd, VA0, 5, 100), 5);
	cr_assert_str_eq(content("/proc/self/comm"), "short\n");
	cr_assert_eq(call(SYS_write, (uint64_t)fd, VA0, 0), 0);
}

Test(procfs_open, memory_is_read_and_written_by_its_address)
{
	int64_t fd = open_abs("/proc/self/mem", O_RDWR);

	fake_str(&cpu, VA0, "xyz");
	cr_assert_eq(call(SYS_pwrite64, (uint64_t)fd, VA0, 3, VA2), 3);
	cr_assert(!memcmp(fake_at(&cpu, VA2), "xyz", 3));
	cr_assert_eq(call(SYS_lseek, (uint64_t)fd, VA2, SEEK_SET), VA2);
	cr_assert_eq(call(SYS_read, (uint64_t)fd, BIG, 2), 2);
	cr_assert_eq(call(SYS_lseek, (uint64_t)fd, 0, SEEK_CUR), VA2 + 2);
	cr_assert(!memcmp(fake_at(&cpu, BIG), "xy", 2));
	cr_assert_eq(call(SYS_pread64, (uint64_t)fd, BIG, 2, 16), -EIO);
	cr_assert_eq(call(SYS_write, (uint64_t)fd, BIG, 0), 0);
}

Test(procfs_open, fdinfo_is_of_the_programs_descriptor)
{
	int64_t fd = open_abs("/dev/null", O_WRONLY | O_APPEND | O_CLOEXEC);
	char path[64];

	cr_assert_eq(call(SYS_dup2, (uint64_t)fd, 41), 41);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", (int)fd);
	cr_assert(strstr(content(path), "\nflags:\t02102001\n"), "%s",
		  content(path));
	cr_assert(
		strstr(content("/proc/self/fdinfo/41"), "\nflags:\t0102001\n"));
	cr_assert_eq(open_abs("/proc/self/fdinfo/42", O_RDONLY), -ENOENT);
	cr_assert_eq(open_abs("/proc/self/fdinfo/-1", O_RDONLY), -ENOENT);
}

Test(procfs_open, files_leave_no_descriptor_behind)
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

Test(procfs_open, small_buffers_list_the_same_names)
{
	char large[4096], small[4096];

	list("/proc/self", 4096, large);
	list("/proc/self", 40, small);
	cr_assert_str_eq(small, large);
	cr_assert(strstr(large, ". .. task fd map_files fdinfo "));
	cr_assert(strstr(large, " smaps "));
	cr_assert(!strstr(large, " nothing "));
	list("/proc/thread-self", 4096, small);
	cr_assert(strstr(small, ". .. fd fdinfo "));
}

Test(procfs_open, a_buffer_too_small_for_a_name_is_refused)
{
	int64_t fd = open_abs("/proc/self", O_RDONLY);

	cr_assert_eq(call(SYS_getdents64, (uint64_t)fd, BIG, 8), -EINVAL);
}

Test(procfs_open, the_descriptor_directory_has_the_programs_numbers_only)
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

Test(procfs_open, a_directory_descriptor_leads_to_its_files)
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
			  fake_str(&cpu, VA0, "fdinfo/../nothing"), O_RDONLY),
		     -ENOENT);
}
