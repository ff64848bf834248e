/*
 * log.h: reads the text log of --trace back. Columns: docs/log.md.
 *
 * Strict: a line that is not exactly as documented fails the test.
 */
#ifndef LOG_H
#define LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct log_line {
	double time;		   /* seconds */
	char access[8];		   /* "user:w" */
	char flags[4];		   /* "M", "H", "MH", "-" */
	char outcome[16];	   /* "anon-zero" */
	char prot[8];		   /* "rw-p", "-" */
	char mapping[256];	   /* "[anon]"; "-" for none */
	char function[256];	   /* without its offset; "" for none */
	uint64_t addr, ip, offset; /* offset: behind the mapping's '+' */
	uint64_t frame, old_frame; /* 0: none */
	unsigned pid, tid, around;
};

struct log {
	struct log_line *line;
	size_t n;
	uint64_t counted; /* of "N faults, 0 lost", in a file "# end: N ..." */
	bool closed;	  /* there was such a line */
};

/*
 * Take the log out of text: a header line, records, and for what vmm writes to
 * stderr, lines "vmm: ..."; and the closing line, in which no record is lost.
 * Fails at anything else.
 */
void log_read(struct log *log, const char *text);
void log_free(struct log *log);

/* As log_read; also closed, with the number of records said there. */
void log_read_closed(struct log *log, const char *text);

/* Records with this outcome and mapping; NULL stands for any. */
size_t log_count(const struct log *log, const char *outcome,
		 const char *mapping);

/*
 * Fail if the records differ in anything but times, process and frames: of two
 * runs at the same addresses.
 */
void log_compare(const struct log *a, const struct log *b);

/* In an anonymous mapping made by mmap: far above program and heap. */
bool log_is_mmap(const struct log_line *l);

#endif
