/*
 * vm_setting.h: what the host's administrator has set, /proc/sys/vm.
 */
#ifndef VM_SETTING_H
#define VM_SETTING_H

#include <stdint.h>

/* The number in /proc/sys/vm/NAME; `otherwise` if that cannot be read. */
uint64_t vm_setting(const char *name, uint64_t otherwise);

#endif
