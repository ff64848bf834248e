/*
 * memcalls.c: seeded random memory calls at fixed addresses; prints a line for
 * each and at the end what is mapped and what it holds. argv: seed, steps, a
 * directory to write to. Two runs, on Linux and in the guest, must be equal.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "jump.h"
#include "page_size.h"
#include "random.h"

#define SPAN  48u
#define BASE  0x200000000000ul
#define AT(n) (BASE + (n)*PAGE)

static uint64_t seed;
static int fd;

static uint32_t next(uint32_t below)
{
	return (uint32_t)random_below(&seed, below);
}

static int peek(uint64_t va)
{
	return jump_load((void *)va);
}

static long call(long nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
		 uint64_t e, uint64_t f)
{
	long ret = syscall(nr, a, b, c, d, e, f);

	return ret == -1 ? -errno : ret;
}

static long do_mmap(uint64_t va, uint64_t len)
{
	static const int types[] = {
		MAP_PRIVATE | MAP_ANONYMOUS,
		MAP_PRIVATE | MAP_ANONYMOUS,
		MAP_SHARED | MAP_ANONYMOUS,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		MAP_SHARED,
		MAP_SHARED,
		MAP_PRIVATE,
		MAP_SHARED_VALIDATE,
	};
	int flags = types[next(10)] | (next(4) ? MAP_FIXED : 0x100000);

	return call(SYS_mmap, va, len, next(8), (uint64_t)flags,
		    flags & MAP_ANONYMOUS ? ~0ul : (uint64_t)fd,
		    next(20) ? next(10) * PAGE : 77);
}

static long do_madvise(uint64_t va, uint64_t len)
{
	static const int advices[] = {0,  1,  2,  3,  4,  8,  9,  10, 11,
				      16, 17, 18, 19, 20, 22, 23, 24, 99};

	return call(SYS_madvise, va, len, (uint64_t)advices[next(18)], 0, 0, 0);
}

static long do_mremap(uint64_t va, uint64_t len)
{
	uint64_t flags = next(2) ? 3 : next(2) ? 7 : 0;

	return call(SYS_mremap, va, next(8) ? len : 0,
		    next(2) ? len : next(8) * PAGE, flags, AT(next(SPAN - 9)),
		    0);
}

/* Not of files: what is cached is the system's business. */
static long do_mincore(uint64_t va, uint64_t len)
{
	unsigned char vec[16] = {0};
	long ret = call(SYS_mincore, va, len, (uint64_t)vec, 0, 0, 0);

	if (next(8) == 0)
		return call(SYS_mincore, va, len, 16, 0, 0, 0);
	return ret;
}

static long do_file(void)
{
	char buf[3 * PAGE] = "";
	off_t at = next(10 * PAGE);
	size_t len = next(sizeof(buf));
	long sum = 0;

	switch (next(4)) {
	case 0:
		memset(buf, (int)next(256), sizeof(buf));
		return pwrite(fd, buf, len, at);
	case 1:
		return next(5) ? 0 : ftruncate(fd, next(10 * PAGE));
	default:
		len = (size_t)pread(fd, buf, len, at);
		for (size_t i = 0; i < len; i++)
			sum = sum * 31 + (unsigned char)buf[i];
		return sum;
	}
}

static long do_call(unsigned what, uint64_t va, uint64_t len)
{
	struct iovec iov = {(void *)va, len};

	switch (what) {
	case 0:
	case 1:
	case 2:
		return do_mmap(va, len);
	case 3:
		return call(SYS_munmap, va, len, 0, 0, 0, 0);
	case 4:
		return call(SYS_mprotect, va, len, next(8), 0, 0, 0);
	case 5:
		return do_madvise(va, len);
	case 6:
		return do_mremap(va, len);
	case 7:
		return do_mincore(va, len);
	case 8:
		return call(SYS_msync, va, len, next(8), 0, 0, 0);
	case 9:
		return call(SYS_mlock2, va, len, next(3), 0, 0, 0);
	case 10:
		return call(SYS_munlock, va, len, 0, 0, 0, 0);
	case 11:
		return call(SYS_remap_file_pages, va, len, 0, next(9), 0, 0);
	case 12:
		return call(SYS_process_madvise, (uint64_t)-10000,
			    (uint64_t)&iov, next(2), next(5), next(9) == 8, 0);
	case 13:
	case 14:
		return do_file();
	case 15:
	case 16:
		return peek(va + next(PAGE));
	default:
		return -jump_store((char *)va + next(PAGE),
				   (unsigned char)next(256));
	}
}

static void print_maps(void)
{
	FILE *f = fopen("/proc/self/maps", "r");
	char line[512], perms[8];
	uint64_t start, end, offset;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%lx-%lx %7s %lx", &start, &end, perms,
			   &offset) == 4 &&
		    start >= BASE && start < AT(SPAN))
			printf("[%lu,%lu) %s\n", (start - BASE) / PAGE,
			       (end - BASE) / PAGE, perms);
	if (f)
		fclose(f);
}

static void print_contents(void)
{
	for (unsigned i = 0; i < SPAN; i++) {
		uint64_t sum = 0;

		if (peek(AT(i)) < 0)
			continue;
		for (unsigned j = 0; j < PAGE; j++)
			sum = sum * 31 + (uint64_t)peek(AT(i) + j);
		printf("%u: %lx\n", i, sum);
	}
}

int main(int argc, char **argv)
{
	char path[512];
	unsigned steps;

	if (argc < 4)
		return 1;
	seed = strtoul(argv[1], NULL, 0);
	steps = (unsigned)strtoul(argv[2], NULL, 0);
	snprintf(path, sizeof(path), "%s/memcalls", argv[3]);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || ftruncate(fd, 6 * PAGE + 99))
		return 1;
	jump_catch(SIGSEGV);
	jump_catch(SIGBUS);
	for (unsigned i = 0; i < steps; i++) {
		unsigned what = next(20);
		uint64_t va = AT(next(SPAN - 10)), len = (1 + next(9)) * PAGE;

		if (next(25) == 0)
			va += 8;
		if (next(30) == 0)
			len = 0;
		printf("%u: %u %lu %lu: %lx\n", i, what, (va - BASE) / PAGE,
		       len / PAGE, do_call(what, va, len));
		if (i % 16 == 15)
			print_maps();
	}
	print_maps();
	print_contents();
	return 0;
}
