/*
 * hostfs.c: see hostfs.h.
 */
#include "hostfs.h"

#include <string.h>

#include "fdpath.h"
#include "path.h"
#include "path_internal.h"

/* Linux asks for the right to trace, but lets everybody open them. */
static bool is_memory_map(const char *path)
{
	static const char *const names[] = {"maps", "smaps", "smaps_rollup",
					    "numa_maps"};
	const char *slash = strrchr(path, '/');

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(slash + 1, names[i]))
			return true;
	return false;
}

bool hostfs_is_private(const struct process *p, int fd, const struct stat *st)
{
	static const char settings[] = "/proc/sys/";
	char path[PATH_MAX];

	if (!path_in_procfs(fd) || path_is_own(p, fd, path))
		return false;
	if (fdpath_real(p->machine, fd, path, sizeof(path)) < 0 || *path != '/')
		return true;
	if (!strncmp(path, settings, sizeof(settings) - 1))
		return false;
	return !(st->st_mode & S_IROTH) || is_memory_map(path);
}
