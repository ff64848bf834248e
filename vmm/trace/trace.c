/*
 * trace.c: takes the records in, counts them, hands them to text and summary.
 *
 * Lines are gathered in a buffer of our own and written in large pieces. What
 * the buffer holds is always whole lines, so a log that ends early ends with a
 * whole line.
 */
#include "trace.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stop.h"
#include "summary.h"
#include "text.h"

#define BUFFER_SIZE (256u << 10)

struct trace {
	struct trace_config config;
	struct summary *summary; /* NULL without -c */
	uint64_t count;		 /* records taken in */
	uint64_t due;		 /* seq of the next record */
	uint64_t lost;		 /* gaps in seq */
	uint64_t repeated;	 /* records older than the one due */
	int write_error;	 /* errno of the first failed write */
	bool each_line;		 /* a terminal: somebody is watching */
	size_t used;
	char buffer[BUFFER_SIZE];
};

/*
 * 0 or an errno. Whoever reads a full pipe has until the next signal after that
 * which ends vmm (stop.c: a second).
 */
static int put(FILE *text, const char *bytes, size_t len)
{
	bool stopping = stop_signal();
	size_t done = 0;

	for (;;) {
		errno = 0;
		done += fwrite(bytes + done, 1, len - done, text);
		if (done == len && !fflush(text))
			return 0;
		if (errno != EINTR || stopping)
			return errno ? errno : EIO;
		clearerr(text);
		stopping = true;
	}
}

void trace_flush(struct trace *t)
{
	int ret;

	if (!t->config.text || !t->used)
		return;
	ret = put(t->config.text, t->buffer, t->used);
	if (!t->write_error)
		t->write_error = ret;
	t->used = 0;
}

struct trace *trace_create(const struct trace_config *config)
{
	struct trace *t = malloc(sizeof(*t));

	if (!t)
		return NULL;
	/* Not calloc: the buffer's pages are touched when they are used. */
	memset(t, 0, offsetof(struct trace, buffer));
	t->config = *config;
	t->due = 1;
	if (config->summary) {
		t->summary = summary_create();
		if (!t->summary) {
			free(t);
			return NULL;
		}
	}
	if (config->text) {
		t->each_line =
			config->text == stderr || isatty(fileno(config->text));
		t->used = strlen(text_header);
		memcpy(t->buffer, text_header, t->used);
	}
	return t;
}

static int check_seq(struct trace *t, uint64_t seq)
{
	if (seq == t->due) {
		t->due++;
		return 0;
	}
	if (seq > t->due) {
		t->lost += seq - t->due;
		t->due = seq + 1;
	} else {
		t->repeated++;
	}
	return -EPROTO;
}

void trace_start(struct trace *t, uint64_t tsc)
{
	t->config.tsc_start = tsc;
}

int trace_fault(struct trace *t, const struct hv_fault *record)
{
	t->count++;
	if (t->summary)
		summary_add(t->summary, &t->config, record);
	if (t->config.text) {
		if (BUFFER_SIZE - t->used < TEXT_LINE_MAX)
			trace_flush(t);
		t->used += text_line(&t->config, record, t->buffer + t->used);
		if (t->each_line)
			trace_flush(t);
	}
	return check_seq(t, record->seq);
}

void trace_event(struct trace *t, uint64_t tsc, int pid, int tid,
		 const char *text)
{
	uint64_t khz = t->config.tsc_khz ? t->config.tsc_khz : 1;
	double s = (double)(tsc - t->config.tsc_start) / ((double)khz * 1000);

	if (!t->config.text)
		return;
	if (BUFFER_SIZE - t->used < TEXT_LINE_MAX)
		trace_flush(t);
	t->used += (size_t)snprintf(t->buffer + t->used, TEXT_LINE_MAX,
				    "# %9.6f %5d/%-5d %.200s\n", s, pid, tid,
				    text);
	if (t->each_line)
		trace_flush(t);
}

void trace_forget_symbols(struct trace *t)
{
	t->config.symbols = NULL;
}

uint64_t trace_count(const struct trace *t)
{
	return t->count;
}

int trace_error(const struct trace *t)
{
	return t->write_error;
}

void trace_each_line(struct trace *t)
{
	t->each_line = true;
	trace_flush(t);
}

void trace_end(struct trace *t)
{
	trace_flush(t);
	if (!t->config.text || t->config.text == stderr || t->write_error)
		return;
	t->used = (size_t)snprintf(t->buffer, BUFFER_SIZE,
				   "# end: %" PRIu64 " faults, %" PRIu64
				   " lost\n",
				   t->count, t->lost);
	trace_flush(t);
}

void trace_finish(struct trace *t, FILE *out)
{
	trace_flush(t);
	if (t->summary)
		summary_print(t->summary, t->config.tsc_khz, out);
	fprintf(out, "%" PRIu64 " faults, %" PRIu64 " lost", t->count, t->lost);
	if (t->repeated)
		fprintf(out, ", %" PRIu64 " repeated", t->repeated);
	fputc('\n', out);
}

void trace_destroy(struct trace *t)
{
	if (!t)
		return;
	trace_flush(t);
	summary_destroy(t->summary);
	free(t);
}
