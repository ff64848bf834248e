/* vm_setting.c: see vm_setting.h. */
#include "vm_setting.h"

#include <stdio.h>
#include <sys/mman.h>

#define PAGE	     4096ul
#define MIN_ADDR     65536ul	 /* as most kernels are built */
#define MIN_ADDR_MAX (1ul << 20) /* above: the hint's place was taken */

static uint64_t setting(const char *dir, const char *name, uint64_t otherwise)
{
	unsigned long value = otherwise;
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/sys/%s/%s", dir, name);
	f = fopen(path, "re");
	if (!f)
		return otherwise;
	if (fscanf(f, "%lu", &value) != 1)
		value = otherwise;
	fclose(f);
	return value;
}

uint64_t vm_setting(const char *name, uint64_t otherwise)
{
	return setting("vm", name, otherwise);
}

uint64_t fs_setting(const char *name, uint64_t otherwise)
{
	return setting("fs", name, otherwise);
}

uint64_t vm_lowest_addr(void)
{
	return vm_setting("mmap_min_addr", MIN_ADDR);
}

/* A hint that is too low becomes the lowest that is not. */
uint64_t vm_min_addr(void)
{
	void *p = mmap((void *)PAGE, PAGE, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t got = (uintptr_t)p;

	if (p == MAP_FAILED)
		return vm_lowest_addr();
	munmap(p, PAGE);
	return got <= MIN_ADDR_MAX ? got : vm_lowest_addr();
}
