/*
 * bits.h: the lowest and the highest bit that is set.
 *
 * By bsf and bsr themselves: what gcc makes of __builtin_ctz is `rep bsf`,
 * which is tzcnt, and nobody has promised that an interpreter of CPL 0 knows
 * that.
 */
#ifndef BITS_H
#define BITS_H

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

#endif
