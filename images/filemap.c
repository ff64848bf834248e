/*
 * filemap.c: adds up the bytes of a file that it maps with mmap(2).
 *
 * Run:    vmm -c filemap FILE, against vmm -c fileread FILE
 * Expect: the sum of the bytes, the same as from fileread. The mapping is
 * private and read from start to end: one fault (file-read) for every 16
 * pages, since fault-around maps 64 KiB at a time (Linux do_fault_around);
 * with --fault-around=4096 one for every page.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	const unsigned char *bytes;
	unsigned long sum = 0;
	struct stat st;
	int fd;

	if (argc != 2) {
		fprintf(stderr, "usage: filemap FILE\n");
		return 2;
	}
	fd = open(argv[1], O_RDONLY);
	if (fd < 0 || fstat(fd, &st)) {
		perror(argv[1]);
		return 1;
	}
	if (st.st_size > 0) {
		bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE,
			     fd, 0);
		if (bytes == MAP_FAILED) {
			perror("mmap");
			return 1;
		}
		for (off_t i = 0; i < st.st_size; i++)
			sum += bytes[i];
	}
	printf("%lu\n", sum);
	return 0;
}
