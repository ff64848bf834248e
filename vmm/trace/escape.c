/*
 * escape.c: names from untrusted files, safe to print and to split at blanks.
 */
#include "escape.h"

#include <stdbool.h>
#include <string.h>

static bool is_plain(unsigned char c)
{
	return c > ' ' && c < 0x7f && c != '\\';
}

static char *put_octal(char *p, unsigned char c)
{
	*p++ = '\\';
	*p++ = (char)('0' + (c >> 6));
	*p++ = (char)('0' + (c >> 3 & 7));
	*p++ = (char)('0' + (c & 7));
	return p;
}

size_t escape_name(char dst[static ESCAPE_MAX], const char *src)
{
	char *p = dst;
	size_t i;

	for (i = 0; i < ESCAPE_CHARS && src[i]; i++) {
		unsigned char c = (unsigned char)src[i];

		if (is_plain(c))
			*p++ = (char)c;
		else
			p = put_octal(p, c);
	}
	if (i == ESCAPE_CHARS && src[i]) {
		memcpy(p, "...", 3);
		p += 3;
	}
	*p = 0;
	return (size_t)(p - dst);
}
