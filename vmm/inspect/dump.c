/* dump.c: see dump.h. */
#include "dump.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "escape.h"
#include "message.h"
#include "procfs.h"

#define NAME_LAYOUT "layout"

/* Is it "", or the only moment there is, "@exit"? */
static bool is_moment(const char *text)
{
	return !*text || !strcmp(text, "@exit");
}

static int unknown(const char *name, int len)
{
	char names[512] = NAME_LAYOUT;
	const char *one;

	for (unsigned i = 0; (one = procfs_dump_name(i)); i++) {
		size_t used = strlen(names);

		snprintf(names + used, sizeof(names) - used, " %s", one);
	}
	error("--dump: no '%.*s'; there are: %s", len, name, names);
	return -EINVAL;
}

static int add(struct dump *d, const char *name, size_t len)
{
	char buf[32];
	unsigned number;

	snprintf(buf, sizeof(buf), "%.*s", (int)len, name);
	if (len == strlen(NAME_LAYOUT) && !strcmp(buf, NAME_LAYOUT)) {
		d->layout = true;
		return 0;
	}
	number = len < sizeof(buf) ? procfs_find_dump(buf) : PROCFS_NONE;
	if (!number)
		return unknown(name, (int)len);
	if (d->n == DUMP_MAX) {
		error("--dump: at most %d files", DUMP_MAX);
		return -EINVAL;
	}
	d->what[d->n++] = number;
	return 0;
}

int dump_parse(struct dump *d, const char *text)
{
	size_t len = strcspn(text, "@");

	if (!is_moment(text + len)) {
		error("--dump: no moment '%s'; there is: @exit", text + len);
		return -EINVAL;
	}
	for (;;) {
		size_t n = strcspn(text, ",@");
		int ret = add(d, text, n);

		if (ret || text[n] != ',')
			return ret;
		text += n + 1;
	}
}

int dump_parse_walk(struct dump *d, const char *text)
{
	const char *why = "is no address; try --walk=0x401000";
	unsigned long va;
	char *end;

	errno = 0;
	va = strtoul(text, &end, 0);
	if (isdigit((unsigned char)*text) && !errno && is_moment(end)) {
		if (d->nr_walks < DUMP_WALKS) {
			d->walk[d->nr_walks++] = va;
			return 0;
		}
		why = "is one too many";
	}
	error("--walk: '%s' %s (the moment: @exit)", text, why);
	return -EINVAL;
}

bool dump_any(const struct dump *d)
{
	return d->n || d->layout || d->nr_walks;
}

/* ---- Printing ---------------------------------------------------------- */

/* What is no text: strings end with NUL, and auxv is pairs of words. */
static const char *const auxv_names[] = {
	[0] = "NULL",
	[1] = "IGNORE",
	[2] = "EXECFD",
	[3] = "PHDR",
	[4] = "PHENT",
	[5] = "PHNUM",
	[6] = "PAGESZ",
	[7] = "BASE",
	[8] = "FLAGS",
	[9] = "ENTRY",
	[10] = "NOTELF",
	[11] = "UID",
	[12] = "EUID",
	[13] = "GID",
	[14] = "EGID",
	[15] = "PLATFORM",
	[16] = "HWCAP",
	[17] = "CLKTCK",
	[23] = "SECURE",
	[24] = "BASE_PLATFORM",
	[25] = "RANDOM",
	[26] = "HWCAP2",
	[27] = "RSEQ_FEATURE_SIZE",
	[28] = "RSEQ_ALIGN",
	[29] = "HWCAP3",
	[30] = "HWCAP4",
	[31] = "EXECFN",
	[33] = "SYSINFO_EHDR",
	[51] = "MINSIGSTKSZ",
};

static void print_auxv(const char *text, size_t size, FILE *out)
{
	unsigned long pair[2];

	for (; size >= sizeof(pair); size -= sizeof(pair)) {
		const char *name = NULL;
		char number[24];

		memcpy(pair, text, sizeof(pair));
		text += sizeof(pair);
		if (pair[0] < sizeof(auxv_names) / sizeof(auxv_names[0]))
			name = auxv_names[pair[0]];
		snprintf(number, sizeof(number), "%lu", pair[0]);
		fprintf(out, "AT_%-18s %#lx\n", name ? name : number, pair[1]);
	}
}

/* Each string a line. Returns the length. */
static size_t escape_strings(char *dst, const char *text, size_t size)
{
	size_t len = 0, n;

	for (; size; text += n, size -= n) {
		n = strnlen(text, size);
		len += escape_text(dst + len, text, n, "");
		n += n < size; /* its NUL */
		dst[len++] = '\n';
	}
	return len;
}

/* What is in it may come from the program: a terminal must not act on it. */
static void print_escaped(const char *text, size_t size, bool strings,
			  FILE *out)
{
	char *plain = malloc(ESCAPE_TEXT_MAX(size));
	size_t len;

	if (!plain) {
		error("--dump: %s", strerror(ENOMEM));
		return;
	}
	len = strings ? escape_strings(plain, text, size)
		      : escape_text(plain, text, size, "\n\t");
	fwrite(plain, 1, len, out);
	free(plain);
}

static void print_text(unsigned number, const char *text, size_t size,
		       FILE *out)
{
	const char *name = procfs_name(number);

	bool strings = !strcmp(name, "environ") || !strcmp(name, "cmdline");

	if (!strcmp(name, "auxv"))
		print_auxv(text, size, out);
	else
		print_escaped(text, size, strings, out);
}

static void print_file(unsigned number, struct thread *t, FILE *out)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);
	int ret = f ? procfs_show(t, number, 0, f) : -ENOMEM;

	if (f && fclose(f))
		ret = ret ? ret : -ENOMEM;
	if (ret)
		error("--dump: %s: %s", procfs_name(number), strerror(-ret));
	else
		print_text(number, text, size, out);
	free(text);
}

void dump_print(const struct dump *d, struct thread *t, FILE *out)
{
	bool titles = d->n + d->layout > 1;

	for (unsigned i = 0; i < d->n; i++) {
		if (titles)
			fprintf(out, "==> %s <==\n", procfs_name(d->what[i]));
		print_file(d->what[i], t, out);
	}
	if (titles && d->layout)
		fprintf(out, "==> " NAME_LAYOUT " <==\n");
}
