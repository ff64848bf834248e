/*
 * fork.c: copy on write between parent and child. 64 pages are written; then
 * the child writes 64 of its own (64 `cow`), ends, and the parent writes them,
 * which it has alone by then (64 `reuse`). fork PAGES: another number.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static void write_all(volatile char *p, size_t pages, char c)
{
	for (size_t i = 0; i < pages; i++)
		p[i * 4096] = c;
}

int main(int argc, char **argv)
{
	size_t pages = argc > 1 ? strtoul(argv[1], NULL, 0) : 64;
	char *p = mmap(NULL, pages * 4096, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int status = -1;
	pid_t child;

	if (p == MAP_FAILED)
		return 1;
	write_all(p, pages, 'a');
	child = fork();
	if (!child) {
		write_all(p, pages, 'b');
		_exit(p[0] == 'b' ? 0 : 2);
	}
	waitpid(child, &status, 0);
	write_all(p, pages, 'c');
	printf("%zu pages, child %d\n", pages, status);
	return status;
}
