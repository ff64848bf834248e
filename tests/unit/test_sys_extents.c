/*
 * test_sys_extents.c: does the program see the extents that the host sees, and
 * can it change no file by sharing them that it could not write?
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hv_call.h"
#include "mapfile.h"
#include "sys_fixture.h"

TestSuite(sys_extents, .init = sys_setup, .fini = sys_teardown);

#define MANY 3000 /* more than one call to the host gives */

static size_t map_size(unsigned extents)
{
	return sizeof(struct fiemap) + extents * sizeof(struct fiemap_extent);
}

static struct fiemap *ask(unsigned extents)
{
	struct fiemap *map = calloc(1, map_size(extents));

	map->fm_length = FIEMAP_MAX_OFFSET;
	map->fm_extent_count = extents;
	map->fm_flags = FIEMAP_FLAG_SYNC;
	return map;
}

/* rw/file with every other page. */
static int64_t make_pieces(unsigned n)
{
	int64_t fd = guest_open("rw/file", O_RDWR);
	int host = fdtable_host(&process.fds, (int)fd);

	for (unsigned i = 0; i < n; i++)
		cr_assert_eq(pwrite(host, "x", 1, (off_t)i * 8192), 1);
	return fd;
}

static void same_as_the_host(unsigned room)
{
	int64_t fd = make_pieces(MANY);
	int host = fdtable_host(&process.fds, (int)fd);
	struct fiemap *map = ask(room);

	fake_put(&cpu, BIG, map, map_size(0));
	if (ioctl(host, FS_IOC_FIEMAP, map) < 0 && errno == EOPNOTSUPP)
		cr_skip_test("a file system without extents");
	cr_assert_eq(call(SYS_ioctl, (uint64_t)fd, FS_IOC_FIEMAP, BIG), 0);
	cr_assert(!memcmp(fake_at(&cpu, BIG), map, map_size(room)));
	free(map);
}

Test(sys_extents, all_of_many_are_there)
{
	same_as_the_host(MANY);
}

Test(sys_extents, no_more_are_than_there_is_room_for)
{
	same_as_the_host(MANY - 100);
}

Test(sys_extents, none_are_stored_where_only_their_number_is_asked)
{
	same_as_the_host(0);
}

static int status_of(int64_t fd, int64_t to)
{
	struct {
		struct file_dedupe_range range;
		struct file_dedupe_range_info info;
	} same = {.range = {.src_length = 1, .dest_count = 1}};

	same.info.dest_fd = to;
	fake_put(&cpu, VA0, &same, sizeof(same));
	if (call(SYS_ioctl, (uint64_t)fd, FIDEDUPERANGE, VA0) == -EOPNOTSUPP)
		cr_skip_test("a file system without shared extents");
	memcpy(&same, fake_at(&cpu, VA0), sizeof(same));
	cr_assert_eq(same.info.dest_fd, to, "the program's own number");
	return same.info.status;
}

Test(sys_extents, who_may_not_write_a_file_shares_nothing_with_it)
{
	int64_t fd = guest_open("rw/file", O_RDWR);

	cr_assert_eq(status_of(fd, guest_open("ro/file", O_RDONLY)), -EPERM);
	cr_assert_eq(status_of(fd, 99), -EBADF);
	cr_assert_neq(status_of(fd, guest_open("rw/file", O_RDONLY)), -EPERM);
}

Test(sys_extents, a_clone_takes_a_descriptor_for_writing)
{
	uint64_t rw = (uint64_t)guest_open("rw/file", O_RDWR);
	uint64_t ro = (uint64_t)guest_open("ro/file", O_RDONLY);

	cr_assert_eq(call(SYS_ioctl, ro, FICLONE, rw), -EBADF);
	cr_assert_eq(call(SYS_ioctl, rw, FICLONE, 99), -EBADF);
	cr_assert_eq(call(SYS_ioctl, rw, FICLONERANGE, BAD), -EFAULT);
}

/* rw/file, as a mapping that may write has it. */
static int64_t map_file(uint32_t *number)
{
	int64_t fd = guest_open("rw/file", O_RDWR);
	uint64_t size;

	*number = (uint32_t)mapfile_get(
		&process, (int)fd, PROT_READ | PROT_WRITE, MAP_SHARED, &size);
	cr_assert(mapfile_flags(&process, *number, (int)fd, MAP_SHARED) &
		  HV_FILE_WRITABLE);
	return fd;
}

static bool heard(uint32_t op, uint32_t number)
{
	for (unsigned i = 0; i < cpu.nr_file_upcalls; i++)
		if (cpu.file_upcalls[i].op == op &&
		    cpu.file_upcalls[i].file == number)
			return true;
	return false;
}

Test(sys_extents, what_was_stored_in_a_mapping_is_cloned)
{
	uint32_t number;
	int64_t from = map_file(&number);
	int64_t to = guest_open("rw/new", O_RDWR | O_CREAT);

	call(SYS_ioctl, (uint64_t)to, FICLONE, (uint64_t)from);
	cr_assert(heard(HV_FILE_UPCALL_PUT, number));
}

Test(sys_extents, a_mapping_shows_what_was_cloned)
{
	uint32_t number;
	int64_t to = map_file(&number);
	int64_t from = guest_open("ro/file", O_RDONLY);
	int64_t r = call(SYS_ioctl, (uint64_t)to, FICLONE, (uint64_t)from);

	cr_assert(heard(HV_FILE_UPCALL_PUT, number));
	if (r == -EOPNOTSUPP)
		cr_skip_test("a file system without shared extents");
	cr_assert_eq(r, 0);
	cr_assert(heard(HV_FILE_UPCALL_CHANGED, number));
}

Test(sys_extents, fiemap_can_ask_for_write_back_first)
{
	uint32_t number;
	int64_t fd = map_file(&number);
	struct fiemap *map = ask(0);

	fake_put(&cpu, BIG, map, sizeof(*map));
	free(map);
	if (call(SYS_ioctl, (uint64_t)fd, FS_IOC_FIEMAP, BIG) == -EOPNOTSUPP)
		cr_skip_test("a file system without extents");
	cr_assert(heard(HV_FILE_UPCALL_SYNC, number));
}
