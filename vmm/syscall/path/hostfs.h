/*
 * hostfs.h: files that are the host's alone, whatever --rw says: those of its
 * kernel, its devices, and what tells one process of another.
 */
#ifndef HOSTFS_H
#define HOSTFS_H

#include <stdbool.h>
#include <sys/stat.h>

#include "call.h"

/* In a file system that the kernel makes up (/proc, /sys, ...), or in /dev? */
bool hostfs_is_kernel(int fd);
/*
 * A file of /proc that shows memory, of another process or of the machine, or
 * that is used up by being read? Only what nobody's access rights guard is
 * none. st: of fd.
 */
bool hostfs_is_private(const struct process *p, int fd, const struct stat *st);

#endif
