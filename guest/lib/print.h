/* print.h: formatting without libc, for panics and debugging. */
#ifndef PRINT_H
#define PRINT_H

#include <stdarg.h>
#include <stddef.h>

/*
 * As vsnprintf, for %s %c %d %i %u %x %p %%, with `#`, `0`, a width, and any of
 * l, ll, z. Always terminates dst (size > 0); returns the length written.
 */
size_t print_format(char *dst, size_t size, const char *fmt, va_list args);

#endif
