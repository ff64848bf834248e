/*
 * sharedfile.c: a file that is mapped and read and written by calls at the same
 * time: what does each way see of the other? argv[1]: a directory to write to.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "jump.h"
#include "page_size.h"

static void show(const char *what, long value)
{
	printf("%s: %ld\n", what, value);
}

static char byte_at(int fd, off_t at)
{
	char c = 0;

	return pread(fd, &c, 1, at) == 1 ? c : '?';
}

static void fill(int fd, int pages)
{
	char page[PAGE];

	for (int i = 0; i < pages; i++) {
		memset(page, 'a' + i, sizeof(page));
		if (write(fd, page, sizeof(page)) != PAGE)
			exit(2);
	}
}

/* A store after two mprotects: a page that is dirty needs no fault. */
static void protect_twice(const char *what, volatile char *p)
{
	struct rusage before, after;

	mprotect((char *)p, PAGE, PROT_READ);
	mprotect((char *)p, PAGE, PROT_READ | PROT_WRITE);
	getrusage(RUSAGE_SELF, &before);
	*p = 'n';
	getrusage(RUSAGE_SELF, &after);
	show(what, after.ru_minflt - before.ru_minflt);
}

static void both_ways(const char *name, int fd)
{
	struct iovec iov[2] = {{(char *)"XY", 2}, {(char *)"Z", 1}};
	char *p, *q, buf[8] = "";
	struct stat st;

	printf("-- %s\n", name);
	fill(fd, 6);
	p = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	q = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED || q == MAP_FAILED)
		exit(3);
	p[0] = '1';
	show("read sees the mapping", byte_at(fd, 0));
	show("so does the private mapping", q[0]);
	q[PAGE] = '2';
	show("the private write stays private", byte_at(fd, PAGE));
	pwrite(fd, "345", 3, 2 * PAGE - 1);
	show("the mapping sees pwrite", p[2 * PAGE]);
	show("the byte before", p[2 * PAGE - 1]);
	show("private, copied before", q[2 * PAGE - 1]);
	show("private, not copied", q[2 * PAGE]);
	p[3 * PAGE + 7] = '6';
	pwritev(fd, iov, 2, 3 * PAGE);
	show("neighbours of what is written stay", p[3 * PAGE + 7]);
	show("vector", p[3 * PAGE + 2]);
	lseek(fd, 4 * PAGE, SEEK_SET);
	p[4 * PAGE] = '7';
	read(fd, buf, 1);
	show("read by position", buf[0]);
	write(fd, "8", 1);
	show("write by position", p[4 * PAGE + 1]);
	show("msync", msync(p, 8 * PAGE, MS_SYNC));
	p[0] = '9';
	show("again after msync", byte_at(fd, 0));
	fstat(fd, &st);
	show("size", st.st_size);
	show("beyond the end", jump_load(p + 6 * PAGE));
	show("ftruncate", ftruncate(fd, 7 * PAGE + 5));
	show("longer now", jump_load(p + 6 * PAGE));
	p[7 * PAGE + 4] = 'e';
	p[7 * PAGE + 5] = 'f';
	show("last byte", byte_at(fd, 7 * PAGE + 4));
	fstat(fd, &st);
	show("size stays", st.st_size);
	show("ftruncate", ftruncate(fd, PAGE + 10));
	show("cut off", jump_load(p + 2 * PAGE));
	show("the copy too", jump_load(q + 2 * PAGE));
	show("the copy before the end", jump_load(q + PAGE));
	show("tail", jump_load(p + PAGE + 10));
	show("head", jump_load(p + PAGE + 9));
	show("ftruncate", ftruncate(fd, 3 * PAGE));
	show("zeros where it was cut", jump_load(p + PAGE + 10));
	show("zeros in a new page", jump_load(p + 2 * PAGE));
	show("hole", madvise(p, PAGE, MADV_REMOVE));
	show("zero", byte_at(fd, 0) + p[0]);
	p[PAGE] = 'k';
	munmap(p, 8 * PAGE);
	show("after munmap", byte_at(fd, PAGE));
	p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	p[5] = 'l';
	show("mprotect", mprotect(p, PAGE, PROT_READ));
	show("dirty and read-only", byte_at(fd, 5));
	protect_twice("faults while it is dirty", p);
	byte_at(fd, 5);
	protect_twice("faults after it was read", p);
	msync(p, PAGE, MS_SYNC);
	protect_twice("faults after msync", p);
	mprotect(p, PAGE, PROT_READ);
	/* Left mapped: exit writes it. */
	mprotect(p, PAGE, PROT_READ | PROT_WRITE);
	p[6] = 'm';
}

static void rights(const char *path)
{
	int ro = open(path, O_RDONLY), wo = open(path, O_WRONLY);
	char *p;

	p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, ro, 0);
	show("read-only", p == MAP_FAILED ? errno : 0);
	p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, wo, 0);
	show("write-only", p == MAP_FAILED ? errno : 0);
	p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, ro, 0);
	show("mprotect", mprotect(p, PAGE, PROT_READ | PROT_WRITE) ? errno : 0);
	p = mmap(NULL, 0, PROT_READ | PROT_WRITE, MAP_SHARED, ro, 0);
	show("no length", p == MAP_FAILED ? errno : 0);
	p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, 77, 0);
	show("no descriptor", p == MAP_FAILED ? errno : 0);
	close(ro);
	close(wo);
}

/*
 * Behind the end of a file, in its last page, is what was stored there, until
 * the file is cut. In memory, where no write-back clears it.
 */
static void behind_the_end(void)
{
	int fd = memfd_create("end", 0);
	char *p;

	ftruncate(fd, PAGE + 100);
	p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	p[PAGE + 99] = 'a';
	p[PAGE + 100] = 'b';
	p[PAGE + 500] = 'c';
	fallocate(fd, 0, 0, 50);
	show("behind the end, room was made", p[PAGE + 100]);
	pwrite(fd, "d", 1, PAGE + 50);
	show("a byte before it was written", p[PAGE + 50] + p[PAGE + 500]);
	ftruncate(fd, PAGE + 100);
	show("it was cut where it ends", p[PAGE + 100] + p[PAGE + 99]);
	p[PAGE + 100] = 'b';
	fallocate(fd, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, PAGE, 10);
	show("a hole was made in its page", p[PAGE + 5] + p[PAGE + 50]);
}

static void devices(void)
{
	int zero = open("/dev/zero", O_RDWR), null = open("/dev/null", O_RDWR);
	char *p =
		mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, zero, 0);
	char *q = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, zero, 0);

	p[0] = q[0] = 1;
	show("/dev/zero", p[0] + q[0] + p[1] + q[1]);
	p = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, null, 0);
	show("/dev/null", p == MAP_FAILED ? errno : 0);
}

int main(int argc, char **argv)
{
	char path[512];
	int fd;

	if (argc < 2)
		return 1;
	jump_catch(SIGBUS);
	jump_catch(SIGSEGV);
	snprintf(path, sizeof(path), "%s/sharedfile", argv[1]);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (fd < 0)
		return 1;
	both_ways("file", fd);
	rights(path);
	fd = open(path, O_RDWR | O_CREAT, 0600);
	show("of the file", byte_at(fd, 6));
	both_ways("memfd", memfd_create("m", 0));
	snprintf(path, sizeof(path), "%s/deleted", argv[1]);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	unlink(path);
	both_ways("deleted", fd);
	behind_the_end();
	devices();
	return 0;
}
