/*
 * slab_internal.h: what slab.c, kmalloc.c, slab_check.c and slab_debug.h share.
 *
 * A slab is a buddy block: objects of `stride` bytes from its start on. Which
 * of them are free is told by a bitmap of `map_words` words: in the first
 * page's `freemap` if one word is enough, else at the end of the slab.
 * `summary` of the first page has bit w set if word w has a bit set. So the
 * allocator never writes to an object, free or not; a free object that is freed
 * again is seen at once; and the lowest free object is used first.
 */
#ifndef SLAB_INTERNAL_H
#define SLAB_INTERNAL_H

#include "buddy.h"
#include "slab.h"

#define SLAB_ALIGN_MIN 8
#define SLAB_ORDER_MAX 3
#define SLAB_EMPTY_MAX 2 /* empty slabs that a cache keeps */

struct kmem_cache {
	/* Every slab is on one of these: no, some, all objects free. */
	struct list full, partial, empty;
	uint32_t nr_empty;
	uint32_t per_slab;   /* objects */
	uint32_t stride;     /* bytes from one object to the next */
	uint32_t reciprocal; /* 2^32 / stride, rounded up */
	uint32_t offset;     /* of an object in its stride; 0 but for debug */
	uint32_t map_words;
	uint32_t order;
	uint32_t slab_mask; /* bytes of a slab, which is aligned to it, - 1 */
	uint32_t object_size;
	uint64_t active; /* objects handed out */
	void (*ctor)(void *);
	const char *name;
	struct list link; /* in the list of all caches */
};

/* All caches; the first one made is the cache of caches. */
extern struct list slab_caches;
extern struct kmem_cache slab_cache_cache;

void slab_cache_init(struct kmem_cache *cache, const char *name, size_t size,
		     size_t align, void (*ctor)(void *));
/* The first page of the slab or block that holds obj; panics if none can. */
struct page *slab_page(const void *obj);
/* kmem_cache_free for an object whose first page is known. */
void slab_free(struct kmem_cache *cache, struct page *page, void *obj);

/* Blocks that kmalloc took whole. */
uint64_t kmalloc_large_blocks(void);
void kmalloc_init(void);

static inline uint64_t *slab_map(const struct kmem_cache *cache,
				 struct page *page)
{
	uint64_t *end = (uint64_t *)(page->private + cache->slab_mask + 1);

	return cache->map_words == 1 ? &page->freemap : end - cache->map_words;
}

static inline void *slab_object(const struct kmem_cache *cache,
				const struct page *page, unsigned i)
{
	return (char *)page->private + i * cache->stride + cache->offset;
}

#endif
