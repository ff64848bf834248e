/*
 * Do reads and writes move the right bytes and give the right count, when
 * memory or the file ends half-way? BIG + 900 KiB runs into the hole at BAD.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "hv_map.h"
#include "sys_fixture.h"

TestSuite(sys_io, .init = sys_setup, .fini = sys_teardown);

static uint8_t pattern(size_t i)
{
	return (uint8_t)(i * 7 + i / 251);
}

/* rw/big: n bytes of the pattern. */
static void make_big(size_t n)
{
	uint8_t *buf = malloc(n);
	int fd = open(in_scratch("rw/big"), O_CREAT | O_WRONLY | O_TRUNC, 0644);

	for (size_t i = 0; i < n; i++)
		buf[i] = pattern(i);
	cr_assert_eq(write(fd, buf, n), (ssize_t)n);
	close(fd);
	free(buf);
}

static void check_pattern(uint64_t va, size_t from, size_t n)
{
	const uint8_t *p = fake_at(&cpu, va);

	for (size_t i = 0; i < n; i++)
		cr_assert_eq(p[i], pattern(from + i), "byte %zu", i);
}

static uint64_t vec(uint64_t va, unsigned i, uint64_t base, uint64_t len)
{
	const struct iovec v = {(void *)base, len};

	fake_put(&cpu, va + i * sizeof(v), &v, sizeof(v));
	return va;
}

static void guest_pipe(int fd[2])
{
	cr_assert_eq(call(SYS_pipe2, VA2, 0), 0);
	memcpy(fd, fake_at(&cpu, VA2), 8);
}

Test(sys_io, a_large_read_of_a_file_gives_the_full_count)
{
	uint64_t fd;

	make_big(700000);
	fd = (uint64_t)guest_open("rw/big", O_RDONLY);
	cr_assert_eq(call(SYS_read, fd, BIG, 700000), 700000);
	check_pattern(BIG, 0, 700000);
	cr_assert_eq(call(SYS_read, fd, BIG, 10), 0);
}

Test(sys_io, a_read_stops_at_the_end_of_the_file)
{
	uint64_t fd;

	make_big(300000);
	fd = (uint64_t)guest_open("rw/big", O_RDONLY);
	cr_assert_eq(call(SYS_pread64, fd, BIG, 500000, 100000), 200000);
	check_pattern(BIG, 100000, 200000);
	cr_assert_eq(call(SYS_lseek, fd, 0, SEEK_CUR), 0);
}

Test(sys_io, dev_zero_fills_any_length)
{
	uint64_t fd = (uint64_t)call(SYS_open, fake_str(&cpu, VA0, "/dev/zero"),
				     O_RDONLY);

	memset(fake_at(&cpu, BIG), 1, 600000);
	cr_assert_eq(call(SYS_read, fd, BIG, 600000), 600000);
	cr_assert_eq(*(char *)fake_at(&cpu, BIG + 599999), 0);
}

Test(sys_io, a_read_into_a_hole_gives_the_count_before_it)
{
	uint64_t fd, len = 3 * 4096 + 100;

	make_big(300000);
	fd = (uint64_t)guest_open("rw/big", O_RDONLY);
	cr_assert_eq(call(SYS_read, fd, BAD - len, 300000), (int64_t)len);
	check_pattern(BAD - len, 0, len);
	cr_assert_eq(call(SYS_lseek, fd, 0, SEEK_CUR), (int64_t)len,
		     "what did not arrive is not lost");
	cr_assert_eq(call(SYS_read, fd, BAD, 10), -EFAULT);
	cr_assert_eq(call(SYS_lseek, fd, 0, SEEK_CUR), (int64_t)len);
}

Test(sys_io, a_write_from_a_hole_gives_the_count_before_it)
{
	uint64_t fd = (uint64_t)guest_open("rw/out", O_CREAT | O_WRONLY);
	struct stat st;

	cr_assert_eq(call(SYS_write, fd, BAD - 5000, 10000), 5000);
	cr_assert_eq(call(SYS_write, fd, BAD, 1), -EFAULT);
	stat(in_scratch("rw/out"), &st);
	cr_assert_eq(st.st_size, 5000);
}

Test(sys_io, a_large_write_arrives_whole)
{
	uint64_t fd = (uint64_t)guest_open("rw/out", O_CREAT | O_RDWR);

	for (size_t i = 0; i < 700000; i++)
		*(uint8_t *)fake_at(&cpu, BIG + i) = pattern(i);
	cr_assert_eq(call(SYS_write, fd, BIG, 700000), 700000);
	memset(fake_at(&cpu, BIG), 0, 700000);
	cr_assert_eq(call(SYS_pread64, fd, BIG, 700000, 0), 700000);
	check_pattern(BIG, 0, 700000);
}

