/*
 * proc.c: print files of /proc, or what pagemap says. It allocates nothing and
 * keeps to one descriptor, so that its memory is the same however it is run.
 *
 *   proc FILE...          each under a line "==> FILE"
 *   proc -p ADDR N        the entries of pagemap for N pages from ADDR
 *   proc -R               of all pages that are there, after making some more
 *   proc -K               and of these frames, kpagecount and kpageflags
 *   proc -l DIR           names in the directory
 *   proc -s FILE          what fstat and stat say, offsets after lseek
 *   proc -r FILE N        what read gives of it, asked for N bytes each time
 *   proc -t               write over argv and rename: then cmdline, comm, stat
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static char buf[65536];

static void put(const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(1, text, len);

		if (n <= 0)
			_exit(2);
		text += n;
		len -= (size_t)n;
	}
}

static void put_text(const char *text)
{
	put(text, strlen(text));
}

static void put_number(const char *name, long value)
{
	char line[64];

	put(line,
	    (size_t)snprintf(line, sizeof(line), "%s %ld\n", name, value));
}

static void print_file(const char *path)
{
	int fd = open(path, O_RDONLY);
	size_t len = 0;
	ssize_t n;

	if (fd < 0) {
		put_number("open", -errno);
		return;
	}
	while ((n = read(fd, buf + len, sizeof(buf) - len)) > 0)
		len += (size_t)n;
	close(fd);
	put(buf, len);
	if (n < 0)
		put_number("read", -errno);
}

static void print_pagemap(const char *addr, const char *count)
{
	uint64_t va = strtoull(addr, NULL, 0), entry;
	int fd = open("/proc/self/pagemap", O_RDONLY);

	for (int n = atoi(count); n > 0; n--, va += 4096) {
		ssize_t got = pread(fd, &entry, 8, (off_t)(va / 4096 * 8));
		char line[64];

		if (got != 8)
			put_number("pread", got < 0 ? -errno : got);
		else
			put(line,
			    (size_t)snprintf(line, sizeof(line),
					     "%#lx %016lx\n", (unsigned long)va,
					     (unsigned long)entry));
	}
	close(fd);
}

/* Something of everything. */
static void make_pages(void)
{
	int prot = PROT_READ | PROT_WRITE, own = MAP_PRIVATE | MAP_ANONYMOUS;
	int file = open("/proc/self/exe", O_RDONLY);
	char *p = mmap(NULL, 16384, prot, own, -1, 0);

	p[0] = 1;
	(void)*(volatile char *)(p + 4096);
	p = mmap(NULL, 8192, prot, own, -1, 0);
	p[0] = 1;
	mprotect(p, 8192, PROT_NONE);
	p = mmap(NULL, 8192, prot, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	p[0] = 1;
	p = mmap(NULL, 8192, PROT_READ, MAP_SHARED, file, 0);
	(void)*(volatile char *)p;
	p = mmap(NULL, 8192, prot, MAP_PRIVATE, file, 0);
	p[0] = 1;
	close(file);
}

static uint64_t entry_of(int fd, uint64_t n)
{
	uint64_t entry = ~0ull;

	pread(fd, &entry, sizeof(entry), (off_t)(n * 8));
	return entry;
}

/* Of the frame that an entry of pagemap names. */
static void print_frame(uint64_t entry)
{
	static int count = -1, flags = -1;
	uint64_t pfn = entry & ((1ull << 55) - 1);
	char text[64];

	if (count < 0) {
		count = open("/proc/kpagecount", O_RDONLY);
		flags = open("/proc/kpageflags", O_RDONLY);
	}
	put(text,
	    (size_t)snprintf(text, sizeof(text), "%d %d %lx\n",
			     (int)(entry >> 61 & 1), (int)entry_of(count, pfn),
			     (unsigned long)entry_of(flags, pfn)));
}

static bool frames;

/* The mapping whose line is at `line`, with its entries. */
static void print_resident(int fd, const char *line)
{
	char *end;
	uint64_t va = strtoull(line, &end, 16), last, entry;

	last = strtoull(end + 1, NULL, 16);
	for (; va < last && va < 1ull << 47; va += 4096) {
		char text[64];

		entry = entry_of(fd, va / 4096);
		if (entry && frames)
			print_frame(entry);
		else if (entry)
			put(text,
			    (size_t)snprintf(text, sizeof(text),
					     "%#lx %016lx\n", (unsigned long)va,
					     (unsigned long)entry));
	}
}

static void print_all_resident(void)
{
	int maps, fd;
	size_t len = 0;
	ssize_t n;

	make_pages();
	maps = open("/proc/self/maps", O_RDONLY);
	fd = open("/proc/self/pagemap", O_RDONLY);
	while ((n = read(maps, buf + len, sizeof(buf) - 1 - len)) > 0)
		len += (size_t)n;
	buf[len] = '\0';
	for (char *at = buf; *at; at = strchr(at, '\n') + 1)
		print_resident(fd, at);
}

struct dirent64 {
	uint64_t ino, off;
	uint16_t reclen;
	uint8_t type;
	char name[];
};

static void print_names(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY);
	long n;

	if (fd < 0)
		put_number("open", -errno);
	while ((n = syscall(SYS_getdents64, fd, buf, 256)) > 0) {
		for (char *at = buf; at < buf + n;) {
			const struct dirent64 *d = (void *)at;

			put_text(d->name);
			put_text(d->type == 4 ? " dir\n" : " other\n");
			at += d->reclen;
		}
	}
	close(fd);
}

