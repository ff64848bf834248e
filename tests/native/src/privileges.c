/*
 * privileges.c: capabilities given up one after the other, and what that
 * forbids; the processor that the program is on; the scheduler's parameters.
 */
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "show.h"

#define BIT(cap) (1u << (cap))
#define MIB	 (1l << 20)

static struct __user_cap_header_struct head;
static struct __user_cap_data_struct data[2];

static long get(void *where)
{
	return syscall(SYS_capget, &head, where);
}

static long set(void *from)
{
	return syscall(SYS_capset, &head, from);
}

static void show_sets(void)
{
	char line[200];
	FILE *f = fopen("/proc/self/status", "r");

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, "Cap", 3))
			fputs(line, stdout);
	if (f)
		fclose(f);
}

static void headers(void)
{
	SHOW(get(NULL));
	SHOW(head.version);
	head.version = 1;
	SHOW(get(data));
	SHOW(head.version);
	head.version = 1;
	SHOW(set(data));
	SHOW(head.version);
	head.pid = -5;
	SHOW(get(data));
	head.pid = 1;
	SHOW(set(data));
	head.pid = 0;
	head.version = _LINUX_CAPABILITY_VERSION_1;
	SHOW(get(data));
	head.version = _LINUX_CAPABILITY_VERSION_3;
	SHOW(get((void *)16));
	SHOW(set((void *)16));
	SHOW(syscall(SYS_capset, 16, data));
	SHOW(get(data));
	SHOW(set(data));
}

/* With CAP_IPC_LOCK there is no limit to what may be locked. */
static void locking(void)
{
	const struct rlimit limit = {MIB / 16, MIB / 16};
	void *p = mmap(NULL, MIB, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	SHOW(setrlimit(RLIMIT_MEMLOCK, &limit));
	SHOW(mlock(p, MIB));
	SHOW(munlock(p, MIB));
	data[0].effective &= ~(BIT(CAP_IPC_LOCK) | BIT(CAP_DAC_OVERRIDE) |
			       BIT(CAP_DAC_READ_SEARCH) | BIT(CAP_SYS_NICE));
	SHOW(set(data));
	SHOW(mlock(p, MIB));
	SHOW(mlock(p, 4096));
	SHOW(open("/etc/shadow", O_RDONLY) < 0);
	SHOW(access("/etc/shadow", R_OK));
	show_sets();
	data[0].effective = data[0].permitted;
	SHOW(set(data));
	SHOW(mlock(p, MIB));
	data[0].permitted = data[0].effective = 0;
	SHOW(set(data));
	data[0].permitted = 1;
	SHOW(set(data));
	show_sets();
}

static void processor(int cpu)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	SHOW(cpu);
	SHOW(sched_setaffinity(0, sizeof(one), &one));
	SHOW(sched_getcpu());
}

int main(void)
{
	struct sched_param param = {0};

	headers();
	locking();
	processor(sysconf(_SC_NPROCESSORS_ONLN) - 1);
	processor(0);
	SHOW(sched_setparam(0, &param));
	param.sched_priority = 5;
	SHOW(sched_setparam(0, &param));
	SHOW(sched_setparam(0, NULL));
	SHOW(syscall(SYS_sched_setparam, 0, 16));
	SHOW(syscall(SYS_sched_setparam, -1, &param));
	SHOW(syscall(SYS_sched_setparam, 0x7fffffff, &param));
	return 0;
}
