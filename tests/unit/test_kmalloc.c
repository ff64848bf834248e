/*
 * test_kmalloc.c: memory of any size; counting; running out of it.
 */
#include "slab_fixture.h"

TestSuite(kmalloc, .init = boot);

/* ---- kmalloc ----------------------------------------------------------- */

Test(kmalloc, kmalloc_uses_the_smallest_class_that_fits)
{
	static const struct {
		size_t size;
		const char *name;
	} want[] = {
		{1, "kmalloc-8"},	{8, "kmalloc-8"},
		{9, "kmalloc-16"},	{16, "kmalloc-16"},
		{17, "kmalloc-32"},	{32, "kmalloc-32"},
		{33, "kmalloc-64"},	{64, "kmalloc-64"},
		{65, "kmalloc-96"},	{96, "kmalloc-96"},
		{97, "kmalloc-128"},	{128, "kmalloc-128"},
		{129, "kmalloc-192"},	{192, "kmalloc-192"},
		{193, "kmalloc-256"},	{256, "kmalloc-256"},
		{257, "kmalloc-512"},	{512, "kmalloc-512"},
		{513, "kmalloc-1024"},	{1024, "kmalloc-1024"},
		{1025, "kmalloc-2048"}, {2048, "kmalloc-2048"},
		{2049, "kmalloc-4096"}, {4096, "kmalloc-4096"},
		{4097, "kmalloc-8192"}, {8192, "kmalloc-8192"},
	};

	for (unsigned i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		void *obj = kmalloc(want[i].size);
		struct slab_stats st = stats_of(want[i].name);

		cr_assert_not_null(obj);
		cr_assert_eq(st.objects_active, 1, "%zu", want[i].size);
		cr_assert_geq(st.object_size, want[i].size);
		cr_assert_eq(slab_objects(), 1);
		kfree(obj);
	}
	all_is_back();
	cr_assert_eq(frames_free(), frames_at_start);
}

Test(kmalloc, kmalloc_of_every_size_can_be_written_whole)
{
	for (size_t size = 0; size < 10000; size += size < 300 ? 1 : 37) {
		void *obj = kmalloc(size);

		cr_assert_not_null(obj);
		cr_assert_eq((uintptr_t)obj % 8, 0);
		memset(obj, 0xff, size);
		kfree(obj);
	}
	all_is_back();
	cr_assert_eq(frames_free(), frames_at_start);
}

Test(kmalloc, kmalloc_above_8192_takes_whole_blocks)
{
	void *obj = kmalloc(8193);

	cr_assert_eq((uintptr_t)obj % PAGE_SIZE, 0);
	cr_assert_eq(frames_free(), frames_at_start - 4);
	cr_assert_eq(slab_objects(), 1);
	memset(obj, 1, 8193);
	kfree(obj);
	all_is_back();
	cr_assert_eq(frames_free(), frames_at_start);
}

Test(kmalloc, kmalloc_goes_up_to_4_mib)
{
	void *obj = kmalloc(4 * MIB);

	cr_assert_not_null(obj);
	cr_assert_eq(frames_free(), frames_at_start - 1024);
	cr_assert_null(kmalloc(4 * MIB + 1));
	cr_assert_null(kmalloc(~(size_t)0));
	kfree(obj);
	cr_assert_eq(frames_free(), frames_at_start);
}

Test(kmalloc, kmalloc_of_powers_of_two_rounds_to_no_more)
{
	for (unsigned order = 2; order <= 10; order++) {
		void *obj = kmalloc(PAGE_SIZE << order);

		cr_assert_eq(frames_free(), frames_at_start - (1u << order));
		kfree(obj);
	}
	all_is_back();
}

Test(kmalloc, kfree_of_null_does_nothing)
{
	kfree(NULL);
	all_is_back();
}

/* ---- Counting ---------------------------------------------------------- */

Test(kmalloc, objects_are_counted)
{
	struct kmem_cache *cache = make(100, 0);
	void *a = take(cache), *b = kmalloc(10), *c = kmalloc(100000);

	cr_assert_eq(slab_objects(), 3);
	cr_assert_eq(stats_of("t").objects_active, 1);
	kfree(b);
	kfree(c);
	cr_assert_eq(slab_objects(), 1);
	kmem_cache_free(cache, a);
	all_is_back_and_the_cache_gone(cache);
}

/* ---- No memory --------------------------------------------------------- */

