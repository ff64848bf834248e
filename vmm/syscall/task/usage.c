/*
 * usage.c: what the program and the machine use.
 */
#include <errno.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/times.h>
#include <unistd.h>

#include "describe.h"
#include "families.h"
#include "hv_describe.h"
#include "hv_map.h"
#include "procfs.h"
#include "tasks.h"

void usage_fill(const struct task_usage *u, struct rusage *r)
{
	*r = (struct rusage){
		.ru_utime = {u->user_us / 1000000, u->user_us % 1000000},
		.ru_stime = {u->system_us / 1000000, u->system_us % 1000000},
		.ru_maxrss = u->maxrss,
		.ru_minflt = u->minflt,
		.ru_majflt = u->majflt,
		.ru_inblock = u->inblock,
		.ru_oublock = u->oublock,
		.ru_nvcsw = u->nvcsw,
		.ru_nivcsw = u->nivcsw,
	};
}

/* Of a process: its ended threads, and this one; the host cannot tell the
 * others apart. Of the only one there is: all that the host knows of vmm. */
static void usage_of(const struct call *c, int who, struct task_usage *u)
{
	struct task_usage own;

	if (who == RUSAGE_CHILDREN) {
		*u = *c->p->children;
		return;
	}
	thread_usage(c->t, u);
	if (who == RUSAGE_THREAD)
		return;
	own = *c->p->usage;
	u->user_us += own.user_us;
	u->system_us += own.system_us;
	u->inblock += own.inblock;
	u->oublock += own.oublock;
	u->nvcsw += own.nvcsw;
	u->nivcsw += own.nivcsw;
}

static bool is_alone(const struct call *c)
{
	const struct tasks *all = c->p->tasks;

	return all->last_id == all->first->pid;
}

/* Times are the host's, faults and memory the guest's. */
int64_t usage_getrusage(struct call *c)
{
	int who = (int)c->arg[0];
	struct task_usage u;
	struct hv_desc_mm mm;
	struct rusage usage;

	if (getrusage(who, &usage) < 0)
		return -errno;
	if (!is_alone(c)) {
		usage_of(c, who, &u);
		usage_fill(&u, &usage);
	}
	if (who != RUSAGE_CHILDREN &&
	    !describe_one(c->v, HV_DESCRIBE_MM, 0, &mm, sizeof(mm))) {
		usage.ru_majflt = (long)procfs_major(c->m, &mm);
		usage.ru_minflt = (long)mm.faults - usage.ru_majflt;
		usage.ru_maxrss = (long)(mm.hiwater_rss * HV_PAGE_SIZE >> 10);
	}
	return call_put(c, c->arg[1], &usage, sizeof(usage));
}

static clock_t ticks(int64_t us)
{
	return us / (1000000 / sysconf(_SC_CLK_TCK));
}

int64_t usage_times(struct call *c)
{
	const struct task_usage *children = c->p->children;
	struct task_usage u;
	struct tms t;
	int64_t now = host_call(SYS_times, &t);

	if (!is_alone(c)) {
		usage_of(c, RUSAGE_SELF, &u);
		t.tms_utime = ticks(u.user_us);
		t.tms_stime = ticks(u.system_us);
	}
	t.tms_cutime = ticks(children->user_us);
	t.tms_cstime = ticks(children->system_us);
	return call_put_opt(c, c->arg[0], &t, sizeof(t)) < 0 ? -EFAULT : now;
}

/* Load and times are the host's, memory is the guest's. */
int64_t usage_sysinfo(struct call *c)
{
	struct sysinfo info;
	int64_t r = host_call(SYS_sysinfo, &info);

	if (r < 0)
		return r;
	procfs_sysinfo(c->v, &info);
	return call_put(c, c->arg[0], &info, sizeof(info));
}
