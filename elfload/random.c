/*
 * random.c: the random numbers of one exec.
 *
 * From getrandom(2), or from a seed by SplitMix64 (Steele, Lea, Flood: Fast
 * Splittable Pseudorandom Number Generators, 2014). Repeatable layouts are for
 * teaching and tests, not for defence.
 */
#include "internal.h"
#include <sys/random.h>

void exec_random_init(struct exec_random *r, const struct elfload_params *p)
{
	r->mode = p->aslr;
	r->state = p->aslr_seed;
}

static uint64_t splitmix64(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ull;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

uint64_t exec_random_draw(struct exec_random *r)
{
	uint64_t v;

	if (r->mode == ELFLOAD_ASLR_OFF)
		return 0;
	if (r->mode == ELFLOAD_ASLR_SEED)
		return splitmix64(&r->state);
	/* Requests up to 256 bytes are not cut short (getrandom(2)). */
	while (getrandom(&v, sizeof(v), 0) != (ssize_t)sizeof(v))
		;
	return v;
}
