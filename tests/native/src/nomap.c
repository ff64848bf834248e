/*
 * nomap.c: which files of the kernel's own can be mapped, and what is the
 * answer if not? argv[1], if any: a file of one's own, to begin with.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static void try(const char *name, int mode)
{
	static const struct {
		const char *name;
		int prot, flags;
	} ways[] = {
		{"private", PROT_READ, MAP_PRIVATE},
		{"shared", PROT_READ, MAP_SHARED},
		{"shared, write", PROT_READ | PROT_WRITE, MAP_SHARED},
		{"copied", PROT_READ | PROT_WRITE, MAP_PRIVATE},
		{"execute", PROT_READ | PROT_EXEC, MAP_PRIVATE},
		{"no type", PROT_READ, 0},
		{"growing", PROT_READ, MAP_PRIVATE | MAP_GROWSDOWN},
		{"huge", PROT_READ, MAP_PRIVATE | MAP_HUGETLB},
	};
	int fd = open(name, mode);

	if (fd < 0) {
		printf("%s: open %d\n", name, errno);
		return;
	}
	printf("%s:", name);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		void *p = mmap(NULL, 4096, ways[i].prot, ways[i].flags, fd, 0);

		printf(" %s %d", ways[i].name, p == MAP_FAILED ? errno : 0);
		if (p != MAP_FAILED)
			munmap(p, 4096);
	}
	printf("\n");
	close(fd);
}

int main(int argc, char **argv)
{
	static const char *const names[] = {
		"/proc/self/maps",
		"/proc/self/smaps",
		"/proc/self/status",
		"/proc/self/cmdline",
		"/proc/self/mem",
		"/proc/self/pagemap",
		"/proc/self/mounts",
		"/proc/self/fd",
		"/proc/meminfo",
		"/proc/cpuinfo",
		"/proc/version",
		"/proc/filesystems",
		"/proc/stat",
		"/proc/kpagecount",
		"/proc/sys/vm/overcommit_memory",
		"/proc/sys/kernel/ostype",
		"/sys/kernel/mm/transparent_hugepage/enabled",
		"/sys/devices/system/cpu/online",
		"/sys/kernel/notes",
		"/sys",
		"/dev/null",
		"/dev/full",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		try(names[i], O_RDONLY);
	try("/proc/self/comm", O_RDWR);
	try("/proc/self/clear_refs", O_WRONLY);
	try("/proc/self/comm", O_WRONLY);
	if (argc > 1)
		try(argv[1], O_RDONLY);
	return 0;
}
