/*
 * panic.c: the end of a kernel that has found a mistake of its own (panic.h):
 * the host gets the text, and never runs the guest again.
 */
#include "panic.h"

#include <stdarg.h>

#include "hv.h"
#include "print.h"

void panic(const char *fmt, ...)
{
	char text[252];
	va_list args;

	va_start(args, fmt);
	print_format(text, sizeof(text), fmt, args);
	va_end(args);
	hv_panic(text);
}
