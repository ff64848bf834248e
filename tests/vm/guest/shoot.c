/*
 * shoot.c: what one thread changes of the page tables another one sees at its
 * next access, though it makes no system call and takes no fault in between.
 *
 * shoot ROUNDS: each of four changes so often; prints how often the other
 * thread went on with what was there before.
 */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SECONDS 2 /* that a change may take to be seen */

static volatile unsigned *word;
static volatile unsigned seen, faults, over;
static __thread sigjmp_buf back;
static size_t page;

static void on_fault(int sig)
{
	(void)sig;
	faults++;
	siglongjmp(back, 1);
}

static void *look(void *arg)
{
	sigsetjmp(back, 1);
	while (!over)
		seen = *word;
	return arg;
}

static void *map(void)
{
	return mmap(NULL, page, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* Whether *what becomes `want` in time. */
static int comes(const volatile unsigned *what, unsigned want, int differs)
{
	time_t end = time(NULL) + SECONDS + 1;

	while ((*what == want) == differs)
		if (time(NULL) > end)
			return 0;
	return 1;
}

/* Another frame at the same address. */
static int move(unsigned n)
{
	unsigned *fresh = map();

	*fresh = n;
	mremap(fresh, page, page, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)word);
	return comes(&seen, n, 0);
}

/* The frame is given away, and comes back with zeros. */
static int drop(unsigned n)
{
	*word = n;
	if (!comes(&seen, n, 0))
		return 0;
	madvise((void *)word, page, MADV_DONTNEED);
	return comes(&seen, 0, 0);
}

static int protect(unsigned n)
{
	unsigned before = faults;
	int ok;

	(void)n;
	mprotect((void *)word, page, PROT_NONE);
	ok = comes(&faults, before, 1);
	mprotect((void *)word, page, PROT_READ | PROT_WRITE);
	return ok;
}

/* A child's address space is made of this one, whose rights go. */
static int share(unsigned n)
{
	pid_t child = fork();

	if (!child)
		_exit(0);
	*word = n;
	while (child > 0 && waitpid(child, NULL, 0) < 0)
		;
	return comes(&seen, n, 0);
}

static void repeat(const char *name, int (*change)(unsigned), unsigned rounds)
{
	unsigned stale = 0;

	for (unsigned i = 1; i <= rounds; i++)
		stale += !change(i);
	printf("%s: %u of %u stale\n", name, stale, rounds);
}

int main(int argc, char **argv)
{
	struct sigaction act = {.sa_handler = on_fault, .sa_flags = SA_NODEFER};
	unsigned rounds = argc > 1 ? (unsigned)atoi(argv[1]) : 20;
	pthread_t other;

	page = (size_t)sysconf(_SC_PAGESIZE);
	sigaction(SIGSEGV, &act, NULL);
	word = map();
	*word = 0;
	if (pthread_create(&other, NULL, look, NULL))
		return 1;
	repeat("moved", move, rounds);
	repeat("dropped", drop, rounds);
	repeat("protected", protect, rounds);
	repeat("forked", share, rounds / 4 + 1);
	over = 1;
	pthread_join(other, NULL);
	return 0;
}