Test(sys_io, a_pipe_gives_what_it_has)
{
	int fd[2];

	guest_pipe(fd);
	fake_str(&cpu, VA0, "hello");
	cr_assert_eq(call(SYS_write, (uint64_t)fd[1], VA0, 5), 5);
	cr_assert_eq(call(SYS_read, (uint64_t)fd[0], BIG, 700000), 5);
	cr_assert_eq(memcmp(fake_at(&cpu, BIG), "hello", 5), 0);
	cr_assert_eq(call(SYS_close, (uint64_t)fd[1]), 0);
	cr_assert_eq(call(SYS_read, (uint64_t)fd[0], BIG, 1), 0);
}

Test(sys_io, a_full_pipe_that_must_not_block_takes_a_part)
{
	int fd[2];

	guest_pipe(fd);
	call(SYS_fcntl, (uint64_t)fd[1], F_SETFL, O_NONBLOCK);
	cr_assert_eq(call(SYS_write, (uint64_t)fd[1], BIG, 700000), 65536);
	cr_assert_eq(call(SYS_write, (uint64_t)fd[1], BIG, 1), -EAGAIN);
}

Test(sys_io, descriptors_are_looked_at_before_memory)
{
	uint64_t r = (uint64_t)guest_open("ro/file", O_RDONLY);
	uint64_t w = (uint64_t)guest_open("rw/file", O_WRONLY);
	uint64_t p = (uint64_t)guest_open("ro/file", O_PATH);

	cr_assert_eq(call(SYS_read, 99, BAD, 1), -EBADF);
	cr_assert_eq(call(SYS_write, r, BAD, 1), -EBADF);
	cr_assert_eq(call(SYS_read, w, BAD, 1), -EBADF);
	cr_assert_eq(call(SYS_read, p, VA0, 1), -EBADF);
	cr_assert_eq(call(SYS_read, r, VA0, 1ull << 63), -EFAULT);
	cr_assert_eq(call(SYS_read, r, ~0xfffull, 100), -EFAULT);
	cr_assert_eq(call(SYS_pread64, r, VA0, 1, ~0ull), -EINVAL);
	cr_assert_eq(call(SYS_read, r, BAD, 0), 0);
}

/* ---- Vectors ----------------------------------------------------------- */

Test(sys_io, readv_fills_one_buffer_after_the_other)
{
	uint64_t fd = (uint64_t)guest_open("ro/file", O_RDONLY);

	vec(VA0, 0, VA1, 4);
	vec(VA0, 1, BAD, 0);
	vec(VA0, 2, VA2, 100);
	cr_assert_eq(call(SYS_readv, fd, VA0, 3), 8);
	cr_assert_eq(memcmp(fake_at(&cpu, VA1), "read", 4), 0);
	cr_assert_eq(memcmp(fake_at(&cpu, VA2), "only", 4), 0);
}

Test(sys_io, readv_stops_at_a_bad_buffer)
{
	uint64_t fd = (uint64_t)guest_open("ro/file", O_RDONLY);

	vec(VA0, 0, VA1, 4);
	vec(VA0, 1, BAD, 2);
	vec(VA0, 2, VA2, 100);
	cr_assert_eq(call(SYS_readv, fd, VA0, 3), 4);
	cr_assert_eq(call(SYS_lseek, fd, 0, SEEK_CUR), 4);
	vec(VA0, 0, BAD, 4);
	cr_assert_eq(call(SYS_readv, fd, VA0, 1), -EFAULT);
	cr_assert_eq(call(SYS_lseek, fd, 0, SEEK_CUR), 4);
}

Test(sys_io, writev_stops_at_a_bad_buffer)
{
	uint64_t fd = (uint64_t)guest_open("rw/file", O_WRONLY | O_TRUNC);

	fake_str(&cpu, VA1, "abcd");
	vec(VA0, 0, VA1, 4);
	vec(VA0, 1, BAD, 2);
	cr_assert_eq(call(SYS_writev, fd, VA0, 2), 4);
	cr_assert_str_eq(host_read("rw/file"), "abcd");
	vec(VA0, 0, BAD, 4);
	cr_assert_eq(call(SYS_writev, fd, VA0, 1), -EFAULT);
}

