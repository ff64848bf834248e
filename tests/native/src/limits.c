/* limits.c: resource limits and use, identity, what sysconf says. */
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "show.h"

static void limits(void)
{
	struct rlimit r;

	for (int i = 0; i < RLIM_NLIMITS; i++)
		if (!getrlimit(i, &r))
			printf("limit %d: %lx %lx\n", i, (long)r.rlim_cur,
			       (long)r.rlim_max);
	SHOW(getrlimit(99, &r));
	r = (struct rlimit){10, 5};
	SHOW(setrlimit(RLIMIT_NOFILE, &r));
	r = (struct rlimit){20, 30};
	SHOW(prlimit(0, RLIMIT_NOFILE, &r, NULL));
	SHOW(prlimit(0, RLIMIT_NOFILE, NULL, &r));
	SHOW(r.rlim_cur * 100 + r.rlim_max);
	SHOW(dup2(1, 19));
	SHOW(dup2(1, 20));
}

static void address_space_limit(void)
{
	struct rlimit r;

	r = (struct rlimit){256ul << 20, 256ul << 20};
	SHOW(setrlimit(RLIMIT_AS, &r));
	SHOW(mmap(NULL, 300ul << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		  0));
	SHOW_OK(mmap(NULL, 100ul << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS,
		     -1, 0) == MAP_FAILED);
}

static void identity(void)
{
	struct utsname u;
	char name[16] = "";
	cpu_set_t cpus;

	SHOW(uname(&u));
	printf("%s %s %s %s %s\n", u.sysname, u.nodename, u.release, u.version,
	       u.machine);
	printf("%d %d %d %d\n", getuid(), geteuid(), getgid(), getegid());
	SHOW(getpid() == syscall(SYS_gettid));
	SHOW(getppid() > 0);
	SHOW(getpgrp() > 0 && getsid(0) > 0);
	SHOW(prctl(PR_SET_NAME, "a rather long name"));
	SHOW(prctl(PR_GET_NAME, name));
	puts(name);
	SHOW(prctl(PR_GET_DUMPABLE));
	SHOW(sched_getaffinity(0, sizeof(cpus), &cpus));
	SHOW(CPU_COUNT(&cpus));
	SHOW(sched_yield());
	SHOW(getpriority(PRIO_PROCESS, 0));
}

static void usage(void)
{
	struct rusage u;
	struct sysinfo si;
	volatile char *p = calloc(1000, 4096);

	for (int i = 0; i < 1000; i++)
		p[i * 4096] = 1;
	SHOW(getrusage(RUSAGE_SELF, &u));
	SHOW(u.ru_maxrss >= 3000);
	SHOW(u.ru_minflt >= 1000);
	SHOW(getrusage(99, &u));
	SHOW(sysinfo(&si));
	SHOW(si.uptime > 0);
	SHOW(si.totalram > 0);
}

static void chance(void)
{
	void *volatile bad = (void *)8;
	unsigned char a[300] = {0}, b[300] = {0};

	SHOW(getrandom(a, sizeof(a), 0));
	SHOW(getrandom(b, sizeof(b), GRND_NONBLOCK));
	SHOW(memcmp(a, b, sizeof(a)) != 0);
	SHOW(getrandom(a, 1, 0xffff));
	SHOW(getrandom(bad, 16, 0));
}

int main(int argc, char **argv)
{
	static const int confs[] = {_SC_PAGESIZE,	  _SC_NPROCESSORS_ONLN,
				    _SC_NPROCESSORS_CONF, _SC_OPEN_MAX,
				    _SC_ARG_MAX,	  _SC_IOV_MAX,
				    _SC_CLK_TCK};

	if (argc > 1 && !strcmp(argv[1], "space")) {
		address_space_limit();
		return 0;
	}
	for (unsigned int i = 0; i < sizeof(confs) / sizeof(confs[0]); i++)
		SHOW(sysconf(confs[i]));
	identity();
	usage();
	chance();
	limits();
	return 0;
}
