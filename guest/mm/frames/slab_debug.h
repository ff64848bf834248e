/*
 * slab_debug.h: red zones and poisoning, for slab.c and slab_check.c only.
 *
 * Compiled in by -DSLAB_DEBUG (hosted tests, debug kernels), else no code and
 * no bytes. All that depends on the switch is here.
 *
 * An object has at least 8 bytes of red zone on either side. They say whether
 * it is free. A free object is poisoned. Both are looked at when an object is
 * handed out, when it is freed, and by slab_check.
 */
#ifndef SLAB_DEBUG_H
#define SLAB_DEBUG_H

#include "buddy.h"
#include "panic.h"
#include "slab_internal.h"
#include "string.h"

#ifdef SLAB_DEBUG

#define RED_FREE    0xbb
#define RED_USED    0xcc
#define POISON_FREE 0x6b /* Linux include/linux/poison.h */
#define POISON_NEW  0x5a /* handed out, not yet written to */

/* Bytes to put before an object, and at least so many behind it. */
static inline size_t debug_red_left(size_t align)
{
	return align;
}

static inline size_t debug_red_right(void)
{
	return 8;
}

static inline bool debug_is_filled(const uint8_t *p, size_t n, uint8_t byte)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != byte)
			return false;
	return true;
}

static inline void debug_set_red(const struct kmem_cache *cache, void *obj,
				 uint8_t red)
{
	uint8_t *o = obj, *end = o - cache->offset + cache->stride;

	memset(o - cache->offset, red, cache->offset);
	memset(o + cache->object_size, red,
	       (size_t)(end - o) - cache->object_size);
}

/* Of an object in its stride. */
static inline uint32_t debug_offset(const struct kmem_cache *cache)
{
	return cache->offset;
}

/* NULL, or what is wrong with the object. */
static inline const char *debug_fault(const struct kmem_cache *cache,
				      const void *obj, bool is_free)
{
	const uint8_t *o = obj, *end = o - cache->offset + cache->stride;
	uint8_t red = is_free ? RED_FREE : RED_USED;

	if (!debug_is_filled(o - cache->offset, cache->offset, red))
		return "red zone before it overwritten";
	if (!debug_is_filled(o + cache->object_size,
			     (size_t)(end - o) - cache->object_size, red))
		return "red zone behind it overwritten";
	if (is_free && !debug_is_filled(o, cache->object_size, POISON_FREE))
		return "written to after it was freed";
	return NULL;
}

static inline void debug_assert(const struct kmem_cache *cache, const void *obj,
				bool is_free)
{
	const char *fault = debug_fault(cache, obj, is_free);

	if (fault)
		panic("slab: %s: object %p: %s", cache->name, obj, fault);
}

/* The object is becoming part of a slab. */
static inline void debug_new(const struct kmem_cache *cache, void *obj)
{
	debug_set_red(cache, obj, RED_FREE);
	memset(obj, POISON_FREE, cache->object_size);
}

static inline void debug_alloc(const struct kmem_cache *cache, void *obj)
{
	debug_assert(cache, obj, true);
	debug_set_red(cache, obj, RED_USED);
	memset(obj, POISON_NEW, cache->object_size);
}

static inline void debug_free(const struct kmem_cache *cache, void *obj)
{
	debug_assert(cache, obj, false);
	debug_set_red(cache, obj, RED_FREE);
	memset(obj, POISON_FREE, cache->object_size);
}

static inline void debug_pfn(uint64_t pfn, const void *obj)
{
	if (!buddy_owns(pfn))
		panic("slab: %p is no object: its frame was never handed out",
		      obj);
}

#define DEBUG_NEW_OBJECTS 1

#else

#define DEBUG_NEW_OBJECTS 0

static inline size_t debug_red_left(size_t align)
{
	(void)align;
	return 0;
}

static inline size_t debug_red_right(void)
{
	return 0;
}

static inline uint32_t debug_offset(const struct kmem_cache *cache)
{
	(void)cache;
	return 0;
}

static inline const char *debug_fault(const struct kmem_cache *cache,
				      const void *obj, bool is_free)
{
	(void)cache;
	(void)obj;
	(void)is_free;
	return NULL;
}

static inline void debug_new(const struct kmem_cache *cache, void *obj)
{
	(void)cache;
	(void)obj;
}

static inline void debug_alloc(const struct kmem_cache *cache, void *obj)
{
	(void)cache;
	(void)obj;
}

static inline void debug_free(const struct kmem_cache *cache, void *obj)
{
	(void)cache;
	(void)obj;
}

static inline void debug_pfn(uint64_t pfn, const void *obj)
{
	(void)pfn;
	(void)obj;
}

#endif
#endif
