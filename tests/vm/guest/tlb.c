/*
 * tlb.c: would see a translation that should be gone. Each check first makes
 * the TLB warm by using the page, changes the mapping, and uses the page again
 * through its old address.
 *
 *	tlb ROUNDS STEPS [SEED]   all checks, ROUNDS times each; random steps
 *
 * Prints a line for each check: "NAME: wrong N of M".
 */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "jump.h"
#include "page_size.h"

#define RW   (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static int faulted_at(const volatile void *p)
{
	return jump_info.si_addr == p;
}

/* 1: it faulted, and there. */
static int read_faults(volatile uint64_t *p)
{
	if (!JUMP_HERE()) {
		(void)*p;
		return 0;
	}
	return faulted_at(p);
}

static int write_faults(volatile uint64_t *p, uint64_t v)
{
	if (!JUMP_HERE()) {
		*p = v;
		return 0;
	}
	return faulted_at(p);
}

static void *map_at(void *at, size_t len, int prot)
{
	int fixed = at ? MAP_FIXED : 0;
	void *p = mmap(at, len, prot, ANON | fixed, -1, 0);

	if (p == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	return p;
}

static void must(int result)
{
	if (result) {
		perror("a system call");
		exit(1);
	}
}

/* Pages of small pages, each with its own content. */
static volatile uint64_t *fresh(unsigned pages, uint64_t value)
{
	uint64_t *p = map_at(NULL, pages * PAGE, RW);

	must(madvise(p, pages * PAGE, MADV_NOHUGEPAGE));
	for (unsigned i = 0; i < pages; i++)
		p[i * PAGE / 8] = value + i;
	return p;
}

#define AT(p, i) (&(p)[(i) * (PAGE / 8)])
static void drop(volatile uint64_t *p, unsigned pages)
{
	must(munmap((void *)(uintptr_t)p, pages * PAGE));
}

/* ---- checks: how much was wrong -------------------------------------------
 */

static unsigned check_munmap(uint64_t round)
{
	volatile uint64_t *p = fresh(3, round);
	unsigned wrong = *AT(p, 1) != round + 1;

	drop(AT(p, 1), 1);
	wrong += !read_faults(AT(p, 1)) + !write_faults(AT(p, 1), 1);
	wrong += *AT(p, 0) != round || *AT(p, 2) != round + 2;
	drop(p, 3);
	return wrong;
}

static unsigned check_munmap_many(uint64_t round)
{
	unsigned n = 64, wrong = 0;
	volatile uint64_t *p = fresh(n, round);

	for (unsigned i = 0; i < n; i++)
		wrong += *AT(p, i) != round + i;
	drop(p, n);
	for (unsigned i = 0; i < n; i++)
		wrong += !read_faults(AT(p, i));
	return wrong;
}

static unsigned check_read_only(uint64_t round)
{
	volatile uint64_t *p = fresh(3, round);
	unsigned wrong = 0;

	must(mprotect((void *)(uintptr_t)p, 2 * PAGE, PROT_READ));
	wrong += !write_faults(p, 7) + !write_faults(AT(p, 1), 7);
	wrong += *p != round || *AT(p, 1) != round + 1;
	*AT(p, 2) = 9;
	must(mprotect((void *)(uintptr_t)p, 2 * PAGE, RW));
	wrong += write_faults(p, 7) || *p != 7;
	drop(p, 3);
	return wrong;
}

static unsigned check_none(uint64_t round)
{
	volatile uint64_t *p = fresh(2, round);
	unsigned wrong = *p != round;

	must(mprotect((void *)(uintptr_t)p, PAGE, PROT_NONE));
	wrong += !read_faults(p) + !write_faults(p, 1);
	wrong += *AT(p, 1) != round + 1;
	must(mprotect((void *)(uintptr_t)p, PAGE, PROT_READ));
	wrong += *p != round;
	drop(p, 2);
	return wrong;
}

/* ret, in a page that may be run, and then may not. */
static unsigned check_no_exec(uint64_t round)
{
	volatile uint64_t *p = fresh(1, round);
	void (*code)(void) = (void (*)(void))(uintptr_t)p;
	unsigned wrong = 1;

	*p = 0xc3;
	must(mprotect((void *)(uintptr_t)p, PAGE, PROT_READ | PROT_EXEC));
	code();
	must(mprotect((void *)(uintptr_t)p, PAGE, PROT_READ));
	if (!JUMP_HERE())
		code();
	else
		wrong = !faulted_at(p);
	drop(p, 1);
	return wrong;
}

static unsigned check_remap(uint64_t round)
{
	volatile uint64_t *p = fresh(4, round);
	unsigned wrong = 0;

	for (unsigned i = 0; i < 4; i++)
		wrong += *AT(p, i) != round + i;
	map_at((void *)(uintptr_t)AT(p, 1), 2 * PAGE, RW);
	wrong += *AT(p, 1) || *AT(p, 2);
	*AT(p, 1) = ~round;
	wrong += *AT(p, 1) != ~round || *AT(p, 0) != round;
	wrong += *AT(p, 3) != round + 3;
	drop(p, 4);
	return wrong;
}

static unsigned check_dontneed(uint64_t round)
{
	volatile uint64_t *p = fresh(3, round);
	unsigned wrong = *AT(p, 1) != round + 1;

	must(madvise((void *)(uintptr_t)AT(p, 1), PAGE, MADV_DONTNEED));
	wrong += *AT(p, 1) != 0;
	*AT(p, 1) = ~round; /* breaks the shared zero page */
	wrong += *AT(p, 1) != ~round || *p != round || *AT(p, 2) != round + 2;
	drop(p, 3);
	return wrong;
}

static unsigned check_mremap(uint64_t round)
{
	volatile uint64_t *p = fresh(2, round), *moved;
	void *to = map_at(NULL, 2 * PAGE, PROT_NONE);
	unsigned wrong = *p != round;

	moved = mremap((void *)(uintptr_t)p, 2 * PAGE, 2 * PAGE,
		       MREMAP_MAYMOVE | MREMAP_FIXED, to);
	must(moved != to);
	wrong += !read_faults(p) + !write_faults(AT(p, 1), 1);
	wrong += *moved != round || *AT(moved, 1) != round + 1;
	*moved = 5;
	wrong += *moved != 5;
	drop(moved, 2);
	return wrong;
}

static unsigned check_shrink(uint64_t round)
{
	volatile uint64_t *p = fresh(4, round);
	unsigned wrong = *AT(p, 3) != round + 3;

	must(mremap((void *)(uintptr_t)p, 4 * PAGE, PAGE, 0) != p);
	for (unsigned i = 1; i < 4; i++)
		wrong += !read_faults(AT(p, i));
	wrong += *p != round;
	drop(p, 1);
	return wrong;
}

/* A read maps the zero page; the write must be seen, and only there. */
static unsigned check_zero_page(uint64_t round)
{
	volatile uint64_t *p = map_at(NULL, 2 * PAGE, RW);
	unsigned wrong = *p != 0 || *AT(p, 1) != 0;

	*p = round | 1;
	wrong += *p != (round | 1) || *AT(p, 1) != 0;
	*AT(p, 1) = 3;
	wrong += *AT(p, 1) != 3;
	drop(p, 2);
	return wrong;
}

/* A private page of the program's file: read, then written. */
static volatile uint64_t data[3 * PAGE / 8] = {0x1234};
static unsigned check_file_cow(uint64_t round)
{
	volatile uint64_t *p = AT(data, 1);
	uintptr_t page = (uintptr_t)p & ~(PAGE - 1);
	unsigned wrong;

	must(madvise((void *)page, PAGE, MADV_DONTNEED));
	wrong = *p != 0;
	*p = round;
	wrong += *p != round;
	return wrong;
}

static unsigned check_brk(uint64_t round)
{
	extern void *sbrk(intptr_t);
	uintptr_t now = (uintptr_t)sbrk(0);
	uintptr_t first = (now + PAGE - 1) & ~(PAGE - 1);
	volatile uint64_t *p = (volatile uint64_t *)first;
	unsigned wrong;

	must(sbrk((intptr_t)(first - now + 2 * PAGE)) == (void *)-1);
	*p = round;
	*AT(p, 1) = round + 1;
	must(sbrk(-(intptr_t)(2 * PAGE)) == (void *)-1);
	wrong = !read_faults(p) + !write_faults(AT(p, 1), 1);
	must(sbrk(2 * PAGE) == (void *)-1);
	wrong += *p != 0 || *AT(p, 1) != 0;
	must(sbrk(-(intptr_t)(first - now + 2 * PAGE)) == (void *)-1);
	return wrong;
}

/*
 * Page-table pages are freed with the last page of 2 MiB, and soon used again:
 * as another table, or as a page with this program's own bytes.
 */
static unsigned check_tables(uint64_t round)
{
	static uint8_t *const base = (uint8_t *)0x100000000000;
	unsigned wrong = 0, n = 8;

	for (unsigned i = 0; i < n; i++) {
		uint64_t at = (round * 7 + i * 13) % 64 * (2ul << 20);
		volatile uint64_t *p = map_at(base + at, PAGE, RW);
		volatile uint64_t *other;

		*p = round * n + i;
		wrong += *p != round * n + i;
		drop(p, 1);
		/* Bytes that would be good entries, were they a table. */
		other = fresh(4, 0x8000000000000067);
		wrong += !read_faults(p);
		for (unsigned j = 0; j < 4; j++)
			wrong += *AT(other, j) != 0x8000000000000067 + j;
		drop(other, 4);
	}
	return wrong;
}

/* ---- random steps against a model -----------------------------------------
 */

#define PAGES 96u
static struct {
	int prot; /* -1: not mapped */
	uint64_t value;
} model[PAGES];

static uint64_t next(uint64_t *s)
{
	*s ^= *s >> 12;
	*s ^= *s << 25;
	*s ^= *s >> 27;
	return *s * 0x2545f4914f6cdd1dull;
}

static unsigned look(volatile uint64_t *area, unsigned i)
{
	int readable = model[i].prot > 0 && model[i].prot & PROT_READ;

	if (!readable)
		return !read_faults(AT(area, i));
	return read_faults(AT(area, i)) || *AT(area, i) != model[i].value;
}

static unsigned store(volatile uint64_t *area, unsigned i, uint64_t v)
{
	int writable = model[i].prot > 0 && model[i].prot & PROT_WRITE;

	if (!writable)
		return !write_faults(AT(area, i), v);
	model[i].value = v;
	return write_faults(AT(area, i), v);
}

static void model_set(unsigned i, unsigned n, int prot, int forget)
{
	for (; n--; i++) {
		if (prot == -2 && model[i].prot == -1)
			continue;
		if (prot != -2)
			model[i].prot = prot;
		if (forget)
			model[i].value = 0;
	}
}

static int all_mapped(unsigned i, unsigned n)
{
	for (; n--; i++)
		if (model[i].prot < 0)
			return 0;
	return 1;
}

/* Swap two runs of mapped pages: away, over, and back. */
static void move(uint8_t *area, unsigned from, unsigned to, unsigned n)
{
	if (from + n > to || !all_mapped(from, n))
		return;
	/* One mapping each, or mremap refuses. */
	for (unsigned i = 0; i < n; i++) {
		void *p = mremap(area + (from + i) * PAGE, PAGE, PAGE,
				 MREMAP_MAYMOVE | MREMAP_FIXED,
				 area + (to + i) * PAGE);

		must(p == MAP_FAILED);
		model[to + i] = model[from + i];
		model[from + i].prot = -1;
		model[from + i].value = 0;
	}
}

static unsigned step(uint8_t *area, uint64_t *seed)
{
	static const int prots[] = {PROT_NONE, PROT_READ, RW, RW, RW};
	uint64_t r = next(seed);
	unsigned i = r % PAGES, n = 1 + (r >> 16) % 12;
	int prot = prots[(r >> 24) % 5];
	unsigned wrong = 0;

	n = i + n > PAGES ? PAGES - i : n;
	switch ((r >> 32) % 12) {
	case 0:
		must(munmap(area + i * PAGE, n * PAGE));
		model_set(i, n, -1, 1);
		break;
	case 1:
		map_at(area + i * PAGE, n * PAGE, prot);
		model_set(i, n, prot, 1);
		break;
	case 2:
	case 3:
		if (!all_mapped(i, n))
			break;
		must(mprotect(area + i * PAGE, n * PAGE, prot));
		model_set(i, n, prot, 0);
		break;
	case 4:
		if (!all_mapped(i, n))
			break;
		must(madvise(area + i * PAGE, n * PAGE, MADV_DONTNEED));
		model_set(i, n, -2, 1);
		break;
	case 5:
		move(area, i, (unsigned)((r >> 40) % (PAGES - n)), n);
		break;
	default:
		wrong += store((uint64_t *)area, i, r);
	}
	for (unsigned k = 0; k < 3; k++)
		wrong += look((uint64_t *)area, (unsigned)(next(seed) % PAGES));
	return wrong + look((uint64_t *)area, i);
}

static unsigned random_steps(unsigned steps, uint64_t seed)
{
	uint8_t *area = map_at(NULL, PAGES * PAGE, RW);
	unsigned wrong = 0;

	must(madvise(area, PAGES * PAGE, MADV_NOHUGEPAGE));
	model_set(0, PAGES, RW, 1);
	for (unsigned i = 0; i < steps; i++)
		wrong += step(area, &seed);
	for (unsigned i = 0; i < PAGES; i++)
		wrong += look((uint64_t *)area, i);
	must(munmap(area, PAGES * PAGE));
	return wrong;
}

/* ---------------------------------------------------------------------------
 */

static const struct {
	const char *name;
	unsigned (*check)(uint64_t round);
} checks[] = {
	{"munmap", check_munmap},
	{"munmap of 64 pages", check_munmap_many},
	{"mprotect read-only", check_read_only},
	{"mprotect none", check_none},
	{"mprotect no execution", check_no_exec},
	{"mmap over", check_remap},
	{"madvise dontneed", check_dontneed},
	{"mremap moves", check_mremap},
	{"mremap shrinks", check_shrink},
	{"zero page broken", check_zero_page},
	{"file page copied", check_file_cow},
	{"brk shrinks", check_brk},
	{"page tables used again", check_tables},
};

int main(int argc, char **argv)
{
	unsigned rounds = argc > 1 ? (unsigned)atoi(argv[1]) : 50;
	unsigned steps = argc > 2 ? (unsigned)atoi(argv[2]) : 5000;
	uint64_t seed = argc > 3 ? strtoull(argv[3], NULL, 0) : 1;
	unsigned all = 0, wrong;

	jump_catch(SIGSEGV);
	for (size_t i = 0; rounds && i < sizeof(checks) / sizeof(*checks);
	     i++) {
		wrong = 0;
		for (unsigned round = 0; round < rounds; round++)
			wrong += checks[i].check(round * 1000 + 1);
		printf("%s: wrong %u of %u\n", checks[i].name, wrong, rounds);
		fflush(stdout);
		all += wrong;
	}
	wrong = random_steps(steps, seed);
	printf("random: wrong %u of %u\n", wrong, steps);
	return all + wrong ? 1 : 0;
}
