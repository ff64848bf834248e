/*
 * random.h: random numbers, the same from the same seed; for programs without a
 * C library, too. Low bits of the seed repeat soon (Knuth, TAOCP vol.
 * 2, 3.2.1): what is drawn are high ones.
 */
#ifndef RANDOM_H
#define RANDOM_H

#include <stdint.h>

/* 31 bits. */
static inline uint32_t random_next(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(*seed >> 33);
}

/* In [0, n), for n of at most 31 bits. */
static inline uint64_t random_below(uint64_t *seed, uint64_t n)
{
	return random_next(seed) % n;
}

#endif
