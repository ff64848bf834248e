/*
 * test_elfload_fail.c: is every failure of the host reported, and nothing lost?
 *
 * read.c and stack.c are compiled into this file with malloc, calloc and pread
 * replaced by versions that fail on demand.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "test_elfload_build.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static int fail_alloc;	  /* fail every allocation */
static int fail_read;	  /* fail this read, counted from 1; 0: none */
static int read_errno;	  /* with this; 0: it returns 0 bytes */
static int reads, allocs; /* so far */

static void *test_malloc(size_t n)
{
	allocs++;
	return fail_alloc ? NULL : malloc(n);
}

static void *test_calloc(size_t n, size_t size)
{
	allocs++;
	return fail_alloc ? NULL : calloc(n, size);
}

static ssize_t test_pread(int fd, void *buf, size_t len, off_t off)
{
	if (++reads != fail_read)
		return pread(fd, buf, len, off);
	errno = read_errno;
	return read_errno ? -1 : 0;
}

#define malloc test_malloc
#define calloc test_calloc
#define pread  test_pread
#include "../../elfload/read.c"
#include "../../elfload/stack.c"
#undef malloc
#undef calloc
#undef pread

static struct tiny t;
static struct elfload_image img;
static struct elfload_error err;
static int fd;

static void setup(void)
{
	char path[] = "/tmp/elfload-fail-XXXXXX";

	tiny_build(&t, ET_EXEC);
	fd = mkstemp(path);
	cr_assert(fd >= 0);
	unlink(path);
	cr_assert_eq(write(fd, t.bytes, t.len), (ssize_t)t.len);
}

static void teardown(void)
{
	close(fd);
}

TestSuite(elfload_fail, .init = setup, .fini = teardown);

Test(elfload_fail, no_memory_for_headers_is_enomem)
{
	fail_alloc = 1;
	cr_assert_eq(elfload_read(fd, &img, &err), -ENOMEM);
	cr_assert_eq(err.err, ENOMEM);
	cr_assert_eq(allocs, 1);
}

Test(elfload_fail, no_memory_for_the_stack_is_enomem_and_an_empty_plan)
{
	struct elfload_params p = {.execfn = "prog",
				   .rlim_stack = 8 << 20,
				   .rlim_as = UINT64_MAX,
				   .rlim_data = UINT64_MAX};
	struct elfload_plan plan, empty = {0};

	cr_assert_eq(elfload_read(fd, &img, &err), 0);
	fail_alloc = 1;
	memset(&plan, 0x55, sizeof(plan));
	cr_assert_eq(elfload_plan(&img, &p, &plan, &err), -ENOMEM);
	cr_assert_eq(err.err, ENOMEM);
	cr_assert_arr_eq(&plan, &empty, sizeof(plan));
}

Test(elfload_fail, a_program_needs_two_reads)
{
	cr_assert_eq(elfload_read(fd, &img, &err), 0, "%s", err.text);
	cr_assert_eq(reads, 2);
}

Test(elfload_fail, an_io_error_in_either_read_is_eio)
{
	read_errno = EIO;
	for (fail_read = 1; fail_read <= 2; fail_read++) {
		reads = 0;
		cr_assert_eq(elfload_read(fd, &img, &err), -EIO);
		cr_assert_eq(err.err, EIO);
		cr_assert(strstr(err.text, "Input/output"), "%s", err.text);
	}
}

Test(elfload_fail, an_interrupted_read_is_repeated)
{
	fail_read = 1;
	read_errno = EINTR;
	cr_assert_eq(elfload_read(fd, &img, &err), 0, "%s", err.text);
	cr_assert_eq(reads, 3);
}

Test(elfload_fail, a_file_cut_short_meanwhile_is_eio)
{
	fail_read = 2;
	cr_assert_eq(elfload_read(fd, &img, &err), -EIO);
	cr_assert(strstr(err.text, "cut short"), "%s", err.text);
}

Test(elfload_fail, the_file_offset_stays)
{
	cr_assert_eq(lseek(fd, 5, SEEK_SET), 5);
	cr_assert_eq(elfload_read(fd, &img, &err), 0);
	cr_assert_eq(lseek(fd, 0, SEEK_CUR), 5);
}
