/*
 * mapfile.h: mmap of a descriptor, as the guest's memory manager asks the host.
 */
#ifndef MAPFILE_H
#define MAPFILE_H

#include <stdint.h>

struct process;

/*
 * mmap of a descriptor: may it be, and what is its number? The same inode gets
 * the same number again; fails as mmap does, and with -ENFILE if this process
 * may not open more files. *size: of the file.
 */
int mapfile_get(struct process *p, int guest_fd, uint32_t prot,
		uint32_t map_flags, uint64_t *size);
/*
 * HV_FILE_* of what mapfile_get gave: HV_FILE_WRITABLE if a shared mapping by
 * this descriptor may write; then filepages_write is allowed.
 */
uint32_t mapfile_flags(struct process *p, uint32_t number, int guest_fd,
		       uint32_t map_flags);

#endif
