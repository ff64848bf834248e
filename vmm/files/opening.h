/*
 * opening.h: which opening of its file (Linux struct file) a descriptor is of.
 */
#ifndef OPENING_H
#define OPENING_H

#include <stdint.h>

struct fdtable;

/* A number from 1, the same for all copies of a descriptor; 0: it is not open.
 */
uint32_t opening_of(struct fdtable *t, int guest_fd);

#endif
