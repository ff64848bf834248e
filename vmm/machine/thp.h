/*
 * thp.h: who gets transparent huge pages: --thp, and the host's own rule
 * (Linux Documentation/admin-guide/mm/transhuge.rst).
 */
#ifndef THP_H
#define THP_H

#include <stdbool.h>

#include "hv_boot.h"

#define THP_AS_HOST (-1)

/* always, madvise or never: enum hv_thp; anything else: -1. */
int thp_parse(const char *name);
const char *thp_name(enum hv_thp thp);

/* What the host gives for 2 MiB; HV_THP_NEVER where it has no such pages. */
enum hv_thp thp_of_host(void);
/* Does the host map a huge page of zeros for reading? */
bool thp_zero_of_host(void);

#endif
