/*
 * odirect.c: O_DIRECT: which addresses, lengths and offsets may be used, and
 * what is moved. argv[1]: a directory.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "page_size.h"

#define SIZE (3 << 20)

static unsigned char *p;
static int fd;

static void show(const char *what, ssize_t n)
{
	printf("%s: %zd %s\n", what, n, n < 0 ? strerror(errno) : "");
}

static unsigned sum(const unsigned char *at, size_t len)
{
	unsigned h = 0;

	while (len--)
		h = h * 31 + *at++;
	return h;
}

/* At this distance from a page, of this length, from there. */
static void both(size_t skew, size_t len, off_t at)
{
	ssize_t n;

	memset(p, 0, PAGE * 4);
	n = pread(fd, p + skew, len, at);
	printf("%zu %zu %ld: read %zd %d, sum %u;", skew, len, (long)at, n,
	       n < 0 ? errno : 0, sum(p, PAGE * 4));
	memset(p, 7, PAGE * 4);
	n = pwrite(fd, p + skew, len, at);
	printf(" write %zd %d\n", n, n < 0 ? errno : 0);
}

static void vectors(void)
{
	static const struct {
		size_t at[3], len[3];
	} v[] = {
		{{0, PAGE, 3 * PAGE}, {PAGE, PAGE, PAGE}},
		{{0, PAGE + 8, 3 * PAGE}, {PAGE, PAGE, PAGE}},
		{{512, PAGE + 1024, 3 * PAGE}, {512, 1024, 512}},
		{{512, PAGE + 1024, 3 * PAGE}, {512, 2560, 1024}},
		{{0, PAGE, 3 * PAGE}, {512, 0, 512}},
		{{0, PAGE, 3 * PAGE}, {PAGE, 100, PAGE}},
	};

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct iovec iov[3];

		for (int j = 0; j < 3; j++)
			iov[j] = (struct iovec){p + v[i].at[j], v[i].len[j]};
		memset(p, 3, PAGE * 5);
		lseek(fd, PAGE, SEEK_SET);
		show("readv", readv(fd, iov, 3));
		printf("sum %u, at %ld\n", sum(p, PAGE * 5),
		       (long)lseek(fd, 0, SEEK_CUR));
		show("pwritev", pwritev(fd, iov, 3, 3 * PAGE));
	}
}

/* The page at p + 2 * PAGE is not there. */
static void bad_memory(void)
{
	unsigned char *old = p;

	munmap(p + 2 * PAGE, PAGE);
	show("read to nowhere", pread(fd, p + 2 * PAGE, PAGE, 0));
	show("write from nowhere", pwrite(fd, p + 2 * PAGE, PAGE, 0));
	mmap(p + 2 * PAGE, PAGE, PROT_READ | PROT_WRITE,
	     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	p = old;
}

int main(int argc, char **argv)
{
	char name[4096];
	ssize_t n;
	int plain;

	snprintf(name, sizeof(name), "%s/file", argv[1]);
	plain = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
	p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (size_t i = 0; i < SIZE; i++)
		p[i] = i * 7 + (i >> 12);
	write(plain, p, SIZE);
	fsync(plain);
	fd = open(name, O_RDWR | O_DIRECT);
	if (fd < 0) {
		show("open", fd);
		return 0;
	}
	n = pread(fd, p, SIZE, 0);
	printf("all: %zd, sum %u\n", n, sum(p, SIZE));
	show("all of it back", pwrite(fd, p, SIZE, 0));
	for (size_t skew = 0; skew < PAGE; skew = skew ? skew * 8 : 1)
		both(skew, PAGE, PAGE);
	both(512, 1024, 512);
	both(0, 100, 0);
	both(0, PAGE, 100);
	both(0, PAGE, SIZE);
	both(0, PAGE * 2, SIZE - PAGE);
	both(0, 0, 0);
	vectors();
	bad_memory();
	/* The flag can come and go. */
	fcntl(fd, F_SETFL, 0);
	show("without the flag", pread(fd, p + 1, 100, 3));
	fcntl(fd, F_SETFL, O_DIRECT);
	show("with it again", pread(fd, p + 1, 100, 3));
	printf("in the file: %u\n",
	       (pread(plain, p, SIZE, 0) == SIZE) * sum(p, SIZE));
	return 0;
}
