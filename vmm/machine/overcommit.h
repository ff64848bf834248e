/*
 * overcommit.h: the host's rules for promising memory: vm.overcommit_memory
 * and what it is reckoned with.
 */
#ifndef OVERCOMMIT_H
#define OVERCOMMIT_H

#include "hv_boot.h"

#define OVERCOMMIT_AS_HOST (-1)

/* mode: 0, 1, 2 or OVERCOMMIT_AS_HOST. The sizes are the host's. */
void overcommit_rules(int mode, struct hv_commit *out);

#endif
