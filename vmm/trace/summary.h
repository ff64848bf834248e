/*
 * summary.h: the totals of -c, by outcome and by mapping.
 */
#ifndef SUMMARY_H
#define SUMMARY_H

#include <stdio.h>

#include "hv_fault.h"
#include "trace_config.h"

struct summary;

/* NULL: no memory. */
struct summary *summary_create(void);
void summary_destroy(struct summary *s); /* NULL is allowed */

/*
 * Count one record. Mappings beyond SUMMARY_MAPPINGS, or those that there is no
 * memory for, are counted together in one row "(other)".
 */
#define SUMMARY_MAPPINGS 1024
void summary_add(struct summary *s, const struct trace_config *config,
		 const struct hv_fault *f);

/* Both tables, largest first, each with a total row. */
void summary_print(const struct summary *s, uint64_t tsc_khz, FILE *out);

#endif
