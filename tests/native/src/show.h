/*
 * show.h: a call and what it gave, as one line of text.
 *
 * The text is the same in every run; nothing here prints an address, a pid or
 * a time. SHOW prints the result, SHOW_OK only whether it was zero or above.
 */
#ifndef SHOW_H
#define SHOW_H

#include <errno.h>
#include <stdio.h>
#include <string.h>

static inline void show_result(const char *what, long result, int err)
{
	if (result == -1)
		printf("%s = -1 (%s)\n", what, strerror(err));
	else
		printf("%s = %ld\n", what, result);
}

static inline void show_ok(const char *what, long result, int err)
{
	printf("%s: %s\n", what, result < 0 ? strerror(err) : "ok");
}

#define SHOW(call)                                                             \
	do {                                                                   \
		long result_;                                                  \
		errno = 0;                                                     \
		result_ = (long)(call);                                        \
		show_result(#call, result_, errno);                            \
	} while (0)

#define SHOW_OK(call)                                                          \
	do {                                                                   \
		long result_;                                                  \
		errno = 0;                                                     \
		result_ = (long)(call);                                        \
		show_ok(#call, result_, errno);                                \
	} while (0)

#endif
