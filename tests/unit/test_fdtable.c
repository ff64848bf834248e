/*
 * Which number does a descriptor get, and who owns what is behind it?
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "fdtable.h"

static struct fdtable t;

static int null(void)
{
	return open("/dev/null", O_RDWR | O_CLOEXEC);
}

static bool is_open(int host)
{
	return fcntl(host, F_GETFD) >= 0;
}

static void setup(void)
{
	fdtable_init(&t, 100);
}

static void teardown(void)
{
	fdtable_fini(&t);
}

TestSuite(fdtable, .init = setup, .fini = teardown);

Test(fdtable, numbers_start_at_zero_and_count_up)
{
	for (int i = 0; i < 80; i++)
		cr_assert_eq(fdtable_install(&t, null(), false, 0), i);
}

Test(fdtable, the_lowest_free_number_is_given)
{
	for (int i = 0; i < 5; i++)
		fdtable_install(&t, null(), false, 0);
	cr_assert_eq(fdtable_close(&t, 3), 0);
	cr_assert_eq(fdtable_close(&t, 1), 0);
	cr_assert_eq(fdtable_install(&t, null(), false, 0), 1);
	cr_assert_eq(fdtable_install(&t, null(), false, 0), 3);
	cr_assert_eq(fdtable_install(&t, null(), false, 0), 5);
}

Test(fdtable, the_least_number_asked_for_is_respected)
{
	cr_assert_eq(fdtable_install(&t, null(), false, 70), 70);
	cr_assert_eq(fdtable_install(&t, null(), false, 70), 71);
	cr_assert_eq(fdtable_install(&t, null(), false, 0), 0);
}

Test(fdtable, the_limit_is_the_first_number_not_given)
{
	int host = null();

	cr_assert_eq(fdtable_install(&t, null(), false, 99), 99);
	cr_assert_eq(fdtable_install(&t, host, false, 99), -EMFILE);
	cr_assert_not(is_open(host), "a refused descriptor is closed");
	host = null();
	cr_assert_eq(fdtable_install_at(&t, 100, host, false), -EBADF);
	cr_assert_not(is_open(host));
}

Test(fdtable, closing_closes_the_hosts)
{
	int host = null();
	int fd = fdtable_install(&t, host, false, 0);

	cr_assert_eq(fdtable_host(&t, fd), host);
	cr_assert_eq(fdtable_close(&t, fd), 0);
	cr_assert_not(is_open(host));
	cr_assert_eq(fdtable_host(&t, fd), -EBADF);
	cr_assert_eq(fdtable_close(&t, fd), -EBADF);
}

Test(fdtable, installing_at_a_number_closes_what_was_there)
{
	int first = null(), second = null();

	cr_assert_eq(fdtable_install_at(&t, 7, first, false), 7);
	cr_assert_eq(fdtable_install_at(&t, 7, second, true), 7);
	cr_assert_not(is_open(first));
	cr_assert_eq(fdtable_host(&t, 7), second);
	cr_assert(fdtable_entry(&t, 7)->cloexec);
}

Test(fdtable, wild_numbers_are_bad)
{
	const int wild[] = {-1, -100, 0, 64, 100, 1 << 30, -2147483647 - 1};

	for (size_t i = 0; i < sizeof(wild) / sizeof(wild[0]); i++) {
		cr_assert_eq(fdtable_host(&t, wild[i]), -EBADF);
		cr_assert_eq(fdtable_close(&t, wild[i]), -EBADF);
		cr_assert_null(fdtable_entry(&t, wild[i]));
	}
}

Test(fdtable, a_copy_is_another_host_descriptor)
{
	int fd = fdtable_install(&t, null(), false, 0);
	int copy = fdtable_dup_host(&t, fd);

	cr_assert_geq(copy, 3);
	cr_assert_neq(copy, fdtable_host(&t, fd));
	cr_assert(fcntl(copy, F_GETFD) & FD_CLOEXEC);
	close(copy);
	cr_assert_eq(fdtable_dup_host(&t, 50), -EBADF);
}

Test(fdtable, the_standard_three_are_inherited_as_copies)
{
	cr_assert_eq(fdtable_inherit(&t, false), 0);
	for (int fd = 0; fd <= 2; fd++) {
		int host = fdtable_host(&t, fd);

		cr_assert_gt(host, 2);
		cr_assert(fcntl(host, F_GETFD) & FD_CLOEXEC);
	}
	cr_assert_eq(fdtable_host(&t, 3), -EBADF);
}

Test(fdtable, a_closed_standard_descriptor_stays_closed)
{
	close(0);
	cr_assert_eq(fdtable_inherit(&t, false), 0);
	cr_assert_eq(fdtable_host(&t, 0), -EBADF);
	cr_assert_eq(fdtable_install(&t, null(), false, 0), 0);
}

Test(fdtable, only_what_survives_exec_is_inherited)
{
	int ours = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int theirs = open("/dev/null", O_RDONLY);

	cr_assert_eq(fdtable_inherit(&t, true), 0);
	cr_assert_eq(fdtable_host(&t, ours), -EBADF);
	cr_assert_eq(fdtable_host(&t, theirs), theirs);
	cr_assert(fcntl(theirs, F_GETFD) & FD_CLOEXEC);
	cr_assert_not(fdtable_entry(&t, theirs)->cloexec);
}

Test(fdtable, closing_standard_output_ends_the_pipe_for_its_reader)
{
	int p[2];
	char ch;

	cr_assert_eq(pipe2(p, O_CLOEXEC), 0);
	dup2(p[1], 1);
	close(p[1]);
	cr_assert_eq(fdtable_inherit(&t, false), 0);
	cr_assert_eq(fdtable_close(&t, 1), 0);
	cr_assert_eq(read(p[0], &ch, 1), 0, "end of file, no hang");
}

Test(fdtable, files_and_endless_devices_are_bulk_and_pipes_are_not)
{
	int p[2], fd;

	cr_assert_eq(pipe2(p, O_CLOEXEC), 0);
	fd = fdtable_install(&t, p[0], false, 0);
	cr_assert_not(fdtable_entry(&t, fd)->bulk);
	close(p[1]);
	fd = fdtable_install(&t, open("/dev/zero", O_RDONLY), false, 0);
	cr_assert(fdtable_entry(&t, fd)->bulk);
	fd = fdtable_install(&t, open("/etc/passwd", O_RDONLY), false, 0);
	cr_assert(fdtable_entry(&t, fd)->bulk);
}

/* Natively there are as many host descriptors as the program may have. */
Test(fdtable, some_host_descriptors_are_left_where_there_are_few)
{
	struct rlimit own;
	int fd, last = -1, left = 0;

	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &own), 0);
	own.rlim_cur = 60;
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &own), 0);
	fdtable_init(&t, 100);
	while ((fd = fdtable_install(&t, null(), false, 0)) >= 0)
		last = fd;
	cr_assert_eq(fd, -EMFILE);
	cr_assert(last > 20 && last < 50, "%d", last);
	cr_assert_eq(fdtable_install_at(&t, 99, null(), false), -EMFILE);
	cr_assert_eq(fdtable_install_at(&t, last, null(), false), last);
	for (int host = null(); host >= 0; host = null())
		left++;
	cr_assert(left >= 10, "%d", left);
}

