/*
 * procuser.h: what procfiles.c and procmem.c share. Included once by each.
 */
#ifndef PROCUSER_H
#define PROCUSER_H

#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "page_size.h"
#include "show.h"

#define RW (PROT_READ | PROT_WRITE)

static const char *directory;

static char *map(size_t pages, int prot, int flags, int fd)
{
	char *p = mmap(NULL, pages * PAGE, prot, flags, fd, 0);

	if (p == MAP_FAILED)
		abort();
	return p;
}

static char *anon(size_t pages)
{
	return map(pages, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

/* A file of `pages` pages, which has no name any more. */
static int make_file(const char *name, size_t pages)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);
	for (size_t i = 0; i < pages; i++)
		pwrite(fd, "content", 7, (off_t)(i * PAGE));
	fsync(fd);
	unlink(path);
	return fd;
}

static char text[1 << 16];

/* The value of a line of smaps for the mapping at p; of status, p NULL. */
static long value_of(const char *file, const void *p, const char *name)
{
	char start[32], *at = text;
	int fd = open(file, O_RDONLY);
	size_t len = 0;
	ssize_t n;

	while ((n = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	close(fd);
	text[len] = '\0';
	if (p) {
		snprintf(start, sizeof(start), "%lx-", (unsigned long)p);
		at = strstr(text, start);
	}
	at = at ? strstr(at, name) : NULL;
	return at ? strtol(at + strlen(name), NULL, 10) : -1;
}

#endif
