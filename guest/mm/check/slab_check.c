/*
 * slab_check.c: does every invariant of slab.c hold? Puts the objects that are
 * kept aside back into their slabs first, and changes nothing else.
 */
#include "check.h"
#include "slab_debug.h"
#include "slab_internal.h"
#include "wrong.h"

static uint64_t list_length(const struct list *head)
{
	uint64_t n = 0;

	for (const struct list *l = head->next; l != head; l = l->next)
		n++;
	return n;
}

static const char *cache_wrong(const struct kmem_cache *cache, const char *what)
{
	return wrong("slab: %s: %s", cache->name, what);
}

static const char *slab_wrong(const struct kmem_cache *cache,
			      const struct page *page, const char *what)
{
	return wrong("slab: %s: %s: pfn %#lx flags %#x order %u refcount %u "
		     "mapcount %u inuse %u freemap %#lx",
		     cache->name, what, page_to_pfn(page), page->flags,
		     page->order, page->refcount, page->mapcount, page->inuse,
		     page->freemap);
}

static const char *pages_check(const struct kmem_cache *cache,
			       const struct page *page, const void *owner)
{
	if (page->flags != PG_SLAB || page->owner != owner ||
	    page->order != cache->order || page->refcount != 1 ||
	    page->mapcount ||
	    page->private != (uint64_t)page_to_virt(page) + cache->offset)
		return slab_wrong(cache, page, "slab with a bad struct page");
	for (unsigned i = 1; i < 1u << cache->order; i++)
		if (page[i].flags != (PG_SLAB | PG_TAIL) ||
		    page[i].head != page)
			return slab_wrong(cache, &page[i],
					  "slab with a bad tail page");
	return NULL;
}

static const char *object_check(const struct kmem_cache *cache,
				struct page *page, unsigned i, bool is_free)
{
	const char *fault;

	if (i >= cache->per_slab)
		return is_free ? slab_wrong(cache, page,
					    "free object beyond the last one")
			       : NULL;
	fault = debug_fault(cache, slab_object(cache, page, i), is_free);
	return fault ? wrong("slab: %s: object %p: %s", cache->name,
			     slab_object(cache, page, i), fault)
		     : NULL;
}

/* Of a bitmap outside of the struct page. */
static const char *summary_check(const struct kmem_cache *cache,
				 const struct page *page, const uint64_t *map)
{
	if (page->freemap)
		return slab_wrong(cache, page, "both kinds of bitmap");
	for (unsigned w = 0; w < 32; w++)
		if ((page->summary >> w & 1) !=
		    (w < cache->map_words && map[w] != 0))
			return slab_wrong(cache, page,
					  "bitmap's summary is wrong");
	return NULL;
}

static const char *map_check(const struct kmem_cache *cache, struct page *page)
{
	const uint64_t *map = slab_map(cache, page);
	const char *why = NULL;
	unsigned nr_free = 0;

	for (unsigned i = 0; i < cache->map_words * 64 && !why; i++) {
		bool is_free = map[i / 64] >> i % 64 & 1;

		nr_free += is_free;
		why = object_check(cache, page, i, is_free);
	}
	if (!why && cache->map_words > 1)
		why = summary_check(cache, page, map);
	if (!why && nr_free + page->inuse != cache->per_slab)
		why = slab_wrong(cache, page, "slab miscounts its objects");
	return why;
}

/* A slab with `min` to `max` objects in use, on the list `full` or not. */
static const char *one_check(const struct kmem_cache *cache, struct page *page,
			     const void *owner, unsigned min, unsigned max)
{
	const char *why = pages_check(cache, page, owner);

	why = why ? why : map_check(cache, page);
	if (!why && (page->inuse < min || page->inuse > max))
		why = slab_wrong(cache, page, "slab on the wrong list");
	return why;
}

static const char *list_check(const struct kmem_cache *cache,
			      const struct list *head, const void *owner,
			      unsigned min, unsigned max)
{
	const char *why = NULL;

	for (const struct list *l = head->next; l != head && !why;
	     l = l->next) {
		struct page *page = list_entry(l, struct page, list);

		if (l->next->prev != l)
			return slab_wrong(cache, page, "list of slabs broken");
		if (page == cache->slab)
			return slab_wrong(cache, page,
					  "slab in use is on a list");
		why = one_check(cache, page, owner, min, max);
	}
	return why;
}

static const char *lists_check(const struct kmem_cache *cache)
{
	unsigned all = cache->per_slab;
	const char *why;

	why = list_check(cache, &cache->full, slab_full_owner(cache), all, all);
	why = why ? why : list_check(cache, &cache->partial, cache, 1, all - 1);
	return why ? why : list_check(cache, &cache->empty, cache, 0, 0);
}

static const char *cache_check(const struct kmem_cache *cache)
{
	const char *why = NULL;
	uint64_t empty;

	if (slab_none.freemap || slab_none.inuse)
		return cache_wrong(cache,
				   "what stands for no slab has objects");
	if (cache->slab != &slab_none)
		why = one_check(cache, cache->slab, cache, 1, cache->per_slab);
	why = why ? why : lists_check(cache);
	if (why)
		return why;
	empty = list_length(&cache->empty);
	if (empty != cache->nr_empty || empty > SLAB_EMPTY_MAX)
		return wrong("slab: %s: %lu empty slabs, counted are %lu, may "
			     "be %u",
			     cache->name, empty, (unsigned long)cache->nr_empty,
			     (unsigned)SLAB_EMPTY_MAX);
	return NULL;
}

const char *slab_check(void)
{
	const char *why = NULL;

	for (struct list *l = slab_caches.next; l != &slab_caches && !why;
	     l = l->next) {
		struct kmem_cache *cache =
			list_entry(l, struct kmem_cache, link);

		slab_put_aside_back(cache);
		why = l->next->prev != l
			      ? cache_wrong(cache, "list of caches broken")
			      : cache_check(cache);
	}
	return why;
}
