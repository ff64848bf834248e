/*
 * folios.c FILE...: in what folios each file lies in the page cache, for root:
 * a line of words "PAGESxORDER", `-` for pages that are not cached.
 *
 * A page that is mapped has its frame in /proc/self/pagemap; /proc/kpageflags
 * says which frames begin a folio and which follow in one.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "page_size.h"

#define UNCACHED (-1)

/* linux/kernel-page-flags.h: KPF_COMPOUND_HEAD, KPF_COMPOUND_TAIL */
#define HEAD	     (1ull << 15)
#define TAIL	     (1ull << 16)
#define PFN(pagemap) ((pagemap) & ((1ull << 55) - 1))

static int pagemap, kpageflags;

static uint64_t entry(int fd, uint64_t index)
{
	uint64_t v;

	if (pread(fd, &v, 8, (off_t)(index * 8)) == 8)
		return v;
	perror("folios: /proc");
	exit(1);
}

static int order_of(const volatile char *page)
{
	uint64_t pfn, end;

	(void)*page;
	pfn = PFN(entry(pagemap, (uintptr_t)page / PAGE));
	if (!(entry(kpageflags, pfn) & (HEAD | TAIL)))
		return 0;
	while (!(entry(kpageflags, pfn) & HEAD))
		pfn--;
	for (end = pfn + 1; entry(kpageflags, end) & TAIL;)
		end++;
	return __builtin_ctzll(end - pfn);
}

static void show_run(size_t n, int order)
{
	if (n && order == UNCACHED)
		printf(" %zux-", n);
	else if (n)
		printf(" %zux%d", n, order);
}

static void show_orders(const char *map, size_t pages)
{
	unsigned char *in = calloc(pages, 1);
	int order, last = UNCACHED;
	size_t run = 0, n;

	if (!in || mincore((void *)map, pages * PAGE, in))
		return;
	/* Folios are naturally aligned in the file. */
	for (size_t i = 0; i < pages; i += n, run += n) {
		order = in[i] & 1 ? order_of(map + i * PAGE) : UNCACHED;
		n = order > 0 ? (1ul << order) - i % (1ul << order) : 1;
		if (order != last) {
			show_run(run, last);
			run = 0;
		}
		last = order;
	}
	show_run(run, last);
	free(in);
}

static void show_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st = {0};
	char *map;

	fstat(fd, &st);
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	printf("%s:", path);
	if (map != MAP_FAILED) {
		show_orders(map, ((size_t)st.st_size + PAGE - 1) / PAGE);
		munmap(map, (size_t)st.st_size);
	}
	printf("\n");
	close(fd);
}

int main(int argc, char **argv)
{
	pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	kpageflags = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	for (int i = 1; i < argc; i++)
		show_file(argv[i]);
	return 0;
}
