/*
 * Who is told of a file, and who is kept waiting for it? Nobody but the
 * program.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "call.h"
#include "sys_fixture.h"

TestSuite(sys_owner, .init = sys_setup, .fini = sys_teardown);

static int64_t fcntl_of(int64_t fd, int cmd, uint64_t arg)
{
	return call(SYS_fcntl, (uint64_t)fd, (uint64_t)cmd, arg);
}

Test(sys_owner, the_owner_is_the_program_or_nobody)
{
	int64_t fd = guest_open("rw/file", O_RDWR);
	struct f_owner_ex *owner = fake_at(&cpu, VA1);

	cr_assert_eq(fcntl_of(fd, F_GETOWN, 0), 0);
	cr_assert_eq(fcntl_of(fd, F_SETOWN, (uint64_t)getpid()), 0);
	cr_assert_eq(fcntl_of(fd, F_GETOWN, 0), getpid());
	cr_assert_eq(fcntl_of(fd, F_SETOWN, 1), -EPERM);
	cr_assert_eq(fcntl_of(fd, F_SETOWN, 0x7ffffff0), -ESRCH);
	cr_assert_eq(fcntl_of(fd, F_SETOWN, (uint64_t)INT_MIN), -EINVAL);
	*owner = (struct f_owner_ex){F_OWNER_PGRP, getpgrp()};
	if (getpgrp() != getpid())
		cr_assert_eq(fcntl_of(fd, F_SETOWN_EX, VA1), -EPERM);
	owner->type = 9;
	cr_assert_eq(fcntl_of(fd, F_SETOWN_EX, VA1), -EINVAL);
	cr_assert_eq(fcntl_of(fd, F_SETOWN_EX, BAD), -EFAULT);
	cr_assert_eq(fcntl_of(fd, F_GETOWN_EX, VA1), 0);
	cr_assert_eq(owner->type, F_OWNER_PID);
	cr_assert_eq(owner->pid, getpid());
	cr_assert_eq(fcntl_of(fd, F_SETSIG, SIGUSR2), 0);
	cr_assert_eq(fcntl_of(fd, F_GETSIG, 0), SIGUSR2);
}

Test(sys_owner, a_lease_is_the_programs_and_the_host_has_none)
{
	int64_t fd = guest_open("rw/file", O_RDONLY);
	int64_t copy = call(SYS_dup, (uint64_t)fd), other;
	int host = fdtable_host(&process.fds, (int)fd), writer;

	fcntl_of(fd, F_SETSIG, SIGKILL);
	cr_assert_eq(fcntl_of(fd, F_GETLEASE, 0), F_UNLCK);
	cr_assert_eq(fcntl_of(fd, F_SETLEASE, F_UNLCK), -EAGAIN);
	cr_assert_eq(fcntl_of(fd, F_SETLEASE, F_RDLCK), 0);
	cr_assert_eq(fcntl_of(copy, F_GETLEASE, 0), F_RDLCK);
	cr_assert_eq(fcntl(host, F_GETLEASE), F_UNLCK);
	writer = open(in_scratch("rw/file"), O_WRONLY); /* breaks nothing */
	cr_assert_geq(writer, 0);
	cr_assert_eq(fcntl_of(fd, F_SETLEASE, F_RDLCK), -EAGAIN);
	close(writer);
	other = guest_open("rw/file", O_RDONLY);
	cr_assert_eq(fcntl_of(other, F_GETLEASE, 0), F_UNLCK);
	cr_assert_eq(fcntl_of(copy, F_SETLEASE, F_UNLCK), 0);
	cr_assert_eq(fcntl_of(fd, F_GETLEASE, 0), F_UNLCK);
	cr_assert_eq(fcntl_of(fd, F_GETSIG, 0), SIGKILL);
}

Test(sys_owner, a_path_alone_has_no_owner)
{
	int64_t fd = guest_open("rw/file", O_PATH);

	cr_assert_eq(fcntl_of(fd, F_SETOWN, 1), -EBADF);
	cr_assert_eq(fcntl_of(fd, F_SETOWN_EX, BAD), -EBADF);
	cr_assert_eq(fcntl_of(fd, F_SETLEASE, F_RDLCK), -EBADF);
	cr_assert_eq(fcntl_of(fd, F_GETFD, 0), 0);
}
