/*
 * Extended attributes: looked at everywhere, changed below --rw only, and never
 * those that give rights on the host.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "sys_fixture.h"

TestSuite(sys_xattr, .init = sys_setup, .fini = sys_teardown);

#define NAME (VA1)
#define DATA (VA2)

/* Not every file system below /tmp has them. */
static void need_attributes(const char *name)
{
	if (setxattr(in_scratch(name), "user.a", "value", 5, 0) < 0)
		cr_skip_test("no user attributes below /tmp");
}

static int64_t set(const char *file, const char *name, int flags)
{
	fake_put(&cpu, DATA, "other", 5);
	return call(SYS_setxattr, path_at(VA0, file),
		    fake_str(&cpu, NAME, name), DATA, 5, (uint64_t)flags);
}

Test(sys_xattr, a_value_is_read_by_path_and_by_descriptor)
{
	int64_t fd;

	need_attributes("ro/file");
	fake_str(&cpu, NAME, "user.a");
	cr_assert_eq(
		call(SYS_getxattr, path_at(VA0, "ro/file"), NAME, DATA, 99), 5);
	cr_assert_eq(memcmp(fake_at(&cpu, DATA), "value", 5), 0);
	cr_assert_eq(
		call(SYS_lgetxattr, path_at(VA0, "ro/file"), NAME, DATA, 0), 5,
		"size 0 asks for the length");
	fd = guest_open("ro/file", O_RDONLY);
	cr_assert_eq(call(SYS_fgetxattr, (uint64_t)fd, NAME, DATA, 5), 5);
	cr_assert_eq(call(SYS_fgetxattr, (uint64_t)fd, NAME, DATA, 4), -ERANGE);
	cr_assert_eq(call(SYS_fgetxattr, (uint64_t)fd, NAME, BAD, 5), -EFAULT);
	fd = guest_open("ro/file", O_PATH);
	cr_assert_eq(call(SYS_fgetxattr, (uint64_t)fd, NAME, DATA, 5), -EBADF);
	cr_assert_eq(call(SYS_fgetxattr, 99, NAME, DATA, 5), -EBADF);
}

Test(sys_xattr, names_are_listed)
{
	need_attributes("ro/file");
	cr_assert_eq(call(SYS_listxattr, path_at(VA0, "ro/file"), DATA, 99), 7);
	cr_assert_str_eq(fake_at(&cpu, DATA), "user.a");
	cr_assert_eq(call(SYS_llistxattr, VA0, DATA, 6), -ERANGE);
	cr_assert_eq(call(SYS_flistxattr, 99, DATA, 6), -EBADF);
	cr_assert_eq(call(SYS_listxattr, path_at(VA0, "none"), DATA, 9),
		     -ENOENT);
}

Test(sys_xattr, a_link_itself_has_none_of_its_file)
{
	need_attributes("ro/file");
	cr_assert_eq(symlink("file", in_scratch("ro/link")), 0);
	fake_str(&cpu, NAME, "user.a");
	path_at(VA0, "ro/link");
	cr_assert_eq(call(SYS_getxattr, VA0, NAME, DATA, 99), 5);
	cr_assert_eq(call(SYS_lgetxattr, VA0, NAME, DATA, 99),
		     lgetxattr(in_scratch("ro/link"), "user.a", NULL, 0) < 0
			     ? -errno
			     : 0);
	cr_assert_eq(call(SYS_llistxattr, VA0, DATA, 99), 0);
}

Test(sys_xattr, bad_names_are_erange)
{
	char name[300];

	path_at(VA0, "ro/file");
	memset(name, 'x', 256);
	name[256] = 0;
	fake_str(&cpu, NAME, name);
	cr_assert_eq(call(SYS_getxattr, VA0, NAME, DATA, 9), -ERANGE);
	fake_str(&cpu, NAME, "");
	cr_assert_eq(call(SYS_getxattr, VA0, NAME, DATA, 9), -ERANGE);
	cr_assert_eq(call(SYS_getxattr, VA0, BAD, DATA, 9), -EFAULT);
}

Test(sys_xattr, values_are_set_and_removed_below_rw)
{
	char got[9] = "";

	need_attributes("rw/file");
	cr_assert_eq(set("rw/file", "user.a", XATTR_CREATE), -EEXIST);
	cr_assert_eq(set("rw/file", "user.a", 0), 0);
	cr_assert_eq(getxattr(in_scratch("rw/file"), "user.a", got, 9), 5);
	cr_assert_str_eq(got, "other");
	cr_assert_eq(call(SYS_removexattr, VA0, NAME), 0);
	cr_assert_eq(listxattr(in_scratch("rw/file"), NULL, 0), 0);
	cr_assert_eq(call(SYS_removexattr, VA0, NAME), -ENODATA);
	cr_assert_eq(set("rw/file", "user.a", 4), -EINVAL);
	cr_assert_eq(call(SYS_setxattr, VA0, NAME, DATA, 65537, 0), -E2BIG);
	cr_assert_eq(call(SYS_setxattr, VA0, NAME, BAD, 5, 0), -EFAULT);
}

Test(sys_xattr, nothing_is_changed_elsewhere)
{
	int64_t fd = guest_open("ro/file", O_RDONLY);

	need_attributes("ro/file");
	cr_assert_eq(set("ro/file", "user.b", 0), -EROFS);
	cr_assert_eq(call(SYS_lsetxattr, VA0, NAME, DATA, 5, 0), -EROFS);
	cr_assert_eq(call(SYS_fsetxattr, (uint64_t)fd, NAME, DATA, 5, 0),
		     -EROFS);
	fake_str(&cpu, NAME, "user.a");
	cr_assert_eq(call(SYS_removexattr, VA0, NAME), -EROFS);
	cr_assert_eq(call(SYS_lremovexattr, VA0, NAME), -EROFS);
	cr_assert_eq(call(SYS_fremovexattr, (uint64_t)fd, NAME), -EROFS);
	cr_assert_eq(listxattr(in_scratch("ro/file"), NULL, 0), 7);
}

Test(sys_xattr, rights_on_the_host_are_not_given)
{
	cr_assert_eq(set("rw/file", "security.capability", 0), -EPERM);
	cr_assert_eq(set("rw/file", "trusted.x", 0), -EPERM);
	cr_assert_eq(call(SYS_removexattr, VA0, NAME), -EPERM);
}

Test(sys_xattr, no_descriptor_is_left_open)
{
	unsigned before = host_fds();

	set("rw/file", "user.a", 0);
	set("ro/file", "user.a", 0);
	set("rw/none", "user.a", 0);
	call(SYS_listxattr, path_at(VA0, "ro/file"), DATA, 99);
	call(SYS_fgetxattr, 0, NAME, DATA, 5);
	cr_assert_eq(host_fds(), before);
}
