/*
 * owners.c: fcntl(2) on the owner of a file, its signal and its leases, of
 * files opened in several ways.
 */
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <unistd.h>

#include "show.h"

#define NO_PID 0x7ffffff0

static void owner(int fd)
{
	struct f_owner_ex o = {F_OWNER_PID, getpid()};

	SHOW(fcntl(fd, F_GETOWN));
	SHOW(fcntl(fd, F_SETOWN, getpid()));
	SHOW(fcntl(fd, F_GETOWN) == getpid());
	SHOW(fcntl(fd, F_SETOWN, NO_PID));
	SHOW(fcntl(fd, F_SETOWN, -NO_PID));
	SHOW(fcntl(fd, F_SETOWN, INT_MIN));
	SHOW(fcntl(fd, F_SETOWN, 0));
	SHOW(fcntl(fd, F_SETOWN_EX, &o));
	o.pid = 0;
	SHOW(fcntl(fd, F_GETOWN_EX, &o));
	SHOW(o.type);
	SHOW(o.pid == getpid());
	o.type = 3;
	SHOW(fcntl(fd, F_SETOWN_EX, &o));
	SHOW(fcntl(fd, F_SETOWN_EX, 16));
	SHOW(fcntl(fd, F_GETOWN_EX, 16));
	o.type = F_OWNER_TID;
	SHOW(fcntl(fd, F_SETOWN_EX, &o));
	SHOW(fcntl(fd, F_GETOWN) == getpid());
	SHOW(fcntl(fd, F_SETSIG, SIGUSR1));
	SHOW(fcntl(fd, F_GETSIG));
	SHOW(fcntl(fd, F_SETSIG, 65));
	SHOW(fcntl(fd, F_SETSIG, -1));
	SHOW(fcntl(fd, F_SETSIG, 0));
}

static void lease(int fd)
{
	int copy = dup(fd);

	SHOW(fcntl(fd, F_GETLEASE));
	SHOW(fcntl(fd, F_SETLEASE, F_UNLCK));
	SHOW(fcntl(fd, F_SETLEASE, F_RDLCK));
	SHOW(fcntl(copy, F_GETLEASE));
	SHOW(fcntl(fd, F_SETLEASE, F_WRLCK));
	SHOW(fcntl(copy, F_GETLEASE));
	SHOW(fcntl(fd, F_SETLEASE, 7));
	SHOW(fcntl(copy, F_SETLEASE, F_UNLCK));
	SHOW(fcntl(fd, F_GETLEASE));
	SHOW(fcntl(fd, F_SETLEASE, F_UNLCK));
	close(copy);
}

static void both(const char *name, int flags)
{
	int fd = open(name, flags, 0600);

	printf("%s %o\n", name, flags);
	owner(fd);
	lease(fd);
	close(fd);
}

int main(int argc, char **argv)
{
	int p[2], fd;

	(void)argc;
	SHOW(chdir(argv[1]));
	both("f", O_CREAT | O_RDWR);
	both("f", O_RDONLY);
	both("f", O_WRONLY);
	both("f", O_PATH);
	both(".", O_RDONLY);
	fd = open("f", O_RDONLY);
	both("f", O_RDONLY);
	both("f", O_RDWR);
	close(fd);
	SHOW(pipe(p));
	owner(p[0]);
	lease(p[0]);
	return 0;
}
