/*
 * Do calls on descriptors, stat, poll and sleep answer as Linux does?
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "mapfile.h"
#include "sys_fixture.h"

TestSuite(sys_desc, .init = sys_setup, .fini = sys_teardown);

static int *ints(uint64_t va)
{
	return fake_at(&cpu, va);
}

/* ---- Descriptors ------------------------------------------------------- */

Test(sys_desc, open_gives_the_lowest_number)
{
	cr_assert_eq(guest_open("ro/file", O_RDONLY), 3);
	cr_assert_eq(guest_open("ro/file", O_RDONLY), 4);
	cr_assert_eq(call(SYS_close, 3), 0);
	cr_assert_eq(call(SYS_close, 3), -EBADF);
	cr_assert_eq(guest_open("ro/file", O_RDONLY), 3);
}

Test(sys_desc, dup_shares_the_position)
{
	uint64_t fd = (uint64_t)guest_open("ro/file", O_RDONLY);
	uint64_t copy = (uint64_t)call(SYS_dup, fd);

	cr_assert_eq(call(SYS_lseek, fd, 5, SEEK_SET), 5);
	cr_assert_eq(call(SYS_lseek, copy, 0, SEEK_CUR), 5);
	cr_assert_eq(call(SYS_dup, 99), -EBADF);
}

Test(sys_desc, dup2_and_dup3_follow_their_rules)
{
	uint64_t fd = (uint64_t)guest_open("ro/file", O_RDONLY);

	cr_assert_eq(call(SYS_dup2, fd, fd), (int64_t)fd);
	cr_assert_eq(call(SYS_dup2, 99, 99), -EBADF);
	cr_assert_eq(call(SYS_dup2, fd, 1u << 30), -EBADF);
	cr_assert_eq(call(SYS_dup2, fd, -1ull), -EBADF);
	cr_assert_eq(call(SYS_dup2, fd, 40), 40);
	cr_assert_eq(call(SYS_dup3, fd, fd, 0), -EINVAL);
	cr_assert_eq(call(SYS_dup3, fd, 41, 1), -EINVAL);
	cr_assert_eq(call(SYS_dup3, fd, 41, O_CLOEXEC), 41);
	cr_assert_eq(call(SYS_fcntl, 41, F_GETFD), FD_CLOEXEC);
	cr_assert_eq(call(SYS_fcntl, 40, F_GETFD), 0);
}

Test(sys_desc, fcntl_keeps_the_programs_flags)
{
	uint64_t fd = (uint64_t)guest_open("rw/file", O_RDWR | O_CLOEXEC);

	cr_assert_eq(call(SYS_fcntl, fd, F_GETFD), FD_CLOEXEC);
	cr_assert_eq(call(SYS_fcntl, fd, F_SETFD, 0), 0);
	cr_assert_eq(call(SYS_fcntl, fd, F_GETFD), 0);
	cr_assert_eq(call(SYS_fcntl, fd, F_DUPFD, 50), 50);
	cr_assert_eq(call(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 50), 51);
	cr_assert_eq(call(SYS_fcntl, fd, F_DUPFD, 1u << 30), -EINVAL);
	cr_assert_eq(call(SYS_fcntl, fd, F_GETFL) & O_ACCMODE, O_RDWR);
	cr_assert_eq(call(SYS_fcntl, fd, F_SETFL, O_APPEND | O_ASYNC), 0);
	cr_assert_eq(call(SYS_fcntl, fd, F_GETFL) & (O_APPEND | O_ASYNC),
		     O_APPEND);
	cr_assert_eq(call(SYS_fcntl, 99, F_GETFD), -EBADF);
	cr_assert_eq(call(SYS_fcntl, fd, 12345), -EINVAL);
}

Test(sys_desc, fcntl_locks_a_file)
{
	uint64_t fd = (uint64_t)guest_open("rw/file", O_RDWR);
	const struct flock lock = {.l_type = F_WRLCK};

	fake_put(&cpu, VA1, &lock, sizeof(lock));
	cr_assert_eq(call(SYS_fcntl, fd, F_SETLK, VA1), 0);
	cr_assert_eq(call(SYS_fcntl, fd, F_GETLK, VA1), 0);
	cr_assert_eq(((struct flock *)fake_at(&cpu, VA1))->l_type, F_UNLCK);
	cr_assert_eq(call(SYS_fcntl, fd, F_SETLK, BAD), -EFAULT);
	cr_assert_eq(call(SYS_flock, fd, 2 /* LOCK_EX */), 0);
}

