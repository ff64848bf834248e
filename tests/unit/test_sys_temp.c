/*
 * What may the program do in a directory for temporary files, and what is left
 * of it afterwards?
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "call.h"
#include "sys_fixture.h"

TestSuite(sys_temp, .init = sys_setup, .fini = sys_teardown);

static int64_t make(const char *name)
{
	int64_t fd = guest_open(name, O_CREAT | O_EXCL | O_WRONLY);

	return fd < 0 ? fd : call(SYS_close, (uint64_t)fd);
}

/* Open an existing file to write to it. */
static int64_t write_to(const char *name)
{
	int64_t fd = guest_open(name, O_WRONLY);

	return fd < 0 ? fd : call(SYS_close, (uint64_t)fd);
}

static int64_t unlink_it(const char *name)
{
	return call(SYS_unlink, path_at(VA0, name));
}

static int64_t rename_it(const char *from, const char *to)
{
	return call(SYS_rename, path_at(VA0, from), path_at(VA1, to));
}

static int64_t mkdir_it(const char *name)
{
	return call(SYS_mkdir, path_at(VA0, name), 0755);
}

static void end(void)
{
	sys_end();
}

static bool exists(const char *name)
{
	struct stat st;

	return lstat(in_scratch(name), &st) == 0;
}

Test(sys_temp, what_the_program_makes_is_its_own_and_is_removed_at_the_end)
{
	cr_assert_eq(make("tmp/a"), 0);
	cr_assert_eq(write_to("tmp/a"), 0);
	cr_assert_eq(call(SYS_access, path_at(VA0, "tmp/a"), W_OK), 0);
	cr_assert_eq(call(SYS_chmod, path_at(VA0, "tmp/a"), 0600), 0);
	cr_assert_eq(call(SYS_truncate, path_at(VA0, "tmp/a"), 9), 0);
	cr_assert_eq(make("tmp/b"), 0);
	cr_assert_eq(unlink_it("tmp/b"), 0);
	cr_assert(strstr(report(), "tmp/a: removed: what the program makes"));
	cr_assert(!strstr(report(), "tmp/b"));
	cr_assert(!strstr(report(), "not written"));
	cr_assert(exists("tmp/a") && !exists("tmp/b"));
	end();
	cr_assert(!exists("tmp/a"));
	cr_assert(exists("tmp"));
}

Test(sys_temp, what_others_made_there_stays_as_it_is)
{
	host_file("tmp/theirs", "text");
	mkdir(in_scratch("tmp/dir"), 0777);
	cr_assert_eq(make("tmp/mine"), 0);
	cr_assert_geq(guest_open("tmp/theirs", O_RDONLY), 0);
	cr_assert_eq(write_to("tmp/theirs"), -EROFS);
	cr_assert_eq(guest_open("tmp/theirs", O_RDONLY | O_TRUNC), -EROFS);
	cr_assert_eq(unlink_it("tmp/theirs"), -EROFS);
	cr_assert_eq(rename_it("tmp/theirs", "tmp/x"), -EROFS);
	cr_assert_eq(rename_it("tmp/mine", "tmp/theirs"), -EROFS);
	cr_assert_eq(call(SYS_renameat2, (uint64_t)AT_FDCWD,
			  path_at(VA0, "tmp/mine"), (uint64_t)AT_FDCWD,
			  path_at(VA1, "tmp/theirs"), 2 /* EXCHANGE */),
		     -EROFS);
	cr_assert_eq(call(SYS_link, path_at(VA0, "tmp/theirs"),
			  path_at(VA1, "tmp/x")),
		     -EROFS);
	cr_assert_eq(call(SYS_chmod, path_at(VA0, "tmp/theirs"), 0), -EROFS);
	cr_assert_eq(call(SYS_access, path_at(VA0, "tmp/theirs"), W_OK),
		     -EROFS);
	cr_assert_eq(make("tmp/dir/x"), -EROFS);
	cr_assert_eq(call(SYS_rmdir, path_at(VA0, "tmp/dir")), -EROFS);
	cr_assert_eq(make("ro/x"), -EROFS);
	end();
	cr_assert_str_eq(host_read("tmp/theirs"), "text");
	cr_assert(exists("tmp/dir"));
}

Test(sys_temp, an_own_link_does_not_make_its_target_writable)
{
	cr_assert_eq(call(SYS_symlink, fake_str(&cpu, VA0, in_scratch("ro")),
			  path_at(VA1, "tmp/ro")),
		     0);
	cr_assert_eq(call(SYS_symlink,
			  fake_str(&cpu, VA0, in_scratch("ro/file")),
			  path_at(VA1, "tmp/file")),
		     0);
	cr_assert_eq(write_to("tmp/file"), -EROFS);
	cr_assert_eq(make("tmp/ro/x"), -EROFS);
	cr_assert_eq(unlink_it("tmp/ro/file"), -EROFS);
	cr_assert_eq(call(SYS_access, path_at(VA0, "tmp/ro"), W_OK), -EROFS);
	cr_assert_eq(call(SYS_chmod, path_at(VA0, "tmp/file"), 0), -EROFS);
	end();
	cr_assert_str_eq(host_read("ro/file"), "readonly");
}

