/*
 * procmaps.c: mappings of every kind, and what /proc/self says of them.
 *
 * procmaps DIRECTORY: where files may be made. Nothing is printed before all
 * is mapped. Inodes of what has none on a disk become N.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "page_size.h"

/* Not every C library has them. */
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ  22
#define MADV_POPULATE_WRITE 23
#endif
#ifndef MADV_COLD
#define MADV_COLD 20
#endif
#ifndef MLOCK_ONFAULT
#define MLOCK_ONFAULT 1
#endif

#define SIZE  (16 * PAGE)
#define RW    (PROT_READ | PROT_WRITE)
#define ANON  (MAP_PRIVATE | MAP_ANONYMOUS)
#define SHARE (MAP_SHARED | MAP_ANONYMOUS)

static char text[1 << 20];
static char *at = (char *)0x100000000;

static char *map(size_t size, int prot, int flags, int fd, off_t offset)
{
	char *p = mmap(at, size, prot, flags | MAP_FIXED, fd, offset);

	if (p == MAP_FAILED)
		printf("mmap: %s\n", strerror(errno));
	at += size + SIZE;
	return p;
}

static void look(const char *p)
{
	(void)*(volatile const char *)p;
}

/* Of separate pages, which are clean then; without a name, so that it is new.
 */
static int make_file(const char *directory, const char *name)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);
	for (unsigned i = 0; i < 32; i++) {
		memset(text, 'a' + (int)i, PAGE);
		if (pwrite(fd, text, PAGE, (off_t)(i * PAGE)) < 0)
			exit(1);
		fsync(fd);
	}
	unlink(path);
	return fd;
}

static int make_memory(const char *name, unsigned flags)
{
	int fd = memfd_create(name, flags);

	memset(text, 'm', SIZE);
	if (write(fd, text, SIZE / 2) < 0 || ftruncate(fd, SIZE))
		exit(1);
	return fd;
}

static void map_anonymous(void)
{
	char *p = map(SIZE, RW, ANON, -1, 0);

	p[0] = p[PAGE] = 1;
	look(p + 2 * PAGE);
	look(map(SIZE, PROT_READ, ANON, -1, 0));
	map(SIZE, PROT_NONE, ANON, -1, 0);
	p = map(SIZE, RW, ANON, -1, 0);
	memset(p, 1, SIZE);
	mprotect(p, SIZE / 2, PROT_NONE);
	p = map(SIZE, RW, SHARE, -1, 0);
	p[0] = 1;
	look(p + PAGE);
	p = map(SIZE, RW, SHARE, -1, 0);
	memset(p, 1, SIZE);
	mprotect(p + PAGE, PAGE, PROT_READ);
	map(SIZE, RW, ANON | MAP_NORESERVE, -1, 0)[0] = 1;
	map(SIZE, RW, ANON | MAP_GROWSDOWN, -1, 0)[0] = 1;
	map(SIZE, RW, ANON | MAP_STACK, -1, 0)[0] = 1;
	map(SIZE, RW, ANON | MAP_POPULATE, -1, 0);
	map(SIZE, PROT_READ, ANON | MAP_POPULATE, -1, 0);
	map(SIZE, RW, SHARE | MAP_POPULATE, -1, 0);
	for (int prot = 0; prot < 8; prot++)
		map(PAGE, prot, ANON, -1, 0);
}

static void map_locked(void)
{
	char *p = map(SIZE, RW, ANON | MAP_LOCKED, -1, 0);

	p = map(SIZE, RW, ANON, -1, 0);
	p[0] = 1;
	mlock2(p, SIZE, MLOCK_ONFAULT);
	p[PAGE] = 1;
	p = map(SIZE, RW, SHARE, -1, 0);
	p[0] = 1;
	mlock(p, SIZE / 4);
	syscall(462 /* mseal */, map(SIZE, RW, ANON, -1, 0), PAGE, 0);
}

static void map_files(int file)
{
	char *p;

	look(map(SIZE, PROT_READ | PROT_EXEC, MAP_PRIVATE, file, 0));
	p = map(SIZE, RW, MAP_PRIVATE, file, PAGE);
	p[0] = 1;
	look(p + 5 * PAGE);
	look(map(SIZE, PROT_READ, MAP_SHARED, file, 0));
	p = map(SIZE, RW, MAP_SHARED, file, 16 * PAGE);
	p[0] = 1;
	look(p + PAGE);
	msync(p, SIZE, MS_SYNC);
	p[2 * PAGE] = 1;
	look(map(SIZE, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0));
	for (int prot = 0; prot < 8; prot++)
		map(PAGE, prot, MAP_PRIVATE, file, 0);
	/* One that may not be written to. */
	look(map(SIZE, PROT_READ, MAP_SHARED, open("/proc/self/exe", O_RDONLY),
		 0));
}

