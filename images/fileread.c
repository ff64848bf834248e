/*
 * fileread.c: adds up the bytes of a file that it reads with read(2).
 *
 * Run:    vmm -c fileread FILE, against vmm -c filemap FILE
 * Expect: the sum of the bytes, the same as from filemap. No fault depends on
 * the file's size: the data come into one buffer of 64 KiB, 16 faults in all.
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	static unsigned char buffer[64 << 10];
	unsigned long sum = 0;
	ssize_t got;
	int fd;

	if (argc != 2) {
		fprintf(stderr, "usage: fileread FILE\n");
		return 2;
	}
	fd = open(argv[1], O_RDONLY);
	if (fd < 0) {
		perror(argv[1]);
		return 1;
	}
	while ((got = read(fd, buffer, sizeof(buffer))) > 0)
		for (ssize_t i = 0; i < got; i++)
			sum += buffer[i];
	if (got < 0) {
		perror("read");
		return 1;
	}
	printf("%lu\n", sum);
	return 0;
}
