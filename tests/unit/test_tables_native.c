/*
 * test_tables_native.c: as many page tables as the Linux that runs this test
 * has (VmPTE), after the same calls at the same addresses: when they are made,
 * when they are freed, and when they stay empty for a neighbour.
 *
 * Addresses lie around borders of 2 MiB, 1 GiB and 512 GiB.
 */
#include "hv_describe.h"
#include "mm_native.h"

#include <linux/mman.h>

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#define MADV_GUARD_REMOVE  103
#endif

#define SPAN_512G (1ull << 39)

static long native_tables(void)
{
	static char text[8192];
	int fd = open("/proc/self/status", O_RDONLY);
	ssize_t n = read(fd, text, sizeof(text) - 1);
	const char *line = strstr(text, "VmPTE:");

	close(fd);
	cr_assert(n > 0 && line);
	return atol(line + 6) / 4;
}

static long guest_tables(void)
{
	struct hv_desc_mm st;

	mm_stat(mm, &st);
	return (long)st.pagetables;
}

static long native_made, guest_before;

static void compare_from_here(void)
{
	native_made = 0;
	guest_before = guest_tables();
}

/* Counts what this call makes: the guest's frames are memory of the test, too.
 */
static int64_t native(long nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
		      int64_t e, uint64_t f)
{
	long before = native_tables();
	int64_t ret = result(syscall(nr, a, b, c, d, e, f));

	native_made += native_tables() - before;
	return ret;
}

#define SPAN_1T (1ull << 40)

/* No mapping near, not even one without pages: its tables would stay. */
static bool is_far_from_all(uint64_t va)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	uint64_t start, end;
	char line[512];
	bool far = maps;

	while (far && fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx", &start, &end) == 2)
			far = end <= va - SPAN_1T || start >= va + 4 * SPAN_1T;
	if (maps)
		fclose(maps);
	return far;
}

static void begin(void)
{
	native_va = 0x210000000000ull; /* a border of 512 GiB */
	while (!is_far_from_all(native_va))
		native_va += 8 * SPAN_1T;
	cr_assert_lt(native_va, 0x600000000000ull);
	mm_begin();
}

TestSuite(tables_native, .init = begin, .fini = mm_end);

/* The tables made since then. */
static long assert_same_tables(unsigned step)
{
	long guest = guest_tables() - guest_before;

	cr_assert_eq(native_made, guest,
		     "step %u, %s: Linux has %ld tables, the guest %ld", step,
		     what, native_made, guest);
	return guest;
}

/* ---- The same call on both ---------------------------------------------- */

static int64_t same_mmap(unsigned step, uint64_t va, uint64_t len)
{
	uint32_t flags = ANON | MAP_FIXED | MAP_NORESERVE;
	int64_t ret = mm_mmap(mm, va, len, RW, flags, -1, 0);

	snprintf(what, sizeof(what), "mmap(%#lx, %#lx)", va, len);
	assert_same(step, native(SYS_mmap, va, len, RW, flags, -1, 0), ret);
	return ret;
}

static void same_mmap_file(unsigned step, uint64_t va, uint64_t len,
			   uint32_t prot, uint32_t flags)
{
	snprintf(what, sizeof(what), "mmap(%#lx, %#lx, file)", va, len);
	assert_same(step, native(SYS_mmap, va, len, prot, flags, native_fd, 0),
		    mm_mmap(mm, va, len, prot, flags, 2, 0));
}

static int64_t same_madvise(unsigned step, uint64_t va, uint64_t len,
			    int advice)
{
	int64_t ret = mm_madvise(mm, va, len, advice);

	snprintf(what, sizeof(what), "madvise(%#lx, %#lx, %d)", va, len,
		 advice);
	assert_same(step,
		    native(SYS_madvise, va, len, (uint64_t)advice, 0, 0, 0),
		    ret);
	return ret;
}

static void same_munmap(unsigned step, uint64_t va, uint64_t len)
{
	snprintf(what, sizeof(what), "munmap(%#lx, %#lx)", va, len);
	assert_same(step, native(SYS_munmap, va, len, 0, 0, 0, 0),
		    mm_munmap(mm, va, len));
}

static void same_mremap(unsigned step, uint64_t va, uint64_t from, uint64_t len,
			uint32_t flags, uint64_t to)
{
	snprintf(what, sizeof(what), "mremap(%#lx, %#lx, %#lx, %#x, %#lx)", va,
		 from, len, flags, to);
	assert_same(step,
		    native(SYS_mremap, va, from, len, flags, (int64_t)to, 0),
		    mm_mremap(mm, va, from, len, flags, to));
}

