/*
 * test_slab.c: objects of one size, many to a page.
 */
#include "slab_fixture.h"

TestSuite(slab, .init = boot);

/* ---- Caches ------------------------------------------------------------ */

Test(slab, init_takes_no_frame)
{
	cr_assert_eq(frames_free(), frames_at_start);
	cr_assert_eq(slab_objects(), 0);
	assert_sound(slab_check());
}

Test(slab, init_can_start_over)
{
	make(100, 0);
	cr_assert_not_null(kmalloc(100));
	boot();
	cr_assert_eq(slab_objects(), 0);
	cr_assert_not_null(kmalloc(100));
	assert_sound(slab_check());
}

Test(slab, a_new_cache_has_no_slab)
{
	make(100, 0);
	cr_assert_eq(stats_of("t").slabs_empty, 0);
	cr_assert_eq(stats_of("t").objects_active, 0);
	cr_assert_eq(stats_of("t").object_size, 100);
}

Test(slab, a_cache_is_itself_an_object)
{
	struct kmem_cache *cache = make(100, 0);

	cr_assert_eq(stats_of("kmem_cache").objects_active, 1);
	cr_assert_eq(slab_objects(), 0, "but is not counted");
	all_is_back_and_the_cache_gone(cache);
}

Test(slab, a_destroyed_cache_gives_everything_back)
{
	struct kmem_cache *cache = make(100, 0);
	void *obj[100];

	for (unsigned i = 0; i < 100; i++)
		obj[i] = take(cache);
	for (unsigned i = 0; i < 100; i++)
		kmem_cache_free(cache, obj[i]);
	all_is_back_and_the_cache_gone(cache);
}

Test(slab, caches_live_side_by_side)
{
	struct kmem_cache *c[20];
	void *obj[20];

	for (unsigned i = 0; i < 20; i++) {
		c[i] = kmem_cache_create("many", 8 + i * 24, 0);
		obj[i] = take(c[i]);
	}
	cr_assert_eq(slab_objects(), 20);
	for (unsigned i = 0; i < 20; i += 2)
		kmem_cache_free(c[i], obj[i]), kmem_cache_destroy(c[i]);
	assert_sound(slab_check());
	cr_assert_eq(slab_objects(), 10);
	for (unsigned i = 1; i < 20; i += 2)
		kmem_cache_free(c[i], obj[i]), kmem_cache_destroy(c[i]);
	all_is_back();
	cr_assert_eq(frames_free(), frames_at_start);
}

/* ---- Packing ----------------------------------------------------------- */

Test(slab, objects_do_not_overlap)
{
	struct kmem_cache *cache = make(40, 0);
	char *obj[300];

	for (unsigned i = 0; i < 300; i++) {
		obj[i] = take(cache);
		memset(obj[i], (int)i, 40);
	}
	for (unsigned i = 0; i < 300; i++)
		for (unsigned j = 0; j < 40; j++)
			cr_assert_eq(obj[i][j], (char)i);
	for (unsigned i = 0; i < 300; i++)
		kmem_cache_free(cache, obj[i]);
	all_is_back_and_the_cache_gone(cache);
}

Test(slab, a_slab_holds_what_fits)
{
	struct kmem_cache *cache = make(64 - RED_ZONES, 0);
	void *obj[512];
	unsigned n = fill_slab(cache, obj);

	cr_assert_eq(n, 4096 / 64);
	cr_assert_eq(n, stats_of("t").objects_per_slab);
	cr_assert_eq(virt_to_page(obj[0]), virt_to_page(obj[n - 1]));
	take(cache);
	cr_assert_eq(stats_of("t").slabs_partial, 1);
}

Test(slab, many_small_objects_leave_room_for_their_bitmap)
{
	/* 24 bytes each: 170 would fit, 3 words of bitmap take one. */
	struct kmem_cache *cache = make(24 - RED_ZONES, 0);
	void *obj[512];
	unsigned n = fill_slab(cache, obj);

	cr_assert_eq(n, 169);
	cr_assert_eq(virt_to_page(obj[0]), virt_to_page(obj[n - 1]));
	assert_sound(slab_check());
	while (n)
		kmem_cache_free(cache, obj[--n]);
	all_is_back_and_the_cache_gone(cache);
}

Test(slab, every_size_packs_and_comes_back)
{
	for (size_t size = 1; size < 16000; size = size * 5 / 4 + 3) {
		struct kmem_cache *cache = make(size, 0);
		void *obj[600];
		unsigned n = fill_slab(cache, obj);
		struct slab_stats st = stats_of("t");

		cr_assert_leq(n * size, PAGE_SIZE << st.slab_order);
		for (unsigned i = 0; i < n; i++)
			memset(obj[i], 0xff, size);
		assert_sound(slab_check());
		for (unsigned i = 0; i < n; i++)
			kmem_cache_free(cache, obj[i]);
		all_is_back_and_the_cache_gone(cache);
	}
}

