/*
 * bits.h: the lowest and the highest bit that is set; setting one.
 *
 * By bsf and bsr themselves: what gcc makes of __builtin_ctz is `rep bsf`,
 * which is tzcnt, and nobody has promised that an interpreter of CPL 0 knows
 * that.
 */
#ifndef BITS_H
#define BITS_H

#include <stdbool.h>
#include <stdint.h>

/* Number of the lowest bit set; value must not be 0. */
static inline unsigned bit_lowest(uint64_t value)
{
	uint64_t bit;

	__asm__("bsf %1, %0" : "=r"(bit) : "rm"(value) : "cc");
	return (unsigned)bit;
}

/* Number of the highest bit set; value must not be 0. */
static inline unsigned bit_highest(uint64_t value)
{
	uint64_t bit;

	__asm__("bsr %1, %0" : "=r"(bit) : "rm"(value) : "cc");
	return (unsigned)bit;
}

/* Set bit n % 64; true if it was set. */
static inline bool bit_set(uint64_t *word, uint64_t n)
{
	bool was;

	__asm__("bts %2, %1" : "=@ccc"(was), "+r"(*word) : "r"(n));
	return was;
}

#endif
