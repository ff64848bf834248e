/*
 * slab.c: caches of objects of one size.
 *
 * A slab with no free object is on its cache's list `full`, one with no used
 * object on `empty`, any other on `partial`. Objects come from a partial slab
 * if there is one, so that empty slabs stay empty and can be given back.
 * How a slab is laid out: slab_internal.h. Large blocks: kmalloc.c.
 */
#include "slab.h"

#include "bits.h"
#include "slab_debug.h"
#include "slab_internal.h"
#include "string.h"

struct list slab_caches;
struct kmem_cache slab_cache_cache;
static uint64_t pfn_end;

static uint32_t round_up(size_t value, size_t unit)
{
	return (uint32_t)((value + unit - 1) / unit * unit);
}

/* ---- Caches ------------------------------------------------------------ */

/* How many objects, with their bitmap, go into a slab of this order. */
static uint32_t slab_capacity(uint32_t stride, unsigned order)
{
	uint32_t bytes = (uint32_t)PAGE_SIZE << order;
	uint32_t n = bytes / stride;

	while (n > 64 && n * stride + (n + 63) / 64 * 8 > bytes)
		n--;
	return n;
}

/* The smallest slab that holds 4 objects and wastes at most an eighth. */
static unsigned slab_order(uint32_t stride)
{
	for (unsigned order = 0; order < SLAB_ORDER_MAX; order++) {
		uint32_t bytes = (uint32_t)PAGE_SIZE << order;
		uint32_t n = slab_capacity(stride, order);

		if (n >= 4 && bytes - n * stride <= bytes / 8)
			return order;
	}
	return SLAB_ORDER_MAX;
}

void slab_cache_init(struct kmem_cache *cache, const char *name, size_t size,
		     size_t align, void (*ctor)(void *))
{
	size_t left;

	if (align < SLAB_ALIGN_MIN)
		align = SLAB_ALIGN_MIN;
	BUG_ON(align & (align - 1) || align > PAGE_SIZE);
	BUG_ON(!size || size > PAGE_SIZE << SLAB_ORDER_MAX);
	left = debug_red_left(align);
	cache->name = name;
	cache->ctor = ctor;
	cache->object_size = (uint32_t)size;
	cache->offset = (uint32_t)left;
	cache->stride = round_up(left + size + debug_red_right(), align);
	cache->reciprocal =
		(uint32_t)(((1ull << 32) + cache->stride - 1) / cache->stride);
	cache->order = slab_order(cache->stride);
	cache->per_slab = slab_capacity(cache->stride, cache->order);
	cache->slab_mask = ((uint32_t)PAGE_SIZE << cache->order) - 1;
	cache->map_words = (cache->per_slab + 63) / 64;
	BUG_ON(!cache->per_slab || cache->map_words > 32);
	cache->nr_empty = 0;
	cache->active = 0;
	list_init(&cache->full);
	list_init(&cache->partial);
	list_init(&cache->empty);
	list_add_tail(&slab_caches, &cache->link);
}

void slab_init(void)
{
	pfn_end = buddy_pfn_end();
	list_init(&slab_caches);
	slab_cache_init(&slab_cache_cache, "kmem_cache",
			sizeof(struct kmem_cache), 0, NULL);
	kmalloc_init();
}

struct kmem_cache *kmem_cache_create(const char *name, size_t size,
				     size_t align, void (*ctor)(void *))
{
	struct kmem_cache *cache = kmem_cache_alloc(&slab_cache_cache);

	if (cache)
		slab_cache_init(cache, name, size, align, ctor);
	return cache;
}

void kmem_cache_destroy(struct kmem_cache *cache)
{
	if (cache->active)
		panic("slab: cache %s destroyed with %lu objects", cache->name,
		      cache->active);
	kmem_cache_shrink(cache);
	list_del(&cache->link);
	kmem_cache_free(&slab_cache_cache, cache);
}

/* ---- Slabs ------------------------------------------------------------- */

static void slab_move(struct page *page, struct list *to)
{
	list_del(&page->list);
	list_add(to, &page->list);
}

/* All objects free: one bit each, and one in `summary` for each word. */
static void slab_fill_map(const struct kmem_cache *cache, struct page *page)
{
	uint64_t *map = slab_map(cache, page);
	unsigned last = cache->map_words - 1;

	for (unsigned w = 0; w < last; w++)
		map[w] = ~0ull;
	map[last] = ~0ull >> (63 - (cache->per_slab - 1) % 64);
	page->summary = (1u << cache->map_words) - 1;
}