Test(slab, objects_are_aligned)
{
	for (size_t align = 8; align <= 4096; align *= 2) {
		struct kmem_cache *cache = make(24, align);
		void *obj[20];

		for (unsigned i = 0; i < 20; i++) {
			obj[i] = take(cache);
			cr_assert_eq((uintptr_t)obj[i] % align, 0);
		}
		for (unsigned i = 0; i < 20; i++)
			kmem_cache_free(cache, obj[i]);
		all_is_back_and_the_cache_gone(cache);
	}
}

Test(slab, without_an_alignment_it_is_8)
{
	struct kmem_cache *cache = make(13, 0);

	for (unsigned i = 0; i < 100; i++)
		cr_assert_eq((uintptr_t)take(cache) % 8, 0);
}

Test(slab, the_lowest_free_object_of_a_slab_is_used_first)
{
	struct kmem_cache *cache = make(64, 0);
	char *obj[10];

	for (unsigned i = 0; i < 10; i++)
		obj[i] = take(cache);
	for (unsigned i = 1; i < 10; i++)
		cr_assert_gt(obj[i], obj[i - 1]);
	/* Of those freed, the first is kept aside, if none is. */
	cr_assert_eq(stats_of("t").objects_active, 10);
	kmem_cache_free(cache, obj[9]);
	kmem_cache_free(cache, obj[7]);
	kmem_cache_free(cache, obj[3]);
	cr_assert_eq(take(cache), obj[9]);
	cr_assert_eq(take(cache), obj[3]);
	cr_assert_eq(take(cache), obj[7]);
}

Test(slab, what_is_kept_aside_is_not_in_use)
{
	struct kmem_cache *cache = make(64, 0);
	void *a = take(cache), *b = take(cache);

	for (unsigned i = 0; i < 5; i++) {
		cr_assert_eq(slab_objects(), 2);
		kmem_cache_free(cache, b);
		cr_assert_eq(slab_objects(), 1);
		assert_sound(slab_check());
		b = take(cache);
		assert_sound(slab_check());
	}
	kmem_cache_free(cache, b);
	kmem_cache_free(cache, a);
	cr_assert_eq(slab_objects(), 0);
	all_is_back_and_the_cache_gone(cache);
}

Test(slab, a_cache_with_nothing_but_an_object_aside_can_be_destroyed)
{
	struct kmem_cache *cache = make(64, 0);

	kmem_cache_free(cache, take(cache));
	kmem_cache_destroy(cache);
	cr_assert_eq(slab_objects(), 0);
	all_is_back();
	cr_assert_eq(frames_free(), frames_at_start);
}

/* A full slab that is not in use, and one more object; then free object i. */
static void free_in_full_slab(size_t size, unsigned i)
{
	struct kmem_cache *cache = make(size, 0);
	void *obj[512], *more;
	unsigned n = fill_slab(cache, obj);

	more = take(cache);
	cr_assert_eq(stats_of("t").slabs_full, 1);
	i %= n;
	kmem_cache_free(cache, obj[i]);
	cr_assert_eq(stats_of("t").slabs_full, 0);
	cr_assert_eq(stats_of("t").slabs_partial, 2);
	cr_assert_eq(slab_objects(), n);
	assert_sound(slab_check());
	obj[i] = more;
	while (n)
		kmem_cache_free(cache, obj[--n]);
	all_is_back_and_the_cache_gone(cache);
}

Test(slab, any_object_of_a_full_slab_can_be_freed)
{
	for (unsigned i = 0; i < 64; i += 7) {
		free_in_full_slab(100, i);
		free_in_full_slab(9, i * 5);
	}
}

/* ---- Slabs of several pages -------------------------------------------- */

Test(slab, large_objects_get_slabs_of_several_pages)
{
	struct kmem_cache *cache = make(3000, 0);
	void *obj[64];
	unsigned n = fill_slab(cache, obj);
	struct slab_stats st = stats_of("t");

	cr_assert_gt(st.slab_order, 0);
	cr_assert_geq(n, 4);
	for (unsigned i = 0; i < n; i++)
		memset(obj[i], 1, 3000);
	assert_sound(slab_check());
	/* From the last page back to the first: by the tail's head. */
	while (n)
		kmem_cache_free(cache, obj[--n]);
	all_is_back_and_the_cache_gone(cache);
}

Test(slab, slabs_leave_their_tail_pages_clean)
{
	struct kmem_cache *cache = make(8000, 0);
	void *obj = take(cache);
	struct page *page = virt_to_page(obj);

	cr_assert(page->flags & PG_SLAB);
	cr_assert_gt(stats_of("t").slab_order, 0);
	kmem_cache_free(cache, obj);
	kmem_cache_shrink(cache);
	assert_sound(buddy_check());
	cr_assert_eq(frames_free(), frames_at_start - 1);
}