Test(sys_desc, close_range_closes_or_marks)
{
	for (int i = 0; i < 5; i++)
		guest_open("ro/file", O_RDONLY);
	cr_assert_eq(call(SYS_close_range, 4, 5, 4 /* CLOEXEC */), 0);
	cr_assert_eq(call(SYS_fcntl, 4, F_GETFD), FD_CLOEXEC);
	cr_assert_eq(call(SYS_close_range, 5, ~0u, 0), 0);
	cr_assert_eq(call(SYS_fcntl, 5, F_GETFD), -EBADF);
	cr_assert_eq(call(SYS_fcntl, 7, F_GETFD), -EBADF);
	cr_assert_eq(call(SYS_fcntl, 3, F_GETFD), 0);
	cr_assert_eq(call(SYS_close_range, 5, 4, 0), -EINVAL);
	cr_assert_eq(call(SYS_close_range, 4, 5, 64), -EINVAL);
}

Test(sys_desc, a_pipe_that_cannot_be_told_is_undone)
{
	unsigned before = host_fds();

	cr_assert_eq(call(SYS_pipe2, BAD, 0), -EFAULT);
	cr_assert_eq(call(SYS_pipe2, VA0, 1), -EINVAL);
	cr_assert_eq(host_fds(), before);
	cr_assert_eq(call(SYS_pipe2, VA0, O_CLOEXEC | O_NONBLOCK), 0);
	cr_assert_eq(ints(VA0)[0], 3);
	cr_assert_eq(ints(VA0)[1], 4);
	cr_assert_eq(call(SYS_fcntl, 3, F_GETFD), FD_CLOEXEC);
	cr_assert_eq(call(SYS_read, 3, VA1, 1), -EAGAIN);
}

Test(sys_desc, the_descriptor_limit_is_the_programs_own)
{
	const struct rlimit few = {5, 1000}, wrong = {6, 5};

	fake_put(&cpu, VA1, &few, sizeof(few));
	cr_assert_eq(call(SYS_prlimit64, 0, RLIMIT_NOFILE, VA1, 0), 0);
	cr_assert_eq(guest_open("ro/file", O_RDONLY), 3);
	cr_assert_eq(guest_open("ro/file", O_RDONLY), 4);
	cr_assert_eq(guest_open("ro/file", O_RDONLY), -EMFILE);
	cr_assert_eq(call(SYS_dup, 0), -EMFILE);
	cr_assert_eq(call(SYS_pipe2, VA2, 0), -EMFILE);
	cr_assert_eq(call(SYS_dup2, 0, 5), -EBADF);
	fake_put(&cpu, VA1, &wrong, sizeof(wrong));
	cr_assert_eq(call(SYS_setrlimit, RLIMIT_NOFILE, VA1), -EINVAL);
}

Test(sys_desc, every_descriptor_is_closed_at_the_end)
{
	unsigned before;

	sys_end();
	before = host_fds();
	sys_begin(&(struct machine_config){0});
	for (int i = 0; i < 30; i++)
		guest_open("ro/file", O_RDONLY);
	call(SYS_pipe2, VA0, 0);
	call(SYS_memfd_create, fake_str(&cpu, VA0, "m"), 0);
	call(SYS_eventfd2, 0, 0);
	mapfile_get(&process, 3, PROT_READ, MAP_PRIVATE, &(uint64_t){0});
	sys_end();
	cr_assert_eq(host_fds(), before);
	sys_begin(&(struct machine_config){0});
}

Test(sys_desc, memfd_and_eventfd_work)
{
	uint64_t fd = (uint64_t)call(SYS_memfd_create,
				     fake_str(&cpu, VA0, "name"), 1);
	uint64_t ev = (uint64_t)call(SYS_eventfd2, 5, 0);

	cr_assert_eq(call(SYS_fcntl, fd, F_GETFD), FD_CLOEXEC);
	cr_assert_eq(call(SYS_ftruncate, fd, 100), 0);
	cr_assert_eq(call(SYS_write, fd, VA0, 4), 4);
	cr_assert_eq(call(SYS_read, ev, VA1, 8), 8);
	cr_assert_eq(*(uint64_t *)fake_at(&cpu, VA1), 5);
	cr_assert_eq(call(SYS_memfd_create, VA0, 0x100), -EINVAL);
}

