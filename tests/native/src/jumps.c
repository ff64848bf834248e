/* jumps.c: setjmp, sigsetjmp, deep recursion, atexit, thread-local data. */
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static jmp_buf env;
static sigjmp_buf sigenv;
static _Thread_local int local = 17;
static _Thread_local char zeroed[5000];

static void first(void)
{
	puts("registered first");
}

static void second(void)
{
	puts("registered second");
}

static void dive(int n)
{
	volatile char room[1000];

	room[0] = room[999] = (char)n;
	if (n <= 0)
		longjmp(env, 5);
	dive(n - 1);
	room[1] = room[0];
}

static void on_usr1(int sig)
{
	printf("signal %d\n", sig);
	siglongjmp(sigenv, 9);
}

static int blocked(int sig)
{
	sigset_t set;

	sigprocmask(SIG_BLOCK, NULL, &set);
	return sigismember(&set, sig);
}

int main(void)
{
	volatile int rounds = 0;
	int r;

	atexit(first);
	atexit(second);
	r = setjmp(env);
	if (rounds++ < 3)
		dive(2000 * rounds); /* at most 6 MB */
	printf("came back with %d after %d\n", r, rounds);
	signal(SIGUSR1, on_usr1);
	r = sigsetjmp(sigenv, 1);
	if (!r)
		raise(SIGUSR1);
	printf("sigsetjmp %d, blocked %d\n", r, blocked(SIGUSR1));
	local += memchr(zeroed, 1, sizeof(zeroed)) ? 1 : 0;
	printf("thread-local %d\n", local);
	exit(42);
}
