/*
 * inspect.h: what the user wants to see when the program has ended and the
 * guest has not torn down yet: --dump and --walk, to stderr.
 */
#ifndef INSPECT_H
#define INSPECT_H

#include <stdint.h>

#include "dump.h"

struct vcpu;
/* Called while a hypercall of v is served. */
void inspect_at_exit(const struct dump *d, struct vcpu *v);

#endif
