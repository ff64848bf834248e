/*
 * vectors.c: readv, writev and their kin with vectors and memory that are bad
 * in part: which error comes first, and how much is done.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "page_size.h"
#include "show.h"

#define KERNEL ((void *)0xffff800000000000ul)

static char *end; /* of memory; what follows is a hole */
static int fd, pair[2], stream[2];

/* Elements of a vector, up to the end of memory. */
static struct iovec *at_end(const struct iovec *iov, int n)
{
	struct iovec *p = (struct iovec *)end - n;

	memcpy(p, iov, n * sizeof(*iov));
	return p;
}

static void three(struct iovec a, struct iovec b, struct iovec c)
{
	struct iovec v[3] = {a, b, c};

	SHOW(preadv(fd, v, 3, 0));
	SHOW(pwritev(fd, v, 3, 0));
}

static void checks(void)
{
	char buf[16] = "0123456789abcde";
	struct iovec good = {buf, 4}, negative = {buf, -1ul}, bad = {KERNEL, 4},
		     large = {end - 4, 1ul << 62}, both = {KERNEL, -1ul};
	struct iovec v[4];

	three(good, bad, negative);
	three(good, negative, bad);
	three(good, both, good);
	three(good, bad, good);
	three(bad, good, good);
	three(large, large, good);
	SHOW(preadv(fd, &bad, 1, 0));
	SHOW(preadv(fd, &negative, 1, 0));
	SHOW(preadv(fd, &large, 1, 0));
	SHOW(preadv(fd, &both, 1, 0));
	SHOW(preadv(fd, v, 0, 0));
	SHOW(preadv(fd, v, -1, 0));
	SHOW(preadv(fd, v, 1025, 0));
	SHOW(preadv(fd, NULL, 0, 0));
	SHOW(preadv(fd, NULL, 1, 0));
	SHOW(preadv(fd, KERNEL, 1, 0));
	v[0] = negative;
	SHOW(preadv(fd, at_end(v, 1), 2, 0));
	v[0] = good;
	SHOW(preadv(fd, at_end(v, 1), 2, 0));
	SHOW(preadv(-1, at_end(v, 1), 2, 0));
	SHOW(writev(STDIN_FILENO, v, -1));
	v[0] = bad;
	v[1] = negative;
	SHOW(preadv(fd, at_end(v, 2), 3, 0));
}

/* How much of what is there is written, and read back. */
static void partly(int out, int in, size_t before, size_t asked)
{
	struct iovec iov[2] = {{end - before, before}, {end, asked - before}};
	static char buf[1 << 16];
	long n;

	printf("%lu of %lu\n", before, asked);
	SHOW(write(out, end - before, asked));
	n = read(in, buf, sizeof(buf));
	printf("  got %ld\n", n);
	SHOW(writev(out, iov, 2));
	n = read(in, buf, sizeof(buf));
	printf("  got %ld\n", n);
}

static void streams(void)
{
	static const size_t sizes[] = {1, 4095, 4096, 4097, 5000, 8192, 10000};

	for (int i = 0; i < 7; i++)
		partly(pair[1], pair[0], sizes[i], sizes[i] + 100);
	partly(pair[1], pair[0], 4096, 20000);
	for (int i = 0; i < 7; i++)
		partly(stream[1], stream[0], sizes[i], sizes[i] + 100);
	for (int i = 0; i < 7; i++) {
		struct iovec iov[2] = {{end - sizes[i], sizes[i]}, {end, 100}};

		SHOW(pwrite(fd, end - sizes[i], sizes[i] + 100, 0));
		SHOW(pwritev(fd, iov, 2, 0));
		SHOW(pread(fd, end - sizes[i], sizes[i] + 100, 0));
		SHOW(preadv(fd, iov, 2, 0));
	}
}

int main(void)
{
	/* Far from the end of user space, up to which "large" must not go. */
	char *p =
		mmap((void *)(1ul << 40), 9 * PAGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	end = p + 8 * PAGE;
	munmap(end, PAGE);
	fd = memfd_create("vectors", 0);
	ftruncate(fd, 16 * PAGE);
	pipe2(pair, O_NONBLOCK);
	socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, stream);
	checks();
	streams();
	return 0;
}
