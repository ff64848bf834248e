/* interrupted.c: calls that a child's signals break off: which fail, which are
 * made again, which are left alone? */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "show.h"

#define EVERY_MS 150 /* a signal */
#define SHORT_MS 100
#define LONG_MS	 700

static volatile int signals;

static void count(int sig)
{
	(void)sig;
	signals++;
}

static void handle(int flags)
{
	const struct sigaction act = {
		.sa_handler = count,
		.sa_flags = flags,
	};

	sigaction(SIGUSR1, &act, NULL);
}

static struct timespec ms(int n)
{
	return (struct timespec){n / 1000, n % 1000 * 1000000l};
}

#define SHOW_SIGNALS(call)                                                     \
	do {                                                                   \
		int before_ = signals;                                         \
		SHOW(call);                                                    \
		printf("%s\n", signals > before_ ? "a signal" : "none");       \
	} while (0)

/* Readable after a while. */
static int timer(int after)
{
	const struct itimerspec when = {.it_value = ms(after)};
	int fd = timerfd_create(CLOCK_MONOTONIC, 0);

	timerfd_settime(fd, 0, &when, NULL);
	return fd;
}

static int epoll_of(int fd)
{
	struct epoll_event event = {.events = EPOLLIN};
	int set = epoll_create1(0);

	epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
	return set;
}

static void waits(void)
{
	const struct timespec some = ms(LONG_MS);
	struct timespec left = {0};
	struct epoll_event event;
	uint64_t n;

	SHOW_SIGNALS(nanosleep(&some, &left));
	SHOW(!left.tv_sec && left.tv_nsec > 0 && left.tv_nsec < some.tv_nsec);
	SHOW_SIGNALS(read(timer(LONG_MS), &n, sizeof(n)));
	SHOW_SIGNALS(poll(NULL, 0, LONG_MS));
	SHOW_SIGNALS(select(0, NULL, NULL, NULL,
			    &(struct timeval){.tv_usec = LONG_MS * 1000}));
	SHOW_SIGNALS(epoll_wait(epoll_of(timer(LONG_MS)), &event, 1, -1));
	SHOW_SIGNALS(pause());
}

/* The signal is blocked, but for the calls that have a mask. */
static void masks(void)
{
	const struct timespec some = ms(LONG_MS), brief = ms(SHORT_MS),
			      no = {0};
	struct epoll_event event;
	sigset_t none, usr1, usr2;
	uint64_t n;

	sigemptyset(&none);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigemptyset(&usr2);
	sigaddset(&usr2, SIGUSR2);
	SHOW(sigprocmask(SIG_BLOCK, &usr1, NULL));
	SHOW_SIGNALS(read(timer(LONG_MS), &n, sizeof(n)));
	SHOW_SIGNALS(epoll_wait(epoll_of(timer(LONG_MS)), &event, 1, -1));
	SHOW_SIGNALS(ppoll(NULL, 0, &no, NULL));
	SHOW_SIGNALS(ppoll(NULL, 0, &some, &none));
	SHOW_SIGNALS(pselect(0, NULL, NULL, NULL, &some, &none));
	SHOW_SIGNALS(
		epoll_pwait(epoll_of(timer(LONG_MS)), &event, 1, -1, &none));
	SHOW_SIGNALS(sigsuspend(&none));
	SHOW_SIGNALS(sigtimedwait(&usr2, NULL, &brief));
	SHOW_SIGNALS(sigtimedwait(&usr1, NULL, &some) == SIGUSR1);
	SHOW(sigprocmask(SIG_UNBLOCK, &usr1, NULL));
}

static void send(pid_t to)
{
	const struct timespec pause = ms(EVERY_MS);

	while (!kill(to, SIGUSR1) && getppid() == to)
		nanosleep(&pause, NULL);
	_exit(0);
}

int main(void)
{
	pid_t parent = getpid(), child;

	handle(0);
	child = fork();
	if (!child)
		send(parent);
	puts("with a handler");
	waits();
	handle(SA_RESTART);
	puts("with SA_RESTART");
	waits();
	masks();
	kill(child, SIGKILL);
	SHOW(wait(NULL) == child);
	return 0;
}
