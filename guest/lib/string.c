/*
 * string.c: small and short. Whole pages go through arch_page_*, not here.
 */
#include "string.h"

#include <stdint.h>

void *memset(void *dst, int byte, size_t n)
{
	uint8_t *p = dst;
	uint64_t word = 0x0101010101010101ull * (uint8_t)byte;

	for (; n >= 8; n -= 8, p += 8)
		__builtin_memcpy(p, &word, 8);
	while (n--) {
		*p++ = (uint8_t)byte;
		__asm__ volatile("" ::: "memory"); /* not memset again */
	}
	return dst;
}

void *memmove(void *dst, const void *src, size_t n)
{
	uint8_t *d = dst;
	const uint8_t *s = src;

	if (d > s && d < s + n) {
		while (n--)
			d[n] = s[n];
		return dst;
	}
	for (; n >= 8; n -= 8, d += 8, s += 8) {
		uint64_t word;

		__builtin_memcpy(&word, s, 8);
		__builtin_memcpy(d, &word, 8);
	}
	for (size_t i = 0; i < n; i++)
		d[i] = s[i];
	return dst;
}

void *memcpy(void *dst, const void *src, size_t n)
{
	return memmove(dst, src, n);
}

int memcmp(const void *a, const void *b, size_t n)
{
	const uint8_t *x = a, *y = b;

	for (size_t i = 0; i < n; i++)
		if (x[i] != y[i])
			return x[i] < y[i] ? -1 : 1;
	return 0;
}

size_t strlen(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}
