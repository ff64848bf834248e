/*
 * touch.c: touches N pages of anonymous memory.
 *
 * Run:    vmm -c touch 1000, vmm -c touch 1000 read
 * Expect: "1000". The first way every page is one fault that ends as anon-zero.
 * With "read" each page is read before it is written: two faults, zero-page
 * (one shared frame of zeros) and then cow, which gives the page a frame of its
 * own. Linux: do_anonymous_page, do_wp_page.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE 4096ul

int main(int argc, char **argv)
{
	unsigned long n = argc > 1 ? strtoul(argv[1], NULL, 0) : 1000, sum = 0;
	int read_first = argc > 2 && !strcmp(argv[2], "read");
	volatile char *area;

	if (n == 0 || n > 1ul << 34) {
		fprintf(stderr, "usage: touch PAGES [read]\n");
		return 2;
	}
	area = mmap(NULL, n * PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (area == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	/* One fault a page: ask not to get 2 MiB pages. */
	madvise((void *)(unsigned long)area, n * PAGE, MADV_NOHUGEPAGE);
	for (unsigned long i = 0; read_first && i < n; i++)
		sum += (unsigned long)area[i * PAGE];
	for (unsigned long i = 0; i < n; i++)
		area[i * PAGE] = 1;
	for (unsigned long i = 0; i < n; i++)
		sum += (unsigned long)area[i * PAGE];
	printf("%lu\n", sum);
	return sum != n;
}
