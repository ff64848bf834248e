/*
 * pkeys.c: memory protection keys, or that there are none: what the calls say,
 * what PKRU denies to the program and to the kernel on its behalf, signals and
 * their frames, mappings that may only be executed.
 *
 *   pkeys       all of it
 *   pkeys has   "keys" or "none": can this processor, and does the kernel?
 *   pkeys all   takes every key first
 */
#include <cpuid.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "page_size.h"
#include "show.h"

#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW   (PROT_READ | PROT_WRITE)
#define AD   1
#define WD   2
#define INIT 0x55555554u

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif

static long pkey_mprotect_(void *p, size_t len, int prot, int key)
{
	return syscall(329, p, len, prot, key);
}

static long pkey_alloc_(unsigned long flags, unsigned long rights)
{
	return syscall(330, flags, rights);
}

static long pkey_free_(int key)
{
	return syscall(331, key);
}

static int has_keys(void)
{
	unsigned a, b, c, d;

	return __get_cpuid_count(7, 0, &a, &b, &c, &d) && c >> 4 & 1;
}

static uint32_t get_pkru(void)
{
	uint32_t pkru, zero;

	__asm__ volatile(".byte 0x0f, 0x01, 0xee"
			 : "=a"(pkru), "=d"(zero)
			 : "c"(0));
	return pkru;
}

static void set_pkru(uint32_t pkru)
{
	__asm__ volatile(".byte 0x0f, 0x01, 0xef"
			 :
			 : "a"(pkru), "c"(0), "d"(0)
			 : "memory");
}

static uint32_t rights(int key, uint32_t deny)
{
	return (get_pkru() & ~(3u << 2 * key)) | deny << 2 * key;
}

/* ---- Faults ------------------------------------------------------------ */

static volatile int faults;

/* Where a frame has PKRU: the handler may change it for who returns. */
static uint32_t *frame_pkru(ucontext_t *uc)
{
	unsigned a, b, c, d;

	__cpuid_count(0xd, 9, a, b, c, d);
	return (uint32_t *)((char *)uc->uc_mcontext.fpregs + b);
}

static int frame_has_pkru(ucontext_t *uc)
{
	uint64_t *bv = (uint64_t *)((char *)uc->uc_mcontext.fpregs + 512);

	return *bv >> 9 & 1;
}

static void on_fault(int sig, siginfo_t *si, void *context)
{
	ucontext_t *uc = context;
	uint32_t *pkru = frame_pkru(uc);
	uint32_t key = *(uint32_t *)((char *)si + 32); /* si_pkey */

	faults++;
	printf("  signal %d code %d key %u error %#llx; PKRU %#x, frame %#x "
	       "%d\n",
	       sig, si->si_code, si->si_code == 4 ? key : 0,
	       (unsigned long long)uc->uc_mcontext.gregs[REG_ERR], get_pkru(),
	       *pkru, frame_has_pkru(uc));
	if (si->si_code != 4)
		exit(1);
	*pkru = 0;
}

static void set_handler(void)
{
	struct sigaction a = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};

	sigaction(SIGSEGV, &a, NULL);
}

/* The fault, if there is one, leaves PKRU 0. */
static void try(const char *what, volatile char *p, int write)
{
	uint32_t before = get_pkru();
	int n = faults;

	printf("%s:\n", what);
	if (write)
		*p = 1;
	else
		(void)*p;
	printf("  %s, PKRU %#x\n", faults > n ? "faulted" : "went well",
	       get_pkru());
	set_pkru(before);
}

static char *map(size_t pages, int prot)
{
	char *p = mmap(NULL, pages * PAGE, prot, ANON, -1, 0);

	if (p == MAP_FAILED)
		exit(1);
	return p;
}

/* ---- What smaps says ----------------------------------------------------- */

static void show_mapping(const char *what, const void *at)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	unsigned long start = 1, end = 0;
	char line[512];

	printf("%s:", what);
	while (fgets(line, sizeof(line), f)) {
		unsigned long s, e;
		char rights[8];

		if (sscanf(line, "%lx-%lx %7s", &s, &e, rights) == 3) {
			start = s;
			end = e;
			if ((unsigned long)at >= start &&
			    (unsigned long)at < end)
				printf(" %lu pages %s", (end - start) / PAGE,
				       rights);
		}
		if ((unsigned long)at < start || (unsigned long)at >= end)
			continue;
		if (!strncmp(line, "ProtectionKey", 13) ||
		    !strncmp(line, "VmFlags", 7))
			printf(" %.*s", (int)strcspn(line, "\n"), line);
	}
	printf("\n");
	fclose(f);
}

