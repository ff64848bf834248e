/* vm_setting.c: see vm_setting.h. */
#include "vm_setting.h"

#include <stdio.h>

uint64_t vm_setting(const char *name, uint64_t otherwise)
{
	unsigned long value = otherwise;
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/sys/vm/%s", name);
	f = fopen(path, "re");
	if (!f)
		return otherwise;
	if (fscanf(f, "%lu", &value) != 1)
		value = otherwise;
	fclose(f);
	return value;
}
