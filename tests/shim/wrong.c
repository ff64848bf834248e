/* wrong.c: see guest/lib/wrong.h. */
#include "wrong.h"

#include <stdarg.h>
#include <stdio.h>

const char *wrong(const char *fmt, ...)
{
	static char text[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return text;
}
