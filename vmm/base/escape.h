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

/* Room for len bytes of escaped text, and terminator. */
#define ESCAPE_TEXT_MAX(len) (4 * (len) + 1)

/*
 * For a terminal: copy len bytes of src to dst with control characters, those
 * of U+0080 to U+009F too, and all that is not UTF-8 as \xNN, but for the
 * characters in `keep`. Returns the length.
 */
size_t escape_text(char *dst, const char *src, size_t len, const char *keep);

#endif
