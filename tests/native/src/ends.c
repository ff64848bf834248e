/* ends.c: one way to end for each argument; the status says which. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static int overflow(volatile int n)
{
	volatile char room[4096];

	room[n % 4096] = 1;
	return n < 0 ? 0 : overflow(n + 1) + room[n % 4096];
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";
	struct rlimit no_core = {0, 0};

	setrlimit(RLIMIT_CORE, &no_core);
	printf("ending by %s\n", how);
	if (!strcmp(how, "return"))
		return 7;
	if (!strcmp(how, "_exit"))
		_exit(300); /* nothing printed: buffered */
	fflush(stdout);
	printf("not flushed");
	if (!strcmp(how, "exit"))
		exit(-1);
	if (!strcmp(how, "abort"))
		abort();
	if (!strcmp(how, "null"))
		*(volatile char *)8;
	if (!strcmp(how, "text"))
		*(volatile char *)main = 1;
	if (!strcmp(how, "stack"))
		return overflow(0);
	if (!strcmp(how, "divide"))
		return 1 / (int)strlen(argv[1] + 6);
	if (!strcmp(how, "illegal"))
		__asm__ volatile("ud2");
	if (!strcmp(how, "trap"))
		__asm__ volatile("int3");
	if (!strcmp(how, "one thread"))
		syscall(SYS_exit, 5);
	if (!strcmp(how, "signal"))
		kill(getpid(), atoi(argv[2]));
	return 0;
}