static void print_stat(const char *what, const struct stat *st)
{
	put_text(what);
	put_number(" mode", st->st_mode);
	put_number("size", st->st_size);
	put_number("uid", st->st_uid);
	put_number("blksize", st->st_blksize);
}

static void print_attributes(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY);

	if (fd < 0 || fstat(fd, &st))
		_exit(3);
	print_stat("fstat", &st);
	stat(path, &st);
	print_stat("stat", &st);
	put_number("read", read(fd, buf, 10));
	put_number("at", lseek(fd, 0, SEEK_CUR));
	put_number("back", lseek(fd, 0, SEEK_SET));
	put_number("again", read(fd, buf + 16, 10));
	put_number("same", !memcmp(buf, buf + 16, 10));
	put_number("flags", fcntl(fd, F_GETFL));
	put_number("write", write(fd, buf, 1) < 0 ? -errno : 0);
	close(fd);
}

/* Into memory that no one has touched: it grows while smaps is read. */
static void print_pieces(const char *path, const char *size)
{
	static char fresh[65536];
	int fd = open(path, O_RDONLY);
	size_t want = strtoul(size, NULL, 0), at = 0;
	ssize_t n = 1;

	while (n > 0 && at + want <= sizeof(fresh)) {
		n = read(fd, fresh + at, want);
		put_number("read", n);
		put(fresh + at, n > 0 ? (size_t)n : 0);
		at += n > 0 ? (size_t)n : 0;
	}
	close(fd);
}

static void rename_all(char **argv)
{
	size_t room = strlen(argv[0]) + 1 + strlen(argv[1]) + 1;

	memset(argv[0], 'x', room); /* over its end, into the environment */
	prctl(PR_SET_NAME, "a name (1)\n2", 0, 0, 0);
	put_text("cmdline ");
	print_file("/proc/self/cmdline");
	put_text("\ncomm ");
	print_file("/proc/self/comm");
}

int main(int argc, char **argv)
{
	/* All of it is there before anyone looks: /proc is read in pieces. */
	memset(buf, 1, sizeof(buf));
	if (argc > 3 && !strcmp(argv[1], "-p"))
		print_pagemap(argv[2], argv[3]);
	else if (argc > 1 &&
		 (!strcmp(argv[1], "-R") || !strcmp(argv[1], "-K"))) {
		frames = argv[1][1] == 'K';
		print_all_resident();
	} else if (argc > 2 && !strcmp(argv[1], "-l"))
		print_names(argv[2]);
	else if (argc > 2 && !strcmp(argv[1], "-s"))
		print_attributes(argv[2]);
	else if (argc > 3 && !strcmp(argv[1], "-r"))
		print_pieces(argv[2], argv[3]);
	else if (argc > 1 && !strcmp(argv[1], "-t"))
		rename_all(argv);
	else
		for (int i = 1; i < argc; i++) {
			put_text("==> ");
			put_text(argv[i]);
			put_text("\n");
			print_file(argv[i]);
		}
	_exit(0); /* touches nothing more, for those who look at the end */
}
