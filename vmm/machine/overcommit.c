/*
 * overcommit.c: see overcommit.h. Linux mm/util.c, vm_commit_limit.
 */
#include "overcommit.h"

#include <stdio.h>
#include <string.h>
#include <sys/sysinfo.h>

#include "hv_map.h"
#include "vm_setting.h"

/* A line of /proc/meminfo, in KiB. */
static uint64_t meminfo(const char *name, uint64_t otherwise)
{
	FILE *f = fopen("/proc/meminfo", "re");
	unsigned long kib = otherwise;
	char line[128];

	if (!f)
		return otherwise;
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, name, strlen(name)) &&
		    sscanf(line + strlen(name), ": %lu", &kib) == 1)
			break;
	fclose(f);
	return kib;
}

void overcommit_rules(int mode, struct hv_commit *out)
{
	const uint64_t shift = HV_PAGE_SHIFT - 10;
	uint64_t total, limit;
	struct sysinfo info;

	*out = (struct hv_commit){.mode = (uint32_t)mode};
	if (mode == OVERCOMMIT_AS_HOST)
		out->mode = (uint32_t)vm_setting("overcommit_memory", 0);
	if (sysinfo(&info) < 0)
		return;
	total = (info.totalram + info.totalswap) * info.mem_unit;
	out->total = total >> HV_PAGE_SHIFT;
	limit = meminfo("CommitLimit", total >> 11) >> shift;
	out->limit = limit;
	out->reserve = vm_setting("user_reserve_kbytes", 1 << 17) >> shift;
}
