/*
 * What may the program reach, and what may it change? The host's files are
 * there to read; only the --rw tree is there to write; the VMM's own part of
 * /proc is not there at all.
 *
 *	scratch/ro/file   "readonly"
 *	scratch/rw/file   "writable"    --rw scratch/rw
 *	scratch/rw2/
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "sys_fixture.h"

TestSuite(paths, .init = sys_setup, .fini = sys_teardown);

#define CWD ((uint64_t)AT_FDCWD)

static int64_t open_abs(const char *path, int flags)
{
	return call(SYS_open, fake_str(&cpu, VA0, path), (uint64_t)flags, 0644);
}

/* Write "x" through a descriptor that must be open. */
static void write_x(int64_t fd)
{
	cr_assert_geq(fd, 0);
	fake_str(&cpu, VA2, "x");
	cr_assert_eq(call(SYS_write, (uint64_t)fd, VA2, 1), 1);
	call(SYS_close, (uint64_t)fd);
}

/* ---- The read-only rule ------------------------------------------------ */

Test(paths, everything_may_be_read)
{
	cr_assert_geq(guest_open("ro/file", O_RDONLY), 0);
	cr_assert_geq(guest_open("rw/file", O_RDONLY), 0);
	cr_assert_geq(open_abs("/etc/passwd", O_RDONLY), 0);
}

Test(paths, writing_outside_the_tree_is_refused_and_reported_once)
{
	const int flags[] = {O_WRONLY, O_RDWR, O_RDONLY | O_TRUNC,
			     O_WRONLY | O_CREAT, O_RDWR | O_APPEND};
	char line[512];
	const char *at;

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		cr_assert_eq(guest_open("ro/file", flags[i]), -EROFS);
	cr_assert_str_eq(host_read("ro/file"), "readonly");
	snprintf(line, sizeof(line),
		 "vmm: %s/ro/file: not written: the file system is read-only "
		 "in the guest; --rw %s/ro allows it\n",
		 scratch, scratch);
	at = strstr(report(), line);
	cr_assert(at);
	cr_assert_null(strstr(at + 1, line));
}

Test(paths, writing_in_the_tree_works_and_is_not_reported)
{
	write_x(guest_open("rw/file", O_WRONLY | O_TRUNC));
	cr_assert_str_eq(host_read("rw/file"), "x");
	write_x(guest_open("rw/new", O_WRONLY | O_CREAT | O_EXCL));
	cr_assert_str_eq(host_read("rw/new"), "x");
	cr_assert_str_eq(report(), "");
}

Test(paths, creating_outside_the_tree_is_refused)
{
	cr_assert_eq(guest_open("ro/new", O_WRONLY | O_CREAT), -EROFS);
	cr_assert_null(host_read("ro/new"));
	cr_assert(strstr(report(), "ro/new: not written"));
}

Test(paths, a_longer_name_is_not_the_tree)
{
	cr_assert_eq(guest_open("rw2/new", O_WRONLY | O_CREAT), -EROFS);
}

Test(paths, dot_dot_does_not_lead_out)
{
	cr_assert_eq(guest_open("rw/../ro/file", O_WRONLY), -EROFS);
	cr_assert_eq(guest_open("rw/../ro/new", O_WRONLY | O_CREAT), -EROFS);
	cr_assert_eq(guest_open("rw/../new", O_WRONLY | O_CREAT), -EROFS);
	write_x(guest_open("ro/../rw/file", O_WRONLY | O_TRUNC));
}

Test(paths, a_link_in_the_tree_does_not_lead_out)
{
	cr_assert_eq(symlink(in_scratch("ro/file"), in_scratch("rw/abs")), 0);
	cr_assert_eq(symlink("../ro/file", in_scratch("rw/rel")), 0);
	cr_assert_eq(symlink("../ro", in_scratch("rw/dir")), 0);
	cr_assert_eq(symlink("../ro/dangling", in_scratch("rw/none")), 0);
	cr_assert_eq(guest_open("rw/abs", O_WRONLY | O_TRUNC), -EROFS);
	cr_assert_eq(guest_open("rw/rel", O_WRONLY | O_TRUNC), -EROFS);
	cr_assert_eq(guest_open("rw/dir/file", O_WRONLY), -EROFS);
	cr_assert_eq(guest_open("rw/dir/new", O_WRONLY | O_CREAT), -EROFS);
	cr_assert_eq(guest_open("rw/none", O_WRONLY | O_CREAT), -EROFS);
	cr_assert_null(host_read("ro/dangling"));
	cr_assert_str_eq(host_read("ro/file"), "readonly");
}