/* New entries may come; the directory itself is not the program's. */
Test(sys_temp, the_directory_counts_as_writable_and_is_not_changed)
{
	cr_assert_eq(call(SYS_access, path_at(VA0, "tmp"), W_OK), 0);
	cr_assert_eq(call(SYS_chmod, path_at(VA0, "tmp"), 0), -EROFS);
	cr_assert_eq(call(SYS_rmdir, path_at(VA0, "tmp")), -EROFS);
	cr_assert_eq(rename_it("tmp", "tmp2"), -EROFS);
}

Test(sys_temp, a_directory_made_there_is_free_and_goes_with_all_below)
{
	cr_assert_eq(mkdir_it("tmp/d"), 0);
	cr_assert_eq(mkdir_it("tmp/d/e"), 0);
	cr_assert_eq(make("tmp/d/e/f"), 0);
	cr_assert_eq(write_to("tmp/d/e/f"), 0);
	cr_assert_eq(call(SYS_symlink, fake_str(&cpu, VA0, "/"),
			  path_at(VA1, "tmp/d/root")),
		     0);
	cr_assert_eq(call(SYS_chmod, path_at(VA0, "tmp/d/e"), 0), 0);
	end();
	cr_assert(!exists("tmp/d"));
	cr_assert(access("/etc/passwd", F_OK) == 0);
}

Test(sys_temp, links_pipes_and_unnamed_files_may_be_made_too)
{
	char self[32];
	int64_t fd;

	cr_assert_eq(make("tmp/a"), 0);
	cr_assert_eq(
		call(SYS_link, path_at(VA0, "tmp/a"), path_at(VA1, "tmp/b")),
		0);
	cr_assert_eq(call(SYS_mknod, path_at(VA0, "tmp/p"), S_IFIFO | 0600), 0);
	cr_assert_eq(call(SYS_symlink, fake_str(&cpu, VA0, "a"),
			  path_at(VA1, "tmp/s")),
		     0);
	fd = guest_open("tmp", O_TMPFILE | O_RDWR);
	cr_assert_geq(fd, 0);
	snprintf(self, sizeof(self), "/proc/self/fd/%d", (int)fd);
	cr_assert_eq(call(SYS_linkat, (uint64_t)AT_FDCWD,
			  fake_str(&cpu, VA0, self), (uint64_t)AT_FDCWD,
			  path_at(VA1, "tmp/named"), AT_SYMLINK_FOLLOW),
		     0);
	cr_assert_eq(write_to("tmp/b"), 0);
	cr_assert_eq(write_to("tmp/s"), 0);
	cr_assert_eq(write_to("tmp/named"), 0);
	end();
	cr_assert(!exists("tmp/a") && !exists("tmp/b") && !exists("tmp/p"));
	cr_assert(!exists("tmp/s") && !exists("tmp/named"));
}

Test(sys_temp, it_stays_the_programs_under_another_name)
{
	cr_assert_eq(make("tmp/a"), 0);
	cr_assert_eq(rename_it("tmp/a", "tmp/b"), 0);
	cr_assert_eq(write_to("tmp/b"), 0);
	cr_assert_eq(mkdir_it("tmp/d"), 0);
	cr_assert_eq(make("tmp/d/inner"), 0);
	cr_assert_eq(rename_it("tmp/d/inner", "tmp/outer"), 0);
	cr_assert_eq(write_to("tmp/outer"), 0);
	cr_assert_eq(make("tmp/d/inner"), 0);
	cr_assert_eq(call(SYS_renameat2, (uint64_t)AT_FDCWD,
			  path_at(VA0, "tmp/b"), (uint64_t)AT_FDCWD,
			  path_at(VA1, "tmp/d/inner"), 2 /* EXCHANGE */),
		     0);
	cr_assert_eq(write_to("tmp/b"), 0);
	end();
	cr_assert(!exists("tmp/b") && !exists("tmp/d") && !exists("tmp/outer"));
}

/* Somebody's cleaner was there, and then somebody else. */
Test(sys_temp, a_name_that_someone_else_took_is_theirs)
{
	struct timespec tick = {0, 20000000};

	cr_assert_eq(make("tmp/a"), 0);
	cr_assert_eq(unlink(in_scratch("tmp/a")), 0);
	nanosleep(&tick, NULL); /* times of birth are as fine as that */
	host_file("tmp/a", "theirs");
	cr_assert_eq(write_to("tmp/a"), -EROFS);
	end();
	cr_assert_str_eq(host_read("tmp/a"), "theirs");
}

