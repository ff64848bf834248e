/*
 * inherit.c: what a child has of its parent, though one before it gave up more:
 * three children, one after the other, lower their priority, and where they may
 * (root) become nobody.
 */
#include <sched.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534

static void say(const char *who)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	sched_getaffinity(0, sizeof(set), &set);
	printf("%s: uid %d, nice %d, %d processors\n", who, (int)getuid(),
	       getpriority(PRIO_PROCESS, 0), CPU_COUNT(&set));
	fflush(stdout);
}

static void give_up(void)
{
	say("child");
	setpriority(PRIO_PROCESS, 0, 5);
	if (getuid() == 0 && setuid(NOBODY))
		_exit(1);
	say("then");
	_exit(0);
}

int main(void)
{
	for (int i = 0; i < 3; i++) {
		if (!fork())
			give_up();
		wait(NULL);
	}
	say("parent");
	return 0;
}
