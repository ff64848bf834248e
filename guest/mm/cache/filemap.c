/*
 * filemap.c: the page cache.
 *
 * The tree grows upwards when an index does not fit, and is freed as a whole. A
 * page leaves the cache with its file, or when the file gets shorter; nothing
 * is reclaimed.
 */
#include "filemap.h"

#include <asm/errno.h>

#include "buddy.h"
#include "hv.h"
#include "hv_call.h"
#include "hv_map.h"
#include "panic.h"
#include "slab.h"

static struct kmem_cache *node_cache;
static uint64_t nr_cached;

void filemap_init(void)
{
	nr_cached = 0;
	node_cache = kmem_cache_create("filemap_node",
				       sizeof(struct filemap_node), 0);
	if (!node_cache)
		panic("filemap: no memory for the cache of nodes");
}

uint64_t filemap_pages(void)
{
	return nr_cached;
}

static void page_drop(struct file *file, struct page *page)
{
	BUG_ON(page->mapcount || page->refcount != 1);
	page->flags = 0;
	page->owner = NULL;
	page->index = 0;
	file->nr_pages--;
	nr_cached--;
	page_put(page);
}

static void node_drop(struct file *file, struct filemap_node *node,
		      unsigned level)
{
	for (unsigned i = 0; i < NODE_SLOTS; i++) {
		if (!node->slots[i])
			continue;
		if (level == 1)
			page_drop(file, node->slots[i]);
		else
			node_drop(file, node->slots[i], level - 1);
	}
	kmem_cache_free(node_cache, node);
}

void filemap_drop_all(struct file *file)
{
	if (file->root)
		node_drop(file, file->root, file->height);
}

/* ---- The tree ---------------------------------------------------------- */

static bool index_fits(const struct file *file, uint64_t index)
{
	unsigned bits = file->height * NODE_SHIFT;

	return bits >= 64 || index >> bits == 0;
}

/* The level 1 node for index, NULL if there is none. */
static struct filemap_node *leaf_find(const struct file *file, uint64_t index)
{
	struct filemap_node *node = file->root;

	if (!node || !index_fits(file, index))
		return NULL;
	for (unsigned level = file->height; node && level > 1; level--)
		node = node->slots[index >> ((level - 1) * NODE_SHIFT) &
				   NODE_MASK];
	return node;
}

/* Add levels until index fits. Leaves a good tree if memory ends. */
static bool tree_grow(struct file *file, uint64_t index)
{
	while (!file->root || !index_fits(file, index)) {
		struct filemap_node *node = kmem_cache_zalloc(node_cache);

		if (!node)
			return false;
		node->slots[0] = file->root;
		file->root = node;
		file->height++;
	}
	return true;
}

static struct filemap_node *leaf_make(struct file *file, uint64_t index)
{
	struct filemap_node *node;

	if (!tree_grow(file, index))
		return NULL;
	node = file->root;
	for (unsigned level = file->height; level > 1; level--) {
		unsigned shift = (level - 1) * NODE_SHIFT;
		void **slot = &node->slots[index >> shift & NODE_MASK];

		if (!*slot)
			*slot = kmem_cache_zalloc(node_cache);
		if (!*slot)
			return NULL;
		node = *slot;
	}
	return node;
}

struct page *filemap_find(const struct file *file, uint64_t index)
{
	struct filemap_node *leaf = leaf_find(file, index);

	return leaf ? leaf->slots[index & NODE_MASK] : NULL;
}

void filemap_drop(struct file *file, struct page *page)
{
	struct filemap_node *leaf = leaf_find(file, page->index);

	BUG_ON(!leaf || leaf->slots[page->index & NODE_MASK] != page);
	leaf->slots[page->index & NODE_MASK] = NULL;
	page_drop(file, page);
}

struct walk {
	struct file *file;
	uint64_t start, end;
	filemap_fn *fn;
	void *ctx;
};

static void walk_node(const struct walk *w, struct filemap_node *node,
		      unsigned level, uint64_t base)
{
	unsigned shift = (level - 1) * NODE_SHIFT;

	for (unsigned i = 0; i < NODE_SLOTS; i++) {
		uint64_t first = base | (uint64_t)i << shift;
		uint64_t last = first | ((1ull << shift) - 1);

		if (!node->slots[i] || last < w->start || first >= w->end)
			continue;
		if (level == 1)
			w->fn(w->file, node->slots[i], w->ctx);
		else
			walk_node(w, node->slots[i], level - 1, first);
	}
}

void filemap_walk(struct file *file, uint64_t start, uint64_t end,
		  filemap_fn *fn, void *ctx)
{
	const struct walk w = {file, start, end, fn, ctx};

	if (file->root)
		walk_node(&w, file->root, file->height, 0);
}

/* ---- Reading ----------------------------------------------------------- */

