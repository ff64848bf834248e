/*
 * umask is the process's own: what is made has the mode that it would have
 * natively, and the host's mask is not touched.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "sys_fixture.h"

TestSuite(umask, .init = sys_setup, .fini = sys_teardown);

#define MASK 0137

static mode_t mode_of(const char *name)
{
	struct stat st;

	cr_assert_eq(stat(in_scratch(name), &st), 0, "%s", name);
	return st.st_mode;
}

static mode_t mode_of_fd(int fd)
{
	struct stat st;

	cr_assert_eq(fstat(fd, &st), 0);
	return st.st_mode;
}

/* As the program, in rw/. */
static void make_all(void)
{
	uint64_t fd;
	int own;

	cr_assert_eq(call(SYS_mkdir, path_at(VA0, "rw/ours/dir"), 01777), 0);
	cr_assert_eq(
		call(SYS_mknod, path_at(VA0, "rw/ours/fifo"), S_IFIFO | 0666),
		0);
	fd = (uint64_t)call(SYS_creat, path_at(VA0, "rw/ours/file"), 0777);
	cr_assert_geq((int64_t)fd, 0);
	fd = (uint64_t)call(SYS_open, path_at(VA0, "rw/ours"),
			    O_TMPFILE | O_RDWR, 0666);
	own = fdtable_host(&process.fds, (int)fd);
	if (own < 0)
		return; /* not every file system has such */
	umask(MASK);
	cr_assert_eq(mode_of_fd(own),
		     mode_of_fd(open(in_scratch("rw/native"),
				     O_TMPFILE | O_RDWR, 0666)));
	umask(0);
}

/* The same natively; this process has the mask then. */
static void make_all_natively(void)
{
	mkdir(in_scratch("rw/native/dir"), 01777);
	mknod(in_scratch("rw/native/fifo"), S_IFIFO | 0666, 0);
	close(creat(in_scratch("rw/native/file"), 0777));
}

static void compare(void)
{
	static const char *const names[] = {"dir", "fifo", "file"};

	for (int i = 0; i < 3; i++) {
		char a[32], b[32];

		snprintf(a, sizeof(a), "rw/ours/%s", names[i]);
		snprintf(b, sizeof(b), "rw/native/%s", names[i]);
		cr_assert_eq(mode_of(a), mode_of(b), "%s: %o, natively %o",
			     names[i], mode_of(a), mode_of(b));
	}
}

static void check(void)
{
	mode_t before;

	cr_assert_eq(call(SYS_umask, 07000 | MASK), process.machine->umask);
	cr_assert_eq(call(SYS_umask, MASK), MASK, "permissions alone count");
	before = umask(MASK);
	make_all_natively();
	umask(before);
	cr_assert_eq(before, 0, "the host takes nothing away");
	make_all();
	compare();
}

static void make_dirs(void)
{
	mkdir(in_scratch("rw/ours"), 0755);
	mkdir(in_scratch("rw/native"), 0755);
}

Test(umask, what_is_made_has_its_mode)
{
	make_dirs();
	check();
}

/* struct posix_acl_xattr: user::rwx group::rwx mask::rwx other::r-x. */
static const uint8_t acl[] = {
	2,    0, 0, 0,			       /* version */
	1,    0, 7, 0, 0xff, 0xff, 0xff, 0xff, /* ACL_USER_OBJ */
	4,    0, 7, 0, 0xff, 0xff, 0xff, 0xff, /* ACL_GROUP_OBJ */
	0x20, 0, 5, 0, 0xff, 0xff, 0xff, 0xff, /* ACL_OTHER */
};

/* An access list for what is made there stands in the mask's place. */
Test(umask, a_default_access_list_goes_before_it)
{
	static const char *const names[] = {"rw/ours", "rw/native"};

	make_dirs();
	for (int i = 0; i < 2; i++)
		if (setxattr(in_scratch(names[i]), "system.posix_acl_default",
			     acl, sizeof(acl), 0) < 0) {
			cr_skip_test("no access lists here: %s",
				     strerror(errno));
			return;
		}
	check();
	cr_assert_eq(mode_of("rw/ours/file") & 0777, 0775);
}
