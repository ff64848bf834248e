/*
 * reads.c: reads SIZE bytes from the beginning of FILE, N times.
 *
 *   reads FILE SIZE N
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	size_t size = argc == 4 ? strtoul(argv[2], NULL, 10) : 0;
	unsigned long n = argc == 4 ? strtoul(argv[3], NULL, 10) : 0;
	char *buffer = malloc(size ? size : 1);
	int fd = argc == 4 ? open(argv[1], O_RDONLY) : -1;

	if (fd < 0 || !buffer) {
		fprintf(stderr, "usage: reads FILE SIZE N\n");
		return 2;
	}
	memset(buffer, 1, size); /* no fault in the loop */
	for (unsigned long i = 0; i < n; i++)
		if (pread(fd, buffer, size, 0) != (ssize_t)size)
			return 1;
	printf("%lu\n", n);
	return 0;
}