/* ---- The calls ---------------------------------------------------------- */

static void calls(void)
{
	char *p = map(4, RW);

	SHOW(pkey_alloc_(1, 0));
	SHOW(pkey_alloc_(0, 4));
	SHOW(pkey_alloc_(0, 1ul << 32));
	SHOW(pkey_free_(-1));
	SHOW(pkey_free_(1));
	SHOW(pkey_free_(16));
	SHOW(pkey_mprotect_(p, PAGE, RW, -2));
	SHOW(pkey_mprotect_(p, PAGE, RW, 1));
	SHOW(pkey_mprotect_(p, PAGE, RW, 16));
	SHOW(pkey_mprotect_(p, 0, RW, 1));
	SHOW(pkey_mprotect_(p, PAGE, 0x40, 1));
	SHOW(pkey_mprotect_(p + 1, PAGE, RW, 1));
	SHOW(pkey_mprotect_(p, PAGE, RW, 0));
	SHOW(pkey_mprotect_(p, PAGE, RW, -1));
	munmap(p, 4 * PAGE);
}

static void without(void)
{
	char *p = map(1, PROT_EXEC);

	calls();
	SHOW(pkey_alloc_(0, 0));
	SHOW(pkey_alloc_(0, 0));
	SHOW(pkey_alloc_(1, 0));
	SHOW(pkey_free_(0));
	SHOW(*p);
	show_mapping("to be executed", p);
}

static void keys_of_mappings(int key)
{
	char *p = map(6, RW);

	SHOW(pkey_mprotect_(p + PAGE, PAGE, RW, key));
	show_mapping("with the key", p + PAGE);
	show_mapping("behind it", p + 2 * PAGE);
	SHOW(pkey_mprotect_(p + 2 * PAGE, PAGE, RW, key));
	show_mapping("both", p + PAGE);
	SHOW(mprotect(p + PAGE, PAGE, PROT_READ));
	show_mapping("mprotect keeps the key", p + PAGE);
	SHOW(mprotect(p + PAGE, PAGE, RW));
	SHOW(madvise(p + 2 * PAGE, PAGE, MADV_DONTFORK));
	show_mapping("advised", p + 2 * PAGE);
	SHOW(pkey_mprotect_(p, 6 * PAGE, RW, 0));
	show_mapping("all without", p);
	munmap(p, 6 * PAGE);
}

static void accesses(int key)
{
	char *p = map(3, RW);

	p[0] = p[PAGE] = 5;
	pkey_mprotect_(p, 3 * PAGE, RW, key);
	set_pkru(rights(key, 0));
	try("all allowed, write", p, 1);
	set_pkru(rights(key, WD));
	try("writing denied, read", p, 0);
	try("writing denied, write", p, 1);
	try("writing denied, write to an absent page", p + 2 * PAGE, 1);
	set_pkru(rights(key, AD));
	try("denied, read", p + PAGE, 0);
	try("denied, write", p + PAGE, 1);
	mprotect(p, PAGE, PROT_READ);
	set_pkru(rights(key, WD));
	try("writing denied and no right to, read", p, 0);
	set_pkru(rights(key, AD));
	mprotect(p, PAGE, RW);
	pkey_mprotect_(p, PAGE, RW, 0);
	try("the key is gone, write", p, 1);
	set_pkru(rights(key, 0));
	munmap(p, 3 * PAGE);
}

