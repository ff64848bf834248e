/* refused.c: calls that the guest does not have, some more than once. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static void show(const char *what, long r)
{
	printf("%s: %s\n", what, r < 0 ? strerrorname_np(errno) : "ok");
}

int main(void)
{
	show("shmget", syscall(SYS_shmget, 0, 1, 0));
	show("socket", socket(AF_UNIX, SOCK_STREAM, 0));
	show("shmget", syscall(SYS_shmget, 0, 1, 0));
	show("socket", socket(AF_INET, SOCK_STREAM, 0));
	show("socket", socket(AF_INET6, SOCK_STREAM, 0));
	show("511", syscall(511));
	show("5000", syscall(5000));
	return 0;
}
