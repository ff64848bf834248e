/*
 * noroom.c: stores to a mapped file on a file system that gets full: which page
 * is refused, how, and what is in the file then? argv[1]: a directory on it,
 * with room for less than 4 MiB.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE  4096
#define PAGES 1024

static sigjmp_buf back;
static char *map;

static void on_bus(int sig, siginfo_t *info, void *context)
{
	siglongjmp(back, info->si_code);
}

/* 0, or the si_code of the signal. */
static int store(int page)
{
	int code = sigsetjmp(back, 1);

	if (!code)
		*(volatile char *)(map + (size_t)page * PAGE) = 'x';
	return code;
}

static int load(int page)
{
	int code = sigsetjmp(back, 1);

	return code ? -code : *(volatile char *)(map + (size_t)page * PAGE);
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
	struct sigaction action = {.sa_sigaction = on_bus,
				   .sa_flags = SA_SIGINFO};
	int fd = open_file(argv[1], "file"), other, n = 0, code, private;
	struct stat st;

	sigaction(SIGBUS, &action, NULL);
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
