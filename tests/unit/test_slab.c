/*
 * test_slab.c: objects of one size, many to a page.
 *
 * To be built like the modules: with -DSLAB_DEBUG, red zones and poisoning are
 * on, and are tested; without it the same claims hold but for those.
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "buddy.h"
#include "shim.h"
#include "slab.h"

#define MIB (1ull << 20)

#ifdef SLAB_DEBUG
#define RED_ZONES 16 /* bytes for each object */
#else
#define RED_ZONES 0
#endif

static uint64_t frames_at_start;

static uint64_t frames_free(void)
{
	struct buddy_stats st;

	buddy_stats(&st);
	return st.frames_free;
}

static void boot(void)
{
	shim_reset(32 * MIB);
	buddy_init(shim_boot()->banks, shim_boot()->nr_banks);
	frames_at_start = frames_free();
	slab_init();
}

TestSuite(slab, .init = boot);

/* ---- Helpers ----------------------------------------------------------- */

struct find {
	const char *name;
	struct slab_stats stats;
	unsigned found;
};

static void find_one(const struct slab_stats *stats, void *ctx)
{
	struct find *find = ctx;

	if (strcmp(stats->name, find->name))
		return;
	find->stats = *stats;
	find->found++;
}

static struct slab_stats stats_of(const char *name)
{
	struct find find = {.name = name};

	slab_for_each(find_one, &find);
	cr_assert_eq(find.found, 1, "cache %s found %u times", name,
		     find.found);
	return find.stats;
}

static struct kmem_cache *make(size_t size, size_t align, void (*ctor)(void *))
{
	struct kmem_cache *cache = kmem_cache_create("t", size, align, ctor);

	cr_assert_not_null(cache);
	return cache;
}

static void *take(struct kmem_cache *cache)
{
	void *obj = kmem_cache_alloc(cache);

	cr_assert_not_null(obj);
	return obj;
}

/* One slab's worth of objects, and the first one's cache stats. */
static unsigned fill_slab(struct kmem_cache *cache, void **obj)
{
	unsigned n = 0;

	do
		obj[n++] = take(cache);
	while (stats_of("t").slabs_full == 0);
	return n;
}

/* No objects left, and every frame back but for living caches' own. */
static void all_is_back(void)
{
	cr_assert(slab_check());
	cr_assert_eq(slab_objects(), 0);
	slab_shrink_all();
	cr_assert(slab_check());
	cr_assert(buddy_check());
}

static void all_is_back_and_the_cache_gone(struct kmem_cache *cache)
{
	kmem_cache_destroy(cache);
	all_is_back();
	cr_assert_eq(frames_free(), frames_at_start);
}

/* ---- Caches ------------------------------------------------------------ */

Test(slab, init_takes_no_frame)
{
	cr_assert_eq(frames_free(), frames_at_start);
	cr_assert_eq(slab_objects(), 0);
	cr_assert(slab_check());
}

Test(slab, init_can_start_over)
{
	make(100, 0, NULL);
	cr_assert_not_null(kmalloc(100));
	boot();
	cr_assert_eq(slab_objects(), 0);
	cr_assert_not_null(kmalloc(100));
	cr_assert(slab_check());
}

Test(slab, a_new_cache_has_no_slab)
{
	make(100, 0, NULL);
	cr_assert_eq(stats_of("t").slabs_empty, 0);
	cr_assert_eq(stats_of("t").objects_active, 0);
	cr_assert_eq(stats_of("t").object_size, 100);
}

Test(slab, a_cache_is_itself_an_object)
{
	struct kmem_cache *cache = make(100, 0, NULL);

	cr_assert_eq(stats_of("kmem_cache").objects_active, 1);
	cr_assert_eq(slab_objects(), 0, "but is not counted");
	all_is_back_and_the_cache_gone(cache);
}