static void same_mprotect(unsigned step, uint64_t va, uint64_t len,
			  uint32_t prot)
{
	snprintf(what, sizeof(what), "mprotect(%#lx, %#lx, %u)", va, len, prot);
	assert_same(step, native(SYS_mprotect, va, len, prot, 0, 0, 0),
		    mm_mprotect(mm, va, len, prot));
}

/* ---- Case by case ------------------------------------------------------- */

Test(tables_native, an_empty_table_stays_for_a_neighbour)
{
	follow_linux();
	compare_from_here();
	/* One table of each level; two mappings in it. */
	same_mmap(1, AT(0), PAGES(2));
	same_mmap(2, AT(4), PAGES(2));
	same_madvise(3, AT(0), PAGES(2), MADV_POPULATE_WRITE);
	cr_assert_eq(assert_same_tables(3), 3);
	same_munmap(4, AT(0), PAGES(2));
	cr_assert_eq(assert_same_tables(4), 3, "the other could use them");
	same_munmap(5, AT(4), PAGES(2));
	cr_assert_eq(assert_same_tables(5), 0);
}

Test(tables_native, a_page_beyond_the_end_of_a_file_needs_no_leaf_table)
{
	static const uint32_t types[] = {MAP_PRIVATE, MAP_SHARED};

	follow_linux();
	make_file();
	compare_from_here();
	for (unsigned i = 0; i < 2; i++) {
		uint64_t last = AT(11 + 16);

		same_mmap_file(1, AT(0), PAGES(40), PROT_READ,
			       types[i] | MAP_FIXED);
		same_madvise(2, last, PAGES(1), MADV_POPULATE_READ);
		cr_assert_eq(assert_same_tables(2), 2);
		/* Fault-around finds the file's last page. */
		same_madvise(3, AT(12), PAGES(1), MADV_POPULATE_READ);
		cr_assert_eq(assert_same_tables(3), 3);
		same_munmap(4, AT(0), PAGES(40));
		cr_assert_eq(assert_same_tables(4), 0);
	}
	same_mmap_file(5, AT(0), PAGES(40), RW, MAP_PRIVATE | MAP_FIXED);
	same_madvise(6, AT(12), PAGES(1), MADV_POPULATE_WRITE);
	cr_assert_eq(assert_same_tables(6), 2, "a copy looks at one page");
	same_munmap(7, AT(0), PAGES(40));
}

Test(tables_native, what_is_not_needed_takes_whole_leaf_tables_along)
{
	follow_linux();
	compare_from_here();
	same_mmap(1, VA, 2 * PT_SPAN_2M);
	same_madvise(2, VA, PAGES(1), MADV_POPULATE_WRITE);
	same_madvise(3, VA + PT_SPAN_2M, PAGES(1), MADV_POPULATE_WRITE);
	cr_assert_eq(assert_same_tables(3), 4);
	/* All but a page of the first, and all of the second. */
	same_madvise(4, VA, PAGES(511), MADV_DONTNEED);
	cr_assert_eq(assert_same_tables(4), 4);
	same_madvise(5, VA + PAGES(1), 2 * PT_SPAN_2M - PAGES(1),
		     MADV_DONTNEED);
	cr_assert_eq(assert_same_tables(5), 3);
	same_madvise(6, VA, 2 * PT_SPAN_2M, MADV_DONTNEED);
	cr_assert_eq(assert_same_tables(6), 2, "none of the upper ones");
	same_madvise(7, VA, PAGES(1), MADV_GUARD_INSTALL);
	same_madvise(8, VA, 2 * PT_SPAN_2M, MADV_DONTNEED);
	cr_assert_eq(assert_same_tables(8), 3, "a guard keeps it");
	same_munmap(9, VA, 2 * PT_SPAN_2M);
	cr_assert_eq(assert_same_tables(9), 0);
}

/* At VA, with one page in it; moved to `to`, with the old mapping left. */
static void moved(uint64_t va, uint64_t len, uint64_t to, long tables)
{
	compare_from_here();
	same_mmap(1, va, len);
	same_madvise(2, va, PAGES(1), MADV_POPULATE_WRITE);
	same_mremap(3, va, len, len,
		    MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, to);
	cr_assert_eq(assert_same_tables(3), tables, "%s: %ld", what,
		     assert_same_tables(3));
	same_munmap(4, va, len);
	assert_same_tables(4);
	same_munmap(5, to, len);
	cr_assert_eq(assert_same_tables(5), 0);
}

