/*
 * trace.h: the fault log. Each record that the guest reports comes here in
 * order, synchronously; text and summary are made from it.
 */
#ifndef TRACE_H
#define TRACE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "hv_abi.h"

struct trace;

struct trace_config {
	FILE *text;   /* a line for each fault, or NULL */
	bool summary; /* -c */
	uint64_t tsc_khz;
	uint64_t tsc_start; /* time 0 of the log */
	/* Name of a mapped file; may return NULL. */
	const char *(*file_path)(void *ctx, uint32_t file);
	void *ctx;
};

struct trace *trace_create(const struct trace_config *config);
/* Returns 0, or -EPROTO if records were lost (a gap in seq): a bug of ours. */
int trace_fault(struct trace *t, const struct hv_fault *record);
uint64_t trace_count(const struct trace *t);
/* The closing line "N faults, 0 lost" and the summary, if asked for. */
void trace_finish(struct trace *t, FILE *out);
void trace_destroy(struct trace *t);

/* Stable lower-case names: "anon-zero", "file-read", ... (docs/log.md). */
const char *trace_outcome_name(unsigned outcome);

#endif
