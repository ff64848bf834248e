/*
 * escape.h: names from untrusted files, safe to print and to split at blanks.
 */
#ifndef ESCAPE_H
#define ESCAPE_H

#include <stddef.h>

/* Characters of a name that are shown at most. */
#define ESCAPE_CHARS 255
/* Room for any escaped name: 4 bytes a character, "...", terminator. */
#define ESCAPE_MAX (4 * ESCAPE_CHARS + 4)

/*
 * Copy src to dst with blanks, backslashes and all that is not printable ASCII
 * as \ooo, as /proc/PID/maps writes a newline. A longer name is cut after
 * ESCAPE_CHARS characters and ends in "...". Returns the length.
 */
size_t escape_name(char dst[static ESCAPE_MAX], const char *src);

#endif