Test(tables_native, tables_move_whole_where_they_can)
{
	const uint64_t to = VA + 4 * SPAN_512G;

	follow_linux();
	moved(VA, PAGES(1), to, 6);
	moved(VA, PT_SPAN_2M, to, 5);
	moved(VA, PT_SPAN_2M, to + PAGES(1), 7);
	moved(VA, PT_SPAN_1G, to, 4);
	/* Up to a border, and alike: the table moves, with what is below. */
	moved(VA + PAGES(3), PT_SPAN_2M - PAGES(3), to + PAGES(3), 5);
	moved(VA + PAGES(3), PT_SPAN_2M - PAGES(4), to + PAGES(3), 6);
}

/* ---- At random ---------------------------------------------------------- */

static uint64_t some_place(uint64_t *seed)
{
	uint64_t va = VA + SPAN_512G * (random_next(seed) % 2) +
		      PT_SPAN_1G * (random_next(seed) % 2) +
		      PT_SPAN_2M * (random_next(seed) % 3);

	return random_next(seed) % 2
		       ? va
		       : va + PAGES(random_next(seed) % 5) - PAGES(2);
}

static uint64_t some_length(uint64_t *seed)
{
	static const uint64_t lengths[] = {
		PAGE_SIZE,	2 * PAGE_SIZE, PT_SPAN_2M - PAGE_SIZE,
		PT_SPAN_2M,	PT_SPAN_2M,    PT_SPAN_2M + PAGE_SIZE,
		2 * PT_SPAN_2M, PT_SPAN_1G,
	};

	return lengths[random_next(seed) % 8];
}

static void some_madvise(uint64_t *seed, unsigned step, uint64_t va,
			 uint64_t len)
{
	static const int of_pages[] = {MADV_POPULATE_READ, MADV_POPULATE_WRITE,
				       MADV_POPULATE_WRITE, MADV_GUARD_INSTALL};

	switch (random_next(seed) % 4) {
	case 0:
		same_madvise(step, va, len, MADV_DONTNEED);
		break;
	case 1:
		same_madvise(step, va, len, MADV_GUARD_REMOVE);
		break;
	default:
		same_madvise(step, va, PAGES(1 + random_next(seed) % 2),
			     of_pages[random_next(seed) % 4]);
	}
}

static void some_mremap(uint64_t *seed, unsigned step, uint64_t va,
			uint64_t len)
{
	uint32_t flags = MREMAP_MAYMOVE | MREMAP_FIXED;
	uint64_t to = random_next(seed) % 2
			      ? some_place(seed)
			      : va ^ SPAN_512G * (random_next(seed) % 2) ^
					PT_SPAN_1G * (random_next(seed) % 2);

	if (random_next(seed) % 2)
		flags |= MREMAP_DONTUNMAP;
	same_mremap(step, va, len,
		    flags & MREMAP_DONTUNMAP ? len : some_length(seed), flags,
		    to);
}

static void random_step(uint64_t *seed, unsigned step)
{
	uint64_t va = some_place(seed), len = some_length(seed);

	switch (random_next(seed) % 10) {
	case 0:
	case 1:
		same_mmap(step, va, len);
		break;
	case 2:
		same_munmap(step, va, len);
		break;
	case 3:
	case 4:
		some_mremap(seed, step, va, len);
		break;
	case 5:
		same_mprotect(step, va, len, some_prot(seed));
		break;
	case 6:
		same_mmap_file(step, va, len, some_prot(seed),
			       MAP_PRIVATE | MAP_FIXED);
		break;
	default:
		some_madvise(seed, step, va, len);
	}
}

Test(tables_native, random_calls_leave_the_same_tables)
{
	follow_linux();
	make_file();
	for (uint64_t n = 1; n <= 20; n++) {
		uint64_t seed = n;

		compare_from_here();
		for (unsigned step = 0; step < 150; step++) {
			random_step(&seed, step);
			assert_same_tables(step);
			assert_sound_at(mm_check(mm), "step %u, %s", step,
					what);
		}
		same_munmap(0, VA - 2 * SPAN_512G, 5 * SPAN_512G);
		cr_assert_eq(assert_same_tables(0), 0);
	}
}
