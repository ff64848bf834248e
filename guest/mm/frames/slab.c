/*
 * slab.c: caches of objects of one size.
 *
 * A cache takes objects from the slab in use. When that is full, it goes to the
 * list `full`, and a slab of `partial` takes its place, else one of `empty`,
 * else a new one: so empty slabs stay empty and can be given back. When the
 * slab in use has no object left that is used, it goes to `empty`. How a slab
 * is laid out: slab_internal.h. Large blocks: kmalloc.c.
 *
 * No instruction more than needed, as in buddy.c. What is not needed each time
 * is kept out of the way (RARE).
 */
#include "slab.h"

#include "bits.h"
#include "slab_debug.h"
#include "slab_internal.h"
#include "string.h"

struct list slab_caches;
struct kmem_cache slab_cache_cache;
struct page slab_none;
static uint64_t ram_end; /* physical address */

#define RARE __attribute__((noinline))

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
		     size_t align)
{
	size_t left;

	if (align < SLAB_ALIGN_MIN)
		align = SLAB_ALIGN_MIN;
	BUG_ON(align & (align - 1) || align > PAGE_SIZE);
	BUG_ON(!size || size > PAGE_SIZE << SLAB_ORDER_MAX);
	left = debug_red_left(align);
	cache->name = name;
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
	cache->freemap_bits = cache->map_words == 1 ? cache->per_slab : 0;
	cache->nr_empty = 0;
	cache->aside = NULL;
	cache->slab = &slab_none;
	list_init(&cache->full);
	list_init(&cache->partial);
	list_init(&cache->empty);
	list_add_tail(&slab_caches, &cache->link);
}

void slab_init(void)
{
	ram_end = buddy_pfn_end() << PAGE_SHIFT;
	list_init(&slab_caches);
	slab_cache_init(&slab_cache_cache, "kmem_cache",
			sizeof(struct kmem_cache), 0);
	kmalloc_init();
}

struct kmem_cache *kmem_cache_create(const char *name, size_t size,
				     size_t align)
{
	struct kmem_cache *cache = kmem_cache_alloc(&slab_cache_cache);

	if (cache)
		slab_cache_init(cache, name, size, align);
	return cache;
}

void kmem_cache_destroy(struct kmem_cache *cache)
{
	kmem_cache_shrink(cache);
	if (cache->slab != &slab_none || !list_empty(&cache->full) ||
	    !list_empty(&cache->partial))
		panic("slab: cache %s destroyed with %lu objects", cache->name,
		      slab_cache_objects(cache));
	list_del(&cache->link);
	kmem_cache_free(&slab_cache_cache, cache);
}

/* ---- Slabs ------------------------------------------------------------- */

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

static struct page *slab_create(struct kmem_cache *cache)
{
	struct page *page = buddy_alloc(cache->order, GFP_KERNEL);

	if (!page)
		return NULL;
	page->flags |= PG_SLAB;
	page->owner = cache;
	page->private = (uint64_t)page_to_virt(page) + cache->offset;
	for (unsigned i = 1; i < 1u << cache->order; i++) {
		page[i].flags = PG_SLAB | PG_TAIL;
		page[i].head = page;
	}
	slab_fill_map(cache, page);
	for (unsigned i = 0; DEBUG_NEW_OBJECTS && i < cache->per_slab; i++)
		debug_new(cache, slab_object(cache, page, i));
	return page;
}

/* The slab is on the list `empty`. */
static void slab_destroy(struct kmem_cache *cache, struct page *page)
{
	list_del(&page->list);
	cache->nr_empty--;
	for (unsigned i = 1; i < 1u << cache->order; i++)
		page[i] = (struct page){0};
	buddy_free(page, cache->order);
}

