/* pipes.c: pipes inside one program, poll, select, epoll and eventfd. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <unistd.h>

#include "show.h"

static char big[200000];

static void show_poll(struct pollfd *p, int timeout)
{
	int n = poll(p, 2, timeout);

	printf("poll %d: %#x %#x\n", n, p[0].revents, p[1].revents);
}

int main(void)
{
	int *volatile bad = (int *)8;
	int fd[2], waiting = -1;
	struct timeval none = {0, 0};
	volatile nfds_t many = 1u << 30;
	fd_set set;

	SHOW(pipe2(fd, O_NONBLOCK | O_CLOEXEC));
	struct pollfd p[2] = {{fd[0], POLLIN, 0}, {fd[1], POLLOUT, 0}};

	SHOW(fd[0] * 10 + fd[1]);
	show_poll(p, 0);
	SHOW(read(fd[0], big, 10));
	SHOW(write(fd[1], "hello", 5));
	SHOW(ioctl(fd[0], FIONREAD, &waiting));
	SHOW(waiting);
	show_poll(p, -1);
	FD_ZERO(&set);
	FD_SET(fd[0], &set);
	SHOW(select(fd[0] + 1, &set, NULL, NULL, &none));
	SHOW(read(fd[0], big, 3));
	SHOW(read(fd[0], big, 30));
	SHOW(write(fd[1], big, sizeof(big)));
	show_poll(p, 0);
	SHOW(write(fd[1], big, 1));
	SHOW(fcntl(fd[0], F_GETPIPE_SZ));
	SHOW(lseek(fd[0], 0, SEEK_SET));
	SHOW(pread(fd[0], big, 1, 0));
	SHOW(read(fd[1], big, 1));
	SHOW(close(fd[1]));
	SHOW(read(fd[0], big, sizeof(big)));
	SHOW(read(fd[0], big, sizeof(big)));
	p[1].fd = -1;
	show_poll(p, 0);
	p[0].fd = 77;
	show_poll(p, 0);
	SHOW(pipe(fd));
	signal(SIGPIPE, SIG_IGN);
	SHOW(close(fd[0]));
	SHOW(write(fd[1], "x", 1));
	SHOW(poll(NULL, 0, 20));
	SHOW(poll(p, many, 0));
	SHOW(pipe2(fd, 0x1234567));
	SHOW(pipe(bad));
	signal(SIGPIPE, SIG_DFL);
	fflush(stdout);
	SHOW(write(fd[1], "x", 1)); /* the end: SIGPIPE */
	return 0;
}
