/*
 * singlepages.c FILE COPY: a copy whose pages lie in the page cache one by one,
 * all of them.
 *
 * Linux puts what it reads or writes in one go into large folios, and a fault
 * maps a whole folio, beyond the window of fault-around (docs/linux.md). How
 * files lie in folios depends on who read them first, so it is made the same
 * here: what was written is dropped from the cache, and read again as if at
 * random, which Linux does page by page (force_page_cache_ra). It must be a
 * copy: the cache keeps a file that is mapped somewhere, as the C library is.
 *
 * Ends with 1 if that did not work. Whether a page is part of a folio is in
 * /proc/kpageflags, for root; for others it is hoped.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "page_size.h"

/* linux/kernel-page-flags.h: KPF_COMPOUND_HEAD, KPF_COMPOUND_TAIL */
#define COMPOUND     (3ull << 15)
#define PFN(pagemap) ((pagemap) & ((1ull << 55) - 1))

static const char *program;

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "singlepages: %s: %s: %s\n", program, what,
		errno ? strerror(errno) : "tried ten times");
	exit(1);
}

/* COPY with FILE's bytes and mode, on the disk. */
static int make_copy(const char *path, const char *to, size_t *size)
{
	int from = open(path, O_RDONLY | O_CLOEXEC), fd;
	struct stat st;
	ssize_t n = 1;

	if (from < 0 || fstat(from, &st))
		fail("open");
	fd = open(to, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
	if (fd < 0)
		fail(to);
	while (n > 0)
		n = sendfile(fd, from, NULL, 1 << 20);
	if (n < 0 || fchmod(fd, st.st_mode & 0777) || fsync(fd))
		fail("copy");
	*size = st.st_size;
	close(from);
	close(fd);
	return open(to, O_RDONLY | O_CLOEXEC);
}

static size_t cached_pages(void *map, size_t size)
{
	size_t pages = (size + PAGE - 1) / PAGE, n = 0;
	unsigned char *in = calloc(pages, 1);

	if (!in || mincore(map, size, in))
		fail("mincore");
	for (size_t i = 0; i < pages; i++)
		n += in[i] & 1;
	free(in);
	return n;
}

static void read_singly(int fd, size_t size)
{
	char page[PAGE];

	if (posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM))
		fail("fadvise");
	for (size_t at = 0; at < size; at += PAGE)
		if (pread(fd, page, PAGE, (off_t)at) <= 0)
			fail("read");
}

/* Of 64-bit values in a file of /proc; 0 if it does not tell. */
static uint64_t entry(int fd, uint64_t index)
{
	uint64_t v = 0;

	return pread(fd, &v, 8, (off_t)(index * 8)) == 8 ? v : 0;
}

static bool any_large(const volatile char *map, size_t size)
{
	int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	int flags = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	bool large = false;

	for (size_t at = 0; at < size && flags >= 0; at += PAGE) {
		uint64_t pfn;

		(void)map[at];
		pfn = PFN(entry(pagemap, (uintptr_t)(map + at) / PAGE));
		large |= pfn && entry(flags, pfn) & COMPOUND;
	}
	close(pagemap);
	close(flags);
	return large;
}

int main(int argc, char **argv)
{
	size_t size;
	void *map;
	int fd;

	if (argc != 3)
		return 2;
	program = argv[1];
	fd = make_copy(argv[1], argv[2], &size);
	map = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	if (fd < 0 || map == MAP_FAILED)
		fail("map");
	/* Again, if meanwhile somebody had all caches dropped. */
	for (int i = 0; i < 10; i++) {
		posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
		read_singly(fd, size);
		if (cached_pages(map, size) == (size + PAGE - 1) / PAGE &&
		    !any_large(map, size))
			return 0;
		munmap(map, size);
		map = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	}
	errno = 0;
	fail("its copy is not in the page cache page by page");
}
