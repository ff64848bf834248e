/*
 * faultcount.c FILE: what getrusage and /proc/self/stat count as a fault: by
 * the program, by the kernel for it, in advance; and what they do not count.
 *
 * FILE is on a disk, and has 64 KiB and more.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "jump.h"
#include "page_size.h"
#include "show.h"

#define RW (PROT_READ | PROT_WRITE)
#define N  16

struct counts {
	long minor, major;
};

static struct counts last;

static struct counts by_stat(void)
{
	static char buf[4096];
	int fd = open("/proc/self/stat", O_RDONLY);
	struct counts c = {-1, -1};
	long n = read(fd, buf, sizeof(buf) - 1);

	buf[n > 0 ? n : 0] = '\0';
	sscanf(strrchr(buf, ')'), ") %*c %*d %*d %*d %*d %*d %*u %lu %*u %lu",
	       &c.minor, &c.major);
	close(fd);
	return c;
}

static struct counts now(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (struct counts){usage.ru_minflt, usage.ru_majflt};
}

/* Since the last call; major faults depend on what is cached. */
static void show(const char *what)
{
	struct counts c = now(), s = by_stat();

	printf("%s: %ld, the same in stat: %d\n", what,
	       c.minor + c.major - last.minor - last.major,
	       c.minor == s.minor && c.major == s.major);
	last = now();
}

static char *map(size_t len, int flags)
{
	return mmap(NULL, len, RW, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
}

static void touch(volatile char *p, int n)
{
	for (int i = 0; i < n; i++)
		p[i * PAGE] = 1;
}

static void memory(void)
{
	char *p = map(4 * N * PAGE, 0);
	int fd = open("/dev/zero", O_RDONLY);

	touch(p, N);
	show("written");
	read(fd, p + N * PAGE, N * PAGE);
	show("by read(2)");
	touch(p, 2 * N);
	show("there already");
	madvise(p, N * PAGE, MADV_DONTNEED);
	madvise(p, N * PAGE, MADV_POPULATE_WRITE);
	show("populated");
	madvise(p, 2 * N * PAGE, MADV_POPULATE_WRITE);
	show("populated again");
	madvise(p + 2 * N * PAGE, N * PAGE, MADV_POPULATE_READ);
	touch(p + 2 * N * PAGE, N);
	show("populated, then written");
	map(N * PAGE, MAP_POPULATE);
	show("MAP_POPULATE");
	mlock(map(N * PAGE, 0), N * PAGE);
	show("mlock");
	touch(sbrk(N * PAGE + 5), N);
	show("brk");
	mprotect(p, N * PAGE, PROT_READ);
	mprotect(p, N * PAGE, RW);
	touch(p, N);
	show("protected and back");
	close(fd);
}

static void refused(void)
{
	char *none = mmap(NULL, 2 * PAGE, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *guard = map(PAGE, 0);
	int fd[2];

	pipe(fd);
	madvise(guard, PAGE, 102);
	show("made");
	write(fd[1], (char *)16, 1);
	write(fd[1], none, 1);
	write(fd[1], guard, 1);
	show("EFAULT");
	jump_store(none, 1);
	jump_store((char *)16, 1);
	jump_store(guard, 1);
	show("SIGSEGV"); /* a page of the handler's may be new */
}

static void files(const char *path)
{
	int fd = open(path, O_RDONLY);
	volatile char *p;
	struct counts before;

	p = mmap(NULL, N * PAGE, RW, MAP_PRIVATE, fd, 0);
	(void)p[0];
	before = now();
	(void)p[0];
	p[0] = 1;
	p[1] = 1;
	show("a private page read, then written");
	munmap((void *)p, N * PAGE);
	fsync(fd);
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	last = before = now();
	p = mmap(NULL, N * PAGE, PROT_READ, MAP_SHARED, fd, 0);
	(void)p[0];
	printf("dropped from the cache: major %d\n",
	       now().major > before.major);
	munmap((void *)p, N * PAGE);
	before = now();
	p = mmap(NULL, N * PAGE, PROT_READ, MAP_SHARED, fd, 0);
	(void)p[0];
	printf("in the cache: major %d\n", now().major > before.major);
	close(fd);
}

int main(int argc, char **argv)
{
	jump_catch(SIGSEGV);
	last = now(); /* before it the shell counts, too */
	show("the first line");
	show("nothing");
	show("nothing");
	memory();
	refused();
	files(argv[1]);
	return argc != 2;
}
