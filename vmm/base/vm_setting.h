/*
 * vm_setting.h: what the host's administrator has set, /proc/sys/vm.
 */
#ifndef VM_SETTING_H
#define VM_SETTING_H

#include <stdint.h>

/* The number in /proc/sys/vm/NAME; `otherwise` if that cannot be read. */
uint64_t vm_setting(const char *name, uint64_t otherwise);
uint64_t fs_setting(const char *name, uint64_t otherwise); /* sys/fs */

/*
 * Linux mmap_min_addr. A kernel with security modules has a least of its own,
 * CONFIG_LSM_MMAP_MIN_ADDR, whatever vm.mmap_min_addr says.
 */
uint64_t vm_min_addr(void);
/* Below which MAP_FIXED needs CAP_SYS_RAWIO: vm.mmap_min_addr. */
uint64_t vm_lowest_addr(void);

#endif
