/*
 * fail.c: allocations that fail on request, by the linker's --wrap.
 *
 * Works for calls from one object file to another. The __real_ names are weak,
 * so that a program linked without --wrap links too and never comes here.
 */
#include "buddy.h"
#include "shim.h"
#include "slab.h"

#define WEAK __attribute__((weak))

struct page *__real_buddy_alloc(unsigned order, uint32_t gfp) WEAK;
struct page *__wrap_buddy_alloc(unsigned order, uint32_t gfp);
void *__real_kmem_cache_alloc(struct kmem_cache *cache) WEAK;
void *__wrap_kmem_cache_alloc(struct kmem_cache *cache);
void *__real_kmem_cache_zalloc(struct kmem_cache *cache) WEAK;
void *__wrap_kmem_cache_zalloc(struct kmem_cache *cache);
void *__real_kmalloc(size_t size) WEAK;
void *__wrap_kmalloc(size_t size);

static struct shim_failure failure;
static uint64_t calls;

void shim_fail_reset(void)
{
	failure = (struct shim_failure){0, 0};
	calls = 0;
}

void shim_fail_allocs(unsigned after, unsigned count)
{
	failure = (struct shim_failure){after, count};
}

uint64_t shim_alloc_calls(void)
{
	return calls;
}

static bool fails(void)
{
	calls++;
	return shim_failure_due(&failure);
}

struct page *__wrap_buddy_alloc(unsigned order, uint32_t gfp)
{
	return fails() ? NULL : __real_buddy_alloc(order, gfp);
}

void *__wrap_kmem_cache_alloc(struct kmem_cache *cache)
{
	return fails() ? NULL : __real_kmem_cache_alloc(cache);
}

void *__wrap_kmem_cache_zalloc(struct kmem_cache *cache)
{
	return fails() ? NULL : __real_kmem_cache_zalloc(cache);
}

void *__wrap_kmalloc(size_t size)
{
	return fails() ? NULL : __real_kmalloc(size);
}
