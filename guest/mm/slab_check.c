/*
 * slab_check.c: the slab allocator looked at: counts, and whether every
 * invariant of slab.c holds. Changes nothing.
 */
#include "hv.h"
#include "slab_debug.h"
#include "slab_internal.h"

static struct kmem_cache *cache_of(struct list *l)
{
	return list_entry(l, struct kmem_cache, link);
}

uint64_t slab_objects(void)
{
	uint64_t n = kmalloc_large_blocks();

	for (struct list *l = slab_caches.next; l != &slab_caches; l = l->next)
		if (cache_of(l) != &slab_cache_cache)
			n += cache_of(l)->active;
	return n;
}

static uint64_t list_length(const struct list *head)
{
	uint64_t n = 0;

	for (const struct list *l = head->next; l != head; l = l->next)
		n++;
	return n;
}

void slab_for_each(void (*fn)(const struct slab_stats *, void *), void *ctx)
{
	struct list *l, *next;

	for (l = slab_caches.next; l != &slab_caches; l = next) {
		const struct kmem_cache *cache = cache_of(l);
		struct slab_stats stats = {
			.name = cache->name,
			.object_size = cache->object_size,
			.objects_per_slab = cache->per_slab,
			.slab_order = cache->order,
			.objects_active = cache->active,
			.slabs_full = list_length(&cache->full),
			.slabs_partial = list_length(&cache->partial),
			.slabs_empty = cache->nr_empty,
		};

		next = l->next;
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

static bool pages_check(const struct kmem_cache *cache, const struct page *page)
{
	if (page->flags != PG_SLAB || page->owner != cache ||
	    page->order != cache->order || page->refcount != 1 ||
	    page->mapcount || page->private != (uint64_t)page_to_virt(page))
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
	for (unsigned w = 0; w < 32; w++)
		if ((page->summary >> w & 1) !=
		    (w < cache->map_words && map[w] != 0))
			return wrong(cache, "bitmap's summary is wrong");
	return nr_free + page->inuse == cache->per_slab ||
	       wrong(cache, "slab miscounts its objects");
}

/* Every slab of a list; its objects in use are added to *active. */
static bool list_check(const struct kmem_cache *cache, const struct list *head,
		       unsigned min, unsigned max, uint64_t *active)
{
	for (const struct list *l = head->next; l != head; l = l->next) {
		struct page *page = list_entry(l, struct page, list);

		if (l->next->prev != l)
			return wrong(cache, "list of slabs broken");
		if (!pages_check(cache, page) || !map_check(cache, page))
			return false;
		if (page->inuse < min || page->inuse > max)
			return wrong(cache, "slab on the wrong list");
		*active += page->inuse;
	}
	return true;
}

static bool cache_check(const struct kmem_cache *cache)
{
	unsigned all = cache->per_slab;
	uint64_t active = 0;

	if (!list_check(cache, &cache->full, all, all, &active) ||
	    !list_check(cache, &cache->partial, 1, all - 1, &active) ||
	    !list_check(cache, &cache->empty, 0, 0, &active))
		return false;
	if (list_length(&cache->empty) != cache->nr_empty ||
	    cache->nr_empty > SLAB_EMPTY_MAX)
		return wrong(cache, "empty slabs miscounted or too many");
	return active == cache->active || wrong(cache, "objects miscounted");
}

bool slab_check(void)
{
	for (struct list *l = slab_caches.next; l != &slab_caches; l = l->next)
		if (l->next->prev != l || !cache_check(cache_of(l)))
			return false;
	return true;
}
