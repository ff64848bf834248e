/*
 * print.c: see print.h.
 */
#include "print.h"

#include <stdbool.h>
#include <stdint.h>

struct sink {
	char *dst;
	size_t size, len;
};

struct spec {
	bool alternate, zeros, is_long;
	unsigned width;
};

static void put_char(struct sink *s, char c)
{
	if (s->len + 1 < s->size)
		s->dst[s->len++] = c;
}

static void put_number(struct sink *s, uint64_t value, unsigned base,
		       bool negative, const struct spec *spec)
{
	char digits[24];
	unsigned n = 0;
	unsigned prefix = negative + (spec->alternate && base == 16 ? 2 : 0);

	do {
		digits[n++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	if (!spec->zeros)
		for (unsigned i = n + prefix; i < spec->width; i++)
			put_char(s, ' ');
	if (negative)
		put_char(s, '-');
	if (spec->alternate && base == 16) {
		put_char(s, '0');
		put_char(s, 'x');
	}
	if (spec->zeros)
		for (unsigned i = n + prefix; i < spec->width; i++)
			put_char(s, '0');
	while (n)
		put_char(s, digits[--n]);
}

static const char *parse_spec(const char *fmt, struct spec *spec)
{
	*spec = (struct spec){0};
	for (;; fmt++) {
		if (*fmt == '#')
			spec->alternate = true;
		else if (*fmt == '0')
			spec->zeros = true;
		else
			break;
	}
	for (; *fmt >= '0' && *fmt <= '9'; fmt++)
		spec->width = spec->width * 10 + (unsigned)(*fmt - '0');
	for (; *fmt == 'l' || *fmt == 'z'; fmt++)
		spec->is_long = true;
	return fmt;
}

size_t print_format(char *dst, size_t size, const char *fmt, va_list args)
{
	struct sink s = {dst, size, 0};
	struct spec spec;

	for (; *fmt; fmt++) {
		if (*fmt != '%') {
			put_char(&s, *fmt);
			continue;
		}
		fmt = parse_spec(fmt + 1, &spec);
		if (*fmt == 's') {
			const char *text = va_arg(args, const char *);

			while (*text)
				put_char(&s, *text++);
		} else if (*fmt == 'c') {
			put_char(&s, (char)va_arg(args, int));
		} else if (*fmt == 'd' || *fmt == 'i') {
			int64_t v = spec.is_long ? va_arg(args, int64_t)
						 : va_arg(args, int);

			put_number(&s, v < 0 ? -(uint64_t)v : (uint64_t)v, 10,
				   v < 0, &spec);
		} else if (*fmt == 'u' || *fmt == 'x' || *fmt == 'p') {
			uint64_t v = spec.is_long || *fmt == 'p'
					     ? va_arg(args, uint64_t)
					     : va_arg(args, unsigned);

			spec.alternate |= *fmt == 'p';
			put_number(&s, v, *fmt == 'u' ? 10 : 16, false, &spec);
		} else if (*fmt) {
			put_char(&s, *fmt);
		} else {
			break;
		}
	}
	dst[s.len] = '\0';
	return s.len;
}
