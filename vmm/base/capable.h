/*
 * capable.h: what the program is privileged to do.
 */
#ifndef CAPABLE_H
#define CAPABLE_H

#include <stdbool.h>

/* CAP_*, of those that <linux/capability.h> numbers below 32. */
bool capable(int capability);

#endif
