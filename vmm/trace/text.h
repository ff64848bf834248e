/*
 * text.h: one record as one line of text, columns as docs/log.md describes.
 */
#ifndef TEXT_H
#define TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "escape.h"
#include "hv_fault.h"
#include "trace_config.h"

/* Room for any line: two names and the fixed columns. */
#define TEXT_LINE_MAX (2 * ESCAPE_MAX + 512)

/* The line above the first record, with its newline. */
extern const char text_header[];

/* The line of one record with its newline, terminated. Returns its length. */
size_t text_line(const struct trace_config *config, const struct hv_fault *f,
		 char dst[static TEXT_LINE_MAX]);

/*
 * What the mapping of f is called in /proc/PID/maps: its path, or "[heap]" and
 * the like; "[anon]" where that file says nothing, "-" if there is no mapping.
 * Not escaped. Valid as long as file_path's answer.
 */
const char *text_mapping_name(const struct trace_config *config,
			      const struct hv_fault *f);

/* Protection as in /proc/PID/maps, "rw-p"; "-" if there is no mapping. */
void text_prot(const struct hv_fault *f, char dst[static 5]);

/* Ticks in units of 1/per_ms millisecond, rounded down. tsc_khz may be 0. */
uint64_t text_ticks(uint64_t ticks, uint64_t tsc_khz, unsigned per_ms);

#endif