Test(slab, a_destroyed_cache_gives_everything_back)
{
	struct kmem_cache *cache = make(100, 0, NULL);
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
		c[i] = kmem_cache_create("many", 8 + i * 24, 0, NULL);
		obj[i] = take(c[i]);
	}
	cr_assert_eq(slab_objects(), 20);
	for (unsigned i = 0; i < 20; i += 2)
		kmem_cache_free(c[i], obj[i]), kmem_cache_destroy(c[i]);
	cr_assert(slab_check());
	cr_assert_eq(slab_objects(), 10);
	for (unsigned i = 1; i < 20; i += 2)
		kmem_cache_free(c[i], obj[i]), kmem_cache_destroy(c[i]);
	all_is_back();
	cr_assert_eq(frames_free(), frames_at_start);
}

/* ---- Packing ----------------------------------------------------------- */

Test(slab, objects_do_not_overlap)
{
	struct kmem_cache *cache = make(40, 0, NULL);
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
	struct kmem_cache *cache = make(64 - RED_ZONES, 0, NULL);
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
	struct kmem_cache *cache = make(24 - RED_ZONES, 0, NULL);
	void *obj[512];
	unsigned n = fill_slab(cache, obj);

	cr_assert_eq(n, 169);
	cr_assert_eq(virt_to_page(obj[0]), virt_to_page(obj[n - 1]));
	cr_assert(slab_check());
	while (n)
		kmem_cache_free(cache, obj[--n]);
	all_is_back_and_the_cache_gone(cache);
}

Test(slab, every_size_packs_and_comes_back)
{
	for (size_t size = 1; size < 16000; size = size * 5 / 4 + 3) {
		struct kmem_cache *cache = make(size, 0, NULL);
		void *obj[600];
		unsigned n = fill_slab(cache, obj);
		struct slab_stats st = stats_of("t");

		cr_assert_leq(n * size, PAGE_SIZE << st.slab_order);
		for (unsigned i = 0; i < n; i++)
			memset(obj[i], 0xff, size);
		cr_assert(slab_check());
		for (unsigned i = 0; i < n; i++)
			kmem_cache_free(cache, obj[i]);
		all_is_back_and_the_cache_gone(cache);
	}
}

