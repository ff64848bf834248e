/*
 * calls_args.h: arguments, most of them valid, many at a boundary, some wrong.
 */
#ifndef CALLS_ARGS_H
#define CALLS_ARGS_H

#include "calls.h"

/* An address, mostly the start of a page in or near a mapping. */
u64 arg_address(void);
/* A length for it. */
u64 arg_length(u64 addr);
/* Likewise, but small: at most MANY_PAGES, or refused by any kernel. */
u64 arg_new_length(void);
/* An address and a length that may be destroyed. */
void arg_range(u64 *addr, u64 *len);
/* The address of a byte that a probe may touch. */
u64 arg_byte(void);
u64 arg_prot(void);
/* One of the n, or, one time in twelve, a random number. */
u64 arg_one_of(const int *list, u64 n);
#define ONE_OF(list) arg_one_of(list, sizeof(list) / sizeof((list)[0]))

/*
 * Built with WITHOUT_KEYS no step tells whether there are protection keys: for
 * a machine that has them where vmm has none. So many were changed:
 */
#ifdef WITHOUT_KEYS
#define WITH_KEYS false
#else
#define WITH_KEYS true
#endif
extern u64 steps_changed;

#endif
