/*
 * segvhandler.c: what a SIGSEGV handler is told, for one bad access of each
 * kind.
 *
 * Run:    vmm --trace segvhandler
 * Expect: a line for each access with si_code and si_addr, and as the last one
 * "right: 10 of 10". MAPERR (1): no mapping there; ACCERR (2): the mapping
 * forbids it; KERNEL (128), without an address: not a page fault at all but
 * #GP, since the address is not canonical. The handler runs on an alternate
 * stack: after a stack overflow there is no other.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#ifndef SEGV_MAPERR
#define SEGV_MAPERR 1
#define SEGV_ACCERR 2
#endif
#define PAGE 4096ul

static sigjmp_buf before;
static volatile int seen_code;
static void *volatile seen_addr;

static void handler(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	seen_code = info->si_code;
	seen_addr = info->si_addr;
	siglongjmp(before, 1);
}

static void read_it(uintptr_t addr)
{
	(void)*(volatile char *)addr;
}

static void write_it(uintptr_t addr)
{
	*(volatile char *)addr = 1;
}

static void call_it(uintptr_t addr)
{
	((void (*)(void))addr)();
}

/* Ends at the stack's limit; addr is only the place to count at. */
static __attribute__((noinline)) void overflow(uintptr_t addr)
{
	volatile char here[PAGE];

	here[0] = 1;
	if (++*(volatile int *)addr > 0)
		overflow(addr);
	here[1] = here[0];
}

struct access {
	const char *what;
	void (*how)(uintptr_t addr);
	uintptr_t addr;
	int code;
	int any_addr; /* si_addr is wherever the stack ended */
};

static int try(const struct access *a)
{
	int right;

	seen_code = -1;
	seen_addr = NULL;
	if (!sigsetjmp(before, 1))
		a->how(a->addr);
	right = seen_code == a->code &&
		(a->any_addr ||
		 (uintptr_t)seen_addr == (a->code == SI_KERNEL ? 0 : a->addr));
	printf("%-28s code %3d", a->what, seen_code);
	if (!a->any_addr)
		printf("  addr %p", seen_addr);
	printf("%s\n", right ? "" : "  WRONG");
	return right;
}

static uintptr_t map(int prot)
{
	void *p = mmap(NULL, PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		exit(1);
	return (uintptr_t)p;
}

static void install(void)
{
	static char stack[64 << 10];
	stack_t alternate = {.ss_sp = stack, .ss_size = sizeof(stack)};
	struct sigaction action = {.sa_sigaction = handler,
				   .sa_flags = SA_SIGINFO | SA_ONSTACK};

	if (sigaltstack(&alternate, NULL) || sigaction(SIGSEGV, &action, NULL))
		exit(1);
}

int main(void)
{
	static int depth, data;
	uintptr_t gone = map(PROT_READ);
	const struct access accesses[] = {
		{"read NULL", read_it, 0, SEGV_MAPERR, 0},
		{"write at 0x10", write_it, 0x10, SEGV_MAPERR, 0},
		{"read what was unmapped", read_it, gone, SEGV_MAPERR, 0},
		{"read a kernel address", read_it, 0xffff888000000000,
		 SEGV_MAPERR, 0},
		{"write to code", write_it, (uintptr_t)main, SEGV_ACCERR, 0},
		{"read PROT_NONE", read_it, map(PROT_NONE), SEGV_ACCERR, 0},
		{"write to PROT_READ", write_it, map(PROT_READ), SEGV_ACCERR,
		 0},
		{"run data", call_it, (uintptr_t)&data, SEGV_ACCERR, 0},
		{"read non-canonical", read_it, 0x8000000000000000, SI_KERNEL,
		 0},
		{"overflow the stack", overflow, (uintptr_t)&depth, SEGV_MAPERR,
		 1},
	};
	int n = sizeof(accesses) / sizeof(accesses[0]), right = 0;

	munmap((void *)gone, PAGE);
	install();
	for (int i = 0; i < n; i++)
		right += try(&accesses[i]);
	printf("right: %d of %d\n", right, n);
	return right != n;
}
