/*
 * user.h: the program's memory, for the calls that the kernel serves itself.
 * Copies go through the direct map after a walk of the program's tables; a page
 * that is not there, or not writable, is faulted in as for the host.
 */
#ifndef USER_H
#define USER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 0 or -EFAULT, after as much as could be copied. */
int user_get(void *dst, uint64_t va, size_t len);
int user_put(uint64_t va, const void *src, size_t len);

/* Linux access_ok. */
bool user_range_ok(uint64_t va, uint64_t len);

#endif