/* A number may be used again. A file that has no name yet can play that. */
Test(sys_temp, an_inode_without_a_name_left_is_forgotten)
{
	const char *dirs[] = {in_scratch("tmp")};
	int dir = open(dirs[0], O_PATH), fd = open(dirs[0], O_TMPFILE | O_RDWR);
	struct rw rw = {0};
	struct temp t;
	char self[32];

	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	cr_assert_eq(temp_init(&t, dirs, 1, &rw), 0);
	temp_made(&t, fd, "");
	cr_assert_eq(t.used, 1);
	temp_forget(&t, fd);
	cr_assert_eq(t.used, 0);
	cr_assert_eq(linkat(AT_FDCWD, self, dir, "again", AT_SYMLINK_FOLLOW),
		     0);
	cr_assert(!temp_is_free(&t, dir, "again"));
	temp_made(&t, fd, "");
	cr_assert(temp_is_free(&t, dir, "again"));
	temp_forget(&t, fd); /* it has a name */
	cr_assert(temp_is_free(&t, dir, "again"));
	temp_fini(&t);
	cr_assert(!exists("tmp/again"));
	close(fd);
	close(dir);
}

/* What the calls that take a name away tell. */
Test(sys_temp, unlinked_and_replaced_files_are_forgotten)
{
	for (int i = 0; i < 100; i++) {
		cr_assert_eq(make("tmp/a"), 0);
		cr_assert_eq(unlink_it("tmp/a"), 0);
		cr_assert_eq(make("tmp/a"), 0);
		cr_assert_eq(make("tmp/b"), 0);
		cr_assert_eq(rename_it("tmp/a", "tmp/b"), 0);
		cr_assert_eq(mkdir_it("tmp/d"), 0);
		cr_assert_eq(call(SYS_rmdir, path_at(VA0, "tmp/d")), 0);
		cr_assert_eq(unlink_it("tmp/b"), 0);
	}
	cr_assert_eq(machine.temp.used, 0);
}

Test(sys_temp, many_files_are_told_apart)
{
	char name[32];

	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "tmp/f%d", i);
		cr_assert_eq(make(name), 0);
	}
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "tmp/f%d", i);
		if (i % 3)
			cr_assert_eq(unlink_it(name), 0);
	}
	for (int i = 0; i < 300; i += 3) {
		snprintf(name, sizeof(name), "tmp/f%d", i);
		cr_assert_eq(write_to(name), 0, "%s", name);
	}
	cr_assert(strstr(report(), "90 more temporary files removed"));
	end();
	cr_assert_eq(rmdir(in_scratch("tmp")), 0);
}

Test(sys_temp, what_may_be_written_anyway_is_kept)
{
	cr_assert_eq(make("rw/made"), 0);
	cr_assert_eq(make("tmp/moved"), 0);
	cr_assert_eq(rename_it("tmp/moved", "rw/moved"), 0);
	cr_assert_eq(rename_it("rw/file", "tmp/file"), 0);
	cr_assert_str_eq(report(), "");
	end();
	cr_assert(exists("rw/made") && exists("rw/moved"));
	cr_assert(exists("tmp/file"));
}

static void enter(const char *name)
{
	cr_assert_eq(call(SYS_chdir, fake_str(&cpu, VA0, name)), 0);
}

/* A thousand directories in each other, a file in the last; none is readable.
 */
static void dig(void)
{
	for (int i = 0; i < 1000; i++) {
		cr_assert_eq(call(SYS_mkdir, fake_str(&cpu, VA0, "x"), 0700),
			     0);
		enter("x");
	}
	cr_assert_eq(
		call(SYS_mknod, fake_str(&cpu, VA0, "file"), S_IFREG | 0600),
		0);
	for (int i = 0; i < 1000; i++) {
		cr_assert_eq(call(SYS_chmod, fake_str(&cpu, VA0, "."), 0), 0);
		enter("..");
	}
}

Test(sys_temp, no_depth_and_no_mode_keeps_a_directory)
{
	/* Names that the removal itself may want to give. */
	static const char *const names[] = {"tmp/d/0", "tmp/d/1", "tmp/d/1/0"};

	cr_assert_eq(mkdir_it("tmp/d"), 0);
	cr_assert_eq(make("tmp/d/2"), 0);
	cr_assert_eq(call(SYS_symlink, fake_str(&cpu, VA0, in_scratch("ro")),
			  path_at(VA1, "tmp/d/3")),
		     0);
	for (size_t i = 0; i < 3; i++) {
		cr_assert_eq(mkdir_it(names[i]), 0);
		enter(in_scratch(names[i]));
		dig();
	}
	enter("/");
	end();
	cr_assert(!exists("tmp/d"));
	cr_assert_str_eq(host_read("ro/file"), "readonly");
}
