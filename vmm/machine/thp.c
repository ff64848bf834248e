/* thp.c: see thp.h. */
#include "thp.h"

#include <stdio.h>
#include <string.h>

#define SYSFS "/sys/kernel/mm/transparent_hugepage/"

static const char *const names[] = {
	[HV_THP_NEVER] = "never",
	[HV_THP_MADVISE] = "madvise",
	[HV_THP_ALWAYS] = "always",
};
#define NAMES ((int)(sizeof(names) / sizeof(names[0])))

int thp_parse(const char *name)
{
	for (int i = 0; i < NAMES; i++)
		if (!strcmp(name, names[i]))
			return i;
	return -1;
}

const char *thp_name(enum hv_thp thp)
{
	return names[thp];
}

/* The first line of a file of sysfs, "" if there is none. */
static void read_setting(const char *path, char *line, size_t size)
{
	FILE *f = fopen(path, "re");

	line[0] = '\0';
	if (!f)
		return;
	if (!fgets(line, (int)size, f))
		line[0] = '\0';
	fclose(f);
}

/* "always [madvise] never": what stands in brackets, or -1. */
static int read_choice(const char *path)
{
	char line[64], *start, *end;

	read_setting(path, line, sizeof(line));
	start = strchr(line, '[');
	end = start ? strchr(start, ']') : NULL;
	if (!end)
		return -1;
	*end = '\0';
	return thp_parse(start + 1);
}

enum hv_thp thp_of_host(void)
{
	/* Since Linux 6.8, for each size; "inherit" is as for all of them. */
	int thp = read_choice(SYSFS "hugepages-2048kB/enabled");

	if (thp < 0)
		thp = read_choice(SYSFS "enabled");
	return thp < 0 ? HV_THP_NEVER : (enum hv_thp)thp;
}

bool thp_zero_of_host(void)
{
	char line[8];

	read_setting(SYSFS "use_zero_page", line, sizeof(line));
	return line[0] != '0';
}
