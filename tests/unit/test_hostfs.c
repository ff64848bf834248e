/*
 * What stays the host's, whatever --rw says and by whatever name it is reached:
 * its kernel's files, its devices, other processes, what they have removed.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys_fixture.h"

TestSuite(hostfs, .init = sys_setup, .fini = sys_teardown);

static int64_t open_abs(const char *path, int flags)
{
	return call(SYS_open, fake_str(&cpu, VA0, path), (uint64_t)flags, 0644);
}

/* The descriptor's name, opened anew. */
static int64_t open_fd(int64_t fd, int flags)
{
	char name[32];

	snprintf(name, sizeof(name), "/proc/self/fd/%d", (int)fd);
	return open_abs(name, flags);
}

/* ---- --rw / ------------------------------------------------------------- */

static void with_rw_root(void)
{
	const char *root = "/";

	sys_end();
	sys_begin(&(struct machine_config){.rw_dirs = &root, .nr_rw_dirs = 1});
}

/* Nothing is changed here if they can be opened, but for the worse. */
Test(hostfs, rw_root_does_not_reach_files_of_the_kernel)
{
	static const char *const files[] = {
		"/proc/sys/kernel/core_pattern",
		"/proc/1/oom_score_adj",
		"/sys/kernel/mm/transparent_hugepage/defrag",
		"/sys/fs/cgroup/cgroup.procs",
	};
	struct stat st;

	with_rw_root();
	cr_assert_geq(guest_open("ro/file", O_WRONLY), 0);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (stat(files[i], &st) < 0)
			continue;
		cr_assert_eq(open_abs(files[i], O_WRONLY), -EROFS, "%s",
			     files[i]);
		cr_assert_eq(call(SYS_access, VA0, W_OK), -EROFS, "%s",
			     files[i]);
		cr_assert_eq(call(SYS_chmod, VA0, st.st_mode & 0777), -EROFS,
			     "%s", files[i]);
	}
	cr_assert_eq(call(SYS_mkdir, fake_str(&cpu, VA0, "/proc/x"), 0700),
		     -EROFS);
	cr_assert_str_eq(report(), "");
}

Test(hostfs, rw_root_does_not_reach_devices)
{
	with_rw_root();
	cr_assert_eq(call(SYS_chmod, fake_str(&cpu, VA0, "/dev/null"), 0666),
		     -EROFS);
	cr_assert_eq(call(SYS_link, VA0, path_at(VA1, "rw/null")), -EROFS);
	cr_assert_geq(open_abs("/dev/null", O_WRONLY), 0);
}

/* ---- Other processes ---------------------------------------------------- */

static int64_t open_of(pid_t pid, const char *name)
{
	char path[64];
	int64_t fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open_abs(path, O_RDONLY);
	if (fd >= 0)
		call(SYS_close, (uint64_t)fd);
	return fd;
}

Test(hostfs, memory_and_environment_of_others_are_not_opened)
{
	static const char *const secret[] = {
		"mem",	"environ", "maps",    "smaps",	     "numa_maps",
		"auxv", "pagemap", "syscall", "task/%d/mem", "task/%d/environ",
	};
	static const char *const shown[] = {"stat", "status", "cmdline", "comm",
					    "mountinfo"};
	pid_t pid = fork();
	int status;

	if (!pid)
		for (;;)
			pause();
	for (size_t i = 0; i < sizeof(secret) / sizeof(secret[0]); i++) {
		char name[64];

		snprintf(name, sizeof(name), secret[i], pid);
		cr_assert_eq(open_of(pid, name), -EACCES, "%s", name);
	}
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		cr_assert_geq(open_of(pid, shown[i]), 0, "%s", shown[i]);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	cr_assert_geq(open_of(getpid(), "environ"), 0);
	cr_assert_geq(open_of(getpid(), "io"), 0);
	cr_assert_geq(open_of(getpid(), "maps"), 0);
}

Test(hostfs, the_kernels_messages_are_not_taken)
{
	cr_assert_eq(open_abs("/proc/kmsg", O_RDONLY | O_NONBLOCK), -EACCES);
	cr_assert_geq(open_abs("/proc/sys/kernel/ostype", O_RDONLY), 0);
}

/* ---- Pipes -------------------------------------------------------------- */

Test(hostfs, a_pipe_may_be_read_that_the_program_made_or_was_given)
{
	int64_t fd;

	cr_assert_eq(mkfifo(in_scratch("tmp/theirs"), 0600), 0);
	cr_assert_eq(guest_open("tmp/theirs", O_RDONLY | O_NONBLOCK), -EACCES);
	fd = guest_open("tmp/theirs", O_PATH);
	cr_assert_geq(fd, 0);
	cr_assert_eq(call(SYS_mknod, path_at(VA0, "tmp/own"), S_IFIFO | 0600),
		     0);
	fd = guest_open("tmp/own", O_RDONLY | O_NONBLOCK);
	cr_assert_geq(fd, 0);
	cr_assert_geq(open_fd(fd, O_RDONLY | O_NONBLOCK), 0);
	cr_assert_eq(call(SYS_pipe, VA0), 0);
	cr_assert_geq(open_fd(*(int *)fake_at(&cpu, VA0), O_RDONLY), 0);
}

/* ---- Removed files ------------------------------------------------------ */

static void expect_theirs(int64_t fd)
{
	cr_assert_eq(open_fd(fd, O_RDWR), -EROFS);
	cr_assert_eq(open_fd(fd, O_RDONLY | O_TRUNC), -EROFS);
	cr_assert_geq(open_fd(fd, O_RDONLY), 0);
	cr_assert_eq(call(SYS_fchmod, (uint64_t)fd, 0600), -EROFS);
}

static void expect_own(int64_t fd)
{
	cr_assert_geq(open_fd(fd, O_RDWR), 0);
	cr_assert_geq(open_fd(call(SYS_dup, (uint64_t)fd), O_RDWR), 0);
	cr_assert_geq(open_fd(open_fd(fd, O_PATH), O_RDWR), 0);
}

Test(hostfs, what_others_removed_stays_theirs)
{
	int64_t fd = guest_open("ro/file", O_RDONLY);
	int64_t path = guest_open("ro/file", O_PATH);

	unlink(in_scratch("ro/file"));
	expect_theirs(fd);
	cr_assert_eq(open_fd(path, O_RDWR), -EROFS);
}

/* The link in /proc says "tmp/x (deleted)". */
Test(hostfs, nor_does_a_file_of_that_name_make_it_the_programs)
{
	int64_t fd;

	host_file("tmp/x", "theirs");
	fd = guest_open("tmp/x", O_RDONLY);
	unlink(in_scratch("tmp/x"));
	cr_assert_geq(guest_open("tmp/x (deleted)", O_CREAT | O_RDWR), 0);
	expect_theirs(fd);
}

Test(hostfs, what_the_program_removed_is_its_own)
{
	int64_t fd = guest_open("tmp/a", O_CREAT | O_RDONLY);
	int64_t other = guest_open("tmp/b", O_CREAT | O_RDONLY);

	cr_assert_eq(
		call(SYS_rename, path_at(VA0, "tmp/a"), path_at(VA1, "tmp/b")),
		0);
	expect_own(other);
	cr_assert_eq(call(SYS_unlink, VA1), 0);
	expect_own(fd);
}

Test(hostfs, what_never_had_a_name_is_its_own)
{
	expect_own(guest_open("tmp", O_TMPFILE | O_RDWR));
	expect_own(call(SYS_memfd_create, fake_str(&cpu, VA0, "m"), 0));
}
