/*
 * many.c: more processes and threads than one looks at. many KIND N:
 *
 *   forks    N children one after the other, each waited for
 *   zombies  N children that have ended before anybody waits
 *   threads  N threads at once
 *   orphans  N children that wait for ever; their parent is killed
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS_MAX 500
#define STACK	    65536

static pthread_barrier_t all_there;

static void *be_there(void *arg)
{
	pthread_barrier_wait(&all_there);
	return arg;
}

static int forks(int n)
{
	int right = 0, status;

	for (int i = 0; i < n; i++) {
		pid_t pid = fork();

		if (!pid)
			_exit(i & 127);
		if (waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
		    WEXITSTATUS(status) == (i & 127))
			right++;
	}
	return right;
}

static int zombies(int n)
{
	siginfo_t info;
	int reaped = 0;

	for (int i = 0; i < n; i++) {
		pid_t pid = fork();

		if (!pid)
			_exit(0);
		waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
	}
	while (wait(NULL) > 0)
		reaped++;
	return reaped;
}

static int threads(int n)
{
	static pthread_t t[THREADS_MAX];
	pthread_attr_t small;
	int made = 0;

	if (n > THREADS_MAX)
		return -1;
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, STACK);
	pthread_barrier_init(&all_there, NULL, (unsigned)n + 1);
	while (made < n && !pthread_create(&t[made], &small, be_there, NULL))
		made++;
	if (made < n)
		return made;
	pthread_barrier_wait(&all_there);
	for (int i = 0; i < n; i++)
		pthread_join(t[i], NULL);
	return made;
}

static int orphans(int n)
{
	for (int i = 0; i < n; i++)
		if (!fork())
			for (;;)
				pause();
	raise(SIGKILL);
	return 0;
}

int main(int argc, char **argv)
{
	const char *kind = argc > 2 ? argv[1] : "";
	int n = argc > 2 ? atoi(argv[2]) : 0, done = -1;

	if (!strcmp(kind, "forks"))
		done = forks(n);
	else if (!strcmp(kind, "zombies"))
		done = zombies(n);
	else if (!strcmp(kind, "threads"))
		done = threads(n);
	else if (!strcmp(kind, "orphans"))
		done = orphans(n);
	printf("%s: %d\n", kind, done);
	return 0;
}
