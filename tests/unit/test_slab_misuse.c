/*
 * test_slab_misuse.c: mistakes of the slab allocator's users are seen.
 */
#include "hv_map.h"
#include "slab_fixture.h"

TestSuite(slab_misuse, .init = boot);

/* ---- What slab_check sees ---------------------------------------------- */

#ifdef SLAB_DEBUG
Test(slab_misuse, check_sees_a_write_to_a_freed_object)
{
	struct kmem_cache *cache = make(100, 0);
	char *obj = take(cache);

	kmem_cache_free(cache, obj);
	assert_sound(slab_check());
	obj[50] = 1;
	assert_wrong(slab_check(), "written to after");
}

Test(slab_misuse, check_sees_a_write_past_the_end)
{
	struct kmem_cache *cache = make(101, 0);
	char *obj = take(cache);

	obj[100] = 1;
	assert_sound(slab_check());
	obj[101] = 1;
	assert_wrong(slab_check(), "red zone behind");
}

Test(slab_misuse, check_sees_a_write_before_the_start)
{
	char *obj = take(make(100, 0));

	obj[-1] = 1;
	assert_wrong(slab_check(), "red zone before");
}

Test(slab_misuse, check_sees_a_write_past_a_free_object)
{
	struct kmem_cache *cache = make(48, 0);
	char *obj = take(cache);

	kmem_cache_free(cache, obj);
	obj[48] = 1;
	assert_wrong(slab_check(), "red zone behind");
}
#endif

Test(slab_misuse, check_sees_a_dirty_struct_page)
{
	char *obj = take(make(100, 0));

	virt_to_page(obj)->inuse++;
	assert_wrong(slab_check(), "miscounts");
}

Test(slab_misuse, check_sees_a_bitmap_that_lies)
{
	char *obj = take(make(100, 0));

	virt_to_page(obj)->freemap |= 1;
	assert_wrong(slab_check(), "slab: ");
}

/* ---- Mistakes ---------------------------------------------------------- */

PANICS(double_free)
{
	struct kmem_cache *cache = make(100, 0);
	void *obj = take(cache);

	take(cache);
	kmem_cache_free(cache, obj);
	kmem_cache_free(cache, obj);
}

PANICS(double_free_of_the_only_object)
{
	struct kmem_cache *cache = make(100, 0);
	void *obj = take(cache);

	kmem_cache_free(cache, obj);
	kmem_cache_free(cache, obj);
}

PANICS(double_free_of_an_object_kept_aside)
{
	struct kmem_cache *cache = make(100, 0);
	void *a = take(cache), *b = take(cache);

	assert_sound(slab_check()); /* nothing is aside now */
	kmem_cache_free(cache, a);
	kmem_cache_free(cache, b);
	kmem_cache_free(cache, a);
}

PANICS(double_free_behind_an_object_kept_aside)
{
	struct kmem_cache *cache = make(100, 0);
	void *a = take(cache), *b = take(cache);

	assert_sound(slab_check());
	kmem_cache_free(cache, a);
	kmem_cache_free(cache, b);
	kmem_cache_free(cache, b);
}

PANICS(free_of_an_object_kept_aside_but_never_handed_out)
{
	struct kmem_cache *cache = make(100, 0);
	char *a = take(cache), *b = take(cache);

	kmem_cache_free(cache, b + (b - a));
}

PANICS(double_free_in_a_slab_of_many_objects)
{
	void *a = kmalloc(8), *b = kmalloc(8), *c = kmalloc(8);

	kfree(a);
	kfree(b);
	kfree(c);
	kfree(b);
}

PANICS(free_of_the_middle_of_an_object_of_a_full_slab)
{
	struct kmem_cache *cache = make(1000, 0);
	void *obj[64];

	fill_slab(cache, obj);
	take(cache);
	kmem_cache_free(cache, (char *)obj[0] + 8);
}

PANICS(free_to_another_cache_from_a_full_slab)
{
	struct kmem_cache *other = make(1001, 0);
	struct kmem_cache *cache = kmem_cache_create("u", 1000, 0);
	void *obj = take(cache);

	for (unsigned i = 0; i < 100; i++)
		take(cache);
	kmem_cache_free(other, obj);
}

PANICS(double_free_after_the_slab_is_gone)
{
	struct kmem_cache *cache = make(100, 0);
	void *obj = take(cache);

	kmem_cache_free(cache, obj);
	kmem_cache_shrink(cache);
	kmem_cache_free(cache, obj);
}

PANICS(double_free_with_another_between)
{
	void *a = kmalloc(8), *b = kmalloc(8);

	kfree(a);
	kfree(b);
	kfree(a);
}

PANICS(double_free_of_a_large_block)
{
	void *obj = kmalloc(100000);

	kfree(obj);
	kfree(obj);
}

PANICS(free_of_the_middle_of_an_object)
{
	struct kmem_cache *cache = make(100, 0);

	kmem_cache_free(cache, (char *)take(cache) + 8);
}

PANICS(free_of_an_object_never_handed_out)
{
	struct kmem_cache *cache = make(100, 0);
	char *a = take(cache), *b = take(cache);

	kmem_cache_free(cache, b + (b - a));
}

PANICS(free_of_what_lies_behind_the_last_object)
{
	/* 21 objects of 192 bytes leave 64 bytes. */
	struct kmem_cache *cache = make(192 - RED_ZONES, 0);
	char *a = take(cache), *b = take(cache);

	kmem_cache_free(cache, a + 21 * (b - a));
}

PANICS(free_to_another_cache)
{
	kmem_cache_free(make(100, 0), take(make(100, 0)));
}

PANICS(kfree_of_a_cache_object)
{
	kfree(take(make(64, 0)));
}

PANICS(kfree_of_the_middle_of_a_large_block)
{
	kfree((char *)kmalloc(100000) + PAGE_SIZE);
}

PANICS(kfree_of_the_first_page_but_not_its_start)
{
	kfree((char *)kmalloc(100000) + 8);
}

PANICS(kfree_of_a_frame)
{
	kfree(page_to_virt(buddy_alloc(0, GFP_KERNEL)));
}

PANICS(kfree_of_the_kernels_memory)
{
	kfree(arch_phys_to_virt((hv_gpa_t){0x100000}));
}

PANICS(kfree_of_a_pointer_outside_ram)
{
	static int variable;

	kfree(&variable);
}

PANICS(kfree_of_memory_in_the_frontier)
{
	kfree(arch_phys_to_virt((hv_gpa_t){31 * MIB}));
}

#ifdef SLAB_DEBUG
PANICS(free_after_a_write_past_the_end)
{
	struct kmem_cache *cache = make(100, 0);
	char *obj = take(cache);

	obj[100] = 0;
	kmem_cache_free(cache, obj);
}

PANICS(free_after_a_write_before_the_start)
{
	struct kmem_cache *cache = make(100, 0);
	char *obj = take(cache);

	obj[-1] = 0;
	kmem_cache_free(cache, obj);
}

PANICS(alloc_of_an_object_written_to_while_free)
{
	struct kmem_cache *cache = make(100, 0);
	char *obj = take(cache);

	kmem_cache_free(cache, obj);
	obj[99] = 0;
	take(cache);
}
#endif

PANICS(destroying_a_cache_with_objects)
{
	struct kmem_cache *cache = make(100, 0);

	take(cache);
	kmem_cache_destroy(cache);
}

PANICS(an_alignment_that_is_no_power_of_two)
{
	make(100, 24);
}

PANICS(objects_of_no_bytes)
{
	make(0, 0);
}

PANICS(objects_too_large_for_a_slab)
{
	make(32769, 0);
}
