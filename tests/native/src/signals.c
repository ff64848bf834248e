/* signals.c: signals that a program sends to itself or earns. */
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "show.h"

static sigjmp_buf back;
static char *expected;
static stack_t alt;

static int on_alt(void)
{
	char here;
	uintptr_t base = (uintptr_t)alt.ss_sp;

	return (uintptr_t)&here - base < alt.ss_size;
}

static void note(int sig, siginfo_t *si, void *context)
{
	(void)context;
	printf("got %d code %d value %d from me %d, alternate stack %d\n", sig,
	       si->si_code,
	       si->si_code == SI_QUEUE ? si->si_value.sival_int : 0,
	       si->si_pid == getpid(), on_alt());
}

static void fatal(int sig, siginfo_t *si, void *context)
{
	ucontext_t *uc = context;
	long offset = 0;

	if (si->si_code == SEGV_MAPERR || si->si_code == SEGV_ACCERR)
		offset = (char *)si->si_addr - expected;
	printf("got %d code %d address %ld, trap %lld error %#llx, on %d\n",
	       sig, si->si_code, sig == SIGSEGV ? offset : 0,
	       (long long)uc->uc_mcontext.gregs[REG_TRAPNO],
	       (unsigned long long)uc->uc_mcontext.gregs[REG_ERR], on_alt());
	siglongjmp(back, 1);
}

static void handle(int sig, void (*f)(int, siginfo_t *, void *), int flags)
{
	struct sigaction sa = {.sa_sigaction = f,
			       .sa_flags = flags | SA_SIGINFO};

	sigemptyset(&sa.sa_mask);
	SHOW(sigaction(sig, &sa, NULL));
}

/* Two pending and blocked signals arrive when unblocked; one sent to
 * the thread and one to the process (both) are two. */
static void pending(bool both)
{
	sigset_t set, was;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, &was);
	SHOW(raise(SIGUSR2));
	SHOW(raise(SIGUSR1));
	if (both)
		SHOW(kill(getpid(), SIGUSR1));
	SHOW(sigpending(&set));
	SHOW(sigismember(&set, SIGUSR1) + 2 * sigismember(&set, SIGUSR2));
	puts("unblock");
	fflush(stdout);
	sigprocmask(SIG_SETMASK, &was, NULL);
	puts("unblocked");
}

static void hardware(void)
{
	volatile int zero = 0;
	char *page =
		mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	expected = page + 100;
	if (!sigsetjmp(back, 1))
		page[100] = 1;
	expected = (char *)8;
	if (!sigsetjmp(back, 1))
		*(volatile char *)expected;
	munmap(page, 4096);
	expected = page;
	if (!sigsetjmp(back, 1))
		((void (*)(void))(uintptr_t)page)();
	if (!sigsetjmp(back, 1)) /* not canonical: #GP */
		*(volatile char *)(uintptr_t)0x8000000000000000;
	if (!sigsetjmp(back, 1))
		zero = 1 / zero;
	if (!sigsetjmp(back, 1))
		__asm__ volatile("ud2");
	if (!sigsetjmp(back, 1))
		__asm__ volatile("int3");
	if (!sigsetjmp(back, 1))
		__asm__ volatile("hlt");
}

int main(int argc, char **argv)
{
	static const int faults[] = {SIGSEGV, SIGFPE, SIGILL, SIGTRAP, SIGBUS};

	alt.ss_size = 65536;
	alt.ss_sp = malloc(alt.ss_size);
	SHOW(sigaltstack(&alt, NULL));
	handle(SIGUSR1, note, 0);
	handle(SIGUSR2, note, SA_ONSTACK);
	SHOW(raise(SIGUSR1));
	SHOW(raise(SIGUSR2));
	pending(argc > 1 && !strcmp(argv[1], "both"));
	for (unsigned int i = 0; i < 5; i++)
		handle(faults[i], fatal, SA_ONSTACK);
	hardware();
	handle(SIGUSR1, note, SA_RESETHAND);
	SHOW(raise(SIGUSR1));
	SHOW(signal(SIGUSR1, SIG_IGN) == SIG_DFL);
	SHOW(raise(SIGUSR1));
	return 0;
}
