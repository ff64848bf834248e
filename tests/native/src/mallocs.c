/* mallocs.c: many sizes, written, moved and checked; what failed is said.
 * Argument: fewer rounds. */
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NR 2000

static unsigned char *block[NR];
static size_t size[NR];
static uint32_t seed = 1;

static uint32_t next(void)
{
	return seed = seed * 1664525u + 1013904223u;
}

static int intact(int i)
{
	for (size_t j = 0; j < size[i]; j += 97)
		if (block[i][j] != (unsigned char)(i + j))
			return 0;
	return 1;
}

static void fill(int i)
{
	for (size_t j = 0; j < size[i]; j++)
		block[i][j] = (unsigned char)(i + j);
}

static void churn(int rounds)
{
	int bad = 0;
	size_t total = 0;

	for (int round = 0; round < rounds; round++) {
		int i = (int)(next() >> 8) % NR;

		if (block[i] && !intact(i))
			bad++;
		free(block[i]);
		size[i] = (next() >> 8) % (1u << (next() >> 28));
		block[i] = malloc(size[i] + 1);
		fill(i);
		total += size[i];
	}
	printf("bad %d, total %zu\n", bad, total);
}

static void one_of_each(size_t largest)
{
	for (size_t n = 1; n <= largest; n *= 4) {
		unsigned char *p = calloc(1, n);
		size_t nonzero = 0;

		for (size_t j = 0; p && j < n; j += 512)
			nonzero += p[j];
		if (p)
			memset(p, 0xa5, n);
		p = realloc(p, 2 * n);
		printf("%zu: %s, nonzero %zu, last %#x\n", n,
		       p ? "ok" : "failed", nonzero, p ? p[n - 1] : 0);
		free(p);
	}
}

int main(int argc, char **argv)
{
	void *p = NULL;

	one_of_each(argc > 1 ? 1u << 20 : 64u << 20);
	churn(argc > 1 ? atoi(argv[1]) : 20000);
	for (int i = 0; i < NR; i++)
		free(block[i]);
	printf("aligned %d", posix_memalign(&p, 65536, 100));
	printf(" %d\n", (int)((uintptr_t)p & 65535));
	free(p);
	p = malloc(SIZE_MAX / 4);
	printf("absurd size %s\n", p ? "given" : "refused");
	return 0;
}
