/* script.c: see script.h. */
#include "script.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES 256 /* BINPRM_BUF_SIZE */
#define DEPTH_MAX      5

static int fail(struct elfload_error *e, int err, const char *text)
{
	e->err = err;
	snprintf(e->text, sizeof(e->text), "%s", text);
	return -err;
}

/* The first bytes of the file; len 0 if they are not "#!". */
static int read_line(const char *file, char line[LINE_MAX_BYTES + 1],
		     size_t *len, struct elfload_error *e)
{
	int fd = elfload_open(file, e);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = pread(fd, line, LINE_MAX_BYTES, 0);
	close(fd);
	*len = n < 2 || line[0] != '#' || line[1] != '!' ? 0 : (size_t)n;
	line[*len] = '\0';
	return 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/*
 * The interpreter and its argument (NULL if none) in line, which is cut up. A
 * line that does not end within the buffer must at least end its first word.
 */
static int parse_line(char *line, size_t len, char **interp, char **argument,
		      struct elfload_error *e)
{
	char *end = memchr(line, '\n', len), *at = line + 2;
	bool whole = end || len < LINE_MAX_BYTES;

	if (!end)
		end = line + strlen(line);
	while (end > at && is_blank(end[-1]))
		end--;
	*end = '\0';
	at += strspn(at, " \t");
	*interp = at;
	at += strcspn(at, " \t");
	if (!**interp || (!*at && !whole))
		return fail(e, ENOEXEC,
			    "a script whose first line names no interpreter, "
			    "or too long a one");
	if (*at)
		*at++ = '\0';
	at += strspn(at, " \t");
	*argument = *at ? at : NULL;
	return 0;
}

/* interp [argument] file argv[1..] */
static char **new_argv(char *interp, char *argument, char *file, char **old)
{
	size_t n = 0, given = 0;
	char **argv;

	while (old[given])
		given++;
	argv = calloc(given + 4, sizeof(*argv));
	if (!argv)
		return NULL;
	argv[n++] = strdup(interp);
	if (argument)
		argv[n++] = strdup(argument);
	argv[n++] = strdup(file);
	for (size_t i = 1; i < given; i++)
		argv[n++] = strdup(old[i]);
	for (size_t i = 0; i < n; i++)
		if (!argv[i])
			n = 0; /* freed below, up to the first hole */
	if (n)
		return argv;
	for (char **p = argv; *p; p++)
		free(*p);
	free(argv);
	return NULL;
}

void script_free(struct script *s)
{
	for (char **p = s->argv; p && *p; p++)
		free(*p);
	free(s->argv);
	free(s->file);
	*s = (struct script){0};
}

/* s becomes the interpreter, with the script as its argument. */
static int descend(struct script *s, char *interp, char *argument)
{
	struct script next = {
		.file = strdup(interp),
		.argv = new_argv(interp, argument, s->file, s->argv),
	};

	if (!next.file || !next.argv) {
		script_free(&next);
		return -ENOMEM;
	}
	script_free(s);
	*s = next;
	return 0;
}

int script_follow(struct script *s, const char *file, const char *const *argv,
		  struct elfload_error *e)
{
	char line[LINE_MAX_BYTES + 1], *interp, *argument;
	size_t len, n = 0;

	*s = (struct script){.file = strdup(file)};
	while (argv[n])
		n++;
	s->argv = calloc(n + 1, sizeof(*s->argv));
	if (!s->file || !s->argv)
		return fail(e, ENOMEM, "no memory");
	for (size_t i = 0; i < n; i++) {
		s->argv[i] = strdup(argv[i]);
		if (!s->argv[i])
			return fail(e, ENOMEM, "no memory");
	}
	for (int depth = 0; depth <= DEPTH_MAX; depth++) {
		int ret = read_line(s->file, line, &len, e);

		if (ret || !len)
			return ret;
		ret = parse_line(line, len, &interp, &argument, e);
		if (ret)
			return ret;
		if (descend(s, interp, argument))
			return fail(e, ENOMEM, "no memory");
	}
	return fail(e, ELOOP, "a script of a script, too many deep");
}
