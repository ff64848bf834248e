/* resident.c: which pages are there: mincore, mlock, msync. */
#include <sys/mman.h>
#include <unistd.h>

#include "page_size.h"
#include "show.h"

int main(void)
{
	unsigned char vec[4];
	char *p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	p[0] = p[3 * PAGE] = 'y';
	SHOW(mincore(p, 4 * PAGE, vec));
	printf("resident %d%d%d%d\n", vec[0] & 1, vec[1] & 1, vec[2] & 1,
	       vec[3] & 1);
	SHOW(mincore(p + 1, PAGE, vec));
	SHOW(mincore(NULL, PAGE, vec));
	SHOW(mincore(p, PAGE, NULL));
	SHOW(mlock(p, 2 * PAGE));
	SHOW(mincore(p, 4 * PAGE, vec));
	printf("resident %d%d%d%d\n", vec[0] & 1, vec[1] & 1, vec[2] & 1,
	       vec[3] & 1);
	SHOW(munlock(p, PAGE));
	SHOW(msync(p, 4 * PAGE, MS_SYNC));
	SHOW(msync(p, 4 * PAGE, MS_SYNC | MS_ASYNC));
	return 0;
}
