/* log.c: see log.h. */
#include "log.h"

#include <inttypes.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#define HEX	"0x[0-9a-f]+"
#define OR_NONE "|-)"
#define GAP	" +"

static const char pattern[] =
	"^ *[0-9]+\\.[0-9]{6}" GAP "[0-9]+/[0-9]+" GAP HEX GAP
	"(user|kern):[rwx]" GAP "(M|H|MH" OR_NONE GAP HEX GAP
	"(anon-zero|zero-page|file-read|file-cow|cow|reuse|shared-write|"
	"stack-growth|swap-in|huge|spurious|segv-maperr|segv-accerr|"
	"segv-pkuerr|segv-guard|sigbus|oom)" GAP "[0-9]+\\.[0-9]{2}" GAP
	"(" HEX OR_NONE GAP "([0-9]+" OR_NONE GAP "(" HEX OR_NONE GAP
	"(\\+[0-9]+" OR_NONE GAP "([r-][w-][x-][ps]" OR_NONE GAP
	"([^ ]+\\+" HEX OR_NONE "( [^ ]+\\+" HEX ")?$";

static const char header[] =
	"#    time/s     pid/tid        address access fl             ip "
	"outcome             us     frame ord old-frame around prot "
	"mapping+offset function";

/* "name+0x12" -> name, 0x12; names may hold a '+'. */
static uint64_t cut_offset(char *name)
{
	char *plus = strrchr(name, '+');
	uint64_t offset;

	if (!plus)
		return 0;
	offset = strtoull(plus + 1, NULL, 16);
	*plus = '\0';
	return offset;
}

static void read_record(struct log_line *l, const char *text)
{
	char frame[24], order[24], old[24], around[24];
	int n;

	*l = (struct log_line){0};
	n = sscanf(text,
		   "%lf %u/%u %" SCNx64 " %7s %3s %" SCNx64 " %15s %*s %23s "
		   "%23s %23s %23s %7s %255s %255s",
		   &l->time, &l->pid, &l->tid, &l->addr, l->access, l->flags,
		   &l->ip, l->outcome, frame, order, old, around, l->prot,
		   l->mapping, l->function);
	cr_assert(n >= 14, "%s", text);
	l->frame = strtoull(frame, NULL, 16);
	l->old_frame = strtoull(old, NULL, 16);
	l->around = (unsigned)strtoul(around, NULL, 10);
	l->offset = cut_offset(l->mapping);
	cut_offset(l->function);
}

static void read_line(struct log *log, const regex_t *record, const char *text)
{
	uint64_t lost = 0;
	int end = 0;

	if (!strncmp(text, "vmm: ", 5))
		return;
	if (!strncmp(text, "# end: ", 7))
		text += 7;
	if (sscanf(text, "%" SCNu64 " faults, %" SCNu64 " lost%n",
		   &log->counted, &lost, &end) == 2 &&
	    !text[end]) {
		cr_assert(!lost && !log->closed, "%s", text);
		log->closed = true;
		return;
	}
	cr_assert(regexec(record, text, 0, NULL, 0) == 0,
		  "not as documented: \"%s\"", text);
	cr_assert(!log->closed, "a record behind the closing line: %s", text);
	read_record(&log->line[log->n++], text);
}

void log_read(struct log *log, const char *text)
{
	char *copy = strdup(text), *rest = copy, *line;
	regex_t record;
	size_t room = 0;

	for (const char *p = text; *p; p++)
		room += *p == '\n';
	*log = (struct log){.line = calloc(room + 1, sizeof(*log->line))};
	cr_assert(copy && log->line, "no memory");
	cr_assert(!*text || text[strlen(text) - 1] == '\n',
		  "the last line is not whole");
	cr_assert(regcomp(&record, pattern, REG_EXTENDED | REG_NOSUB) == 0);
	line = strsep(&rest, "\n");
	cr_assert(!strcmp(line, header), "not the header: \"%s\"", line);
	while (rest && *rest)
		read_line(log, &record, strsep(&rest, "\n"));
	regfree(&record);
	free(copy);
}

void log_read_closed(struct log *log, const char *text)
{
	log_read(log, text);
	cr_assert(log->closed, "no closing line: %s", text);
	cr_assert(log->counted == log->n, "%" PRIu64 " faults, %zu lines",
		  log->counted, log->n);
}

void log_free(struct log *log)
{
	free(log->line);
	*log = (struct log){0};
}

size_t log_count(const struct log *log, const char *outcome,
		 const char *mapping)
{
	size_t n = 0;

	for (size_t i = 0; i < log->n; i++) {
		const struct log_line *l = &log->line[i];

		n += (!outcome || !strcmp(l->outcome, outcome)) &&
		     (!mapping || !strcmp(l->mapping, mapping));
	}
	return n;
}

bool log_is_mmap(const struct log_line *l)
{
	return !strcmp(l->mapping, "[anon]") && l->addr > 1ull << 44;
}

void log_compare(const struct log *a, const struct log *b)
{
	for (size_t i = 0; i < a->n && i < b->n; i++) {
		const struct log_line *x = &a->line[i], *y = &b->line[i];

		cr_assert(x->addr == y->addr && x->ip == y->ip &&
				  x->around == y->around &&
				  !strcmp(x->access, y->access) &&
				  !strcmp(x->flags, y->flags) &&
				  !strcmp(x->outcome, y->outcome) &&
				  !strcmp(x->prot, y->prot) &&
				  !strcmp(x->mapping, y->mapping),
			  "record %zu: %s at %#" PRIx64 " by %#" PRIx64
			  " is %s +%u; but %s at %#" PRIx64 " by %#" PRIx64
			  " is %s +%u",
			  i + 1, x->access, x->addr, x->ip, x->outcome,
			  x->around, y->access, y->addr, y->ip, y->outcome,
			  y->around);
	}
	cr_assert(a->n == b->n, "%zu and %zu records", a->n, b->n);
}
