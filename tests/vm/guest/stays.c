/*
 * stays.c: makes the file that is named and takes some faults; then
 * works, or with a second argument sleeps, until somebody ends it.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	memset(malloc(1 << 20), 1, 1 << 20);
	if (close(open(argv[1], O_CREAT | O_EXCL | O_RDWR, 0600)))
		return 1;
	if (argc > 2)
		sleep(60);
	for (volatile long i = 0;; i++)
		;
}
