/*
 * open.c: may this file be executed, and what does its file system do?
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* ST_NOEXEC */
#endif
#include "internal.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

static int check_executable(int fd, struct elfload_error *e)
{
	struct stat st;
	struct statvfs vfs;

	if (fstat(fd, &st) != 0 || fstatvfs(fd, &vfs) != 0)
		return elfload_fail(e, errno, "cannot stat: %s",
				    strerror(errno));
	if (!S_ISREG(st.st_mode))
		return elfload_fail(e, EACCES, "not a regular file");
	if (vfs.f_flag & ST_NOEXEC)
		return elfload_fail(e, EACCES,
				    "on a file system mounted noexec");
	return 0;
}

int elfload_open(const char *path, struct elfload_error *e)
{
	/* O_NONBLOCK: opening a FIFO must not wait for a writer. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	int err;

	if (fd < 0)
		return elfload_fail(e, errno, "cannot open: %s",
				    strerror(errno));
	err = check_executable(fd, e);
	if (!err && faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) != 0)
		err = elfload_fail(e, errno, "no permission to execute: %s",
				   strerror(errno));
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

/* The file systems with .get_unmapped_area = thp_get_unmapped_area. */
int elfload_thp_files(int fd)
{
	struct statfs s;

	if (access("/sys/kernel/mm/transparent_hugepage", F_OK) != 0 ||
	    fstatfs(fd, &s) != 0)
		return 0;
	switch (s.f_type) {
	case EXT4_SUPER_MAGIC:
	case XFS_SUPER_MAGIC:
	case BTRFS_SUPER_MAGIC:
	case FUSE_SUPER_MAGIC:
		return 1;
	default:
		return 0;
	}
}
