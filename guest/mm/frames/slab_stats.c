/*
 * slab_stats.c: the slab allocator's counts. Puts the objects that are kept
 * aside back into their slabs first, and changes nothing else.
 */
#include "slab.h"
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