Test(sys_io, writev_of_more_than_the_buffer_arrives_whole)
{
	uint64_t fd = (uint64_t)guest_open("rw/out", O_CREAT | O_RDWR);

	for (size_t i = 0; i < 600000; i++)
		*(uint8_t *)fake_at(&cpu, BIG + i) = pattern(i);
	vec(VA0, 0, BIG, 3);
	vec(VA0, 1, BIG + 3, 500000);
	vec(VA0, 2, BIG + 500003, 99997);
	cr_assert_eq(call(SYS_writev, fd, VA0, 3), 600000);
	memset(fake_at(&cpu, BIG), 0, 600000);
	cr_assert_eq(call(SYS_preadv, fd, VA0, 3, 0), 600000);
	check_pattern(BIG, 0, 600000);
}

Test(sys_io, a_vector_is_checked_before_it_is_used)
{
	uint64_t fd = (uint64_t)guest_open("rw/file", O_RDWR);

	vec(VA0, 0, VA1, 4);
	vec(VA0, 1, VA1, 1ull << 63);
	cr_assert_eq(call(SYS_writev, fd, VA0, 2), -EINVAL);
	cr_assert_eq(call(SYS_writev, fd, VA0, IOV_MAX + 1), -EINVAL);
	cr_assert_eq(call(SYS_writev, fd, BAD, 1), -EFAULT);
	cr_assert_eq(call(SYS_writev, fd, VA0, 0), 0);
	cr_assert_eq(call(SYS_writev, 99, BAD, 1), -EBADF);
	cr_assert_str_eq(host_read("rw/file"), "writable");
}

/* Negative lengths are found while the vector is read, addresses after. */
Test(sys_io, the_first_error_of_a_vector_is_linuxs)
{
	uint64_t fd = (uint64_t)guest_open("rw/file", O_RDWR);
	uint64_t at = FAKE_HOLE - 16; /* the second element is in the hole */

	vec(VA0, 0, HV_VA_USER_END, 4);
	vec(VA0, 1, VA1, 1ull << 63);
	cr_assert_eq(call(SYS_writev, fd, VA0, 2), -EINVAL);
	vec(at, 0, VA1, 1ull << 63);
	cr_assert_eq(call(SYS_writev, fd, at, 2), -EINVAL);
	vec(at, 0, VA1, 4);
	cr_assert_eq(call(SYS_writev, fd, at, 2), -EFAULT);
	/* A single one is cut before its end is looked at. */
	vec(VA0, 0, VA1, 1ull << 62);
	cr_assert_gt(call(SYS_readv, fd, VA0, 1), 0);
	cr_assert_eq(call(SYS_readv, fd, VA0, 2), -EINVAL);
}

Test(sys_io, a_pipe_takes_whole_pages_of_bad_memory)
{
	int fd[2];

	guest_pipe(fd);
	cr_assert_eq(call(SYS_write, (uint64_t)fd[1], FAKE_HOLE - 5000, 6000),
		     4096);
	cr_assert_eq(call(SYS_write, (uint64_t)fd[1], FAKE_HOLE - 4095, 6000),
		     -EFAULT);
	vec(VA0, 0, FAKE_HOLE - 5000, 5000);
	vec(VA0, 1, FAKE_HOLE, 5);
	cr_assert_eq(call(SYS_writev, (uint64_t)fd[1], VA0, 2), 4096);
	vec(VA0, 0, FAKE_HOLE - 50, 50);
	cr_assert_eq(call(SYS_writev, (uint64_t)fd[1], VA0, 2), -EFAULT);
	cr_assert_eq(call(SYS_read, (uint64_t)fd[0], BIG, 70000), 8192);
}

Test(sys_io, pwritev_does_not_move_the_position)
{
	uint64_t fd = (uint64_t)guest_open("rw/file", O_RDWR);

	fake_str(&cpu, VA1, "XY");
	vec(VA0, 0, VA1, 1);
	vec(VA0, 1, VA1 + 1, 1);
	cr_assert_eq(call(SYS_pwritev, fd, VA0, 2, 2), 2);
	cr_assert_str_eq(host_read("rw/file"), "wrXYable");
	cr_assert_eq(call(SYS_lseek, fd, 0, SEEK_CUR), 0);
	cr_assert_eq(call(SYS_preadv2, fd, VA0, 2, ~0ull, 0, 0), 2);
	cr_assert_eq(call(SYS_lseek, fd, 0, SEEK_CUR), 2);
	cr_assert_eq(call(SYS_preadv2, fd, VA0, 2, 0, 0, 1u << 30),
		     -EOPNOTSUPP);
}

/* ---- SIGPIPE ----------------------------------------------------------- */

Test(sys_io, writing_to_nobody_ends_the_program_by_sigpipe)
{
	int fd[2];
	const struct signal_death *death = &process.signals.death;

	guest_pipe(fd);
	call(SYS_close, (uint64_t)fd[0]);
	call(SYS_write, (uint64_t)fd[1], VA0, 1);
	cr_assert(cpu.stopped);
	cr_assert_eq(cpu.wait_status, SIGPIPE);
	cr_assert_eq(death->sig, SIGPIPE);
}

