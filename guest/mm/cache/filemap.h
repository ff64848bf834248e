/*
 * filemap.h: the page cache (Linux mm/filemap.c): pages of files, kept as long
 * as some mapping of the file exists.
 *
 * A file's pages hang in a 64-way radix tree by page offset. The cache holds
 * one reference to each of its pages, and each page-table entry another. The
 * cache is of the whole guest, not of one address space.
 */
#ifndef FILEMAP_H
#define FILEMAP_H

#include <stdbool.h>
#include <stdint.h>

#include "file.h"

/* As many pages as fault-around asks for at most. */
#define FILEMAP_BATCH 16

/* A node of level n spans 64^n pages; level 1 holds the pages. */
#define NODE_SHIFT 6
#define NODE_SLOTS (1u << NODE_SHIFT)
#define NODE_MASK  (NODE_SLOTS - 1u)

struct filemap_node {
	void *slots[NODE_SLOTS]; /* nodes; at level 1 struct pages */
};

void filemap_init(void);

/* Not a hole: Linux has it dirty in a file that is nowhere but in memory. */
static inline void page_has_data(const struct file *file, struct page *page)
{
	if (file->flags & FILE_SHMEM && !(file->flags & FILE_ANON))
		page->flags |= PG_DATA;
}

/*
 * Of a cached page: the folio that it lies in on the host has 2^order pages,
 * naturally aligned. Ours has but the one.
 */
static inline unsigned page_folio_order(const struct page *page)
{
	return page->flags / PG_FOLIO;
}

/* The cached page, or NULL. Takes no reference. */
struct page *filemap_find(const struct file *file, uint64_t index);

/*
 * The pages [index, index + n) into pages[0 .. n), n <= FILEMAP_BATCH. Those
 * that are missing are read, with one hypercall for each run of them. Returns
 * a mask of the pages that were (bit i: pages[i]), or -ENOMEM or -EIO: then
 * entries may be NULL, but those that are not are good. Takes no references.
 *
 * NULL are also the holes of a file in memory but for pages[want], which gets
 * its page (Linux shmem_fault); with want = n they all are.
 */
int filemap_read(struct file *file, uint64_t index, unsigned n, unsigned want,
		 struct page **pages);

/*
 * Read ahead, where a read at `index` is due: all of the 64 pages around it, in
 * one hypercall, if none of them was ever cached. A hypercall costs as much as
 * the copying of many pages. Returns whether it did; errors are the read's
 * affair.
 */
bool filemap_read_ahead(struct file *file, uint64_t index);

/*
 * Call fn for each cached page in [start, end), in order. fn may drop the page
 * it is called for, by filemap_drop.
 */
typedef void filemap_fn(struct file *file, struct page *page, void *ctx);
void filemap_walk(struct file *file, uint64_t start, uint64_t end,
		  filemap_fn *fn, void *ctx);
/* Take a page that nobody maps out of the cache, and free it. */
void filemap_drop(struct file *file, struct page *page);

/* All pages of the file, which nobody maps, and the tree. */
void filemap_drop_all(struct file *file);

/* Cached pages there are now. */
uint64_t filemap_pages(void);

#endif
