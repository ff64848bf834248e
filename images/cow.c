/*
 * cow.c: copy-on-write, with the zero page and with a file.
 *
 * Run:    vmm --trace cow 8
 * Expect: "zeros 8, ones 8, file unchanged 1". In the log, for the anonymous
 * part: 8 faults zero-page, all with the same frame number; then 8 faults cow,
 * each with that frame as the old one and a new frame of its own. For the
 * private mapping of the program's own file: a file-read each, and when one is
 * written to, file-cow with the page-cache frame as the old one. The file does
 * not change.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096ul

static int map_failed(const volatile void *p, const char *what)
{
	if (p != MAP_FAILED)
		return 0;
	perror(what);
	return 1;
}

/* A write to a private mapping must not be seen through another. */
static int file_is_unchanged(void)
{
	int fd = open((const char *)getauxval(AT_EXECFN), O_RDONLY);
	volatile char *mine, *other;

	mine = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	other = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (map_failed(mine, "mmap file") || map_failed(other, "mmap file"))
		return 0;
	if (mine[1] != 'E' || other[1] != 'E')
		return 0;
	mine[1] = 'X';
	return mine[1] == 'X' && other[1] == 'E';
}

int main(int argc, char **argv)
{
	unsigned long n = argc > 1 ? strtoul(argv[1], NULL, 0) : 8;
	unsigned long zeros = 0, ones = 0;
	volatile char *area;
	int unchanged;

	area = mmap(NULL, n * PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map_failed(area, "mmap"))
		return 1;
	madvise((void *)(unsigned long)area, n * PAGE, MADV_NOHUGEPAGE);
	for (unsigned long i = 0; i < n; i++)
		zeros += area[i * PAGE] == 0;
	for (unsigned long i = 0; i < n; i++)
		area[i * PAGE] = 1;
	for (unsigned long i = 0; i < n; i++)
		ones += area[i * PAGE] == 1;
	unchanged = file_is_unchanged();
	printf("zeros %lu, ones %lu, file unchanged %d\n", zeros, ones,
	       unchanged);
	return zeros != n || ones != n || !unchanged;
}