/* The kernel may not either, but through /proc/self/mem. */
static void kernel(int key)
{
	char *p = map(2, RW), byte = 0;
	int zero = open("/dev/zero", O_RDWR), mem;
	int fds[2];

	pipe(fds);
	mem = open("/proc/self/mem", O_RDWR);
	p[0] = 7;
	pkey_mprotect_(p, 2 * PAGE, RW, key);
	set_pkru(rights(key, WD));
	SHOW(read(zero, p, 10));
	SHOW(read(zero, p + PAGE, 10));
	SHOW(write(fds[1], p, 10));
	SHOW(write(fds[1], p + PAGE, 10));
	SHOW(mincore(p, PAGE, (void *)p));
	SHOW(madvise(p, 2 * PAGE, MADV_POPULATE_READ));
	set_pkru(rights(key, AD));
	SHOW(write(fds[1], p, 10));
	SHOW(write(fds[1], p + PAGE, 10));
	SHOW(syscall(SYS_getcwd, p, 100));
	SHOW(syscall(SYS_newfstatat, AT_FDCWD, "/", p, 0));
	SHOW(open(p, O_RDONLY));
	SHOW(madvise(p, 2 * PAGE, MADV_POPULATE_READ));
	SHOW(mlock(p, PAGE));
	SHOW(pread(mem, &byte, 1, (off_t)p));
	SHOW(byte);
	byte = 9;
	SHOW(pwrite(mem, &byte, 1, (off_t)p));
	set_pkru(rights(key, 0));
	SHOW(p[0]);
	SHOW(read(zero, p, 10));
	close(zero);
	close(mem);
	munmap(p, 2 * PAGE);
}

static void sealed(int key)
{
	char *p = map(1, RW);

	p[0] = 1;
	pkey_mprotect_(p, PAGE, RW, key);
	SHOW(syscall(462, p, PAGE, 0));
	set_pkru(rights(key, WD));
	SHOW(madvise(p, PAGE, MADV_DONTNEED));
	set_pkru(rights(key, 0));
	SHOW(madvise(p, PAGE, MADV_DONTNEED));
}

/* ---- To be executed only --------------------------------------------------
 */

static void execute_only(void)
{
	char *p = map(2, RW), *q;

	p[0] = (char)0xc3; /* ret */
	SHOW(mprotect(p, PAGE, PROT_EXEC));
	printf("PKRU %#x\n", get_pkru());
	show_mapping("to be executed", p);
	((void (*)(void))p)();
	try("read", p, 0);
	SHOW(write(1, p, 0));
	SHOW(mlock(p, PAGE));
	q = mmap(NULL, PAGE, PROT_EXEC, ANON | MAP_POPULATE, -1, 0);
	show_mapping("mapped so", q);
	try("read", q, 0);
	set_pkru(INIT & ~(3u << 2));
	SHOW(mprotect(q, PAGE, PROT_EXEC));
	printf("PKRU %#x\n", get_pkru());
	SHOW(pkey_free_(1));
	SHOW(pkey_mprotect_(p + PAGE, PAGE, RW, 1));
	SHOW(mprotect(p, PAGE, PROT_READ | PROT_EXEC));
	show_mapping("to be read again", p);
	SHOW(*p & 0xff);
	SHOW(pkey_mprotect_(p, PAGE, PROT_EXEC, 0));
	SHOW(*p & 0xff);
	show_mapping("of key 0", p);
	munmap(p, 2 * PAGE);
	munmap(q, PAGE);
}

static void take_all(void)
{
	char *p;
	long key;
	int n = 0;

	while ((key = pkey_alloc_(0, AD | WD)) >= 0)
		n++;
	printf("%d keys, PKRU %#x\n", n, get_pkru());
	SHOW(pkey_alloc_(0, 0));
	p = map(1, PROT_EXEC);
	show_mapping("no key left", p);
	SHOW(*p);
	SHOW(pkey_free_(7));
	SHOW(pkey_alloc_(0, 0));
	printf("PKRU %#x\n", get_pkru());
}

int main(int argc, char **argv)
{
	long key;

	if (argc > 1 && !strcmp(argv[1], "has")) {
		puts(has_keys() ? "keys" : "none");
		return 0;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!has_keys()) {
		without();
		return 0;
	}
	printf("PKRU %#x\n", get_pkru());
	if (argc > 1) {
		take_all();
		return 0;
	}
	set_handler();
	execute_only();
	calls();
	key = pkey_alloc_(0, WD);
	printf("key %ld, PKRU %#x\n", key, get_pkru());
	keys_of_mappings((int)key);
	accesses((int)key);
	kernel((int)key);
	sealed((int)key);
	SHOW(pkey_free_((int)key));
	SHOW(pkey_free_((int)key));
	SHOW(pkey_free_(0));
	return 0;
}
