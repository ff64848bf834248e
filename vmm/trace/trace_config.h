/*
 * trace_config.h: what the log is made from, beside the records.
 */
#ifndef TRACE_CONFIG_H
#define TRACE_CONFIG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct symbols;

struct trace_config {
	FILE *text;	  /* a line for each fault, or NULL; not closed here */
	bool summary;	  /* -c */
	uint64_t tsc_khz; /* 0: not known, all times are shown as 0 */
	uint64_t tsc_start; /* time 0 of the log */
	/* Name by which a mapped file was opened, used before return; both may
	 * be NULL. */
	const char *(*file_path)(void *ctx, uint32_t file, uint32_t opened);
	void *ctx;
	/* Function names for instruction pointers, or NULL; outlives trace. */
	const struct symbols *symbols;
	uint32_t symbols_pid; /* of this process alone; 0: of all */
};

#endif
