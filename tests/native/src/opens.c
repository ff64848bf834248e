/*
 * opens.c: what openat2(2) refuses, and which flags a descriptor says that it
 * was opened with.
 */
#include <fcntl.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "show.h"

/* <linux/openat2.h>, which not every C library finds. */
struct how {
	uint64_t flags, mode, resolve;
};
#define BENEATH 0x08
#define IN_ROOT 0x10
#define CACHED	0x20
#define TMPFILE (O_TMPFILE & ~O_DIRECTORY)

static char arg[8192] __attribute__((aligned(8)));

static long openat2(uint64_t flags, uint64_t mode, uint64_t resolve, long size)
{
	const struct how how = {flags, mode, resolve};

	memcpy(arg, &how, sizeof(how));
	return syscall(SYS_openat2, AT_FDCWD, ".", arg, size);
}

/* A structure of a later kernel will do, if what it has more is zero. */
static void sizes(void)
{
	SHOW(close(openat2(0, 0, 0, 24)));
	SHOW(close(openat2(0, 0, 0, 25)));
	SHOW(close(openat2(0, 0, 0, 4096)));
	SHOW(openat2(0, 0, 0, 4097));
	SHOW(openat2(0, 0, 0, 23));
	SHOW(openat2(0, 0, 0, 0));
	arg[4095] = 1;
	SHOW(close(openat2(0, 0, 0, 4095)));
	SHOW(openat2(0, 0, 0, 4096));
	SHOW(syscall(SYS_openat2, AT_FDCWD, ".", 16, 24));
	SHOW(syscall(SYS_openat2, AT_FDCWD, 16, arg, 24));
}

static void combinations(void)
{
	SHOW(close(openat2(O_PATH | O_DIRECTORY, 0, 0, 24)));
	SHOW(openat2(O_PATH | O_RDWR, 0, 0, 24));
	SHOW(openat2(O_PATH | O_CREAT, 0, 0, 24));
	SHOW(openat2(O_PATH | O_TMPFILE, 0, 0, 24));
	SHOW(openat2(O_TMPFILE | O_RDONLY, 0, 0, 24));
	SHOW(openat2(TMPFILE | O_RDWR, 0, 0, 24));
	SHOW(openat2(O_CREAT | O_DIRECTORY, 0600, 0, 24));
	SHOW(openat2(0, 0600, 0, 24));
	SHOW(openat2(O_CREAT, 010000, 0, 24));
	SHOW(openat2(1ul << 40, 0, 0, 24));
	SHOW(openat2(0, 0, BENEATH | IN_ROOT, 24));
	SHOW(openat2(0, 0, 0x40, 24));
	SHOW(openat2(O_RDWR | O_TMPFILE, 0600, CACHED, 24));
	SHOW(openat2(O_CREAT, 0600, CACHED, 24));
	SHOW(openat2(O_RDWR | O_TRUNC, 0, CACHED, 24));
	SHOW(open(".", O_TMPFILE | O_RDONLY, 0600));
	SHOW(open(".", TMPFILE | O_RDWR, 0600));
	SHOW(open("none", O_CREAT | O_DIRECTORY, 0600));
}

static void flags(const char *path, int with)
{
	int fd = open(path, with), copy = dup(fd);

	printf("%s with %#x: %#x\n", path, with, fcntl(fd, F_GETFL));
	SHOW(fcntl(fd, F_SETFL, O_NONBLOCK));
	printf("  then %#x, %#x\n", fcntl(fd, F_GETFL), fcntl(copy, F_GETFL));
	close(fd);
	close(copy);
}

int main(void)
{
	sizes();
	combinations();
	flags(".", O_PATH);
	flags(".", O_PATH | O_DIRECTORY);
	flags(".", O_PATH | O_NOFOLLOW);
	flags(".", O_PATH | O_NOFOLLOW | O_DIRECTORY);
	flags(".", O_PATH | O_RDWR | O_CREAT);
	flags(".", O_RDONLY | O_DIRECTORY);
	flags(".", O_RDONLY | O_NONBLOCK);
	flags(".", O_RDONLY | O_NOFOLLOW);
	flags("/etc/passwd", O_RDONLY | O_NOFOLLOW);
	flags("/etc/passwd", O_RDONLY | O_ASYNC | O_NOATIME);
	flags("/dev/null", O_RDWR | O_NOFOLLOW | O_CREAT);
	flags("/proc/self/status", O_NOFOLLOW);
	flags("/proc/self/cwd", O_PATH | O_NOFOLLOW | O_DIRECTORY);
	flags("/dev/null", O_RDWR | O_APPEND);
	return 0;
}