static void find_cached(const struct file *file, uint64_t index, unsigned n,
			struct page **pages)
{
	struct filemap_node *leaf = leaf_find(file, index);

	for (unsigned i = 0; i < n; i++, index++) {
		if (i && !(index & NODE_MASK))
			leaf = leaf_find(file, index);
		pages[i] = leaf ? leaf->slots[index & NODE_MASK] : NULL;
	}
}

static void insert_page(struct file *file, struct filemap_node *leaf,
			uint64_t index, struct page *page)
{
	BUG_ON(leaf->slots[index & NODE_MASK]);
	page->flags = PG_CACHE | (file->flags & FILE_SHMEM ? PG_SHMEM : 0);
	page->owner = file;
	page->index = index;
	leaf->slots[index & NODE_MASK] = page;
	file->nr_pages++;
	nr_cached++;
}

/* n frames, or none. */
static bool alloc_frames(unsigned n, uint32_t gfp, struct page **pages)
{
	for (unsigned i = 0; i < n; i++) {
		pages[i] = buddy_alloc(0, gfp);
		if (pages[i])
			continue;
		while (i--) {
			page_put(pages[i]);
			pages[i] = NULL;
		}
		return false;
	}
	return true;
}

/* Bytes of the file into the frames; bits of *holes: it has none there. */
static int read_frames(const struct file *file, uint64_t index, unsigned n,
		       unsigned want, struct page **pages, uint64_t *holes)
{
	hv_gpa_t frames[HV_FILE_READ_MAX];

	*holes = 0;
	if (file->flags & FILE_ANON)
		return 0;
	for (unsigned i = 0; i < n; i++)
		frames[i] = page_to_phys(pages[i]);
	return hv_file_read(file->number, index << PAGE_SHIFT, n, want, frames,
			    holes);
}

/* Of pages that were just read: in what folios the host has them. */
static inline void note_folios(struct file *file, unsigned n,
			       struct page **pages)
{
	const uint8_t *order = hv_file_orders();

	if (!order)
		return;
	file->flags |= FILE_FOLIOS;
	for (unsigned i = 0; i < n; i++)
		if (pages[i])
			pages[i]->flags |= order[i] * PG_FOLIO;
}

/*
 * Read n pages that are not cached, and cache them but for holes. All or
 * nothing. *made: a mask of the pages that there are now.
 */
static int read_run(struct file *file, uint64_t index, unsigned n,
		    unsigned want, struct page **pages, uint64_t *made)
{
	uint32_t gfp = file->flags & FILE_ANON ? GFP_ZERO : GFP_KERNEL;
	struct filemap_node *leaf;
	uint64_t holes;
	int err;

	*made = 0;
	if (!leaf_make(file, index) || !leaf_make(file, index + n - 1) ||
	    !alloc_frames(n, gfp, pages))
		return -ENOMEM;
	err = read_frames(file, index, n, want, pages, &holes);
	leaf = leaf_find(file, index);
	for (unsigned i = 0; i < n; i++, index++) {
		if (i && !(index & NODE_MASK))
			leaf = leaf_find(file, index);
		if (err || (holes >> i & 1 && i != want)) {
			page_put(pages[i]);
			pages[i] = NULL;
			continue;
		}
		insert_page(file, leaf, index, pages[i]);
		if (!(holes >> i & 1))
			page_has_data(file, pages[i]);
		*made |= 1ull << i;
	}
	if (!err && !(file->flags & FILE_ANON))
		note_folios(file, n, pages);
	return err;
}

_Static_assert(NODE_SLOTS == HV_FILE_READ_MAX, "a leaf is one hypercall");

bool filemap_read_ahead(struct file *file, uint64_t index)
{
	struct page *pages[NODE_SLOTS];
	uint64_t start = index & ~(uint64_t)NODE_MASK;
	uint64_t n = file_pages(file) - start, made;

	if (leaf_find(file, index) || file->flags & (FILE_ANON | FILE_SHMEM))
		return false;
	n = n < NODE_SLOTS ? n : NODE_SLOTS;
	return !read_run(file, start, (unsigned)n, (unsigned)n, pages, &made);
}

int filemap_read(struct file *file, uint64_t index, unsigned n, unsigned want,
		 struct page **pages)
{
	unsigned mask = 0;

	BUG_ON(!n || n > FILEMAP_BATCH);
	find_cached(file, index, n, pages);
	for (unsigned i = 0; i < n; i++) {
		unsigned run = 0;
		uint64_t made;
		int err;

		while (i + run < n && !pages[i + run])
			run++;
		if (!run)
			continue;
		err = read_run(file, index + i, run, want >= i ? want - i : n,
			       pages + i, &made);
		if (err)
			return err;
		mask |= (unsigned)made << i;
		i += run - 1;
	}
	return (int)mask;
}