/* Kept out of the way of kmem_cache_alloc, as slab_destroy is of free's. */
__attribute__((noinline)) static struct page *
slab_create(struct kmem_cache *cache)
{
	struct page *page = buddy_alloc(cache->order, GFP_KERNEL);

	if (!page)
		return NULL;
	page->flags |= PG_SLAB;
	page->owner = cache;
	page->private = (uint64_t)page_to_virt(page);
	for (unsigned i = 1; i < 1u << cache->order; i++) {
		page[i].flags = PG_SLAB | PG_TAIL;
		page[i].head = page;
	}
	slab_fill_map(cache, page);
	if (DEBUG_NEW_OBJECTS || cache->ctor)
		for (unsigned i = 0; i < cache->per_slab; i++) {
			void *obj = slab_object(cache, page, i);

			debug_new(cache, obj);
			if (cache->ctor)
				cache->ctor(obj);
		}
	list_add(&cache->empty, &page->list);
	cache->nr_empty++;
	return page;
}

/* The slab is on the list `empty`. */
__attribute__((noinline)) static void slab_destroy(struct kmem_cache *cache,
						   struct page *page)
{
	list_del(&page->list);
	cache->nr_empty--;
	for (unsigned i = 1; i < 1u << cache->order; i++)
		page[i] = (struct page){0};
	buddy_free(page, cache->order);
}

void kmem_cache_shrink(struct kmem_cache *cache)
{
	while (cache->nr_empty)
		slab_destroy(cache,
			     list_entry(cache->empty.next, struct page, list));
}

void slab_shrink_all(void)
{
	for (struct list *l = slab_caches.next; l != &slab_caches; l = l->next)
		kmem_cache_shrink(list_entry(l, struct kmem_cache, link));
}

/* ---- Objects ----------------------------------------------------------- */

static struct page *slab_not_full(struct kmem_cache *cache)
{
	struct list *l = cache->partial.next;

	if (l == &cache->partial)
		l = cache->empty.next;
	if (l == &cache->empty)
		return slab_create(cache);
	return list_entry(l, struct page, list);
}

void *kmem_cache_alloc(struct kmem_cache *cache)
{
	struct page *page = slab_not_full(cache);
	unsigned word, bit;
	uint64_t *map;
	void *obj;

	if (!page)
		return NULL;
	word = bit_lowest(page->summary);
	map = slab_map(cache, page) + word;
	bit = bit_lowest(*map);
	*map &= *map - 1;
	if (!*map)
		page->summary &= page->summary - 1;

	page->inuse++;
	cache->active++;
	if (page->inuse == 1)
		cache->nr_empty--;
	if (page->inuse == cache->per_slab)
		slab_move(page, &cache->full);
	else if (page->inuse == 1)
		slab_move(page, &cache->partial);
	obj = slab_object(cache, page, word * 64 + bit);
	debug_alloc(cache, obj);
	return obj;
}

void *kmem_cache_zalloc(struct kmem_cache *cache)
{
	void *obj = kmem_cache_alloc(cache);

	BUG_ON(cache->ctor);
	if (obj)
		memset(obj, 0, cache->object_size);
	return obj;
}

static struct page *page_of(const void *addr, const void *obj)
{
	uint64_t pfn = arch_virt_to_phys(addr).v >> PAGE_SHIFT;

	if (pfn >= pfn_end)
		panic("slab: %p is no object: it is not in RAM", obj);
	debug_pfn(pfn, obj);
	return pfn_to_page(pfn);
}

struct page *slab_page(const void *obj)
{
	struct page *page = page_of(obj, obj);

	return page->flags & PG_TAIL ? page->head : page;
}

/*
 * The object's number in its slab. Panics if obj is not where an object starts.
 * Where one does, the quotient is exact: the reciprocal is too large by less
 * than stride / 2^32, and the offset is below 2^15.
 */
static unsigned slab_index(const struct kmem_cache *cache, const void *obj)
{
	uint64_t offset = ((uintptr_t)obj & cache->slab_mask) - cache->offset;
	uint64_t i = offset * cache->reciprocal >> 32;

	if (i >= cache->per_slab || i * cache->stride != offset)
		panic("slab: %s: %p is not the start of an object", cache->name,
		      obj);
	return (unsigned)i;
}

void slab_free(struct kmem_cache *cache, struct page *page, void *obj)
{
	unsigned i = slab_index(cache, obj);
	uint64_t *map = slab_map(cache, page) + i / 64;
	uint64_t bit = 1ull << i % 64;

	if (*map & bit)
		panic("slab: %s: double free of %p", cache->name, obj);
	debug_free(cache, obj);
	*map |= bit;
	page->summary |= 1u << i / 64;
	cache->active--;
	if (--page->inuse == 0) {
		slab_move(page, &cache->empty);
		if (++cache->nr_empty > SLAB_EMPTY_MAX)
			slab_destroy(cache, page);
	} else if (page->inuse == cache->per_slab - 1) {
		slab_move(page, &cache->partial);
	}
}

void kmem_cache_free(struct kmem_cache *cache, void *obj)
{
	char *slab = (char *)((uintptr_t)obj & ~(uintptr_t)cache->slab_mask);
	struct page *page = page_of(slab, obj);

	if (!(page->flags & PG_SLAB) || page->owner != cache)
		panic("slab: %s: %p is no object of it", cache->name, obj);
	slab_free(cache, page, obj);
}
