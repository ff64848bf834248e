/*
 * memlock.h: RLIMIT_MEMLOCK, which does not bind those with CAP_IPC_LOCK.
 */
#ifndef MEMLOCK_H
#define MEMLOCK_H

#include <stdint.h>

/* The limit that holds where the soft limit is `soft` bytes; ~0: none. */
uint64_t memlock_limit(uint64_t soft);

#endif
