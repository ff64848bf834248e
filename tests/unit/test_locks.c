/*
 * Whom does a lock of the program hinder? Nobody else, on a file that it may
 * not change; itself as on Linux.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "sys_fixture.h"

TestSuite(locks, .init = sys_setup, .fini = sys_teardown);

/* What somebody else gets who does not wait. */
static int host_flock(const char *name)
{
	int fd = open(in_scratch(name), O_RDONLY | O_CLOEXEC);
	int r = flock(fd, LOCK_EX | LOCK_NB) ? -errno : 0;

	close(fd);
	return r;
}

static int64_t guest_flock(int64_t fd, int op)
{
	return call(SYS_flock, (uint64_t)fd, (uint64_t)op);
}

Test(locks, flock_counts_on_the_host_where_the_file_may_be_changed)
{
	static const struct {
		const char *name;
		int others;
	} files[] = {{"rw/file", -EWOULDBLOCK},
		     {"tmp/own", -EWOULDBLOCK},
		     {"ro/file", 0},
		     {"ro", 0}};

	guest_open("tmp/own", O_CREAT | O_RDWR);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		int64_t fd = guest_open(files[i].name, O_RDONLY);

		cr_assert_eq(guest_flock(fd, LOCK_EX), 0);
		cr_assert_eq(host_flock(files[i].name), files[i].others, "%s",
			     files[i].name);
		cr_assert_eq(guest_flock(fd, LOCK_UN), 0);
		cr_assert_eq(host_flock(files[i].name), 0);
	}
}

/* The same steps on a real lock and on one that is kept here. */
static void exclude_each_other(const char *name)
{
	int64_t a = guest_open(name, O_RDONLY), copy;
	int64_t b = guest_open(name, O_RDONLY);

	cr_assert_eq(guest_flock(a, LOCK_SH), 0);
	cr_assert_eq(guest_flock(b, LOCK_SH), 0);
	cr_assert_eq(guest_flock(a, LOCK_EX | LOCK_NB), -EWOULDBLOCK);
	/* which has lost a's: Linux makes the new lock without the old */
	cr_assert_eq(guest_flock(b, LOCK_EX | LOCK_NB), 0);
	copy = call(SYS_dup, (uint64_t)b);
	cr_assert_eq(guest_flock(copy, LOCK_EX | LOCK_NB), 0);
	call(SYS_close, (uint64_t)b);
	cr_assert_eq(guest_flock(a, LOCK_SH | LOCK_NB), -EWOULDBLOCK);
	call(SYS_close, (uint64_t)copy);
	cr_assert_eq(guest_flock(a, LOCK_EX | LOCK_NB), 0);
	cr_assert_eq(guest_flock(a, LOCK_NB), -EINVAL);
	cr_assert_eq(guest_flock(a, 77), -EINVAL);
	cr_assert_eq(guest_flock(a, LOCK_MAND), 0);
	b = guest_open(name, O_PATH);
	cr_assert_eq(guest_flock(b, LOCK_SH), -EBADF);
}

Test(locks, among_the_programs_own_openings_flock_is_as_on_linux)
{
	exclude_each_other("rw/file");
	exclude_each_other("ro/file");
}

static int64_t set(int64_t fd, int cmd, short type)
{
	struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_len = 4};

	fake_put(&cpu, VA0, &lock, sizeof(lock));
	return call(SYS_fcntl, (uint64_t)fd, (uint64_t)cmd, VA0);
}

static int host_set(int fd, short type)
{
	struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_len = 4};

	return fcntl(fd, F_OFD_SETLK, &lock) ? -errno : 0;
}

Test(locks, a_read_lock_keeps_nobody_from_writing)
{
	static const int cmds[] = {F_SETLK, F_SETLKW, F_OFD_SETLK,
				   F_OFD_SETLKW};
	int64_t ro = guest_open("ro/file", O_RDONLY);
	int64_t rw = guest_open("rw/file", O_RDONLY);
	int host_ro = open(in_scratch("ro/file"), O_RDWR);
	int host_rw = open(in_scratch("rw/file"), O_RDWR);

	for (size_t i = 0; i < sizeof(cmds) / sizeof(cmds[0]); i++) {
		cr_assert_eq(set(ro, cmds[i], F_RDLCK), 0);
		cr_assert_eq(set(rw, cmds[i], F_RDLCK), 0);
		cr_assert_eq(host_set(host_ro, F_WRLCK), 0);
		cr_assert_eq(host_set(host_rw, F_WRLCK), -EAGAIN);
		host_set(host_ro, F_UNLCK);
		cr_assert_eq(set(ro, cmds[i], F_UNLCK), 0);
		cr_assert_eq(set(rw, cmds[i], F_UNLCK), 0);
		cr_assert_eq(set(ro, cmds[i], F_WRLCK), -EBADF);
		cr_assert_eq(set(ro, cmds[i], 9), -EINVAL);
	}
	cr_assert_eq(host_set(host_ro, F_WRLCK), 0);
	cr_assert_eq(set(ro, F_SETLK, F_RDLCK), -EAGAIN);
	cr_assert_eq(set(ro, F_OFD_SETLK, F_RDLCK), -EAGAIN);
	cr_assert_eq(set(ro, F_SETLK, F_UNLCK), 0);
	close(host_ro);
	close(host_rw);
}
