/*
 * test_lost.c: a store that could not be written back: who is told, and how
 * often? The file may not grow beyond RLIMIT_FSIZE, so that writing fails.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "filepages.h"
#include "mapfile.h"
#include "opening.h"
#include "sys_fixture.h"

static int fd;
static uint32_t number, opened;

static uint32_t map(void)
{
	uint64_t size;

	return (uint32_t)mapfile_get(&process, fd, PROT_READ | PROT_WRITE,
				     MAP_SHARED, &size);
}

static void begin(void)
{
	sys_setup();
	host_file("rw/mapped", "0123456789");
	fd = (int)guest_open("rw/mapped", O_RDWR);
	number = map();
	opened = opening_of(&process.fds, fd);
}

static void lose(void)
{
	struct rlimit old, small;

	getrlimit(RLIMIT_FSIZE, &old);
	small = (struct rlimit){4, old.rlim_max};
	setrlimit(RLIMIT_FSIZE, &small);
	cr_assert_eq(filepages_write(&process, number, 8, "x", 1), -EFBIG);
	setrlimit(RLIMIT_FSIZE, &old);
}

static int64_t sync_fd(int64_t f)
{
	return call(SYS_fsync, (uint64_t)f);
}

TestSuite(lost, .init = begin, .fini = sys_teardown);

Test(lost, each_opening_is_told_once)
{
	int64_t other = guest_open("rw/mapped", O_RDONLY);
	int64_t file = guest_open("rw/file", O_RDWR);

	cr_assert_eq(sync_fd(fd), 0);
	lose();
	cr_assert_eq(sync_fd(file), 0);
	cr_assert_eq(sync_fd(fd), -EFBIG);
	cr_assert_eq(sync_fd(fd), 0);
	cr_assert_eq(call(SYS_fdatasync, (uint64_t)other), -EFBIG);
	cr_assert_eq(sync_fd(other), 0);
}

Test(lost, copies_of_a_descriptor_are_one_opening)
{
	int64_t copy = call(SYS_dup, (uint64_t)fd), late;

	lose();
	late = call(SYS_dup, (uint64_t)fd);
	cr_assert_eq(sync_fd(copy), -EFBIG);
	cr_assert_eq(sync_fd(late), 0);
	cr_assert_eq(sync_fd(fd), 0);
	lose();
	late = call(SYS_dup, (uint64_t)fd);
	call(SYS_close, (uint64_t)fd);
	call(SYS_close, (uint64_t)copy);
	cr_assert_eq(sync_fd(late), -EFBIG, "the last copy has it still");
}

Test(lost, who_opens_later_is_told_what_nobody_knows)
{
	int64_t late, later;

	lose();
	late = guest_open("rw/mapped", O_RDONLY);
	cr_assert_eq(sync_fd(late), -EFBIG);
	later = guest_open("rw/mapped", O_RDONLY);
	cr_assert_eq(sync_fd(later), 0);
	cr_assert_eq(sync_fd(fd), -EFBIG);
}

Test(lost, msync_tells_the_opening_that_was_mapped)
{
	lose();
	cr_assert_eq(filepages_sync(&process, number, opened), -EFBIG);
	cr_assert_eq(filepages_sync(&process, number, opened), 0);
	cr_assert_eq(sync_fd(fd), 0, "the same opening");
	call(SYS_close, (uint64_t)fd);
	lose();
	cr_assert_eq(filepages_sync(&process, number, opened), -EFBIG);
	cr_assert_eq(filepages_sync(&process, number, opened), 0);
}

Test(lost, the_mapping_need_not_be_there_any_more)
{
	lose();
	files_put(&machine.files, number);
	cr_assert_eq(sync_fd(fd), -EFBIG);
	cr_assert_eq(sync_fd(fd), 0);
}

Test(lost, syncfs_tells_each_opening_of_any_file_there)
{
	int64_t other = guest_open("rw/file", O_RDWR), late;
	int64_t copy = call(SYS_dup, (uint64_t)other);

	cr_assert_eq(call(SYS_syncfs, (uint64_t)other), 0);
	lose();
	cr_assert_eq(call(SYS_syncfs, (uint64_t)copy), -EFBIG);
	cr_assert_eq(call(SYS_syncfs, (uint64_t)other), 0, "the same opening");
	late = guest_open("rw/file", O_RDONLY);
	cr_assert_eq(call(SYS_syncfs, (uint64_t)late), 0, "told before");
	cr_assert_eq(call(SYS_syncfs, (uint64_t)fd), -EFBIG);
	cr_assert_eq(sync_fd(fd), -EFBIG, "fsync tells of the file apart");
	cr_assert_eq(call(SYS_syncfs, (uint64_t)fd), 0);
}

Test(lost, the_user_reads_what_nobody_was_told)
{
	lose();
	sync_fd(fd);
	cr_assert_null(strstr(report(), "what the program stored"));
	lose();
	cr_assert(strstr(report(), "rw/mapped: what the program stored"));
}
