/*
 * bench_alloc.c: what the guest kernel's allocators cost, hosted: guest/mm as
 * it is, over tests/shim, with the optimisation of the guest kernel. The cases
 * are those of bench_malloc.c, by name.
 */
#include <stdint.h>
#include <stdlib.h>

#include "buddy.h"
#include "check.h"
#include "loop.h"
#include "shim.h"
#include "slab.h"

#define BATCH 1000

static struct page *pages[BATCH];
static void *objects[BATCH];
static struct kmem_cache *cache_64, *cache_192;

static void page_pair(void)
{
	buddy_free(buddy_alloc(0, GFP_KERNEL), 0);
}

static void page_batch(void)
{
	for (unsigned i = 0; i < BATCH; i++)
		pages[i] = buddy_alloc(0, GFP_KERNEL);
	for (unsigned i = 0; i < BATCH; i++)
		buddy_free(pages[i], 0);
}

/* Orders 0 to 10, half of them 0, freed in another order. */
static void page_mix(void)
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

static void object_pair(struct kmem_cache *cache)
{
	kmem_cache_free(cache, kmem_cache_alloc(cache));
}

static void object_batch(struct kmem_cache *cache)
{
	for (unsigned i = 0; i < BATCH; i++)
		objects[i] = kmem_cache_alloc(cache);
	for (unsigned i = 0; i < BATCH; i++)
		kmem_cache_free(cache, objects[i]);
}

static void pair_64(void)
{
	object_pair(cache_64);
}

static void pair_192(void)
{
	object_pair(cache_192);
}

static void batch_64(void)
{
	object_batch(cache_64);
}

static void batch_192(void)
{
	object_batch(cache_192);
}

const struct bench_case bench_cases[] = {
	{"page-pair", page_pair, 1, 5000000, 1000},
	{"page-batch", page_batch, BATCH, 5000, 30},
	{"page-mix", page_mix, 20, 100000, 100},
	{"pair-64", pair_64, 1, 5000000, 1000},
	{"batch-64", batch_64, BATCH, 5000, 30},
	{"pair-192", pair_192, 1, 5000000, 1000},
	{"batch-192", batch_192, BATCH, 5000, 30},
};
const unsigned bench_nr_cases = sizeof(bench_cases) / sizeof(bench_cases[0]);

/* A guest of 8 GiB (valgrind has no room for many more) that has started. */
void bench_setup(const struct bench_case *c)
{
	(void)c;
	shim_reset(8ull << 30);
	buddy_init(shim_boot()->banks, shim_boot()->nr_banks);
	slab_init();
	cache_64 = kmem_cache_create("bench-64", 64, 0);
	cache_192 = kmem_cache_create("bench-192", 192, 0);
	/* One object stays, as in every cache that is in use. */
	if (!cache_64 || !cache_192 || !kmem_cache_alloc(cache_64) ||
	    !kmem_cache_alloc(cache_192) || !kmalloc(100))
		exit(1);
	for (unsigned i = 0; i < 30; i++)
		buddy_alloc(i % 4, GFP_KERNEL);
}

int bench_is_sound(void)
{
	return !buddy_check() && !slab_check();
}
