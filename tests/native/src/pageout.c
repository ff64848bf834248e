/*
 * pageout.c FILE: what MADV_COLD, MADV_PAGEOUT and MADV_FREE leave in the page
 * table and in the cache, of memory of all kinds. Without swap.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "page_size.h"
#include "show.h"

#define AT(n) ((char *)0x200000000000 + (n)*PAGE)
#define RW    (PROT_READ | PROT_WRITE)

static int file, shm, pagemap;

static void kind(int k)
{
	munmap(AT(0), 16 * PAGE);
	switch (k) {
	case 0:
		mmap(AT(0), 4 * PAGE, RW,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		break;
	case 1:
		mmap(AT(0), 4 * PAGE, RW,
		     MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		break;
	case 2:
		mmap(AT(0), 4 * PAGE, RW, MAP_PRIVATE | MAP_FIXED, file, 0);
		break;
	case 3:
		mmap(AT(0), 4 * PAGE, RW, MAP_PRIVATE | MAP_FIXED, file, 0);
		mmap(AT(8), 4 * PAGE, RW, MAP_PRIVATE | MAP_FIXED, file, 0);
		(void)*(volatile char *)AT(8);
		break;
	case 4:
		mmap(AT(0), 4 * PAGE, RW, MAP_SHARED | MAP_FIXED, shm, 0);
		break;
	case 5:
		mmap(AT(0), 4 * PAGE, RW, 8 | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		break;
	}
	*AT(1) = 1;
	(void)*(volatile char *)AT(2);
}

/* Each page: in the table or not, of a file or not; in memory or not. */
static void show(void)
{
	unsigned char vec[4] = {0};
	uint64_t entry[4];

	pread(pagemap, entry, sizeof(entry),
	      (off_t)((uintptr_t)AT(0) / PAGE * 8));
	mincore(AT(0), 4 * PAGE, vec);
	for (int i = 0; i < 4; i++)
		printf(" %c%d",
		       entry[i] >> 63 ? entry[i] >> 61 & 1 ? 'f' : 'a' : '.',
		       vec[i] & 1);
	printf("\n");
}

static int referenced(void)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	unsigned long start, end;
	char line[512];
	int ours = 0, kb = -1;

	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			ours = (char *)start == AT(0);
		else if (ours && !strncmp(line, "Referenced:", 11))
			kb = atoi(line + 11);
	fclose(f);
	return kb;
}

int main(int argc, char **argv)
{
	static const int advice[] = {MADV_COLD, MADV_PAGEOUT, MADV_FREE};
	char page[PAGE];

	file = open(argv[1], O_RDONLY);
	fsync(file); /* what is dirty stays */
	shm = memfd_create("pageout", 0);
	memset(page, 'm', PAGE);
	for (int i = 0; i < 4; i++)
		pwrite(shm, page, PAGE, i * PAGE);
	pagemap = open("/proc/self/pagemap", O_RDONLY);
	for (int k = 0; k < 6; k++) {
		for (int i = 0; i < 3; i++) {
			for (int j = 0; j < 4; j++)
				pread(file, page, PAGE, j * PAGE);
			kind(k);
			printf("%d %d: %d", k, advice[i],
			       madvise(AT(1), 2 * PAGE, advice[i]));
			show();
			printf("  referenced %d kB\n", referenced());
			SHOW(madvise(AT(1), 2 * PAGE, MADV_PAGEOUT));
			show();
			printf("  read: %d %d\n", *AT(1), *AT(2));
		}
	}
	return argc != 2;
}
