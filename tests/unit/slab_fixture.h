/*
 * slab_fixture.h: what the tests of the slab allocator share.
 *
 * Build them like the modules: with -DSLAB_DEBUG, red zones and poisoning are
 * on, and are tested; without it the same claims hold but for those.
 */
#ifndef SLAB_FIXTURE_H
#define SLAB_FIXTURE_H

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "buddy.h"
#include "check.h"
#include "shim.h"
#include "slab.h"
#include "sound.h"

#define MIB (1ull << 20)

#ifdef SLAB_DEBUG
#define RED_ZONES 16 /* bytes for each object */
#else
#define RED_ZONES 0
#endif

static uint64_t frames_at_start;

static inline uint64_t frames_free(void)
{
	struct buddy_stats st;

	buddy_stats(&st);
	return st.frames_free;
}

static inline void boot(void)
{
	shim_reset(32 * MIB);
	buddy_init(shim_boot()->banks, shim_boot()->nr_banks);
	frames_at_start = frames_free();
	slab_init();
}

/* ---- Helpers ----------------------------------------------------------- */

struct find {
	const char *name;
	struct slab_stats stats;
	unsigned found;
};

static inline void find_one(const struct slab_stats *stats, void *ctx)
{
	struct find *find = ctx;

	if (strcmp(stats->name, find->name))
		return;
	find->stats = *stats;
	find->found++;
}

static inline struct slab_stats stats_of(const char *name)
{
	struct find find = {.name = name};

	slab_for_each(find_one, &find);
	cr_assert_eq(find.found, 1, "cache %s found %u times", name,
		     find.found);
	return find.stats;
}

static inline struct kmem_cache *make(size_t size, size_t align)
{
	struct kmem_cache *cache = kmem_cache_create("t", size, align);

	cr_assert_not_null(cache);
	return cache;
}

static inline void *take(struct kmem_cache *cache)
{
	void *obj = kmem_cache_alloc(cache);

	cr_assert_not_null(obj);
	return obj;
}

/* One slab's worth of objects, and the first one's cache stats. */
static inline unsigned fill_slab(struct kmem_cache *cache, void **obj)
{
	unsigned n = 0;

	do
		obj[n++] = take(cache);
	while (stats_of("t").slabs_full == 0);
	return n;
}

/* No objects left, and every frame back but for living caches' own. */
static inline void all_is_back(void)
{
	assert_sound(slab_check());
	cr_assert_eq(slab_objects(), 0);
	slab_shrink_all();
	assert_sound(slab_check());
	assert_sound(buddy_check());
}

static inline void all_is_back_and_the_cache_gone(struct kmem_cache *cache)
{
	kmem_cache_destroy(cache);
	all_is_back();
	cr_assert_eq(frames_free(), frames_at_start);
}

#define PANICS(name) Test(slab_panic, name, .init = boot, .signal = SIGABRT)

#endif
