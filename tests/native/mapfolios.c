/*
 * mapfolios.c FILE SEED: maps FILE in many ways, loads and stores here and
 * there, and prints after each access how many faults it took, and which pages
 * are mapped then. Linux maps large folios of the page cache whole
 * (docs/linux.md).
 *
 * Not done, since it differs: mprotect and msync of some of the pages that a
 * store to their folio mapped.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "page_size.h"
#include "random.h"

#define BASE	  0x100000000000ul
#define PAGES_MAX 4096
#define MAPPINGS  60
#define ACCESSES  5

struct mapping {
	volatile char *start;
	size_t pages;
	bool shared, writable;
};

static uint64_t seed;
static int pagemap;

static uint64_t below(uint64_t n)
{
	return random_below(&seed, n);
}

static long faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt + usage.ru_majflt;
}

static void show(const struct mapping *m)
{
	static uint64_t entry[PAGES_MAX];
	bool was = false;

	if (pread(pagemap, entry, m->pages * 8,
		  (off_t)((uintptr_t)m->start / PAGE * 8)) < 0)
		perror("pagemap");
	for (size_t i = 0; i <= m->pages; i++) {
		bool is = i < m->pages && entry[i] >> 63;

		if (is != was)
			printf(is ? " %zu-" : "%zu", i);
		was = is;
	}
	printf("\n");
}

/* Often the first page or the last. */
static void touch(const struct mapping *m)
{
	size_t i = below(4) ? below(m->pages) : below(2) ? m->pages - 1 : 0;
	bool store = m->writable && below(2);
	long before = faults(), after;

	if (store)
		m->start[i * PAGE] = 1;
	else
		(void)m->start[i * PAGE];
	after = faults();
	printf(" %s %zu: %ld faults,", store ? "store" : "load", i,
	       after - before);
	show(m);
}

static void change(const struct mapping *m)
{
	size_t i = below(m->pages), n = 1 + below(m->pages - i);
	void *at = (void *)(m->start + i * PAGE);

	if (below(2)) {
		madvise(at, n * PAGE, MADV_DONTNEED);
		return;
	}
	if (m->shared) {
		msync((void *)m->start, m->pages * PAGE, MS_SYNC);
		return;
	}
	mprotect(at, n * PAGE, PROT_NONE);
	mprotect(at, n * PAGE, PROT_READ | (m->writable ? PROT_WRITE : 0));
}

static void map(int fd, size_t pages)
{
	size_t first = below(2) ? below(pages) : 0;
	struct mapping m = {
		.pages = below(2) ? pages - first : 1 + below(pages - first),
		.shared = below(2),
		.writable = below(2),
	};
	/* In half of the cases folios are aligned in the page table, too. */
	char *at = (char *)BASE + (below(2) ? below(1024) : first % 512) * PAGE;

	m.start = mmap(at, m.pages * PAGE,
		       PROT_READ | (m.writable ? PROT_WRITE : 0),
		       MAP_FIXED | (m.shared ? MAP_SHARED : MAP_PRIVATE), fd,
		       (off_t)(first * PAGE));
	printf("%zu pages from %zu at %p, %s%s\n", m.pages, first,
	       (void *)m.start, m.shared ? "shared" : "private",
	       m.writable ? ", writable" : "");
	for (int i = 0; i < ACCESSES; i++) {
		touch(&m);
		if (!below(4))
			change(&m);
	}
	munmap((void *)m.start, m.pages * PAGE);
}

int main(int argc, char **argv)
{
	struct stat st;
	int fd;

	if (argc != 3)
		return 2;
	fd = open(argv[1], O_RDWR | O_CLOEXEC);
	pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || pagemap < 0 || fstat(fd, &st) ||
	    st.st_size > (off_t)(PAGES_MAX * PAGE)) {
		perror(argv[1]);
		return 1;
	}
	seed = strtoul(argv[2], NULL, 0);
	for (int i = 0; i < MAPPINGS; i++)
		map(fd, ((size_t)st.st_size + PAGE - 1) / PAGE);
	return 0;
}
