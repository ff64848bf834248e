/*
 * slab.h: objects of one size, many to a page (Linux mm/slub.c, include/linux/
 * slab.h). A cache keeps its slabs on three lists: full, partial, empty.
 *
 * With -DSLAB_DEBUG every object has red zones and is poisoned while it is free
 * (slab_debug.h). Always: freeing twice, or what is no object, panics. (What is
 * not even in RAM: kmem_cache_free may take a fault instead, which is a panic
 * too.) A cache keeps one free object ready, aside from its slab; it counts as
 * free everywhere.
 */
#ifndef SLAB_H
#define SLAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "list.h"

struct kmem_cache; /* fields in slab.c; a cache is itself a slab object */

/* After buddy_init. */
void slab_init(void);

/*
 * Objects of `size` bytes (1 .. 32 KiB, less in debug builds) at multiples of
 * `align` (a power of two up to 4096; 0: 8 bytes). `name` is not copied. NULL:
 * no memory.
 */
struct kmem_cache *kmem_cache_create(const char *name, size_t size,
				     size_t align);
/* All objects must have been freed; panics if not. */
void kmem_cache_destroy(struct kmem_cache *cache);
void *kmem_cache_alloc(struct kmem_cache *cache); /* contents undefined */
/* All zero. */
void *kmem_cache_zalloc(struct kmem_cache *cache);
void kmem_cache_free(struct kmem_cache *cache, void *obj);
/* Give empty slabs back to the buddy allocator, the object ready included. */
void kmem_cache_shrink(struct kmem_cache *cache);
void slab_shrink_all(void);

/*
 * Any size up to 4 MiB: classes 8, 16, 32, 64, 96, 128, 192, 256, ... 8192,
 * then whole buddy blocks. Aligned to 8 bytes, blocks to a page. NULL: no
 * memory, or too large.
 */
void *kmalloc(size_t size);
void kfree(void *obj); /* NULL is allowed */

struct slab_stats {
	const char *name;
	size_t object_size;
	unsigned objects_per_slab, slab_order;
	uint64_t objects_active, slabs_full, slabs_partial, slabs_empty;
};
/* Calls fn for each cache, kmalloc's and the cache of caches included. This and
 * slab_objects first put the objects kept ready back into their slabs. */
void slab_for_each(void (*fn)(const struct slab_stats *, void *), void *ctx);
/*
 * Objects allocated now by all caches, and blocks by kmalloc; the caches
 * themselves, which are objects too, do not count.
 */
uint64_t slab_objects(void);

#endif