/* ---- Full, partial, empty ---------------------------------------------- */

Test(slab, a_slab_goes_from_partial_to_full_and_back_to_empty)
{
	struct kmem_cache *cache = make(500, 0);
	void *obj[512];
	unsigned n;

	obj[0] = take(cache);
	cr_assert_eq(stats_of("t").slabs_partial, 1);
	n = 1 + fill_slab(cache, obj + 1);
	cr_assert_eq(stats_of("t").slabs_full, 1);
	cr_assert_eq(stats_of("t").slabs_partial, 0);
	kmem_cache_free(cache, obj[--n]);
	cr_assert_eq(stats_of("t").slabs_full, 0);
	cr_assert_eq(stats_of("t").slabs_partial, 1);
	while (n)
		kmem_cache_free(cache, obj[--n]);
	cr_assert_eq(stats_of("t").slabs_partial, 0);
	cr_assert_eq(stats_of("t").slabs_empty, 1);
	assert_sound(slab_check());
	all_is_back_and_the_cache_gone(cache);
}

Test(slab, partial_slabs_are_used_before_empty_ones)
{
	struct kmem_cache *cache = make(500, 0);
	void *a[64], *b[64];
	unsigned n = fill_slab(cache, a);

	for (unsigned i = 0; i < n; i++)
		b[i] = take(cache);
	kmem_cache_free(cache, a[3]);
	for (unsigned i = 0; i < n; i++)
		kmem_cache_free(cache, b[i]);
	cr_assert_eq(stats_of("t").slabs_empty, 1);
	cr_assert_eq(take(cache), a[3]);
	cr_assert_eq(stats_of("t").slabs_empty, 1);
	cr_assert_eq(stats_of("t").slabs_full, 1);
}

Test(slab, empty_slabs_are_used_before_new_ones)
{
	struct kmem_cache *cache = make(500, 0);
	void *obj = take(cache);
	uint64_t before = frames_free();

	for (unsigned i = 0; i < 100; i++) {
		kmem_cache_free(cache, obj);
		obj = take(cache);
		cr_assert_eq(frames_free(), before);
	}
}

Test(slab, only_a_few_empty_slabs_are_kept)
{
	struct kmem_cache *cache = make(500, 0);
	void *obj[200];

	for (unsigned i = 0; i < 200; i++)
		obj[i] = take(cache);
	cr_assert_gt(stats_of("t").slabs_full, 10);
	for (unsigned i = 0; i < 200; i++)
		kmem_cache_free(cache, obj[i]);
	cr_assert_leq(stats_of("t").slabs_empty, 3);
	all_is_back_and_the_cache_gone(cache);
}

Test(slab, shrinking_gives_empty_slabs_back)
{
	struct kmem_cache *cache = make(500, 0);
	uint64_t before;

	cr_assert_eq(stats_of("t").slabs_empty, 0);
	before = frames_free();
	kmem_cache_free(cache, take(cache));
	cr_assert_lt(frames_free(), before);
	kmem_cache_shrink(cache);
	cr_assert_eq(frames_free(), before);
	cr_assert_eq(stats_of("t").slabs_empty, 0);
	kmem_cache_shrink(cache);
	all_is_back_and_the_cache_gone(cache);
}

Test(slab, shrinking_keeps_slabs_in_use)
{
	struct kmem_cache *cache = make(500, 0);
	char *obj = take(cache);

	memset(obj, 7, 500);
	kmem_cache_shrink(cache);
	slab_shrink_all();
	cr_assert_eq(obj[499], 7);
	cr_assert_eq(stats_of("t").slabs_partial, 1);
	kmem_cache_free(cache, obj);
	all_is_back_and_the_cache_gone(cache);
}

Test(slab, one_object_a_slab_is_full_or_empty)
{
	struct kmem_cache *cache = make(20000, 0);
	void *a = take(cache), *b;

	cr_assert_eq(stats_of("t").objects_per_slab, 1);
	cr_assert_eq(stats_of("t").slabs_full, 1);
	b = take(cache);
	cr_assert_eq(stats_of("t").slabs_full, 2);
	assert_sound(slab_check());
	kmem_cache_free(cache, a);
	cr_assert_eq(stats_of("t").slabs_empty, 1);
	kmem_cache_free(cache, b);
	all_is_back_and_the_cache_gone(cache);
}

/* ---- Contents ---------------------------------------------------------- */

Test(slab, zalloc_zeroes_recycled_memory)
{
	struct kmem_cache *cache = make(100, 0);
	uint8_t *obj = take(cache);

	memset(obj, 0xff, 100);
	kmem_cache_free(cache, obj);
	cr_assert_eq(kmem_cache_zalloc(cache), obj);
	for (unsigned i = 0; i < 100; i++)
		cr_assert_eq(obj[i], 0);
}