Test(paths, a_link_into_the_tree_leads_in)
{
	cr_assert_eq(symlink("../rw/made", in_scratch("ro/link")), 0);
	write_x(guest_open("ro/link", O_WRONLY | O_CREAT));
	cr_assert_str_eq(host_read("rw/made"), "x");
}

Test(paths, a_second_name_for_an_outside_file_cannot_be_made)
{
	cr_assert_eq(call(SYS_link, path_at(VA0, "ro/file"),
			  path_at(VA1, "rw/hard")),
		     -EROFS);
	cr_assert_eq(call(SYS_rename, path_at(VA0, "ro/file"),
			  path_at(VA1, "rw/moved")),
		     -EROFS);
	cr_assert_eq(call(SYS_rename, path_at(VA0, "rw/file"),
			  path_at(VA1, "ro/moved")),
		     -EROFS);
	cr_assert_eq(call(SYS_link, path_at(VA0, "rw/file"),
			  path_at(VA1, "rw/hard")),
		     0);
	cr_assert_str_eq(host_read("rw/hard"), "writable");
}

Test(paths, nothing_outside_the_tree_is_changed_by_any_call)
{
	uint64_t file = path_at(VA0, "ro/file"), name = path_at(VA1, "ro/n");
	int64_t fd = guest_open("ro/file", O_RDONLY);
	struct stat before, after;

	stat(in_scratch("ro/file"), &before);
	path_at(VA0, "ro/file");
	cr_assert_eq(call(SYS_mkdir, name, 0755), -EROFS);
	cr_assert_eq(call(SYS_mknod, name, S_IFIFO | 0644, 0), -EROFS);
	cr_assert_eq(call(SYS_symlink, file, name), -EROFS);
	cr_assert_eq(call(SYS_link, file, name), -EROFS);
	cr_assert_eq(call(SYS_unlink, file), -EROFS);
	cr_assert_eq(call(SYS_rename, file, name), -EROFS);
	cr_assert_eq(call(SYS_chmod, file, 0), -EROFS);
	cr_assert_eq(call(SYS_chown, file, 1, 1), -EROFS);
	cr_assert_eq(call(SYS_lchown, file, 1, 1), -EROFS);
	cr_assert_eq(call(SYS_truncate, file, 0), -EROFS);
	cr_assert_eq(call(SYS_utimensat, CWD, file, 0, 0), -EROFS);
	cr_assert_eq(call(SYS_utime, file, 0), -EROFS);
	cr_assert_eq(call(SYS_fchmod, (uint64_t)fd, 0), -EROFS);
	cr_assert_eq(call(SYS_fchown, (uint64_t)fd, 1, 1), -EROFS);
	cr_assert_eq(call(SYS_utimensat, (uint64_t)fd, 0, 0, 0), -EROFS);
	cr_assert_eq(call(SYS_ftruncate, (uint64_t)fd, 0), -EINVAL);
	path_at(VA0, "ro");
	cr_assert_eq(call(SYS_rmdir, VA0), -EROFS);
	cr_assert_eq(call(SYS_open, VA0, O_TMPFILE | O_RDWR, 0600), -EROFS);
	stat(in_scratch("ro/file"), &after);
	cr_assert_eq(
		memcmp(&before.st_mtim, &after.st_mtim, sizeof(before.st_mtim)),
		0);
	cr_assert_eq(before.st_mode, after.st_mode);
	cr_assert_eq(before.st_size, after.st_size);
	cr_assert_eq(before.st_uid, after.st_uid);
}

Test(paths, the_tree_itself_cannot_be_removed_or_moved)
{
	cr_assert_eq(call(SYS_rmdir, path_at(VA0, "rw")), -EROFS);
	cr_assert_eq(call(SYS_rename, path_at(VA0, "rw"), path_at(VA1, "r")),
		     -EROFS);
}

