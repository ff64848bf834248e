/*
 * test_mapped.c: which calls on a mapped file does the guest hear of, and of
 * which bytes? And who may write back?
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "filepages.h"
#include "hv_call.h"
#include "mapfile.h"
#include "opening.h"
#include "sys_fixture.h"

static int fd;
static uint32_t number;

static void begin(void)
{
	uint64_t size;

	sys_setup();
	host_file("rw/mapped", "0123456789");
	fd = (int)guest_open("rw/mapped", O_RDWR);
	number = (uint32_t)mapfile_get(&process, fd, PROT_READ | PROT_WRITE,
				       MAP_SHARED, &size);
	cr_assert(mapfile_flags(&process, number, fd, MAP_SHARED) &
		  HV_FILE_WRITABLE);
}

TestSuite(mapped, .init = begin, .fini = sys_teardown);

static void heard(unsigned i, uint32_t op, uint64_t start, uint64_t end)
{
	cr_assert_lt(i, cpu.nr_file_upcalls);
	cr_assert_eq(cpu.file_upcalls[i].op, op);
	cr_assert_eq(cpu.file_upcalls[i].file, number);
	cr_assert_eq(cpu.file_upcalls[i].start, start);
	cr_assert_eq(cpu.file_upcalls[i].end, end);
}

Test(mapped, a_read_asks_for_its_bytes_first)
{
	call(SYS_pread64, (uint64_t)fd, VA0, 3, 4);
	cr_assert_eq(cpu.nr_file_upcalls, 1);
	heard(0, HV_FILE_UPCALL_PUT, 4, 7);
	call(SYS_read, (uint64_t)fd, VA0, 2);
	call(SYS_read, (uint64_t)fd, VA0, 2);
	heard(2, HV_FILE_UPCALL_PUT, 2, 4);
}

Test(mapped, a_write_tells_what_is_new)
{
	call(SYS_pwrite64, (uint64_t)fd, VA0, 3, 4);
	cr_assert_eq(cpu.nr_file_upcalls, 2);
	heard(0, HV_FILE_UPCALL_PUT, 4, 7);
	heard(1, HV_FILE_UPCALL_CHANGED, 4, 7);
	cr_assert_eq(cpu.file_upcalls[1].size, 10);
}

Test(mapped, appending_begins_at_the_end)
{
	int end = (int)guest_open("rw/mapped", O_WRONLY | O_APPEND);

	call(SYS_write, (uint64_t)end, VA0, 3);
	heard(1, HV_FILE_UPCALL_CHANGED, 10, 13);
	cr_assert_eq(cpu.file_upcalls[1].size, 13);
}

Test(mapped, a_file_cut_by_its_name_is_noticed)
{
	guest_open("rw/mapped", O_RDWR | O_TRUNC);
	heard(1, HV_FILE_UPCALL_CHANGED, 0, INT64_MAX);
	cr_assert_eq(cpu.file_upcalls[1].size, 0);
}

Test(mapped, other_files_are_nobodys_business)
{
	int other = (int)guest_open("rw/file", O_RDWR);

	call(SYS_write, (uint64_t)other, VA0, 3);
	call(SYS_read, (uint64_t)other, VA0, 3);
	files_put(&machine.files, number);
	call(SYS_read, (uint64_t)fd, VA0, 3);
	cr_assert_eq(cpu.nr_file_upcalls, 0);
}

/* What the program stores in such memory is its own. */
Test(mapped, what_is_written_to_dev_zero_changes_nothing)
{
	int zero =
		(int)call(SYS_open, fake_str(&cpu, VA0, "/dev/zero"), O_RDWR);
	uint64_t size = 1;
	int n = mapfile_get(&process, zero, PROT_READ | PROT_WRITE, MAP_PRIVATE,
			    &size);

	cr_assert_gt(n, 0);
	cr_assert_eq(size, 0);
	cr_assert_eq(mapfile_flags(&process, (uint32_t)n, zero, MAP_PRIVATE) &
			     ~HV_FILE_HUGE,
		     HV_FILE_ZERO);
	cr_assert_eq(mapfile_flags(&process, (uint32_t)n, zero, MAP_SHARED) &
			     ~HV_FILE_HUGE,
		     HV_FILE_ZERO | HV_FILE_WRITABLE);
	call(SYS_write, (uint64_t)zero, VA0, 3);
	call(SYS_pread64, (uint64_t)zero, VA0, 3, 0);
	cr_assert_eq(cpu.nr_file_upcalls, 0);
	files_put(&machine.files, (uint32_t)n);
}

