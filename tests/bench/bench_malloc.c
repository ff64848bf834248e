/*
 * bench_malloc.c: the cases of bench_alloc.c with malloc and free: run it with
 * LD_PRELOAD to try another allocator. A page is malloc(4096), a block of order
 * n is malloc(4096 << n): no allocator of user space keeps frames, so these
 * only say what a program would pay for as many bytes.
 */
#include <stdint.h>
#include <stdlib.h>

#include "loop.h"
#include "page_size.h"

#define BATCH 1000

static void *objects[BATCH];
static void *volatile sink; /* or the pair is optimised away */

static void pair(size_t size)
{
	sink = malloc(size);
	free(sink);
}

static void batch(size_t size)
{
	for (unsigned i = 0; i < BATCH; i++)
		objects[i] = malloc(size);
	for (unsigned i = 0; i < BATCH; i++)
		free(objects[i]);
	sink = objects[0];
}

static void page_pair(void)
{
	pair(PAGE);
}

static void page_batch(void)
{
	batch(PAGE);
}

static void page_mix(void)
{
	static const uint8_t orders[] = {0, 3, 0, 1, 0, 9, 0, 2, 0, 4,
					 0, 5, 0, 6, 0, 7, 0, 8, 0, 10};
	enum { N = sizeof(orders) };

	for (unsigned i = 0; i < N; i++)
		objects[i] = malloc((size_t)PAGE << orders[i]);
	for (unsigned i = 0; i < N; i++)
		free(objects[i * 7 % N]);
	sink = objects[0];
}

static void pair_64(void)
{
	pair(64);
}

static void pair_192(void)
{
	pair(192);
}

static void batch_64(void)
{
	batch(64);
}

static void batch_192(void)
{
	batch(192);
}

const struct bench_case bench_cases[] = {
	{"page-pair", page_pair, 1, 5000000, 1000},
	{"page-batch", page_batch, BATCH, 300, 30},
	{"page-mix", page_mix, 20, 5000, 100},
	{"pair-64", pair_64, 1, 5000000, 1000},
	{"batch-64", batch_64, BATCH, 5000, 30},
	{"pair-192", pair_192, 1, 5000000, 1000},
	{"batch-192", batch_192, BATCH, 5000, 30},
};
const unsigned bench_nr_cases = sizeof(bench_cases) / sizeof(bench_cases[0]);

/* One object of each size stays. */
void bench_setup(const struct bench_case *c)
{
	static void *kept[3];

	(void)c;
	for (unsigned i = 0; i < 3; i++)
		if (!kept[i])
			kept[i] = malloc(i == 0 ? 64 : i == 1 ? 192 : PAGE);
}

int bench_is_sound(void)
{
	return 1;
}
