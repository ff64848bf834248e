/*
 * test_sys_direct.c: O_DIRECT: are bytes moved that lie in parts, in pieces, or
 * not at all? Whether alignment counts as natively, tests/native/mounts.sh
 * says.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "page_size.h"
#include "sys_fixture.h"

#define FIRST (800u << 10)
#define TOTAL (1500u << 10) /* more than direct.c moves at once */

static int64_t fd;

static uint8_t pattern(size_t i)
{
	return (uint8_t)(i * 7 + i / 251);
}

static void begin(void)
{
	static uint8_t bytes[TOTAL];
	int host;

	sys_setup();
	for (size_t i = 0; i < TOTAL; i++)
		bytes[i] = pattern(i);
	host = open(in_scratch("rw/direct"), O_CREAT | O_WRONLY, 0644);
	cr_assert_eq(write(host, bytes, TOTAL), (ssize_t)TOTAL);
	close(host);
	fd = guest_open("rw/direct", O_RDWR | O_DIRECT);
	if (fd == -EINVAL)
		cr_skip("no O_DIRECT on this file system");
	cr_assert_geq(fd, 0);
}

TestSuite(sys_direct, .init = begin, .fini = sys_teardown);

static uint64_t vec(unsigned i, uint64_t base, uint64_t len)
{
	const struct iovec v = {(void *)base, len};

	fake_put(&cpu, VA0 + i * sizeof(v), &v, sizeof(v));
	return VA0;
}

static void check(uint64_t va, size_t from, size_t n)
{
	const uint8_t *p = fake_at(&cpu, va);

	for (size_t i = 0; i < n; i++)
		cr_assert_eq(p[i], pattern(from + i), "byte %zu", i);
}

Test(sys_direct, more_than_one_piece_goes_to_where_the_vector_says)
{
	vec(0, BIG, FIRST);
	vec(1, BIG, 0);
	vec(2, BAD + PAGE, TOTAL - FIRST);
	cr_assert_eq(call(SYS_readv, (uint64_t)fd, VA0, 3), TOTAL);
	check(BIG, 0, FIRST);
	check(BAD + PAGE, FIRST, TOTAL - FIRST);
	cr_assert_eq(call(SYS_read, (uint64_t)fd, BIG, PAGE), 0);
}

Test(sys_direct, what_was_read_is_written_back_the_same)
{
	vec(0, BIG, FIRST);
	vec(1, BAD + PAGE, TOTAL - FIRST);
	call(SYS_preadv, (uint64_t)fd, VA0, 2, 0);
	cr_assert_eq(call(SYS_ftruncate, (uint64_t)fd, 0), 0);
	cr_assert_eq(call(SYS_writev, (uint64_t)fd, VA0, 2), TOTAL);
	memset(fake_at(&cpu, BIG), 0, FIRST);
	cr_assert_eq(call(SYS_pread64, (uint64_t)fd, BIG, FIRST, FIRST),
		     TOTAL - FIRST);
	check(BIG, FIRST, TOTAL - FIRST);
}

Test(sys_direct, bad_memory_ends_it_and_the_position_is_where_it_ended)
{
	uint64_t two = BAD - 2 * PAGE;

	cr_assert_eq(call(SYS_read, (uint64_t)fd, two, 4 * PAGE), 2 * PAGE);
	check(two, 0, 2 * PAGE);
	cr_assert_eq(call(SYS_lseek, (uint64_t)fd, 0, SEEK_CUR), 2 * PAGE);
	cr_assert_eq(call(SYS_read, (uint64_t)fd, BAD, PAGE), -EFAULT);
	cr_assert_eq(call(SYS_lseek, (uint64_t)fd, 0, SEEK_CUR), 2 * PAGE);
	cr_assert_eq(call(SYS_write, (uint64_t)fd, two, 4 * PAGE), 2 * PAGE);
	cr_assert_eq(call(SYS_write, (uint64_t)fd, BAD, PAGE), -EFAULT);
}

Test(sys_direct, nothing_may_lie_anywhere)
{
	cr_assert_eq(call(SYS_readv, (uint64_t)fd, VA0, 0), 0);
	cr_assert_eq(call(SYS_read, (uint64_t)fd, BIG + 1, 0), 0);
}