static void map_memory(void)
{
	int plain = make_memory("a name", 0);
	int sealed = make_memory("sealed", MFD_ALLOW_SEALING);
	char *p = map(SIZE, RW, MAP_SHARED, plain, 0);

	fcntl(sealed, F_ADD_SEALS, F_SEAL_WRITE);
	p[0] = 1;
	look(p + PAGE);
	p = map(SIZE, RW, MAP_PRIVATE, plain, 0);
	p[PAGE] = 1;
	look(p);
	look(map(SIZE, PROT_READ, MAP_SHARED, plain, 0));
	look(map(SIZE, PROT_READ, MAP_SHARED, sealed, 0));
}

/* What this kernel does not know is an error in both. */
static void advise(int flags, int fd)
{
	static const int advice[] = {
		MADV_RANDOM,	     MADV_SEQUENTIAL,
		MADV_DONTFORK,	     MADV_DONTDUMP,
		MADV_MERGEABLE,	     MADV_NOHUGEPAGE,
		MADV_DONTNEED,	     MADV_POPULATE_READ,
		MADV_FREE,	     MADV_COLD,
		MADV_POPULATE_WRITE, MADV_WIPEONFORK,
		MADV_HUGEPAGE,	     102 /* MADV_GUARD_INSTALL */,
	};
	int errors[sizeof(advice) / sizeof(advice[0])];
	int prot = fd < 0 ? RW : PROT_READ;

	for (unsigned i = 0; i < sizeof(advice) / sizeof(advice[0]); i++) {
		char *p = map(SIZE, prot, flags, fd, 0);

		if (prot & PROT_WRITE)
			memset(p, 1, 4 * PAGE);
		else
			look(p);
		errors[i] = madvise(p, SIZE / 2, advice[i]) ? errno : 0;
	}
	for (unsigned i = 0; i < sizeof(advice) / sizeof(advice[0]); i++)
		printf("advice %d: %s\n", advice[i], strerror(errors[i]));
}

/* Memory without a file has an inode of the moment, at 00:01. */
static void print_line(char *line)
{
	char *dev = strstr(line, " 00:01 "), *name;

	if (dev && (name = strpbrk(dev + 7, " \n")))
		printf("%.*s 00:01 N%s\n", (int)(dev - line), line,
		       name + strspn(name, " "));
	else
		puts(line);
}

static void show(const char *name)
{
	char path[64];
	size_t len = 0;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/%s", name);
	fd = open(path, O_RDONLY);
	while ((n = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	close(fd);
	printf("==> %s\n", name);
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		print_line(line);
}

/* Without the frames' numbers. */
static void show_pagemap(void)
{
	int fd = open("/proc/self/pagemap", O_RDONLY);
	uint64_t entry;

	puts("==> pagemap");
	for (char *p = (char *)0x100000000; p < at; p += PAGE)
		if (pread(fd, &entry, 8, (off_t)((uintptr_t)p / PAGE * 8)) ==
			    8 &&
		    entry)
			printf("%p %#lx\n", (void *)p,
			       (unsigned long)entry >> 55);
	close(fd);
}

int main(int argc, char **argv)
{
	static const char *const files[] = {
		"maps",	     "statm",  "smaps", "smaps_rollup",
		"numa_maps", "status", "stat",
	};
	const char *directory = argc > 1 ? argv[1] : ".";
	int file = make_file(directory, "mapped");
	char *heap = malloc(100000);

	/* All that printing and reading touches is there before. */
	memset(text, 1, sizeof(text));
	setvbuf(stdout, malloc(1 << 20), _IOFBF, 1 << 20);
	memset(heap, 1, 50000);
	map_anonymous();
	map_locked();
	map_files(file);
	map_memory();
	advise(ANON, -1);
	advise(SHARE, -1);
	advise(MAP_PRIVATE, file);
	fflush(stdout);
	for (unsigned i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		show(files[i]);
		fflush(stdout);
	}
	show_pagemap();
	return 0;
}
