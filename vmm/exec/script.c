/* script.c: see script.h. */
#include "script.h"

#include <errno.h>
#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The first in [at, last] that is no blank, or ends a word; or NULL. */
static char *find_word(char *at, char *last)
{
	while (at <= last && is_blank(*at))
		at++;
	return at <= last ? at : NULL;
}

static char *find_end(char *at, char *last)
{
	while (at <= last && *at && !is_blank(*at))
		at++;
	return at <= last ? at : NULL;
}

/*
 * The line's end: at its newline; without one, the last byte, if a word ends
 * before it. NULL: the name of the interpreter may have been cut.
 */
static char *line_end(char *head, char *last)
{
	char *end = NULL, *word;

	for (char *at = head; !end && at <= last && *at; at++)
		if (*at == '\n')
			end = at;
	if (end)
		return end;
	word = find_word(head + 2, last);
	return word && find_end(word, last) ? last : NULL;
}

int script_parse(struct script *s)
{
	char *last = s->head + SCRIPT_HEAD - 1, *end, *name, *behind;

	s->interp = s->argument = NULL;
	if (s->head[0] != '#' || s->head[1] != '!')
		return 0;
	end = line_end(s->head, last);
	if (!end)
		return -ENOEXEC;
	while (is_blank(end[-1]))
		end--;
	name = find_word(s->head + 2, end);
	if (!name || name == end)
		return -ENOEXEC;
	behind = find_end(name, end);
	if (behind && *behind)
		s->argument = find_word(behind, end);
	*end = '\0';
	if (s->argument)
		*behind = '\0';
	s->interp = name;
	return 1;
}
