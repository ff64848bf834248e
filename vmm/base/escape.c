/*
 * escape.c: names from untrusted files, safe to print and to split at blanks.
 */
#include "escape.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
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

/* The bytes of the character at s that a terminal shows, or 0. */
static size_t shown(const unsigned char *s, size_t left)
{
	static const uint32_t least[] = {0, ' ', 0xa0, 0x800, 0x10000};
	size_t n = s[0] < 0x80	 ? 1
		   : s[0] < 0xc2 ? 0
		   : s[0] < 0xe0 ? 2
		   : s[0] < 0xf0 ? 3
		   : s[0] < 0xf5 ? 4
				 : 0;
	uint32_t c = n > 1 ? s[0] & 0x7fu >> n : s[0];

	if (!n || n > left)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < least[n] || c == 0x7f || (c >= 0xd800 && c < 0xe000) ||
	    c > 0x10ffff)
		return 0;
	return n;
}

size_t escape_text(char *dst, const char *src, size_t len, const char *keep)
{
	char *p = dst;

	for (size_t i = 0, n; i < len; i += n) {
		n = shown((const unsigned char *)src + i, len - i);
		if (!n && src[i] && strchr(keep, src[i]))
			n = 1;
		if (n) {
			memcpy(p, src + i, n);
			p += n;
		} else {
			p += sprintf(p, "\\x%02x", (unsigned char)src[i]);
			n = 1;
		}
	}
	*p = 0;
	return (size_t)(p - dst);
}
