/*
 * streams.c: pipes, sockets, eventfd and devices against memory that is bad in
 * part or was never touched: what is moved, what stays for the next call, and
 * which pages are touched.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "page_size.h"
#include "show.h"

#define PAGES 64ul

static char *base; /* of PAGES pages; behind them is nothing */
static char *end;

/* Fresh memory, and as much behind it that is none. */
static void fresh(void)
{
	if (!base)
		base = mmap(NULL, 2 * PAGES * PAGE, PROT_NONE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mmap(base, PAGES * PAGE, PROT_READ | PROT_WRITE,
	     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	madvise(base, PAGES * PAGE, MADV_NOHUGEPAGE);
	end = base + PAGES * PAGE;
}

/* Which pages are there, and what is in those; the hash is of the bytes. */
static void touched(void)
{
	unsigned char there[PAGES];
	unsigned long hash = 5381;
	int n = 0;

	mincore(base, PAGES * PAGE, there);
	for (unsigned long i = 0; i < PAGES; i++) {
		if (!(there[i] & 1))
			continue;
		n++;
		for (unsigned long j = 0; j < PAGE; j++)
			hash = hash * 33 + (unsigned char)base[i * PAGE + j] +
			       i;
	}
	printf("  %d pages touched, %#lx\n", n, hash);
	fflush(stdout);
}

/* What is left to be read. */
static void rest(int in)
{
	static char buf[1 << 20];
	unsigned long hash = 5381;
	long n, all = 0;

	while ((n = read(in, buf, sizeof(buf))) > 0) {
		for (long i = 0; i < n; i++)
			hash = hash * 33 + (unsigned char)buf[i];
		all += n;
	}
	printf("  rest %ld, %#lx\n", all, hash);
}

static void fill(int out, long n)
{
	char buf[10000];

	for (long i = 0; i < n; i++)
		buf[i] = (char)(i * 7 + n);
	write(out, buf, n);
}

/* Three writes, then a read into `good` bytes of memory and bad behind. */
static void read_bad(int out, int in, long size, long good, long asked)
{
	printf("3 of %ld, memory %ld of %ld\n", size, good, asked);
	fresh();
	for (int i = 0; i < 3; i++)
		fill(out, size + i);
	SHOW(read(in, end - good, asked));
	touched();
	rest(in);
}

static void readv_bad(int out, int in, long size, long good)
{
	struct iovec v[4] = {{base + PAGE - 5, 10},
			     {NULL, 0},
			     {end - good, good + 100},
			     {base + 8 * PAGE, 20000}};

	printf("vector, 3 of %ld, memory %ld\n", size, good);
	fresh();
	for (int i = 0; i < 3; i++)
		fill(out, size + i);
	SHOW(readv(in, v, 4));
	touched();
	SHOW(readv(in, v, 1));
	rest(in);
}

static void reads(int out, int in)
{
	static const long sizes[] = {1, 10, 3000, 4096, 5000, 10000};

	for (int i = 0; i < 6; i++)
		for (int j = 0; j < 6; j++) {
			read_bad(out, in, sizes[i], sizes[j], sizes[j]);
			read_bad(out, in, sizes[i], sizes[j], 40000);
			readv_bad(out, in, sizes[i], sizes[j]);
		}
	read_bad(out, in, 100, 0, 100);
	read_bad(out, in, 100, 60 * PAGE, 60 * PAGE);
}

/* Into what holds `before` bytes already: from memory that was not touched. */
static void write_some(int out, int in, long before, long good, long asked)
{
	struct iovec v[3] = {{base + 3 * PAGE + 100, 200},
			     {end - good, asked},
			     {base, 5000}};

	printf("after %ld, %ld of %ld\n", before, good, asked);
	fresh();
	for (long n = before; n > 0; n -= 10000)
		fill(out, n < 10000 ? n : 10000);
	SHOW(write(out, end - good, asked));
	touched();
	rest(in);
	fresh();
	for (long n = before; n > 0; n -= 10000)
		fill(out, n < 10000 ? n : 10000);
	SHOW(writev(out, v, 3));
	touched();
	rest(in);
}

static void writes(int out, int in)
{
	static const long before[] = {0, 100, 4096, 50000, 61440, 62000, 65536};
	static const long good[] = {1, 100, 4096, 5000, 60000, 61 * PAGE};

	for (int i = 0; i < 7; i++)
		for (int j = 0; j < 6; j++) {
			write_some(out, in, before[i], good[j], good[j]);
			write_some(out, in, before[i], good[j], good[j] + 100);
			write_some(out, in, before[i], good[j], 200000);
		}
}

static void counters(void)
{
	int fd = eventfd(5, EFD_NONBLOCK);

	fresh();
	SHOW(read(fd, end - 4, 8));
	SHOW(read(fd, base, 8));
	SHOW(write(fd, end - 4, 8));
	SHOW(write(fd, base + PAGE - 4, 8));
	touched();
	SHOW(read(fd, base + PAGE - 4, 8));
	SHOW(write(fd, base, 8));
	SHOW(write(fd, end, 8));
	SHOW(read(fd, end, 8));
	SHOW(read(fd, base, 8));
}

static void devices(void)
{
	static const char *const names[] = {"/dev/null", "/dev/zero",
					    "/dev/full", "/dev/urandom"};

	for (int i = 0; i < 4; i++) {
		int fd = open(names[i], O_RDWR);
		struct iovec v[2] = {{base, 5 * PAGE}, {end - 10, 20}};

		printf("%s\n", names[i]);
		fresh();
		if (i < 3) {
			SHOW(write(fd, base, PAGES * PAGE));
			SHOW(write(fd, base, PAGES * PAGE + 1));
			SHOW(writev(fd, v, 2));
			SHOW(pwrite(fd, base, 300, 10));
			touched();
		} else {
			SHOW(write(fd, end - 100, 100));
			SHOW(write(fd, end, 1));
			touched();
			continue;
		}
		SHOW(read(fd, end - 5000, 6000));
		SHOW(readv(fd, v, 2));
		touched();
	}
}

/* The first vector fills before the second, which must not wait. */
static void short_vector(void)
{
	static char large[1 << 20];
	struct iovec v[2] = {{base, 1}, {large, sizeof(large)}};
	int fd[2];

	pipe(fd);
	fill(fd[1], 1);
	SHOW(readv(fd[0], v, 2));
	fill(fd[1], 7);
	SHOW(readv(fd[0], v, 2));
}

/* At its end from the start, though poll(2) does not say so. */
static void nobody_ever_wrote(void)
{
	char name[64];
	int fd[2], in;

	pipe(fd);
	close(fd[1]);
	sprintf(name, "/proc/self/fd/%d", fd[0]);
	in = open(name, O_RDONLY | O_NONBLOCK);
	SHOW(fcntl(in, F_SETFL, 0));
	fresh();
	SHOW(read(in, base, 100));
	touched();
}

int main(void)
{
	static const int types[] = {SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM};
	int fd[2];

	fresh();
	pipe2(fd, O_NONBLOCK);
	reads(fd[1], fd[0]);
	writes(fd[1], fd[0]);
	for (int i = 0; i < 3; i++) {
		printf("socket %d\n", types[i]);
		socketpair(AF_UNIX, types[i] | SOCK_NONBLOCK, 0, fd);
		reads(fd[1], fd[0]);
		if (types[i] != SOCK_STREAM)
			continue;
		write_some(fd[1], fd[0], 0, 5000, 5000);
		write_some(fd[1], fd[0], 0, 5000, 6000);
		write_some(fd[1], fd[0], 0, 61 * PAGE, 61 * PAGE);
	}
	counters();
	devices();
	short_vector();
	nobody_ever_wrote();
	return 0;
}
