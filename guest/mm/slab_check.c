/*
 * slab_check.c: the slab allocator looked at: counts, and whether every
 * invariant of slab.c holds. Puts the objects that are kept aside back into
 * their slabs first, and changes nothing else.
 */
#include "hv.h"
#include "slab_debug.h"
#include "slab_internal.h"

static struct kmem_cache *cache_of(struct list *l)
{
	return list_entry(l, struct kmem_cache, link);
}

static uint64_t list_objects(const struct list *head)
{
	uint64_t n = 0;

	for (const struct list *l = head->next; l != head; l = l->next)
		n += list_entry(l, struct page, list)->inuse;
	return n;
}

uint64_t slab_cache_objects(const struct kmem_cache *cache)
{
	return list_objects(&cache->full) + list_objects(&cache->partial) +
	       cache->slab->inuse;
}

uint64_t slab_objects(void)
{
	uint64_t n = kmalloc_large_blocks();

	for (struct list *l = slab_caches.next; l != &slab_caches;
	     l = l->next) {
		struct kmem_cache *cache = cache_of(l);

		slab_put_aside_back(cache);
		if (cache != &slab_cache_cache)
			n += slab_cache_objects(cache);
	}
	return n;
}

static uint64_t list_length(const struct list *head)
{
	uint64_t n = 0;

	for (const struct list *l = head->next; l != head; l = l->next)
		n++;
	return n;
}

static void cache_stats(struct kmem_cache *cache, struct slab_stats *out)
{
	slab_put_aside_back(cache);
	*out = (struct slab_stats){
		.name = cache->name,
		.object_size = cache->object_size,
		.objects_per_slab = cache->per_slab,
		.slab_order = cache->order,
		.objects_active = slab_cache_objects(cache),
		.slabs_full = list_length(&cache->full),
		.slabs_partial = list_length(&cache->partial),
		.slabs_empty = cache->nr_empty,
	};
	if (cache->slab == &slab_none)
		return;
	if (cache->slab->inuse == cache->per_slab)
		out->slabs_full++;
	else
		out->slabs_partial++;
}

void slab_for_each(void (*fn)(const struct slab_stats *, void *), void *ctx)
{
	struct list *l, *next;

	for (l = slab_caches.next; l != &slab_caches; l = next) {
		struct slab_stats stats;

		next = l->next;
		cache_stats(cache_of(l), &stats);
		fn(&stats, ctx);
	}
}

/* ---- Invariants -------------------------------------------------------- */

static bool wrong(const struct kmem_cache *cache, const char *what)
{
	hv_print("slab_check: ");
	hv_print(cache->name);
	hv_print(": ");
	hv_print(what);
	hv_print("\n");
	return false;
}

static bool pages_check(const struct kmem_cache *cache, const struct page *page,
			const void *owner)
{
	if (page->flags != PG_SLAB || page->owner != owner ||
	    page->order != cache->order || page->refcount != 1 ||
	    page->mapcount ||
	    page->private != (uint64_t)page_to_virt(page) + cache->offset)
		return wrong(cache, "slab with a bad struct page");
	for (unsigned i = 1; i < 1u << cache->order; i++)
		if (page[i].flags != (PG_SLAB | PG_TAIL) ||
		    page[i].head != page)
			return wrong(cache, "slab with a bad tail page");
	return true;
}

static bool map_check(const struct kmem_cache *cache, struct page *page)
{
	const uint64_t *map = slab_map(cache, page);
	unsigned nr_free = 0;

	for (unsigned i = 0; i < cache->map_words * 64; i++) {
		bool is_free = map[i / 64] >> i % 64 & 1;
		const char *fault = NULL;

		nr_free += is_free;
		if (is_free && i >= cache->per_slab)
			return wrong(cache, "free object beyond the last one");
		if (i < cache->per_slab)
			fault = debug_fault(cache, slab_object(cache, page, i),
					    is_free);
		if (fault)
			return wrong(cache, fault);
	}
	if (cache->map_words > 1) {
		if (page->freemap)
			return wrong(cache, "both kinds of bitmap");
		for (unsigned w = 0; w < 32; w++)
			if ((page->summary >> w & 1) !=
			    (w < cache->map_words && map[w] != 0))
				return wrong(cache,
					     "bitmap's summary is wrong");
	}
	return nr_free + page->inuse == cache->per_slab ||
	       wrong(cache, "slab miscounts its objects");
}

/* A slab with `min` to `max` objects in use, on the list `full` or not. */
static bool one_check(const struct kmem_cache *cache, struct page *page,
		      const void *owner, unsigned min, unsigned max)
{
	if (!pages_check(cache, page, owner) || !map_check(cache, page))
		return false;
	return (page->inuse >= min && page->inuse <= max) ||
	       wrong(cache, "slab on the wrong list");
}

static bool list_check(const struct kmem_cache *cache, const struct list *head,
		       const void *owner, unsigned min, unsigned max)
{
	for (const struct list *l = head->next; l != head; l = l->next) {
		struct page *page = list_entry(l, struct page, list);

		if (l->next->prev != l)
			return wrong(cache, "list of slabs broken");
		if (page == cache->slab)
			return wrong(cache, "slab in use is on a list");
		if (!one_check(cache, page, owner, min, max))
			return false;
	}
	return true;
}

static bool cache_check(const struct kmem_cache *cache)
{
	unsigned all = cache->per_slab;

	if (cache->slab != &slab_none &&
	    !one_check(cache, cache->slab, cache, 1, all))
		return false;
	if (slab_none.freemap || slab_none.inuse)
		return wrong(cache, "what stands for no slab has objects");
	if (!list_check(cache, &cache->full, slab_full_owner(cache), all,
			all) ||
	    !list_check(cache, &cache->partial, cache, 1, all - 1) ||
	    !list_check(cache, &cache->empty, cache, 0, 0))
		return false;
	return (list_length(&cache->empty) == cache->nr_empty &&
		cache->nr_empty <= SLAB_EMPTY_MAX) ||
	       wrong(cache, "empty slabs miscounted or too many");
}

bool slab_check(void)
{
	for (struct list *l = slab_caches.next; l != &slab_caches;
	     l = l->next) {
		slab_put_aside_back(cache_of(l));
		if (l->next->prev != l || !cache_check(cache_of(l)))
			return false;
	}
	return true;
}
