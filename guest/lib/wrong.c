/* wrong.c: see wrong.h. */
#include "wrong.h"

#include "print.h"

const char *wrong(const char *fmt, ...)
{
	static char text[200]; /* a panic has room for it, and for more */
	va_list args;

	va_start(args, fmt);
	print_format(text, sizeof(text), fmt, args);
	va_end(args);
	return text;
}
