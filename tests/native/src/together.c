/* together.c: what one thread does to a call in which another one waits;
 * argument: a directory that may be written. */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "show.h"

static int fds[2];
static atomic_int step;

static void until_step(int n)
{
	while (step < n)
		sched_yield();
}

/* The other one is in its call by then. */
static void a_while(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
}

static void *in_thread(void *(*fn)(void *))
{
	pthread_t thread;
	void *result;

	pthread_create(&thread, NULL, fn, NULL);
	pthread_join(thread, &result);
	return result;
}

/* ---- A number that becomes another file's ---- */

static void *replace(void *arg)
{
	a_while();
	SHOW(close(fds[0]));
	SHOW(open("/dev/zero", O_RDONLY) == fds[0]);
	if (write(fds[1], "pipe", 4) != 4)
		perror("pipe");
	return arg;
}

static void read_on(void)
{
	pthread_t other;
	char text[5] = "";
	long n;

	SHOW(pipe(fds));
	pthread_create(&other, NULL, replace, NULL);
	n = read(fds[0], text, 4);
	pthread_join(other, NULL);
	printf("%ld: %s\n", n, text);
	SHOW(write(fds[1], "x", 1)); /* nobody reads there now: SIGPIPE */
}

/* ---- Signals ---- */

static volatile int handled;

static void count(int sig)
{
	(void)sig;
	handled++;
}

static void *read_twice(void *arg)
{
	char byte;

	step = 1;
	SHOW(read(fds[0], &byte, 1));
	step = 2;
	SHOW(read(fds[0], &byte, 1));
	return arg;
}

static void kill_reader(void)
{
	struct sigaction act = {.sa_handler = count};
	pthread_t reader;
	long n;

	SHOW(pipe(fds));
	sigaction(SIGUSR1, &act, NULL);
	pthread_create(&reader, NULL, read_twice, NULL);
	until_step(1);
	a_while();
	pthread_kill(reader, SIGUSR1);
	until_step(2);
	a_while();
	act.sa_flags = SA_RESTART;
	sigaction(SIGUSR1, &act, NULL);
	SHOW(pthread_kill(reader, SIGUSR1));
	a_while();
	SHOW(handled);
	n = write(fds[1], "x", 1);
	pthread_join(reader, NULL);
	SHOW(n);
}

/* ---- Waiting for each other ---- */

static void *lock_it(void *arg)
{
	int fd = open("held", O_RDWR);

	SHOW(flock(fd, LOCK_EX));
	return arg;
}

static void *wake_poll(void *arg)
{
	a_while();
	eventfd_write(fds[0], 1);
	return arg;
}

static void each_other(void)
{
	int fd = open("held", O_CREAT | O_RDWR, 0600);
	struct pollfd p = {.events = POLLIN};
	pthread_t other;
	int r;

	SHOW(flock(fd, LOCK_EX));
	pthread_create(&other, NULL, lock_it, NULL);
	a_while();
	r = flock(fd, LOCK_UN);
	pthread_join(other, NULL);
	SHOW(r);
	p.fd = fds[0] = eventfd(0, 0);
	pthread_create(&other, NULL, wake_poll, NULL);
	SHOW(poll(&p, 1, -1));
	SHOW(p.revents);
	pthread_join(other, NULL);
}

static void *open_writer(void *arg)
{
	int fd = open("fifo", O_WRONLY);

	SHOW(write(fd, "fifo", 4));
	return arg;
}

static void both_ends(void)
{
	pthread_t other;
	char text[5] = "";
	int fd;

	SHOW(mkfifo("fifo", 0600));
	pthread_create(&other, NULL, open_writer, NULL);
	fd = open("fifo", O_RDONLY);
	pthread_join(other, NULL);
	SHOW(read(fd, text, 4));
	puts(text);
}

static void *mask(void *arg)
{
	SHOW(umask(0123));
	return arg;
}

/* One umask and one position for all threads. */
static void shared(void)
{
	struct stat st;

	in_thread(mask);
	SHOW(mkdir("masked", 0777));
	SHOW(stat("masked", &st));
	printf("%o\n", st.st_mode);
	SHOW(umask(022));
}

int main(int argc, char **argv)
{
	SHOW(chdir(argc > 1 ? argv[1] : "."));
	signal(SIGPIPE, SIG_IGN);
	setvbuf(stdout, NULL, _IOLBF, 0);
	read_on();
	kill_reader();
	each_other();
	both_ends();
	shared();
	return 0;
}
