/*
 * capable.h: what the program is privileged to do.
 */
#ifndef CAPABLE_H
#define CAPABLE_H

#include <stdbool.h>

/* CAP_* of <linux/capability.h>, in effect. */
bool capable(unsigned cap);

#endif