Test(paths, everything_in_the_tree_can_be_changed)
{
	struct stat st;
	uint64_t dir = path_at(VA0, "rw/d"), to = path_at(VA1, "rw/e");
	const struct timespec t[2] = {{1000, 0}, {2000, 0}};

	cr_assert_eq(call(SYS_mkdir, dir, 0755), 0);
	cr_assert_eq(call(SYS_mkdir, dir, 0755), -EEXIST);
	cr_assert_eq(call(SYS_rename, dir, to), 0);
	cr_assert_eq(call(SYS_rmdir, to), 0);
	cr_assert_eq(call(SYS_rmdir, to), -ENOENT);
	path_at(VA0, "rw/file");
	cr_assert_eq(call(SYS_chmod, VA0, 0640), 0);
	cr_assert_eq(call(SYS_truncate, VA0, 3), 0);
	fake_put(&cpu, VA2, t, sizeof(t));
	cr_assert_eq(call(SYS_utimensat, CWD, VA0, VA2, 0), 0);
	cr_assert_eq(stat(in_scratch("rw/file"), &st), 0);
	cr_assert_eq(st.st_mode & 07777, 0640);
	cr_assert_eq(st.st_size, 3);
	cr_assert_eq(st.st_mtime, 2000);
	cr_assert_eq(call(SYS_symlink, fake_str(&cpu, VA2, "text"),
			  path_at(VA1, "rw/sym")),
		     0);
	cr_assert_eq(call(SYS_unlink, VA1), 0);
	cr_assert_eq(call(SYS_unlink, VA0), 0);
	cr_assert_null(host_read("rw/file"));
	cr_assert_str_eq(report(), "");
}

Test(paths, devices_cannot_be_made_even_in_the_tree)
{
	cr_assert_eq(call(SYS_mknod, path_at(VA0, "rw/null"), S_IFCHR | 0666,
			  makedev(1, 3)),
		     -EPERM);
	cr_assert_eq(call(SYS_mknod, path_at(VA0, "rw/blk"), S_IFBLK | 0666,
			  makedev(8, 0)),
		     -EPERM);
}

Test(paths, a_pipe_of_the_host_can_be_opened_in_the_tree_only)
{
	cr_assert_eq(mkfifo(in_scratch("ro/fifo"), 0600), 0);
	cr_assert_eq(mkfifo(in_scratch("rw/fifo"), 0600), 0);
	cr_assert_eq(guest_open("ro/fifo", O_RDWR | O_NONBLOCK), -EROFS);
	cr_assert_eq(guest_open("ro/fifo", O_RDONLY | O_NONBLOCK), -EACCES);
	cr_assert_geq(guest_open("ro/fifo", O_PATH), 0);
	cr_assert_geq(guest_open("rw/fifo", O_RDWR | O_NONBLOCK), 0);
}

Test(paths, access_agrees_with_open)
{
	cr_assert_eq(call(SYS_access, path_at(VA0, "ro/file"), W_OK), -EROFS);
	cr_assert_eq(call(SYS_access, VA0, R_OK), 0);
	cr_assert_eq(call(SYS_access, path_at(VA0, "rw/file"), W_OK), 0);
	cr_assert_eq(call(SYS_access, VA0, 8), -EINVAL);
}

Test(paths, a_file_keeps_its_rights_when_its_name_goes)
{
	int64_t fd = guest_open("rw/file", O_RDWR);

	cr_assert_eq(call(SYS_unlink, path_at(VA0, "rw/file")), 0);
	cr_assert_eq(call(SYS_fchmod, (uint64_t)fd, 0600), 0);
	write_x(fd);
}

Test(paths, a_file_that_others_removed_stays_theirs)
{
	int64_t fd = guest_open("ro/file", O_RDONLY);

	cr_assert_eq(call(SYS_fchmod, (uint64_t)fd, 0600), -EROFS);
	cr_assert_eq(unlink(in_scratch("ro/file")), 0);
	cr_assert_eq(call(SYS_fchmod, (uint64_t)fd, 0600), -EROFS);
}

Test(paths, a_name_that_ends_like_a_removed_file_is_no_way_out)
{
	int64_t fd;

	host_file("ro/x (deleted)", "safe");
	fd = guest_open("ro/x (deleted)", O_RDONLY);
	cr_assert_eq(call(SYS_fchmod, (uint64_t)fd, 0), -EROFS);
	cr_assert_eq(guest_open("ro/x (deleted)", O_WRONLY), -EROFS);
}

Test(paths, the_report_is_bounded_and_harmless_to_a_terminal)
{
	for (int i = 0; i < 100; i++) {
		char name[32];

		snprintf(name, sizeof(name), "ro/n%d\033[2J", i);
		guest_open(name, O_WRONLY | O_CREAT);
	}
	cr_assert_null(strchr(report(), '\033'));
	cr_assert(strstr(report(), "n0\\x1b[2J"));
	cr_assert_null(strstr(report(), "ro/n64"));
}

