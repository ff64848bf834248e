/* message.c: see message.h. */
#include "message.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "escape.h"

static bool quiet, verbose;

void message_level(bool be_quiet, bool be_verbose)
{
	quiet = be_quiet;
	verbose = be_verbose;
}

/*
 * One write for each line, so that lines of program and vmm don't mix. What is
 * in it may come from a file: a terminal must not act on it.
 */
static void say(const char *fmt, va_list args)
{
	char line[2 * PATH_MAX + 512], plain[ESCAPE_TEXT_MAX(sizeof(line))];
	int len = vsnprintf(line, sizeof(line), fmt, args);

	if (len >= (int)sizeof(line))
		line[sizeof(line) - 2] = '>';
	escape_text(plain, line, strlen(line), "");
	fprintf(stderr, "vmm: %s\n", plain);
}

#define SAY_IF(cond)                                                           \
	do {                                                                   \
		va_list args;                                                  \
		if (!(cond))                                                   \
			return;                                                \
		va_start(args, fmt);                                           \
		say(fmt, args);                                                \
		va_end(args);                                                  \
	} while (0)

void error(const char *fmt, ...)
{
	SAY_IF(true);
}

void note(const char *fmt, ...)
{
	SAY_IF(!quiet);
}

void detail(const char *fmt, ...)
{
	SAY_IF(verbose);
}