void kmem_cache_shrink(struct kmem_cache *cache)
{
	slab_put_aside_back(cache);
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

/* The first slab of a list, taken off it; NULL if the list is empty. */
static struct page *slab_first(struct list *head)
{
	struct list *l = head->next;

	if (l == head)
		return NULL;
	list_del(l);
	return list_entry(l, struct page, list);
}

/* The slab in use is full, or there is none: use another. False: no memory. */
static bool slab_use_another(struct kmem_cache *cache)
{
	struct page *page = cache->slab;

	if (page != &slab_none) {
		page->owner = slab_full_owner(cache);
		list_add(&cache->full, &page->list);
	}
	page = slab_first(&cache->partial);
	if (!page && (page = slab_first(&cache->empty)))
		cache->nr_empty--;
	if (!page)
		page = slab_create(cache);
	cache->slab = page ? page : &slab_none;
	return page;
}

/* The freemap of the slab in use has less than two bits set. */
RARE static void *object_take_elsewhere(struct kmem_cache *cache)
{
	struct page *page = cache->slab;
	uint64_t *map;
	unsigned w, i;
	void *obj;

	if (page == &slab_none || page->inuse == cache->per_slab) {
		if (!slab_use_another(cache))
			return NULL;
		page = cache->slab;
	}
	w = bit_lowest(page->summary);
	map = slab_map(cache, page) + w;
	i = w * 64 + bit_lowest(*map);
	*map &= *map - 1;
	if (cache->map_words > 1 && !*map)
		page->summary &= page->summary - 1;
	page->inuse++;
	obj = slab_object(cache, page, i);
	debug_alloc(cache, obj);
	return obj;
}

/*
 * Two are taken at a time, of which one is put aside: the next freemap depends
 * on the last one, so what can be done at once is limited by how often it has
 * to be stored and loaded again.
 */
void *kmem_cache_alloc(struct kmem_cache *cache)
{
	void *obj = cache->aside;
	struct page *page;
	uint64_t one, two;

	if (obj) {
		cache->aside = NULL;
		debug_alloc(cache, obj);
		return obj;
	}
	page = cache->slab;
	one = page->freemap;
	two = one & (one - 1);
	if (__builtin_expect(!two, 0))
		return object_take_elsewhere(cache);
	page->freemap = two & (two - 1);
	page->inuse += 2;
	cache->aside = slab_object(cache, page, bit_lowest(two));
	obj = slab_object(cache, page, bit_lowest(one));
	debug_alloc(cache, obj);
	return obj;
}

void *kmem_cache_zalloc(struct kmem_cache *cache)
{
	void *obj = kmem_cache_alloc(cache);

	if (obj)
		memset(obj, 0, cache->object_size);
	return obj;
}

struct page *slab_page(const void *obj)
{
	uint64_t gpa = arch_virt_to_phys(obj).v;
	struct page *page;

	if (gpa >= ram_end)
		panic("slab: %p is no object: it is not in RAM", obj);
	debug_pfn(gpa >> PAGE_SHIFT, obj);
	page = pfn_to_page(gpa >> PAGE_SHIFT);
	return page->flags & PG_TAIL ? page->head : page;
}

/* The last object of a slab that is on no list or on `partial` was freed. */
RARE static void slab_is_empty(struct kmem_cache *cache, struct page *page)
{
	if (page == cache->slab)
		cache->slab = &slab_none;
	else
		list_del(&page->list);
	list_add(&cache->empty, &page->list);
	if (++cache->nr_empty > SLAB_EMPTY_MAX)
		slab_destroy(cache, page);
}

/* An object of a full slab is being freed. */
static void slab_is_partial(struct kmem_cache *cache, struct page *page)
{
	page->owner = cache;
	list_del(&page->list);
	list_add(&cache->partial, &page->list);
}

/* `map` is the freemap with the object's bit set. */
static inline void object_put(struct kmem_cache *cache, struct page *page,
			      uint64_t map)
{
	page->freemap = map;
	if (__builtin_expect(!--page->inuse, 0))
		slab_is_empty(cache, page);
}

/* Likewise in a slab of any kind, full or not. */
static void object_put_elsewhere(struct kmem_cache *cache, struct page *page,
				 unsigned i)
{
	uint64_t *word = slab_map(cache, page) + i / 64;

	if (page->owner != cache)
		slab_is_partial(cache, page);
	if (cache->map_words > 1)
		page->summary |= 1u << i / 64;
	*word |= 1ull << i % 64;
	if (!--page->inuse)
		slab_is_empty(cache, page);
}

/*
 * The object's number in its slab; no less than per_slab if none starts there.
 * The reciprocal is too large by less than 1, so the product is 2^32 * quotient
 * + reciprocal * remainder + less than 2^16: where an object starts, the
 * remainder is 0, and the lower half less than the reciprocal.
 */
static inline unsigned slab_index(const struct kmem_cache *cache,
				  uint64_t offset)
{
	uint64_t product = (offset - debug_offset(cache)) * cache->reciprocal;

	if ((uint32_t)product >= (uint32_t)cache->reciprocal)
		return ~0u;
	return (unsigned)(product >> 32);
}

/* The first page of a slab; one shift, since gpa is a multiple of a page. */
static inline struct page *slab_at(uint64_t gpa)
{
	return (struct page *)((char *)arch_memmap() +
			       gpa / (PAGE_SIZE / sizeof(struct page)));
}

/*
 * What is not the usual free: the slab is full, or has more than 64 objects, or
 * it is a mistake. (If each that panics did so in a function that is known not
 * to return, the usual case would need a stack frame.)
 */
RARE static void object_free_elsewhere(struct kmem_cache *cache, void *obj)
{
	uint64_t offset = (uintptr_t)obj & cache->slab_mask;
	struct page *page = slab_page((char *)obj - offset);
	unsigned i = slab_index(cache, offset);

	if (page->owner != cache && page->owner != slab_full_owner(cache))
		panic("slab: %s: %p is no object of it", cache->name, obj);
	if (i >= cache->per_slab)
		panic("slab: %s: %p is not the start of an object", cache->name,
		      obj);
	if (obj == cache->aside || slab_map(cache, page)[i / 64] >> i % 64 & 1)
		panic("slab: %s: double free of %p", cache->name, obj);
	debug_free(cache, obj);
	if (cache->aside)
		object_put_elsewhere(cache, page, i);
	else
		cache->aside = obj;
}

/*
 * The pages that a slab could have are looked at without asking whether they
 * exist: where RAM has none, that is a fault, and the end as well.
 */
void kmem_cache_free(struct kmem_cache *cache, void *obj)
{
	uint64_t gpa = arch_virt_to_phys(obj).v;
	uint64_t offset = gpa & cache->slab_mask;
	struct page *page = slab_at(gpa - offset);
	uint64_t map;
	unsigned i;

	debug_pfn(gpa >> PAGE_SHIFT, obj);
	/* Nothing else has a cache for its owner. */
	if (__builtin_expect(page->owner != cache, 0))
		goto elsewhere;
	i = slab_index(cache, offset);
	if (__builtin_expect(i >= cache->freemap_bits, 0))
		goto elsewhere;
	map = page->freemap;
	if (__builtin_expect(bit_set(&map, i) || obj == cache->aside, 0))
		goto elsewhere;
	debug_free(cache, obj);
	if (cache->aside)
		object_put(cache, page, map);
	else
		cache->aside = obj;
	return;
elsewhere:
	object_free_elsewhere(cache, obj);
}

void slab_put_aside_back(struct kmem_cache *cache)
{
	void *obj = cache->aside;

	if (!obj)
		return;
	cache->aside = NULL;
	object_put_elsewhere(
		cache, slab_page(obj),
		slab_index(cache, (uintptr_t)obj & cache->slab_mask));
}
