/*
 * deaf.c: says that it is ready, then is at work until somebody ends it.
 *
 *	deaf spin        in the program
 *	deaf random      in calls that the host serves, of 256 MiB each
 *	deaf populate    in calls that the guest kernel serves, likewise
 */
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#define SIZE (256ul << 20)

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "spin";
	void *p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	madvise(p, SIZE, MADV_HUGEPAGE);
	if (strcmp(how, "spin"))
		memset(p, 1, SIZE);
	if (write(1, "ready\n", 6) != 6)
		return 1;
	for (volatile long i = 0;; i++) {
		if (!strcmp(how, "random"))
			getrandom(p, SIZE, 0);
		if (!strcmp(how, "populate")) {
			madvise(p, SIZE, MADV_DONTNEED);
			madvise(p, SIZE, MADV_POPULATE_WRITE);
		}
	}
}