static int reader; /* host descriptor of the pipe's reading end */

static void stop_reading(int sig)
{
	(void)sig;
	close(reader);
}

Test(sys_io, a_reader_that_leaves_half_way_is_told_by_count_and_signal)
{
	const uint64_t sigpipe = signal_bit(SIGPIPE);
	const struct sigaction act = {.sa_handler = stop_reading};
	int p[2];

	/* The VMM's own signal interrupts the blocked write. */
	sys_end();
	cr_assert_eq(pipe2(p, O_CLOEXEC), 0);
	reader = p[0];
	dup2(p[1], 1);
	close(p[1]);
	sys_begin(&(struct machine_config){0});
	sigaction(SIGALRM, &act, NULL);
	ualarm(20000, 0);
	fake_put(&cpu, VA0, &sigpipe, 8);
	call(SYS_rt_sigprocmask, SIG_BLOCK, VA0, 0, 8);
	cr_assert_eq(call(SYS_write, 1, BIG, 300000), 65536);
	cr_assert_eq(signals_pending(&thread.signals), sigpipe);
	call(SYS_rt_sigprocmask, SIG_UNBLOCK, VA0, 0, 8);
	cr_assert_eq(cpu.wait_status, SIGPIPE);
}

Test(sys_io, an_ignored_sigpipe_leaves_epipe)
{
	const uint64_t ignore[4] = {1, 0, 0, 0};
	int fd[2];

	guest_pipe(fd);
	fake_put(&cpu, VA0, ignore, sizeof(ignore));
	cr_assert_eq(call(SYS_rt_sigaction, SIGPIPE, VA0, 0, 8), 0);
	call(SYS_close, (uint64_t)fd[0]);
	cr_assert_eq(call(SYS_write, (uint64_t)fd[1], VA0, 1), -EPIPE);
	cr_assert_not(cpu.stopped);
}

/* ---- Filled buffers ---------------------------------------------------- */

Test(sys_io, getrandom_fills_and_stops_at_a_hole)
{
	cr_assert_eq(call(SYS_getrandom, BIG, 300000, 0), 300000);
	cr_assert_neq(*(uint64_t *)fake_at(&cpu, BIG + 299992), 0);
	cr_assert_eq(call(SYS_getrandom, BAD, 16, 0), -EFAULT);
	cr_assert_eq(call(SYS_getrandom, BAD - 16, 32, 0), 16);
	cr_assert_eq(call(SYS_getrandom, VA0, 16, 0x100), -EINVAL);
	cr_assert_eq(call(SYS_getrandom, VA0, 0, 0), 0);
}

Test(sys_io, getdents64_lists_a_directory)
{
	uint64_t fd = (uint64_t)guest_open("ro", O_RDONLY | O_DIRECTORY);
	uint8_t *p = fake_at(&cpu, BIG);
	bool seen = false;
	int64_t n = call(SYS_getdents64, fd, BIG, 500000);

	cr_assert_gt(n, 0);
	for (int64_t at = 0; at < n; at += *(uint16_t *)(p + at + 16))
		seen |= !strcmp((char *)p + at + 19, "file");
	cr_assert(seen);
	cr_assert_eq(call(SYS_getdents64, fd, BIG, 500000), 0);
	cr_assert_eq(call(SYS_getdents64, 99, BIG, 500), -EBADF);
	fd = (uint64_t)guest_open("ro/file", O_RDONLY);
	cr_assert_eq(call(SYS_getdents64, fd, BIG, 500), -ENOTDIR);
}

Test(sys_io, sendfile_copies_and_moves_the_offset)
{
	uint64_t in = (uint64_t)guest_open("ro/file", O_RDONLY);
	uint64_t out = (uint64_t)guest_open("rw/out", O_CREAT | O_WRONLY);
	const int64_t offset = 4;

	fake_put(&cpu, VA1, &offset, 8);
	cr_assert_eq(call(SYS_sendfile, out, in, VA1, 100), 4);
	cr_assert_eq(*(int64_t *)fake_at(&cpu, VA1), 8);
	cr_assert_str_eq(host_read("rw/out"), "only");
	cr_assert_eq(call(SYS_sendfile, out, in, 0, 100), 8);
	cr_assert_eq(call(SYS_sendfile, out, in, BAD, 100), -EFAULT);
	cr_assert_eq(call(SYS_sendfile, in, in, 0, 100), -EBADF);
}
