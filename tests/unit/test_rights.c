/*
 * Can the program hand out rights on the host? No file of its making lends
 * another's, nor is one said to be another's.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys_fixture.h"

TestSuite(rights, .init = sys_setup, .fini = sys_teardown);

#define CWD	     ((uint64_t)AT_FDCWD)
#define NR_FCHMODAT2 452
#define OTHER	     65534u

/* --rw scratch/rw --rw-suid in place of the fixture's. */
static void with_rw_suid(void)
{
	char rw[80], tmp[80];
	const char *dirs[] = {rw}, *temp_dirs[] = {tmp};

	snprintf(rw, sizeof(rw), "%s/rw", scratch);
	snprintf(tmp, sizeof(tmp), "%s/tmp", scratch);
	sys_end();
	sys_begin(&(struct machine_config){.rw_dirs = dirs,
					   .nr_rw_dirs = 1,
					   .rw_suid = true,
					   .temp_dirs = temp_dirs,
					   .nr_temp_dirs = 1});
}

static mode_t mode_of(const char *name)
{
	struct stat st;

	cr_assert_eq(lstat(in_scratch(name), &st), 0, "%s", name);
	return st.st_mode & 07777;
}

static int64_t open_mode(const char *name, int flags, mode_t mode)
{
	return call(SYS_open, path_at(VA0, name), (uint64_t)flags, mode);
}

/* Each way to give a file a mode; seven files name0 to name6. */
static void make_all(const char *name, mode_t mode)
{
	char one[32], dir[32];
	uint64_t fd;

	snprintf(dir, sizeof(dir), "%s", name);
	*strrchr(dir, '/') = '\0';
#define NTH(n) (snprintf(one, sizeof(one), "%s%d", name, n), one)
	cr_assert_geq(open_mode(NTH(0), O_CREAT | O_RDWR, mode), 0);
	cr_assert_geq(call(SYS_creat, path_at(VA0, NTH(1)), mode), 0);
	cr_assert_eq(call(SYS_mknod, path_at(VA0, NTH(2)), S_IFREG | mode), 0);
	for (int i = 3; i < 6; i++)
		cr_assert_geq(open_mode(NTH(i), O_CREAT | O_RDWR, 0600), 0);
	cr_assert_eq(call(SYS_chmod, path_at(VA0, NTH(3)), mode), 0);
	cr_assert_eq(call(NR_FCHMODAT2, CWD, path_at(VA0, NTH(4)), mode, 0), 0);
	fd = (uint64_t)open_mode(NTH(5), O_RDONLY, 0);
	cr_assert_eq(call(SYS_fchmod, fd, mode), 0);
	fd = (uint64_t)open_mode(dir, O_TMPFILE | O_RDWR, mode);
	cr_assert_eq(call(SYS_linkat, fd, fake_str(&cpu, VA0, ""), CWD,
			  path_at(VA1, NTH(6)), AT_EMPTY_PATH),
		     0);
}

static void expect_all(const char *name, mode_t mode)
{
	char one[32];

	for (int i = 0; i < 7; i++)
		cr_assert_eq(mode_of(NTH(i)), mode, "%s: %o", one,
			     mode_of(NTH(i)));
}

Test(rights, no_call_makes_a_file_with_set_id_bits)
{
	umask(0);
	make_all("tmp/f", 06755);
	make_all("rw/f", 06755);
	expect_all("tmp/f", 0755);
	expect_all("rw/f", 0755);
	cr_assert(strstr(report(), "set-group-ID bits were left out"));
}

Test(rights, rw_suid_lets_them_be_made_below_rw_alone)
{
	with_rw_suid();
	umask(0);
	make_all("tmp/f", 06755);
	make_all("rw/f", 06755);
	expect_all("tmp/f", 0755);
	expect_all("rw/f", 06755);
}

Test(rights, with_its_bits_a_file_does_not_leave_rw)
{
	with_rw_suid();
	cr_assert_geq(open_mode("rw/f", O_CREAT | O_RDWR, 04755), 0);
	cr_assert_geq(open_mode("tmp/f", O_CREAT | O_RDWR, 0755), 0);
	cr_assert_eq(
		call(SYS_rename, path_at(VA0, "rw/f"), path_at(VA1, "tmp/g")),
		-EXDEV);
	cr_assert_eq(call(SYS_renameat2, CWD, path_at(VA0, "tmp/f"), CWD,
			  path_at(VA1, "rw/f"), 2 /* EXCHANGE */),
		     -EXDEV);
	cr_assert_eq(
		call(SYS_link, path_at(VA0, "rw/f"), path_at(VA1, "tmp/g")),
		-EXDEV);
	cr_assert_eq(
		call(SYS_rename, path_at(VA0, "rw/f"), path_at(VA1, "rw/g")),
		0);
	cr_assert_eq(mode_of("rw/g"), 04755);
}

Test(rights, a_directory_and_a_mode_without_them_are_as_asked_for)
{
	umask(0);
	make_all("tmp/f", 01751);
	expect_all("tmp/f", 01751);
	cr_assert_eq(call(SYS_mkdir, path_at(VA0, "tmp/d"), 0755), 0);
	cr_assert_eq(call(SYS_chmod, path_at(VA0, "tmp/d"), 02775), 0);
	cr_assert_eq(mode_of("tmp/d"), 02775);
	cr_assert_geq(open_mode("tmp/f0", O_RDONLY, 06777), 0);
	cr_assert(!strstr(report(), "left out"));
}

/* Root keeps them through a write: what is in the file is the program's then.
 */
Test(rights, who_writes_a_file_of_the_host_takes_its_bits)
{
	cr_assert_eq(chmod(in_scratch("rw/file"), 04755), 0);
	cr_assert_geq(open_mode("rw/file", O_RDONLY, 0), 0);
	cr_assert_eq(mode_of("rw/file"), 04755);
	cr_assert_geq(open_mode("rw/file", O_WRONLY, 0), 0);
	cr_assert_eq(mode_of("rw/file"), 0755);
}

static uid_t owner_of(const char *name)
{
	struct stat st;

	cr_assert_eq(lstat(in_scratch(name), &st), 0);
	return st.st_uid;
}

/* Root's program is told what it would be told; nobody else may anyway. */
Test(rights, a_temporary_file_keeps_its_owner)
{
	int64_t wanted = geteuid() ? -EPERM : 0, fd;

	fd = open_mode("tmp/f", O_CREAT | O_RDWR, 0644);
	cr_assert_eq(call(SYS_chown, path_at(VA0, "tmp/f"), OTHER, OTHER),
		     wanted);
	cr_assert_eq(call(SYS_fchown, (uint64_t)fd, OTHER, -1ul), wanted);
	cr_assert_eq(call(SYS_fchownat, CWD, VA0, -1ul, OTHER, 0), wanted);
	cr_assert_eq(call(SYS_lchown, VA0, OTHER, OTHER), wanted);
	cr_assert_eq(owner_of("tmp/f"), geteuid());
	cr_assert_eq(call(SYS_chown, VA0, geteuid(), getegid()), 0);
	cr_assert_eq(call(SYS_chown, VA0, -1ul, -1ul), 0);
	cr_assert_eq(!wanted, !!strstr(report(), "owners of temporary"));
}

Test(rights, below_rw_owners_are_set)
{
	cr_assert_eq(call(SYS_chown, path_at(VA0, "rw/file"), OTHER, -1ul),
		     geteuid() ? -EPERM : 0);
	cr_assert_eq(owner_of("rw/file"), geteuid() ? geteuid() : OTHER);
}
