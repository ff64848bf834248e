/* sigwait.c: signals with a value, kept in a queue; waiting for signals. */
#include <signal.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "show.h"

static void note(int sig, siginfo_t *si, void *context)
{
	(void)context;
	printf("got %d code %d value %d\n", sig, si->si_code,
	       si->si_code == SI_QUEUE ? si->si_value.sival_int : 0);
}

static void handle(int sig, int flags)
{
	struct sigaction sa = {.sa_sigaction = note,
			       .sa_flags = flags | SA_SIGINFO};

	sigemptyset(&sa.sa_mask);
	SHOW(sigaction(sig, &sa, NULL));
}

static void queue(void)
{
	sigset_t set;
	siginfo_t si;
	struct timespec zero = {0, 0};
	union sigval v = {.sival_int = 1234};

	SHOW(sigqueue(getpid(), SIGRTMIN + 3, v));
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 4);
	sigprocmask(SIG_BLOCK, &set, NULL);
	v.sival_int = 1;
	SHOW(sigqueue(getpid(), SIGRTMIN + 4, v));
	v.sival_int = 2;
	SHOW(sigqueue(getpid(), SIGRTMIN + 4, v));
	for (int i = 0; i < 3; i++)
		if (sigtimedwait(&set, &si, &zero) < 0)
			printf("none left: %s\n", strerror(errno));
		else
			printf("queued %d\n", si.si_value.sival_int);
}

static void suspend(void)
{
	struct itimerval soon = {.it_value = {0, 50000}};
	sigset_t block, none;

	sigemptyset(&none);
	sigemptyset(&block);
	sigaddset(&block, SIGALRM);
	sigprocmask(SIG_BLOCK, &block, NULL);
	handle(SIGALRM, 0);
	SHOW(setitimer(ITIMER_REAL, &soon, NULL));
	SHOW(sigsuspend(&none));
}

int main(void)
{
	handle(SIGRTMIN + 3, SA_RESTART);
	queue();
	suspend();
	return 0;
}