Test(mapped, nothing_is_written_beyond_the_end)
{
	cr_assert_eq(filepages_write(&process, number, 8, "abcd", 4), 0);
	cr_assert_str_eq(host_read("rw/mapped"), "01234567ab");
	cr_assert_eq(filepages_write(&process, number, 100, "abcd", 4), 0);
	cr_assert_str_eq(host_read("rw/mapped"), "01234567ab");
}

Test(mapped, only_what_was_open_for_writing_is_written)
{
	int ro = (int)guest_open("ro/file", O_RDONLY);
	uint64_t size;
	uint32_t n = (uint32_t)mapfile_get(&process, ro, PROT_READ, MAP_SHARED,
					   &size);

	cr_assert(!(mapfile_flags(&process, n, ro, MAP_SHARED) &
		    HV_FILE_WRITABLE));
	cr_assert_eq(filepages_write(&process, n, 0, "x", 1), -EBADF);
	cr_assert_eq(filepages_op(&machine, n, HV_FILE_OP_PUNCH, 0, 1),
		     -EINVAL);
	cr_assert_eq(filepages_op(&machine, n, HV_FILE_OP_MKWRITE, 0, 1),
		     -EINVAL);
	cr_assert_eq(filepages_sync(&process, n, 1), -EINVAL);
	cr_assert_eq(filepages_write(&process, 99, 0, "x", 1), -EBADF);
	cr_assert(machine.files.nr_writable);
	files_put(&machine.files, number);
	cr_assert(!machine.files.nr_writable);
}

static void use_up_descriptors(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = 256;
	setrlimit(RLIMIT_NOFILE, &limit);
	while (dup(0) >= 0)
		;
}

Test(mapped, without_a_descriptor_to_write_back_by_there_is_no_mapping)
{
	int other = (int)guest_open("rw/file", O_RDWR);
	int none, one, two;
	uint64_t size;

	use_up_descriptors();
	none = mapfile_get(&process, other, PROT_READ | PROT_WRITE, MAP_SHARED,
			   &size);
	close(255);
	one = mapfile_get(&process, other, PROT_READ | PROT_WRITE, MAP_SHARED,
			  &size);
	close(254);
	two = mapfile_get(&process, other, PROT_READ | PROT_WRITE, MAP_SHARED,
			  &size);
	close(253); /* the assertions need some */
	close(252);
	cr_assert_eq(none, -ENFILE);
	cr_assert_eq(one, -ENFILE);
	cr_assert_gt(two, 0);
}

Test(mapped, copies_of_a_descriptor_are_one_opening)
{
	int copy = (int)call(SYS_dup, (uint64_t)fd);
	int other = (int)guest_open("rw/mapped", O_RDWR);
	uint32_t first = opening_of(&process.fds, fd);

	cr_assert_neq(first, 0);
	cr_assert_eq(opening_of(&process.fds, copy), first);
	cr_assert_neq(opening_of(&process.fds, other), first);
}

Test(mapped, an_opening_has_the_name_it_was_made_by)
{
	uint64_t size;
	uint32_t first = opening_of(&process.fds, fd), second;
	int other;

	cr_assert_eq(link(in_scratch("rw/mapped"), in_scratch("rw/link")), 0);
	other = (int)guest_open("rw/link", O_RDONLY);
	cr_assert_eq(
		mapfile_get(&process, other, PROT_READ, MAP_PRIVATE, &size),
		number);
	second = opening_of(&process.fds, other);
	cr_assert(strstr(filepages_path(&machine, number, first), "rw/mapped"));
	cr_assert(strstr(filepages_path(&machine, number, second), "rw/link"));
	cr_assert(strstr(filepages_path(&machine, number, 0), "rw/mapped"));
	call(SYS_close, (uint64_t)other);
	cr_assert(strstr(filepages_path(&machine, number, second), "rw/link"));
}