/* ---- The working directory --------------------------------------------- */

Test(paths, the_programs_directory_is_not_the_vmms)
{
	char before[4096], after[4096];

	cr_assert(getcwd(before, sizeof(before)));
	cr_assert_eq(call(SYS_chdir, path_at(VA0, "ro")), 0);
	cr_assert(getcwd(after, sizeof(after)));
	cr_assert_str_eq(before, after);
	cr_assert_eq(call(SYS_getcwd, VA1, 4096),
		     (int64_t)strlen(in_scratch("ro")) + 1);
	cr_assert_str_eq(fake_at(&cpu, VA1), in_scratch("ro"));
	cr_assert_geq(open_abs("file", O_RDONLY), 0);
	cr_assert_geq(open_abs("../rw/file", O_RDWR), 0);
	cr_assert_eq(open_abs("file", O_RDWR), -EROFS);
}

Test(paths, getcwd_tells_small_bad_and_removed)
{
	cr_assert_eq(mkdir(in_scratch("rw/gone"), 0755), 0);
	cr_assert_eq(call(SYS_chdir, path_at(VA0, "rw/gone")), 0);
	cr_assert_eq(call(SYS_getcwd, VA1, 3), -ERANGE);
	cr_assert_eq(call(SYS_getcwd, BAD, 4096), -EFAULT);
	cr_assert_eq(rmdir(in_scratch("rw/gone")), 0);
	cr_assert_eq(call(SYS_getcwd, VA1, 4096), -ENOENT);
}

/* ---- Forms of paths ---------------------------------------------------- */

Test(paths, a_path_that_runs_into_a_hole_is_efault)
{
	memset(fake_at(&cpu, BAD - 8), 'a', 8);
	cr_assert_eq(call(SYS_open, BAD - 8, O_RDONLY), -EFAULT);
	cr_assert_eq(call(SYS_open, BAD, O_RDONLY), -EFAULT);
	cr_assert_eq(call(SYS_stat, 0, VA1), -EFAULT);
}

Test(paths, long_paths_and_names_are_refused)
{
	memset(fake_at(&cpu, BIG), 'a', 5000);
	*(char *)fake_at(&cpu, BIG + 5000) = '\0';
	cr_assert_eq(call(SYS_open, BIG, O_RDONLY), -ENAMETOOLONG);
	*(char *)fake_at(&cpu, BIG + 300) = '\0';
	cr_assert_eq(call(SYS_open, BIG, O_RDONLY), -ENAMETOOLONG);
	cr_assert_eq(call(SYS_mkdir, BIG, 0755), -ENAMETOOLONG);
}

Test(paths, link_loops_end)
{
	cr_assert_eq(symlink("b", in_scratch("rw/a")), 0);
	cr_assert_eq(symlink("a", in_scratch("rw/b")), 0);
	cr_assert_eq(guest_open("rw/a", O_RDONLY), -ELOOP);
	cr_assert_eq(guest_open("rw/a", O_WRONLY | O_CREAT), -ELOOP);
	cr_assert_eq(guest_open("rw/a", O_RDONLY | O_NOFOLLOW), -ELOOP);
	cr_assert_eq(call(SYS_readlink, path_at(VA0, "rw/a"), VA1, 10), 1);
}

Test(paths, no_descriptor_is_lost_by_all_this)
{
	unsigned before = host_fds();

	for (int i = 0; i < 20; i++) {
		guest_open("ro/file", O_RDWR);
		guest_open("ro/none", O_RDONLY);
		guest_open("rw/../ro/new", O_WRONLY | O_CREAT);
		open_abs("/proc/self/maps", O_WRONLY);
		open_abs("/proc/self/maps/", O_RDONLY);
		open_abs("/proc/self/fd/77", O_RDONLY);
		open_abs("/dev/kvm", O_RDWR);
		call(SYS_stat, fake_str(&cpu, VA0, "/proc/self/exe"), VA1);
		call(SYS_lstat, fake_str(&cpu, VA0, "/proc/self/fd/0"), VA1);
		call(SYS_rename, path_at(VA0, "rw/no"), path_at(VA1, "rw/x"));
		call(SYS_link, path_at(VA0, "ro/file"), path_at(VA1, "rw/x"));
		call(SYS_mkdir, path_at(VA0, "ro/x"), 0);
		call(SYS_chdir, path_at(VA0, "ro"));
	}
	cr_assert_eq(host_fds(), before);
}
