/*
 * kernelfs.c: see kernelfs.h.
 */
#include "kernelfs.h"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

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

bool kernelfs_has(int fd)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return false;
	return is_kernel_magic((unsigned long)fs.f_type) ||
	       (fs.f_type == TMPFS_MAGIC && is_devices(fd));
}