/* ---- stat -------------------------------------------------------------- */

Test(sys_desc, the_stat_family_agrees_with_the_host)
{
	struct stat host, *guest = fake_at(&cpu, VA1);
	uint64_t cwd = (uint64_t)AT_FDCWD, fd;

	stat(in_scratch("ro/file"), &host);
	fd = (uint64_t)guest_open("ro/file", O_RDONLY);
	cr_assert_eq(call(SYS_stat, VA0, VA1), 0);
	cr_assert_eq(memcmp(&host, guest, sizeof(host)), 0);
	memset(guest, 0, sizeof(*guest));
	cr_assert_eq(call(SYS_fstat, fd, VA1), 0);
	cr_assert_eq(memcmp(&host, guest, sizeof(host)), 0);
	memset(guest, 0, sizeof(*guest));
	cr_assert_eq(call(SYS_newfstatat, cwd, VA0, VA1, 0), 0);
	cr_assert_eq(memcmp(&host, guest, sizeof(host)), 0);
	fake_str(&cpu, VA0, "");
	memset(guest, 0, sizeof(*guest));
	cr_assert_eq(call(SYS_newfstatat, fd, VA0, VA1, AT_EMPTY_PATH), 0);
	cr_assert_eq(memcmp(&host, guest, sizeof(host)), 0);
	cr_assert_eq(call(SYS_newfstatat, fd, VA0, VA1, 0), -ENOENT);
	cr_assert_eq(call(SYS_fstat, fd, BAD), -EFAULT);
	cr_assert_eq(call(SYS_newfstatat, cwd, VA0, VA1, 0x8000), -EINVAL);
}

Test(sys_desc, statx_tells_the_size)
{
	struct statx *st = fake_at(&cpu, VA1);
	uint64_t cwd = (uint64_t)AT_FDCWD;

	path_at(VA0, "ro/file");
	cr_assert_eq(call(SYS_statx, cwd, VA0, 0, STATX_ALL & 0xfff, VA1), 0);
	cr_assert_eq(st->stx_size, 8);
	cr_assert_eq(call(SYS_statx, cwd, VA0, 0, 1u << 31, VA1), -EINVAL);
	cr_assert_eq(call(SYS_statx, cwd, VA0, 0x6000, 0, VA1), -EINVAL);
	cr_assert_eq(call(SYS_statx, cwd, VA0, 0, 0, BAD), -EFAULT);
}

/* ---- poll, select ------------------------------------------------------ */

static void make_pipe(void) /* 3 reads, 4 writes */
{
	cr_assert_eq(call(SYS_pipe2, VA0, 0), 0);
}

