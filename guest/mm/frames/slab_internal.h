/*
 * slab_internal.h: what the files of the slab allocator share, and its check.
 *
 * A slab is a buddy block: objects of `stride` bytes from its start on. Which
 * of them are free is told by a bitmap. So the allocator never writes to an
 * object, free or not; a free object that is freed again is seen at once; and
 * the lowest free object of a slab is used first.
 *
 * The bitmap is the first page's `freemap` if 64 bits are enough. If not, it is
 * `map_words` words at the end of the slab, of which those that are not 0 have
 * their bit set in the first page's `summary`; and `freemap` is 0, which leads
 * to the code for such slabs (object_take_elsewhere, object_free_elsewhere).
 *
 * The first page's owner is the cache; of a full slab, that and one: so the
 * first free of one of its objects leads to object_free_elsewhere, too.
 *
 * One free object may be kept aside, to be handed out first. The
 * slab takes it for one in use then; nobody else does.
 */
#ifndef SLAB_INTERNAL_H
#define SLAB_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

#include "page.h"

#define SLAB_ALIGN_MIN 8
#define SLAB_ORDER_MAX 3
#define SLAB_EMPTY_MAX 2 /* empty slabs that a cache keeps */

struct kmem_cache {
	/* What every allocation or every free looks at comes first. */
	void *aside;	     /* free, to be used first; or NULL */
	struct page *slab;   /* in use: on no list, not empty; or slab_none */
	uint64_t reciprocal; /* 2^32 / stride, rounded up */
	uint32_t stride;     /* bytes from one object to the next */
	uint32_t slab_mask;  /* bytes of a slab, which is aligned to it, - 1 */
	uint32_t freemap_bits; /* objects of a slab; 0 if more than 64 */
	uint32_t per_slab;     /* objects of a slab */
	uint32_t object_size;
	uint32_t offset; /* of an object in its stride; 0 but for debug */
	/* Any other slab is on one of these: no, some, all objects free. */
	struct list full, partial, empty;
	uint32_t nr_empty;
	uint32_t map_words;
	uint32_t order;
	const char *name;
	struct list link; /* in the list of all caches */
};

/* All caches; the first one made is the cache of caches. */
extern struct list slab_caches;
extern struct kmem_cache slab_cache_cache;

/* Stands for the slab in use if there is none. All zero. */
extern struct page slab_none;

void slab_cache_init(struct kmem_cache *cache, const char *name, size_t size,
		     size_t align);
/* The first page of the slab or block that holds obj; panics if none can. */
struct page *slab_page(const void *obj);

/* Put the object that is kept aside back into its slab. */
void slab_put_aside_back(struct kmem_cache *cache);
/* Objects handed out; none may be aside. */
uint64_t slab_cache_objects(const struct kmem_cache *cache);

/* Blocks that kmalloc took whole. */
uint64_t kmalloc_large_blocks(void);
void kmalloc_init(void);

/* What the first page of a slab on the list `full` has for its owner. */
static inline void *slab_full_owner(const struct kmem_cache *cache)
{
	return (char *)(uintptr_t)cache + 1;
}

/* The cache of a slab. */
static inline struct kmem_cache *slab_owner(const struct page *page)
{
	return (struct kmem_cache *)((uintptr_t)page->owner & ~(uintptr_t)1);
}

static inline void *slab_object(const struct kmem_cache *cache,
				const struct page *page, unsigned i)
{
	return (char *)page->private + i * cache->stride;
}

/* The bitmap of a slab, for any number of objects. */
static inline uint64_t *slab_map(const struct kmem_cache *cache,
				 struct page *page)
{
	uint64_t *end =
		(uint64_t *)((page->private & ~(uint64_t)cache->slab_mask) +
			     cache->slab_mask + 1);

	return cache->map_words == 1 ? &page->freemap : end - cache->map_words;
}

#endif