Test(kmalloc, without_memory_alloc_returns_null_and_nothing_is_lost)
{
	struct kmem_cache *cache = make(1000, 0);
	struct list {
		struct list *next;
	} *all = NULL, *obj;
	uint64_t n = 0;

	while ((obj = kmem_cache_alloc(cache))) {
		obj->next = all;
		all = obj;
		n++;
	}
	cr_assert_gt(n, 20000);
	cr_assert_null(kmem_cache_zalloc(cache));
	cr_assert_null(kmalloc(100));
	cr_assert_null(kmalloc(10000));
	cr_assert_eq(slab_objects(), n);
	while (all) {
		obj = all;
		all = all->next;
		kmem_cache_free(cache, obj);
	}
	all_is_back_and_the_cache_gone(cache);
}

Test(kmalloc, a_slab_that_cannot_be_had_changes_nothing)
{
	struct kmem_cache *cache = make(1000, 0);

	shim_fail_allocs(1, 1); /* the first is kmem_cache_alloc itself */
	cr_assert_null(kmem_cache_alloc(cache));
	cr_assert_eq(shim_alloc_calls() != 0, 1);
	assert_sound(slab_check());
	cr_assert_eq(stats_of("t").objects_active, 0);
	kmem_cache_free(cache, take(cache));
	all_is_back_and_the_cache_gone(cache);
}

Test(kmalloc, a_cache_that_cannot_be_had_is_null)
{
	/* kmem_cache_create calls into its own file: buddy_alloc fails. */
	shim_fail_allocs(0, 1);
	cr_assert_null(kmem_cache_create("t", 100, 0));
	assert_sound(slab_check());
	cr_assert_eq(frames_free(), frames_at_start);
}

Test(kmalloc, kmalloc_fails_cleanly_on_every_path)
{
	static const size_t sizes[] = {8, 100, 5000, 50000};

	for (unsigned i = 0; i < 4; i++) {
		void *obj;

		for (unsigned after = 0;; after++) {
			shim_fail_allocs(after, 1);
			obj = kmalloc(sizes[i]);
			if (obj)
				break;
			assert_sound(slab_check());
			cr_assert_eq(slab_objects(), 0);
			cr_assert_lt(after, 4);
		}
		shim_fail_allocs(0, 0);
		kfree(obj);
	}
	all_is_back();
	cr_assert_eq(frames_free(), frames_at_start);
}

/* ---- Random mixes ------------------------------------------------------ */

static void check_bytes(const uint8_t *obj, size_t size, uint8_t byte)
{
	for (size_t i = 0; i < size; i++)
		cr_assert_eq(obj[i], byte);
}

Test(kmalloc, a_random_mix_of_kmalloc_conserves_objects_and_frames)
{
	enum { LIVE = 500 };
	uint8_t *obj[LIVE] = {0};
	size_t size[LIVE] = {0};
	uint64_t live = 0;

	srand(11);
	for (unsigned i = 0; i < 20000; i++) {
		unsigned k = (unsigned)rand() % LIVE;

		if (obj[k]) {
			check_bytes(obj[k], size[k], (uint8_t)k);
			kfree(obj[k]);
			obj[k] = NULL;
			live--;
		} else {
			size[k] = 1 + (size_t)rand() % (1u << rand() % 14);
			obj[k] = kmalloc(size[k]);
			cr_assert_not_null(obj[k]);
			memset(obj[k], (int)k, size[k]);
			live++;
		}
		cr_assert_eq(slab_objects(), live);
		if (i % 500 == 0)
			assert_sound(slab_check());
	}
	for (unsigned k = 0; k < LIVE; k++)
		kfree(obj[k]);
	all_is_back();
	cr_assert_eq(frames_free(), frames_at_start);
}

Test(kmalloc, a_random_mix_in_one_cache_conserves_objects_and_frames)
{
	enum { LIVE = 700 };
	struct kmem_cache *cache = make(152, 0);
	uint8_t *obj[LIVE] = {0};

	srand(12);
	for (unsigned i = 0; i < 30000; i++) {
		unsigned k = (unsigned)rand() % LIVE;

		if (obj[k]) {
			check_bytes(obj[k], 152, (uint8_t)k);
			kmem_cache_free(cache, obj[k]);
			obj[k] = NULL;
		} else {
			obj[k] = take(cache);
			memset(obj[k], (int)k, 152);
		}
		if (i % 500 == 0)
			assert_sound(slab_check());
	}
	for (unsigned k = 0; k < LIVE; k++)
		if (obj[k])
			kmem_cache_free(cache, obj[k]);
	all_is_back_and_the_cache_gone(cache);
}
