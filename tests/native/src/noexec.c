/*
 * noexec.c: mappings of files on a mount that may have no programs. argv[1]: a
 * directory on it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <unistd.h>

#include "page_size.h"

static void show(const char *what, long result)
{
	printf("%s: %s\n", what, result < 0 ? strerror(errno) : "yes");
}

/* The flags of the mapping that starts there. */
static void show_flags(const void *at)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	char line[512], start[32];
	int found = 0;

	snprintf(start, sizeof(start), "%lx-", (unsigned long)at);
	while (fgets(line, sizeof(line), f)) {
		found |= !strncmp(line, start, strlen(start));
		if (found && !strncmp(line, "VmFlags:", 8)) {
			fputs(line, stdout);
			break;
		}
	}
	fclose(f);
}

static char *map(int fd, int prot, int flags)
{
	char *p = mmap(NULL, 3 * PAGE, prot, flags, fd, 0);

	show("mmap", p == MAP_FAILED ? -1 : 0);
	return p;
}

static void try(const char *name)
{
	int fd = open(name, O_RDWR | O_CREAT, 0700);
	char *p;

	ftruncate(fd, 3 * PAGE);
	map(fd, PROT_READ | PROT_EXEC, MAP_PRIVATE);
	map(fd, PROT_EXEC, MAP_SHARED);
	p = map(fd, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	p[0] = 1;
	show("mprotect", mprotect(p, PAGE, PROT_READ | PROT_EXEC));
	show_flags(p);
	p = mremap(p, 3 * PAGE, 5 * PAGE, MREMAP_MAYMOVE);
	show("mprotect of what moved", mprotect(p, PAGE, PROT_EXEC));
	p = map(fd, PROT_READ, MAP_SHARED);
	show("remap_file_pages", remap_file_pages(p, PAGE, 0, 1, 0));
	show("mprotect of it", mprotect(p, PAGE, PROT_READ | PROT_EXEC));
	show_flags(p);
	personality(READ_IMPLIES_EXEC);
	p = map(fd, PROT_READ, MAP_PRIVATE);
	show_flags(p);
	show("mprotect without asking",
	     mprotect(p, PAGE, PROT_READ | PROT_WRITE));
	show_flags(p);
	personality(0);
	close(fd);
}

int main(int argc, char **argv)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/file", argv[1]);
	try(path);
	show("access", access(path, X_OK));
	show("access to the directory", access(argv[1], X_OK));
	fd = memfd_create("elsewhere", 0);
	ftruncate(fd, PAGE);
	show("a memfd", mprotect(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0),
				 PAGE, PROT_EXEC));
	return 0;
}
