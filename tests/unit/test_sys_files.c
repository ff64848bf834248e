/*
 * Which number does a mapped file have, and what do its pages hold?
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "call.h"
#include "filepages.h"
#include "hv_call.h"
#include "mapfile.h"
#include "sys_fixture.h"

TestSuite(sys_files, .init = sys_setup, .fini = sys_teardown);

/* ---- Mapped files ------------------------------------------------------ */

Test(sys_files, the_same_inode_has_the_same_number)
{
	uint64_t size = 0;
	int fd = (int)guest_open("ro/file", O_RDONLY);
	int other = (int)guest_open("ro/file", O_RDONLY);
	int rw = (int)guest_open("rw/file", O_RDWR);

	cr_assert_eq(
		files_add(&machine.files, 0 <= fd ? STDIN_FILENO : 0, "exe"),
		1);
	cr_assert_eq(mapfile_get(&process, fd, PROT_READ, MAP_PRIVATE, &size),
		     2);
	cr_assert_eq(size, 8);
	cr_assert_eq(
		mapfile_get(&process, other, PROT_READ, MAP_PRIVATE, &size), 2);
	cr_assert_eq(mapfile_get(&process, rw, PROT_READ, MAP_PRIVATE, &size),
		     3);
	cr_assert_str_eq(filepages_path(&machine, 2, 0), in_scratch("ro/file"));
	files_put(&machine.files, 2);
	cr_assert_null(filepages_path(&machine, 2, 0));
	files_put(&machine.files, 2);
	cr_assert_eq(mapfile_get(&process, fd, PROT_READ, MAP_PRIVATE, &size),
		     2);
	for (uint32_t i = 4; i < 100; i++)
		cr_assert_null(filepages_path(&machine, i, 0));
	cr_assert_null(filepages_path(&machine, 0, 0));
}

Test(sys_files, more_than_eight_files_can_be_mapped)
{
	for (int i = 0; i < 40; i++) {
		uint64_t size;
		char name[32];
		int fd;

		snprintf(name, sizeof(name), "rw/f%d", i);
		host_file(name, "x");
		fd = (int)guest_open(name, O_RDONLY);
		cr_assert_eq(mapfile_get(&process, fd, PROT_READ, MAP_PRIVATE,
					 &size),
			     i + 1);
		call(SYS_close, (uint64_t)fd);
	}
	cr_assert(strstr(filepages_path(&machine, 40, 0), "rw/f39"));
}

Test(sys_files, mapping_asks_for_the_rights_that_mmap_asks_for)
{
	uint64_t size;
	int r = (int)guest_open("rw/file", O_RDONLY);
	int w = (int)guest_open("rw/file", O_WRONLY);
	int p = (int)guest_open("rw/file", O_PATH);
	int dir = (int)guest_open("rw", O_RDONLY);

	cr_assert_eq(mapfile_get(&process, r, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE, &size),
		     1);
	cr_assert_eq(mapfile_get(&process, r, PROT_READ | PROT_WRITE,
				 MAP_SHARED, &size),
		     -EACCES);
	cr_assert_eq(mapfile_get(&process, w, PROT_READ, MAP_PRIVATE, &size),
		     -EACCES);
	cr_assert_eq(mapfile_get(&process, p, PROT_READ, MAP_PRIVATE, &size),
		     -EBADF);
	cr_assert_eq(mapfile_get(&process, dir, PROT_READ, MAP_PRIVATE, &size),
		     -ENODEV);
	cr_assert_eq(mapfile_get(&process, 99, PROT_READ, MAP_PRIVATE, &size),
		     -EBADF);
}

static int read_file(uint32_t n, uint64_t offset, char *page, size_t len)
{
	struct iovec iov[] = {{page, 2}, {page + 2, len - 2}};

	return filepages_read(&machine, n, offset, iov, 2, false);
}

Test(sys_files, file_pages_end_in_zeros)
{
	uint64_t size;
	char page[64];
	int fd = (int)guest_open("ro/file", O_RDONLY);
	uint32_t n = (uint32_t)mapfile_get(&process, fd, PROT_READ, MAP_PRIVATE,
					   &size);

	call(SYS_close, (uint64_t)fd); /* the mapping stays */
	memset(page, 1, sizeof(page));
	cr_assert_eq(read_file(n, 4, page, sizeof(page)), 0);
	cr_assert_str_eq(page, "only");
	for (size_t i = 4; i < sizeof(page); i++)
		cr_assert_eq(page[i], 0);
	memset(page, 1, sizeof(page));
	cr_assert_eq(read_file(n, 1 << 20, page, sizeof(page)), 0);
	cr_assert_eq(page[0], 0);
	cr_assert_eq(read_file(77, 0, page, sizeof(page)), -EBADF);
}

/* page  0 1 2 3 4 5     data in 1 and 4, where it also ends
 *         x     x   */
static uint64_t holes_of(uint32_t file, uint64_t offset, unsigned n,
			 unsigned want)
{
	uint64_t holes = ~0ull;

	cr_assert_eq(filepages_holes(&machine, file, offset, n, want, &holes),
		     0);
	return holes;
}

Test(sys_files, a_file_in_memory_tells_its_holes_and_fills_the_one_wanted)
{
	uint64_t size;
	int fd = (int)call(SYS_memfd_create, fake_str(&cpu, VA0, "holes"), 0);
	int host = fdtable_host(&process.fds, fd);
	uint32_t n = (uint32_t)mapfile_get(&process, fd, PROT_READ, MAP_SHARED,
					   &size);

	cr_assert_eq(pwrite(host, "x", 1, 4096), 1);
	cr_assert_eq(pwrite(host, "x", 1, 4 * 4096), 1);
	cr_assert_eq(lseek(host, 77, SEEK_SET), 77);
	cr_assert_eq(holes_of(n, 0, 6, 6), 0x2d);
	cr_assert_eq(holes_of(n, 4096, 2, ~0u), 0x2);
	cr_assert_eq(holes_of(n, 0, 6, 2), 0x2d);
	cr_assert_eq(holes_of(n, 0, 6, 1), 0x29);
	cr_assert_eq(holes_of(n, INT64_MAX & -4096, 6, 1), 0);
	cr_assert_eq(lseek(host, 0, SEEK_CUR), 77);
}

Test(sys_files, a_file_of_a_disk_has_no_holes)
{
	uint64_t size;
	int fd = (int)guest_open("rw/file", O_RDWR);
	uint32_t n = (uint32_t)mapfile_get(&process, fd, PROT_READ, MAP_SHARED,
					   &size);

	call(SYS_ftruncate, (uint64_t)fd, 1 << 20);
	cr_assert_eq(holes_of(n, 0, 64, 64),
		     files_kind(fdtable_host(&process.fds, fd)) & HV_FILE_TMPFS
			     ? ~1ull
			     : 0);
	cr_assert_eq(holes_of(99, 0, 64, 64), 0);
}

Test(sys_files, a_wrong_rw_directory_is_an_error)
{
	const char *none = "/nonexistent", *file = "/etc/passwd";
	struct machine_config config = {.rw_dirs = &none, .nr_rw_dirs = 1};
	struct machine m;

	cr_assert_eq(machine_init(&m, &config), -ENOENT);
	machine_fini(&m);
	config.rw_dirs = &file;
	cr_assert_eq(machine_init(&m, &config), -ENOTDIR);
	machine_fini(&m);
}
