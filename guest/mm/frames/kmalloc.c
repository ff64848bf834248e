/*
 * kmalloc.c: memory of any size, from a cache for each size class, or from
 * whole buddy blocks where it is larger than those.
 *
 * A class gets its cache when it is first asked for: start-up costs nothing.
 */
#include "bits.h"
#include "buddy.h"
#include "panic.h"
#include "slab.h"
#include "slab_internal.h"

#define CLASS_MAX 8192

static const struct {
	uint32_t size;
	const char *name;
} classes[] = {
	{8, "kmalloc-8"},	{16, "kmalloc-16"},	{32, "kmalloc-32"},
	{64, "kmalloc-64"},	{96, "kmalloc-96"},	{128, "kmalloc-128"},
	{192, "kmalloc-192"},	{256, "kmalloc-256"},	{512, "kmalloc-512"},
	{1024, "kmalloc-1024"}, {2048, "kmalloc-2048"}, {4096, "kmalloc-4096"},
	{8192, "kmalloc-8192"},
};
#define NR_CLASSES (sizeof(classes) / sizeof(classes[0]))

/* Up to 192 bytes the class is class_of_small[(size - 1) / 8]. */
static const uint8_t class_of_small[24] = {
	0, 1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 6,
};
#define CLASS_256 7

static struct kmem_cache caches[NR_CLASSES];
static uint64_t nr_large;
static bool any_cache;

void kmalloc_init(void)
{
	/* At boot all is zero; hosted tests start over. */
	for (unsigned i = 0; any_cache && i < NR_CLASSES; i++)
		caches[i].stride = 0;
	any_cache = false;
	nr_large = 0;
}

uint64_t kmalloc_large_blocks(void)
{
	return nr_large;
}

/* The least n so that 2^n >= value; value > 1. */
static unsigned log2_up(uint64_t value)
{
	return bit_highest(value - 1) + 1;
}

static void *large_alloc(size_t size)
{
	struct page *page;

	page = buddy_alloc(log2_up(size) - PAGE_SHIFT, GFP_KERNEL);
	if (!page)
		return NULL;
	page->flags |= PG_LARGE;
	nr_large++;
	return page_to_virt(page);
}

static void large_free(struct page *page, void *obj)
{
	if (!(page->flags & PG_LARGE) || page_to_virt(page) != obj)
		panic("kfree: %p was not allocated by kmalloc", obj);
	nr_large--;
	buddy_free(page, page->order);
}

void *kmalloc(size_t size)
{
	unsigned i = 0;

	if (size > CLASS_MAX)
		return large_alloc(size);
	if (size > 192)
		i = CLASS_256 + log2_up(size) - 8;
	else if (size)
		i = class_of_small[(size - 1) / 8];
	if (!caches[i].stride) {
		slab_cache_init(&caches[i], classes[i].name, classes[i].size,
				0);
		any_cache = true;
	}
	return kmem_cache_alloc(&caches[i]);
}

void kfree(void *obj)
{
	struct page *page;
	struct kmem_cache *cache;

	if (!obj)
		return;
	page = slab_page(obj);
	if (!(page->flags & PG_SLAB)) {
		large_free(page, obj);
		return;
	}
	cache = slab_owner(page);
	if (cache < caches || cache >= caches + NR_CLASSES)
		panic("kfree: %p is an object of cache %s", obj, cache->name);
	kmem_cache_free(cache, obj);
}
