/*
 * usage.c: what the program and the machine use.
 */
#include <errno.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>

#include "describe.h"
#include "families.h"
#include "hv_describe.h"
#include "hv_map.h"
#include "procfs.h"

/* Times are the host's, faults and memory the guest's. */
int64_t usage_getrusage(struct call *c)
{
	int who = (int)c->arg[0];
	struct hv_desc_mm mm;
	struct rusage usage;

	if (getrusage(who, &usage) < 0)
		return -errno;
	if (who != RUSAGE_CHILDREN &&
	    !describe_one(c->v, HV_DESCRIBE_MM, 0, &mm, sizeof(mm))) {
		usage.ru_majflt = (long)procfs_major(c->m, &mm);
		usage.ru_minflt = (long)mm.faults - usage.ru_majflt;
		usage.ru_maxrss = (long)(mm.hiwater_rss * HV_PAGE_SIZE >> 10);
	}
	return call_put(c, c->arg[1], &usage, sizeof(usage));
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
