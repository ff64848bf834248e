/*
 * noroom.c: stores to a mapped file on a file system that gets full: which page
 * is refused, how, and what is in the file then? argv[1]: a directory on it,
 * with room for less than 4 MiB.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "jump.h"
#include "page_size.h"

#define PAGES 1024

static char *map;

/* 0, or the si_code of the signal. */
static int store(int page)
{
	return jump_store(map + (size_t)page * PAGE, 'x') ? jump_info.si_code
							  : 0;
}

static int load(int page)
{
	int byte = jump_load(map + (size_t)page * PAGE);

	return byte < 0 ? -jump_info.si_code : byte;
}

static int open_file(const char *dir, const char *name)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || ftruncate(fd, PAGES * PAGE))
		exit(2);
	return fd;
}

static char *map_file(int fd, int flags)
{
	char *p =
		mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (p == MAP_FAILED)
		exit(3);
	return p;
}

/* Pages with an x in the file, read past the page cache's mapping. */
static int stored(int fd)
{
	int n = 0;
	char c;

	for (int i = 0; i < PAGES; i++)
		n += pread(fd, &c, 1, (off_t)i * PAGE) == 1 && c == 'x';
	return n;
}

int main(int argc, char **argv)
{
	int fd = open_file(argv[1], "file"), other, n = 0, code, private;
	struct stat st;

	jump_catch(SIGBUS);
	map = map_file(fd, MAP_SHARED);
	while (n < PAGES - 1 && !(code = store(n)))
		n++;
	/* How much of it a file system takes for itself is its own affair. */
	printf("refused after a part: %d, si_code %d, again %d\n",
	       n > 8 && n < PAGES, code, store(n));
	printf("the last that went well is %d, stored again %d\n", load(n - 1),
	       store(n - 1));
	printf("in the file %d too few\n", n - stored(fd));
	fstat(fd, &st);
	printf("too few blocks: %d\n", st.st_blocks < n * (PAGE / 512));
	printf("msync %d, fsync %d\n", msync(map, PAGES * PAGE, MS_SYNC),
	       fsync(fd));
	printf("write %zd\n", pwrite(fd, "x", 1, (off_t)n * PAGE));
	other = open_file(argv[1], "private");
	map = map_file(other, MAP_PRIVATE);
	private = store(5);
	printf("a private mapping: load %d, store %d\n", load(9), private);
	map = map_file(fd, MAP_SHARED);
	fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, n * PAGE);
	printf("room made: %d\n", store(n));
	printf("close %d\n", close(fd));
	return 0;
}
