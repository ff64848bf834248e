/*
 * twonames.c: one inode, two links: by what name does each mapping show?
 * argv[1]: a directory.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "page_size.h"

static char base[4096];

/* What stands behind the directory in each line of the file that names it. */
static void show(const char *file)
{
	FILE *f = fopen(file, "r");
	char line[8192];

	printf("%s:", file);
	while (fgets(line, sizeof(line), f)) {
		char *name = strstr(line, base);

		if (name)
			printf(" %s", strtok(name + strlen(base), " \n"));
		if (name && strstr(line, "(deleted)"))
			printf(" (deleted)");
	}
	printf("\n");
	fclose(f);
}

static void show_all(const char *what, void *const *map, int n)
{
	printf("-- %s\n", what);
	show("/proc/self/maps");
	show("/proc/self/smaps");
	show("/proc/self/numa_maps");
	for (int i = 0; i < n; i++) {
		char link[64], target[4096] = "";

		snprintf(link, sizeof(link), "/proc/self/map_files/%lx-%lx",
			 (long)map[i], (long)map[i] + PAGE);
		if (readlink(link, target, sizeof(target) - 1) > 0)
			printf("%s\n", target + strlen(base));
	}
}

static char *name(const char *last)
{
	char *path;

	asprintf(&path, "%s/%s", base, last);
	return path;
}

static void *map(int fd, int prot, int flags)
{
	void *p = mmap(NULL, PAGE, prot, flags, fd, 0);

	if (p == MAP_FAILED)
		exit(2);
	return p;
}

int main(int argc, char **argv)
{
	int one, two, copy;
	void *m[4];

	realpath(argv[1], base);
	one = open(name("one"), O_RDWR | O_CREAT | O_TRUNC, 0600);
	ftruncate(one, 2 * PAGE);
	link(name("one"), name("two"));
	m[0] = map(one, PROT_READ, MAP_SHARED);
	two = open(name("two"), O_RDWR);
	copy = dup(two);
	m[1] = map(two, PROT_READ | PROT_WRITE, MAP_SHARED);
	m[2] = map(copy, PROT_READ, MAP_PRIVATE);
	close(two);
	close(copy);
	show_all("two links", m, 3);
	strcpy(m[1], "stored");
	printf("seen by the other: %s\n", (char *)m[0]);
	rename(name("two"), name("three"));
	m[3] = map(open(name("three"), O_RDONLY), PROT_READ, MAP_SHARED);
	show_all("the second has another name", m, 4);
	unlink(name("one"));
	show_all("the first is gone", m, 4);
	munmap(m[0], PAGE);
	unlink(name("three"));
	show_all("the second is gone, too", m + 1, 3);
	return 0;
}
