/* maps.c: mmap, mprotect, munmap, mremap, madvise and brk. */
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "jump.h"
#include "page_size.h"
#include "show.h"

#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW   (PROT_READ | PROT_WRITE)

/* 0, or signal * 10 + code. */
static int try_read(const volatile char *p)
{
	int sig = -jump_load(p);

	return sig > 0 ? sig * 10 + jump_info.si_code : 0;
}

static int try_write(volatile char *p)
{
	int sig = jump_store(p, 1);

	return sig ? sig * 10 + jump_info.si_code : 0;
}

static char *map(size_t pages, int prot)
{
	return mmap(NULL, pages * PAGE, prot, ANON, -1, 0);
}

static void protections(void)
{
	char *p = map(5, RW);
	static const unsigned char code[] = {0xb8, 42, 0, 0, 0, 0xc3};

	memset(p, 'x', 5 * PAGE);
	SHOW(mprotect(p + PAGE, PAGE, PROT_READ));
	SHOW(mprotect(p + 2 * PAGE, PAGE, PROT_NONE));
	for (int i = 0; i < 5; i++)
		printf("page %d: read %d write %d\n", i,
		       try_read(p + i * PAGE + 9), try_write(p + i * PAGE + 9));
	SHOW(mprotect(p, 5 * PAGE, RW));
	SHOW(p[2 * PAGE]);
	memcpy(p, code, sizeof(code));
	SHOW(mprotect(p, PAGE, PROT_READ | PROT_EXEC));
	SHOW(((int (*)(void))(uintptr_t)p)());
	SHOW(munmap(p + PAGE, 2 * PAGE));
	for (int i = 0; i < 5; i++)
		printf("page %d: read %d\n", i, try_read(p + i * PAGE));
	SHOW(mprotect(p, 5 * PAGE, RW));
	SHOW(munmap(p, 5 * PAGE));
	SHOW(munmap(p, 5 * PAGE));
}

static void places(void)
{
	char *top = map(3, RW), *a = map(1, RW), *b = map(2, RW), *c;

	SHOW(top - a);
	SHOW(a - b);
	SHOW(munmap(a, PAGE));
	SHOW(map(1, RW) == a);
	c = mmap(a, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0);
	SHOW(c);
	c = mmap(b, PAGE, RW, ANON | MAP_FIXED, -1, 0);
	SHOW(c == b);
	c = mmap((void *)0x10000000000, PAGE, RW, ANON, -1, 0);
	SHOW(c == (void *)0x10000000000);
	SHOW(mmap((void *)123, PAGE, RW, ANON | MAP_FIXED, -1, 0));
	SHOW(mmap(NULL, 0, RW, ANON, -1, 0));
	SHOW(mmap(NULL, PAGE, RW, MAP_ANONYMOUS, -1, 0));
	SHOW(mmap(NULL, PAGE, RW, MAP_PRIVATE, -1, 0));
	SHOW(mmap(NULL, 1ul << 47, RW, ANON, -1, 0));
	SHOW(mprotect((void *)0x20000000000, PAGE, RW));
	SHOW(mprotect(a + 1, PAGE, RW));
	SHOW(munmap(a + 1, PAGE));
	SHOW(munmap(a, 0));
}

static void moves(void)
{
	char *p = map(4, RW), *q, *r;

	for (int i = 0; i < 4; i++)
		p[i * PAGE] = (char)('a' + i);
	q = mremap(p, 4 * PAGE, 2 * PAGE, 0);
	SHOW(q == p);
	SHOW(try_read(p + 2 * PAGE));
	q = mremap(p, 2 * PAGE, 64 * PAGE, MREMAP_MAYMOVE);
	SHOW(q[0] * 1000 + q[PAGE]);
	SHOW(q[63 * PAGE]);
	r = map(64, PROT_NONE);
	p = mremap(q, 64 * PAGE, 64 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, r);
	SHOW(p == r);
	SHOW(p[0] * 1000 + p[PAGE]);
	SHOW(try_read(q));
	SHOW(mremap(q, PAGE, 2 * PAGE, MREMAP_MAYMOVE));
	SHOW(mremap(r, PAGE, 0, MREMAP_MAYMOVE));
	SHOW(mremap(r + 1, PAGE, PAGE, 0));
}

static void advice(void)
{
	char *p = map(4, RW);

	p[0] = p[3 * PAGE] = 'y';
	SHOW(madvise(p, 2 * PAGE, MADV_DONTNEED));
	SHOW(p[0]);
	SHOW(p[3 * PAGE]);
	SHOW(madvise(p, PAGE, 12345));
	SHOW(madvise(p, 4 * PAGE, MADV_SEQUENTIAL));
}

static char *set_brk(char *to)
{
	return (char *)syscall(SYS_brk, to);
}

static void heap(void)
{
	char *was = set_brk(NULL);

	SHOW(set_brk(was + 10 * PAGE) - was);
	was[10 * PAGE - 1] = 'h';
	SHOW(set_brk(was) - was);
	SHOW(set_brk(was + 3 * PAGE + 5) - was);
	SHOW(was[2 * PAGE]);
	SHOW(set_brk((char *)(1ul << 47)) - was);
	SHOW(set_brk((char *)PAGE) - was);
}

/*
 * 600 pages to the place just below them: the end of the new place and the
 * start of the old one are in the same page table.
 */
static void move_to_neighbour(void)
{
	char *to = (char *)0x10000000000 + 12 * PAGE, *from = to + 600 * PAGE;
	int bad = 0;

	mmap(from, 600 * PAGE, RW, ANON | MAP_FIXED, -1, 0);
	for (int i = 0; i < 600; i++)
		from[i * PAGE] = (char)i;
	SHOW(mremap(from, 600 * PAGE, 600 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		    to) == to);
	for (int i = 0; i < 600; i++)
		bad += to[i * PAGE] != (char)i;
	SHOW(bad);
	SHOW(try_read(from));
}

int main(int argc, char **argv)
{
	jump_catch(SIGSEGV);
	jump_catch(SIGBUS);
	setvbuf(stdout, NULL, _IONBF, 0);
	if (argc > 1 && !strcmp(argv[1], "neighbour")) {
		move_to_neighbour();
		return 0;
	}
	protections();
	places();
	moves();
	advice();
	heap();
	return 0;
}
