/*
 * bench_alloc.c: what an allocation costs, hosted.
 *
 *   bench_alloc            nanoseconds an operation, for every case
 *   bench_alloc CASE N     N rounds of one case, for valgrind --tool=callgrind
 *
 * An operation is one allocation and its free. For instructions an operation,
 * run a case with two different N and divide the difference by that of the
 * operations that it prints; or `--toggle-collect=run_case`.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "buddy.h"
#include "shim.h"
#include "slab.h"

#define BATCH 1000

static struct page *pages[BATCH];
static void *objects[BATCH];
static struct kmem_cache *cache_64, *cache_192;

static void buddy_pair(void)
{
	buddy_free(buddy_alloc(0, GFP_KERNEL), 0);
}

static void buddy_pair_order(unsigned order)
{
	buddy_free(buddy_alloc(order, GFP_KERNEL), order);
}

static void buddy_pair_3(void)
{
	buddy_pair_order(3);
}

static void buddy_pair_9(void)
{
	buddy_pair_order(9);
}

static void buddy_batch(void)
{
	for (unsigned i = 0; i < BATCH; i++)
		pages[i] = buddy_alloc(0, GFP_KERNEL);
	for (unsigned i = 0; i < BATCH; i++)
		buddy_free(pages[i], 0);
}

/* Orders 0 to 10, half of them 0, freed in another order. */
static void buddy_mix(void)
{
	static const uint8_t orders[] = {0, 3, 0, 1, 0, 9, 0, 2, 0, 4,
					 0, 5, 0, 6, 0, 7, 0, 8, 0, 10};
	enum { N = sizeof(orders) };

	for (unsigned i = 0; i < N; i++)
		pages[i] = buddy_alloc(orders[i], GFP_KERNEL);
	for (unsigned i = 0; i < N; i++) {
		unsigned k = i * 7 % N;

		buddy_free(pages[k], orders[k]);
	}
}

static void slab_pair(struct kmem_cache *cache)
{
	kmem_cache_free(cache, kmem_cache_alloc(cache));
}

static void slab_batch(struct kmem_cache *cache)
{
	for (unsigned i = 0; i < BATCH; i++)
		objects[i] = kmem_cache_alloc(cache);
	for (unsigned i = 0; i < BATCH; i++)
		kmem_cache_free(cache, objects[i]);
}

static void slab_pair_64(void)
{
	slab_pair(cache_64);
}

static void slab_pair_192(void)
{
	slab_pair(cache_192);
}

static void slab_batch_64(void)
{
	slab_batch(cache_64);
}

static void slab_batch_192(void)
{
	slab_batch(cache_192);
}

static void kmalloc_pair(void)
{
	kfree(kmalloc(100));
}

static const struct bench {
	const char *name;
	void (*fn)(void);
	unsigned ops; /* a call of fn */
	unsigned rounds;
} benches[] = {
	{"buddy-pair", buddy_pair, 1, 5000000},
	{"buddy-batch", buddy_batch, BATCH, 10000},
	{"buddy-pair-3", buddy_pair_3, 1, 2000000},
	{"buddy-pair-9", buddy_pair_9, 1, 2000000},
	{"buddy-mix", buddy_mix, 20, 200000},
	{"slab-pair-64", slab_pair_64, 1, 5000000},
	{"slab-batch-64", slab_batch_64, BATCH, 10000},
	{"slab-pair-192", slab_pair_192, 1, 5000000},
	{"slab-batch-192", slab_batch_192, BATCH, 10000},
	{"kmalloc-pair-100", kmalloc_pair, 1, 5000000},
};

/* Not static: callgrind finds it by name. */
void run_case(const struct bench *b, unsigned rounds);
__attribute__((noinline)) void run_case(const struct bench *b, unsigned rounds)
{
	for (unsigned i = 0; i < rounds; i++)
		b->fn();
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

/* A guest of 8 GiB (valgrind has no room for many more) that has started. */
static void setup(void)
{
	shim_reset(8ull << 30);
	buddy_init(shim_boot()->banks, shim_boot()->nr_banks);
	slab_init();
	cache_64 = kmem_cache_create("bench-64", 64, 0, NULL);
	cache_192 = kmem_cache_create("bench-192", 192, 0, NULL);
	/* One object stays, as in every cache that is in use. */
	if (!cache_64 || !cache_192 || !kmem_cache_alloc(cache_64) ||
	    !kmem_cache_alloc(cache_192) || !kmalloc(100))
		exit(1);
	for (unsigned i = 0; i < 30; i++)
		buddy_alloc(i % 4, GFP_KERNEL);
}

int main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(benches) / sizeof(benches[0]); i++) {
		const struct bench *b = &benches[i];
		unsigned rounds = b->rounds;
		double start, ns;

		if (argc > 1 && strcmp(argv[1], b->name))
			continue;
		if (argc > 2)
			rounds = (unsigned)strtoul(argv[2], NULL, 10);
		setup();
		run_case(b, 1);
		start = now();
		run_case(b, rounds);
		ns = (now() - start) / rounds / b->ops;
		printf("%-18s %8.1f ns  (%llu operations)\n", b->name, ns,
		       (unsigned long long)rounds * b->ops);
	}
	return !(buddy_check() && slab_check());
}