Test(slab, objects_are_aligned)
{
	for (size_t align = 8; align <= 4096; align *= 2) {
		struct kmem_cache *cache = make(24, align, NULL);
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
	struct kmem_cache *cache = make(13, 0, NULL);

	for (unsigned i = 0; i < 100; i++)
		cr_assert_eq((uintptr_t)take(cache) % 8, 0);
}

Test(slab, the_lowest_free_object_is_used_first)
{
	struct kmem_cache *cache = make(64, 0, NULL);
	char *obj[10];

	for (unsigned i = 0; i < 10; i++)
		obj[i] = take(cache);
	for (unsigned i = 1; i < 10; i++)
		cr_assert_gt(obj[i], obj[i - 1]);
	kmem_cache_free(cache, obj[7]);
	kmem_cache_free(cache, obj[3]);
	cr_assert_eq(take(cache), obj[3]);
	cr_assert_eq(take(cache), obj[7]);
}

/* ---- Slabs of several pages -------------------------------------------- */

Test(slab, large_objects_get_slabs_of_several_pages)
{
	struct kmem_cache *cache = make(3000, 0, NULL);
	void *obj[64];
	unsigned n = fill_slab(cache, obj);
	struct slab_stats st = stats_of("t");

	cr_assert_gt(st.slab_order, 0);
	cr_assert_geq(n, 4);
	for (unsigned i = 0; i < n; i++)
		memset(obj[i], 1, 3000);
	cr_assert(slab_check());
	/* From the last page back to the first: by the tail's head. */
	while (n)
		kmem_cache_free(cache, obj[--n]);
	all_is_back_and_the_cache_gone(cache);
}

Test(slab, slabs_leave_their_tail_pages_clean)
{
	struct kmem_cache *cache = make(8000, 0, NULL);
	void *obj = take(cache);
	struct page *page = virt_to_page(obj);

	cr_assert(page->flags & PG_SLAB);
	cr_assert_gt(stats_of("t").slab_order, 0);
	kmem_cache_free(cache, obj);
	kmem_cache_shrink(cache);
	cr_assert(buddy_check());
	cr_assert_eq(frames_free(), frames_at_start - 1);
}

/* ---- Full, partial, empty ---------------------------------------------- */

Test(slab, a_slab_goes_from_partial_to_full_and_back_to_empty)
{
	struct kmem_cache *cache = make(500, 0, NULL);
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
	cr_assert(slab_check());
	all_is_back_and_the_cache_gone(cache);
}

Test(slab, partial_slabs_are_used_before_empty_ones)
{
	struct kmem_cache *cache = make(500, 0, NULL);
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
	struct kmem_cache *cache = make(500, 0, NULL);
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
	struct kmem_cache *cache = make(500, 0, NULL);
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
	struct kmem_cache *cache = make(500, 0, NULL);
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
	struct kmem_cache *cache = make(500, 0, NULL);
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
	struct kmem_cache *cache = make(20000, 0, NULL);
	void *a = take(cache), *b;

	cr_assert_eq(stats_of("t").objects_per_slab, 1);
	cr_assert_eq(stats_of("t").slabs_full, 1);
	b = take(cache);
	cr_assert_eq(stats_of("t").slabs_full, 2);
	cr_assert(slab_check());
	kmem_cache_free(cache, a);
	cr_assert_eq(stats_of("t").slabs_empty, 1);
	kmem_cache_free(cache, b);
	all_is_back_and_the_cache_gone(cache);
}

/* ---- Contents ---------------------------------------------------------- */

Test(slab, zalloc_zeroes_recycled_memory)
{
	struct kmem_cache *cache = make(100, 0, NULL);
	uint8_t *obj = take(cache);

	memset(obj, 0xff, 100);
	kmem_cache_free(cache, obj);
	cr_assert_eq(kmem_cache_zalloc(cache), obj);
	for (unsigned i = 0; i < 100; i++)
		cr_assert_eq(obj[i], 0);
}

static unsigned constructed;

static void construct(void *obj)
{
	constructed++;
	memset(obj, 0x11, 48);
}

Test(slab, the_constructor_runs_once_for_each_object_of_a_slab)
{
	struct kmem_cache *cache = make(48, 0, construct);
	uint8_t *obj = take(cache);
	unsigned n = stats_of("t").objects_per_slab;

	cr_assert_eq(constructed, n);
	cr_assert_eq(obj[0], 0x11);
	cr_assert_eq(obj[47], 0x11);
	for (unsigned i = 0; i < 5 * n; i++) {
		kmem_cache_free(cache, obj);
		obj = take(cache);
	}
	cr_assert_eq(constructed, n);
}

Test(slab, constructed_state_survives_free)
{
	struct kmem_cache *cache = make(48, 0, construct);
	uint8_t *obj = take(cache);

	obj[5] = 0x22;
	kmem_cache_free(cache, obj);
	cr_assert_eq(take(cache), obj);
	for (unsigned i = 0; i < 48; i++)
		cr_assert_eq(obj[i], i == 5 ? 0x22 : 0x11);
	kmem_cache_free(cache, obj);
	all_is_back_and_the_cache_gone(cache);
}

Test(slab, a_slab_that_comes_back_is_constructed_again)
{
	struct kmem_cache *cache = make(48, 0, construct);
	uint8_t *obj = take(cache);
	unsigned n = constructed;

	memset(obj, 0, 48);
	kmem_cache_free(cache, obj);
	kmem_cache_shrink(cache);
	obj = take(cache);
	cr_assert_eq(constructed, 2 * n);
	cr_assert_eq(obj[0], 0x11);
}

/* ---- kmalloc ----------------------------------------------------------- */

Test(slab, kmalloc_uses_the_smallest_class_that_fits)
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

Test(slab, kmalloc_of_every_size_can_be_written_whole)
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

Test(slab, kmalloc_above_8192_takes_whole_blocks)
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

Test(slab, kmalloc_goes_up_to_4_mib)
{
	void *obj = kmalloc(4 * MIB);

	cr_assert_not_null(obj);
	cr_assert_eq(frames_free(), frames_at_start - 1024);
	cr_assert_null(kmalloc(4 * MIB + 1));
	cr_assert_null(kmalloc(~(size_t)0));
	kfree(obj);
	cr_assert_eq(frames_free(), frames_at_start);
}

Test(slab, kmalloc_of_powers_of_two_rounds_to_no_more)
{
	for (unsigned order = 2; order <= 10; order++) {
		void *obj = kmalloc(PAGE_SIZE << order);

		cr_assert_eq(frames_free(), frames_at_start - (1u << order));
		kfree(obj);
	}
	all_is_back();
}

Test(slab, kfree_of_null_does_nothing)
{
	kfree(NULL);
	all_is_back();
}

/* ---- Counting ---------------------------------------------------------- */

Test(slab, objects_are_counted)
{
	struct kmem_cache *cache = make(100, 0, NULL);
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

Test(slab, without_memory_alloc_returns_null_and_nothing_is_lost)
{
	struct kmem_cache *cache = make(1000, 0, NULL);
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

Test(slab, a_slab_that_cannot_be_had_changes_nothing)
{
	struct kmem_cache *cache = make(1000, 0, NULL);

	shim_fail_allocs(1, 1); /* the first is kmem_cache_alloc itself */
	cr_assert_null(kmem_cache_alloc(cache));
	cr_assert_eq(shim_alloc_calls() != 0, 1);
	cr_assert(slab_check());
	cr_assert_eq(stats_of("t").objects_active, 0);
	kmem_cache_free(cache, take(cache));
	all_is_back_and_the_cache_gone(cache);
}

Test(slab, a_cache_that_cannot_be_had_is_null)
{
	/* kmem_cache_create calls into its own file: buddy_alloc fails. */
	shim_fail_allocs(0, 1);
	cr_assert_null(kmem_cache_create("t", 100, 0, NULL));
	cr_assert(slab_check());
	cr_assert_eq(frames_free(), frames_at_start);
}

Test(slab, kmalloc_fails_cleanly_on_every_path)
{
	static const size_t sizes[] = {8, 100, 5000, 50000};

	for (unsigned i = 0; i < 4; i++) {
		void *obj;

		for (unsigned after = 0;; after++) {
			shim_fail_allocs(after, 1);
			obj = kmalloc(sizes[i]);
			if (obj)
				break;
			cr_assert(slab_check());
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

Test(slab, a_random_mix_of_kmalloc_conserves_objects_and_frames)
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
			cr_assert(slab_check());
	}
	for (unsigned k = 0; k < LIVE; k++)
		kfree(obj[k]);
	all_is_back();
	cr_assert_eq(frames_free(), frames_at_start);
}

Test(slab, a_random_mix_in_one_cache_conserves_objects_and_frames)
{
	enum { LIVE = 700 };
	struct kmem_cache *cache = make(152, 0, NULL);
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
			cr_assert(slab_check());
	}
	for (unsigned k = 0; k < LIVE; k++)
		if (obj[k])
			kmem_cache_free(cache, obj[k]);
	all_is_back_and_the_cache_gone(cache);
}

/* ---- What slab_check sees ---------------------------------------------- */

#ifdef SLAB_DEBUG
Test(slab, check_sees_a_write_to_a_freed_object)
{
	struct kmem_cache *cache = make(100, 0, NULL);
	char *obj = take(cache);

	kmem_cache_free(cache, obj);
	cr_assert(slab_check());
	obj[50] = 1;
	cr_assert(!slab_check());
}

Test(slab, check_sees_a_write_past_the_end)
{
	struct kmem_cache *cache = make(101, 0, NULL);
	char *obj = take(cache);

	obj[100] = 1;
	cr_assert(slab_check());
	obj[101] = 1;
	cr_assert(!slab_check());
}

Test(slab, check_sees_a_write_before_the_start)
{
	char *obj = take(make(100, 0, NULL));

	obj[-1] = 1;
	cr_assert(!slab_check());
}

Test(slab, check_sees_a_write_past_a_constructed_free_object)
{
	struct kmem_cache *cache = make(48, 0, construct);
	char *obj = take(cache);

	kmem_cache_free(cache, obj);
	obj[48] = 1;
	cr_assert(!slab_check());
}
#endif

Test(slab, check_sees_a_dirty_struct_page)
{
	char *obj = take(make(100, 0, NULL));

	virt_to_page(obj)->inuse++;
	cr_assert(!slab_check());
}

Test(slab, check_sees_a_bitmap_that_lies)
{
	char *obj = take(make(100, 0, NULL));

	virt_to_page(obj)->freemap |= 1;
	cr_assert(!slab_check());
}

/* ---- Mistakes ---------------------------------------------------------- */

#define PANICS(name) Test(slab_panic, name, .init = boot, .signal = SIGABRT)

PANICS(double_free)
{
	struct kmem_cache *cache = make(100, 0, NULL);
	void *obj = take(cache);

	take(cache);
	kmem_cache_free(cache, obj);
	kmem_cache_free(cache, obj);
}

PANICS(double_free_of_the_only_object)
{
	struct kmem_cache *cache = make(100, 0, NULL);
	void *obj = take(cache);

	kmem_cache_free(cache, obj);
	kmem_cache_free(cache, obj);
}

PANICS(double_free_after_the_slab_is_gone)
{
	struct kmem_cache *cache = make(100, 0, NULL);
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
	struct kmem_cache *cache = make(100, 0, NULL);

	kmem_cache_free(cache, (char *)take(cache) + 8);
}

PANICS(free_of_an_object_never_handed_out)
{
	struct kmem_cache *cache = make(100, 0, NULL);
	char *a = take(cache), *b = take(cache);

	kmem_cache_free(cache, b + (b - a));
}

PANICS(free_of_what_lies_behind_the_last_object)
{
	/* 21 objects of 192 bytes leave 64 bytes. */
	struct kmem_cache *cache = make(192 - RED_ZONES, 0, NULL);
	char *a = take(cache), *b = take(cache);

	kmem_cache_free(cache, a + 21 * (b - a));
}

PANICS(free_to_another_cache)
{
	kmem_cache_free(make(100, 0, NULL), take(make(100, 0, NULL)));
}

PANICS(kfree_of_a_cache_object)
{
	kfree(take(make(64, 0, NULL)));
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
	struct kmem_cache *cache = make(100, 0, NULL);
	char *obj = take(cache);

	obj[100] = 0;
	kmem_cache_free(cache, obj);
}

PANICS(free_after_a_write_before_the_start)
{
	struct kmem_cache *cache = make(100, 0, NULL);
	char *obj = take(cache);

	obj[-1] = 0;
	kmem_cache_free(cache, obj);
}

PANICS(alloc_of_an_object_written_to_while_free)
{
	struct kmem_cache *cache = make(100, 0, NULL);
	char *obj = take(cache);

	kmem_cache_free(cache, obj);
	obj[99] = 0;
	take(cache);
}
#endif

PANICS(destroying_a_cache_with_objects)
{
	struct kmem_cache *cache = make(100, 0, NULL);

	take(cache);
	kmem_cache_destroy(cache);
}

PANICS(an_alignment_that_is_no_power_of_two)
{
	make(100, 24, NULL);
}

PANICS(objects_of_no_bytes)
{
	make(0, 0, NULL);
}

PANICS(objects_too_large_for_a_slab)
{
	make(32769, 0, NULL);
}

PANICS(zalloc_from_a_cache_with_a_constructor)
{
	kmem_cache_zalloc(make(48, 0, construct));
}