/* ---- Held by a call that waits ------------------------------------------ */

Test(fdtable, what_is_held_is_closed_by_the_last_who_holds_it)
{
	int host = null(), fd = fdtable_install(&t, host, false, 0);
	struct fd_hold a, b, none;

	fdtable_hold(&t, host, &a);
	fdtable_hold(&t, host, &b);
	fdtable_hold(&t, -EBADF, &none);
	cr_assert_eq(fdtable_close(&t, fd), 0);
	cr_assert_eq(fdtable_host(&t, fd), -EBADF);
	fdtable_release(&t, &b);
	cr_assert(is_open(host));
	fdtable_release(&t, &none);
	fdtable_release(&t, &a);
	cr_assert_not(is_open(host));
}

Test(fdtable, what_is_held_and_not_closed_stays)
{
	int host = null(), fd = fdtable_install(&t, host, false, 0);
	struct fd_hold hold;

	fdtable_hold(&t, host, &hold);
	fdtable_release(&t, &hold);
	cr_assert(is_open(host));
	cr_assert_eq(fdtable_close(&t, fd), 0);
	cr_assert_not(is_open(host));
}

/* fork, while another thread of the parent waits. */
Test(fdtable, a_copy_holds_nothing)
{
	int host = null(), fd = fdtable_install(&t, host, false, 0), copied;
	struct fd_hold hold;
	struct fdtable copy;

	fdtable_hold(&t, host, &hold);
	cr_assert_eq(fdtable_copy(&copy, &t), 0);
	copied = fdtable_host(&copy, fd);
	cr_assert_null(copy.holds);
	cr_assert_eq(fdtable_close(&copy, fd), 0);
	cr_assert_not(is_open(copied));
	cr_assert(is_open(host));
	fdtable_release(&t, &hold);
	fdtable_fini(&copy);
}