Test(sys_desc, poll_tells_ready_hung_up_and_bad)
{
	struct pollfd *p = fake_at(&cpu, VA1);

	make_pipe();
	p[0] = (struct pollfd){3, POLLIN, 7};
	p[1] = (struct pollfd){4, POLLOUT, 7};
	p[2] = (struct pollfd){99, POLLIN, 7};
	p[3] = (struct pollfd){-5, POLLIN, 7};
	cr_assert_eq(call(SYS_poll, VA1, 4, -1ull), 2);
	cr_assert_eq(p[0].revents, 0);
	cr_assert_eq(p[1].revents, POLLOUT);
	cr_assert_eq(p[2].revents, POLLNVAL);
	cr_assert_eq(p[3].revents, 0);
	cr_assert_eq(p[0].fd, 3, "the program's numbers stay");
	call(SYS_close, 4);
	cr_assert_eq(call(SYS_poll, VA1, 1, -1ull), 1);
	cr_assert_eq(p[0].revents, POLLHUP);
	cr_assert_eq(call(SYS_poll, BAD, 1, 0), -EFAULT);
	cr_assert_eq(call(SYS_poll, VA1, ~0u, 0), -EINVAL);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

Test(sys_desc, poll_waits_for_its_time)
{
	struct pollfd *p = fake_at(&cpu, VA1);
	double start = now();

	make_pipe();
	p[0] = (struct pollfd){3, POLLIN, 0};
	cr_assert_eq(call(SYS_poll, VA1, 1, 30), 0);
	cr_assert_geq(now() - start, 0.03);
}

Test(sys_desc, poll_does_not_wait_for_a_bad_descriptor, .timeout = 10)
{
	struct pollfd *p = fake_at(&cpu, VA1);

	make_pipe();
	p[0] = (struct pollfd){3, POLLIN, 0};
	p[1] = (struct pollfd){99, POLLIN, 0};
	cr_assert_eq(call(SYS_poll, VA1, 2, -1ull), 1);
	cr_assert_eq(p[0].revents, 0);
	cr_assert_eq(p[1].revents, POLLNVAL);
}

Test(sys_desc, ppoll_checks_and_tells_the_time_left)
{
	struct timespec *t = fake_at(&cpu, VA2);

	*t = (struct timespec){0, 20000000};
	cr_assert_eq(call(SYS_ppoll, 0, 0, VA2, 0, 8), 0);
	cr_assert_eq(t->tv_sec, 0);
	cr_assert_eq(t->tv_nsec, 0);
	*t = (struct timespec){0, 1000000000};
	cr_assert_eq(call(SYS_ppoll, 0, 0, VA2, 0, 8), -EINVAL);
	*t = (struct timespec){0, 0};
	cr_assert_eq(call(SYS_ppoll, 0, 0, VA2, VA2, 4), -EINVAL);
	cr_assert_eq(call(SYS_ppoll, 0, 0, BAD, 0, 8), -EFAULT);
}

Test(sys_desc, select_counts_bits)
{
	uint64_t *in = fake_at(&cpu, VA1), *out = fake_at(&cpu, VA2);

	make_pipe();
	call(SYS_dup2, 3, 70);
	in[0] = 1u << 3;
	in[1] = 1u << (70 - 64);
	out[0] = 1u << 4;
	out[1] = 0;
	cr_assert_eq(call(SYS_select, 71, VA1, VA2, 0, 0), 1);
	cr_assert_eq(in[0] | in[1] | out[1], 0);
	cr_assert_eq(out[0], 1u << 4);
	call(SYS_write, 4, VA0, 1);
	in[0] = 1u << 3;
	in[1] = 1u << (70 - 64);
	cr_assert_eq(call(SYS_select, 71, VA1, VA2, 0, 0), 3);
	in[0] = 1u << 30;
	cr_assert_eq(call(SYS_select, 71, VA1, 0, 0, 0), -EBADF);
	cr_assert_eq(call(SYS_select, -1ull, VA1, 0, 0, 0), -EINVAL);
	cr_assert_eq(call(SYS_select, 5, BAD, 0, 0, 0), -EFAULT);
}

/* ---- epoll, timers ----------------------------------------------------- */

Test(sys_desc, epoll_gives_the_programs_words_back)
{
	struct epoll_event *e = fake_at(&cpu, VA1);
	uint64_t set = (uint64_t)call(SYS_epoll_create1, EPOLL_CLOEXEC);

	make_pipe(); /* 4 reads, 5 writes */
	e[0] = (struct epoll_event){EPOLLIN, {.u64 = 0x123456789abcull}};
	cr_assert_eq(call(SYS_fcntl, set, F_GETFD), FD_CLOEXEC);
	cr_assert_eq(call(SYS_epoll_ctl, set, EPOLL_CTL_ADD, 4, VA1), 0);
	cr_assert_eq(call(SYS_epoll_ctl, set, EPOLL_CTL_ADD, 4, VA1), -EEXIST);
	cr_assert_eq(call(SYS_epoll_ctl, set, EPOLL_CTL_ADD, 99, VA1), -EBADF);
	cr_assert_eq(call(SYS_epoll_ctl, set, EPOLL_CTL_ADD, 5, BAD), -EFAULT);
	cr_assert_eq(call(SYS_epoll_wait, set, VA1, 8, 5), 0);
	call(SYS_write, 5, VA0, 1);
	memset(e, 0, sizeof(*e));
	cr_assert_eq(call(SYS_epoll_pwait, set, VA1, 8, -1ull, 0, 8), 1);
	cr_assert_eq(e[0].events, EPOLLIN);
	cr_assert_eq(e[0].data.u64, 0x123456789abcull);
	cr_assert_eq(call(SYS_epoll_wait, set, BAD, 8, 0), -EFAULT);
	cr_assert_eq(call(SYS_epoll_wait, set, VA1, 0, 0), -EINVAL);
}

Test(sys_desc, a_timer_descriptor_expires)
{
	struct itimerspec *t = fake_at(&cpu, VA1);
	uint64_t fd = (uint64_t)call(SYS_timerfd_create, CLOCK_MONOTONIC, 0);

	memset(t, 0, sizeof(*t));
	t->it_value.tv_nsec = 1000000;
	cr_assert_eq(call(SYS_timerfd_settime, fd, 0, VA1, 0), 0);
	cr_assert_eq(call(SYS_read, fd, VA2, 8), 8);
	cr_assert_geq(*(uint64_t *)fake_at(&cpu, VA2), 1);
	cr_assert_eq(call(SYS_timerfd_settime, fd, 0, BAD, 0), -EFAULT);
}

/* ---- Time and futex ---------------------------------------------------- */

Test(sys_desc, sleeping_lasts_and_is_checked)
{
	struct timespec *t = fake_at(&cpu, VA0);
	double start = now();

	*t = (struct timespec){0, 20000000};
	cr_assert_eq(call(SYS_nanosleep, VA0, 0), 0);
	cr_assert_eq(call(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, VA0, 0), 0);
	cr_assert_geq(now() - start, 0.04);
	cr_assert_eq(call(SYS_clock_nanosleep, 77, 0, VA0, 0), -EINVAL);
	*t = (struct timespec){0, -1};
	cr_assert_eq(call(SYS_nanosleep, VA0, 0), -EINVAL);
	cr_assert_eq(call(SYS_nanosleep, BAD, 0), -EFAULT);
	*t = (struct timespec){1, 0}; /* long ago */
	cr_assert_eq(call(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME,
			  VA0, 0),
		     0);
}

Test(sys_desc, clocks_can_be_read)
{
	struct timespec *t = fake_at(&cpu, VA0);

	cr_assert_eq(call(SYS_clock_gettime, CLOCK_MONOTONIC, VA0), 0);
	cr_assert_leq((double)t->tv_sec, now());
	cr_assert_eq(call(SYS_clock_gettime, CLOCK_MONOTONIC, BAD), -EFAULT);
	cr_assert_eq(call(SYS_clock_gettime, 999, VA0), -EINVAL);
	cr_assert_eq(call(SYS_clock_getres, CLOCK_MONOTONIC, 0), 0);
	cr_assert_eq(call(SYS_gettimeofday, VA0, 0), 0);
	cr_assert_geq(call(SYS_time, 0), 1000000000);
}

Test(sys_desc, a_futex_of_a_lone_thread_does_not_hang)
{
	struct timespec *t = fake_at(&cpu, VA1);
	const uint64_t max = FUTEX_BITSET_MATCH_ANY;

	*ints(VA0) = 7;
	*t = (struct timespec){0, 10000000};
	cr_assert_eq(call(SYS_futex, VA0, FUTEX_WAIT, 8, 0), -EAGAIN);
	cr_assert_eq(call(SYS_futex, VA0, FUTEX_WAIT_PRIVATE, 7, VA1),
		     -ETIMEDOUT);
	cr_assert_eq(call(SYS_futex, VA0, FUTEX_WAIT_BITSET, 7, VA1, 0, max),
		     -ETIMEDOUT);
	cr_assert_eq(call(SYS_futex, VA0, FUTEX_WAIT_BITSET, 7, VA1, 0, 0),
		     -EINVAL);
	cr_assert_eq(call(SYS_futex, VA0, FUTEX_WAKE, 1), 0);
	cr_assert_eq(call(SYS_futex, VA0 + 1, FUTEX_WAIT, 7, VA1), -EINVAL);
	cr_assert_eq(call(SYS_futex, BAD, FUTEX_WAIT, 7, VA1), -EFAULT);
	cr_assert_eq(call(SYS_futex, VA0, 100, 7, VA1), -ENOSYS);
}
