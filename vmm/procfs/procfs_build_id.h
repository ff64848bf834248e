/*
 * procfs_build_id.h: the build ID of an ELF file, as Linux lib/buildid.c finds
 * it: the first note GNU type 3 in the notes of its program headers.
 */
#ifndef PROCFS_BUILD_ID_H
#define PROCFS_BUILD_ID_H

#include <stddef.h>
#include <stdint.h>

#define BUILD_ID_MAX 20

/* Its length, 0: there is none. The file is not trusted. */
size_t build_id_read(int fd, uint8_t id[BUILD_ID_MAX]);

#endif
