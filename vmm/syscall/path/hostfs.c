/*
 * hostfs.c: see hostfs.h.
 */
#include "hostfs.h"

#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>

#include "fdpath.h"
#include "path.h"
#include "path_internal.h"

/* Those that linux/magic.h does not name. */
#define CONFIGFS_MAGIC 0x62656570
#define FUSECTL_MAGIC  0x65735543
#define MQUEUE_MAGIC   0x19800202
#define NFSD_MAGIC     0x6e667364
#define RPC_PIPE_MAGIC 0x67596969

static bool is_kernel_magic(unsigned long magic)
{
	switch (magic) {
	case PROC_SUPER_MAGIC:
	case SYSFS_MAGIC:
	case CGROUP_SUPER_MAGIC:
	case CGROUP2_SUPER_MAGIC:
	case RDTGROUP_SUPER_MAGIC:
	case DEBUGFS_MAGIC:
	case TRACEFS_MAGIC:
	case SECURITYFS_MAGIC:
	case SELINUX_MAGIC:
	case SMACK_MAGIC:
	case AAFS_MAGIC:
	case BPF_FS_MAGIC:
	case BINFMTFS_MAGIC:
	case BINDERFS_SUPER_MAGIC:
	case PSTOREFS_MAGIC:
	case EFIVARFS_MAGIC:
	case DEVPTS_SUPER_MAGIC:
	case AUTOFS_SUPER_MAGIC:
	case XENFS_SUPER_MAGIC:
	case OPENPROM_SUPER_MAGIC:
	case USBDEVICE_SUPER_MAGIC:
	case NSFS_MAGIC:
	case CONFIGFS_MAGIC:
	case FUSECTL_MAGIC:
	case MQUEUE_MAGIC:
	case NFSD_MAGIC:
	case RPC_PIPE_MAGIC:
		return true;
	default:
		return false;
	}
}

/* devtmpfs says that it is a tmpfs; it is known by its place. */
static bool is_devices(int fd)
{
	struct stat st, dev, root;

	return fstat(fd, &st) == 0 && stat("/dev", &dev) == 0 &&
	       stat("/", &root) == 0 && st.st_dev == dev.st_dev &&
	       st.st_dev != root.st_dev;
}

bool hostfs_is_kernel(int fd)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return false;
	return is_kernel_magic((unsigned long)fs.f_type) ||
	       (fs.f_type == TMPFS_MAGIC && is_devices(fd));
}

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
