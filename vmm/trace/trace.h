/*
 * trace.h: the fault log. Each record that the guest reports comes here in
 * order, synchronously; text and summary are made from it.
 *
 * The log never drops a record: a gap in the guest's numbering and a failed
 * write are both reported. Columns and names: docs/log.md. Not thread-safe: the
 * caller lets one vCPU in at a time.
 */
#ifndef TRACE_H
#define TRACE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "hv_fault.h"
#include "trace_config.h"

struct trace;

/* Copies the configuration and writes the header line. NULL: no memory. */
struct trace *trace_create(const struct trace_config *config);
/* Replace tsc_start of the configuration; before the first record. */
void trace_start(struct trace *t, uint64_t tsc);
/*
 * Log one record. Returns 0, or -EPROTO if it is not the one that was due:
 * records were lost (a gap in seq) or repeated, which is a bug of ours. Such a
 * record is logged all the same.
 */
int trace_fault(struct trace *t, const struct hv_fault *record);
/*
 * A line of its own kind, which begins with '#': what has become of processes.
 * tsc: of now.
 */
void trace_event(struct trace *t, uint64_t tsc, int pid, int tid,
		 const char *text);
/* The program with the symbols is gone: no more names of functions. */
void trace_forget_symbols(struct trace *t);
/* Records logged so far. */
uint64_t trace_count(const struct trace *t);
/*
 * Write out buffered lines. On a terminal each line is written at once;
 * otherwise call this before the program may block, and at times.
 */
void trace_flush(struct trace *t);
/* Write each line at once from now on. */
void trace_each_line(struct trace *t);
/*
 * No record comes any more: the last line of the log says that it is whole and
 * how many were lost. Not on stderr, where trace_finish says that, nor if what
 * was to be above it could not be written.
 */
void trace_end(struct trace *t);
/* The closing line "N faults, 0 lost" and the summary, if asked for. */
void trace_finish(struct trace *t, FILE *out);
/* errno of the first write that failed, or 0: then the log is not whole. */
int trace_error(const struct trace *t);
/* Flushes and frees; NULL is allowed. */
void trace_destroy(struct trace *t);

#endif
