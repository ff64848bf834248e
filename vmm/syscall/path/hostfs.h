/*
 * hostfs.h: files of /proc that are the host's alone: what tells one process of
 * another.
 */
#ifndef HOSTFS_H
#define HOSTFS_H

#include <stdbool.h>
#include <sys/stat.h>

#include "call.h"

/*
 * A file of /proc that shows memory, of another process or of the machine, or
 * that is used up by being read? Only what nobody's access rights guard is
 * none. st: of fd.
 */
bool hostfs_is_private(const struct process *p, int fd, const struct stat *st);

#endif
