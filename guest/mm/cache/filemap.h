/*
 * filemap.h: the page cache (Linux mm/filemap.c): pages of files, kept as long
 * as some mapping of the file exists.
 *
 * A file is known by the host's number for it. Its pages hang in a 64-way radix
 * tree by page offset. The cache holds one reference to each of its pages, and
 * each page-table entry another. The cache is of the whole guest, not of one
 * address space.
 */
#ifndef FILEMAP_H
#define FILEMAP_H

#include <stdbool.h>
#include <stdint.h>

#include "page.h"

/* As many pages as fault-around asks for at most. */
#define FILEMAP_BATCH 16

struct filemap_node;

/* Nothing but memory (Linux shmem): no page_mkwrite, counted as RssShmem. */
#define FILE_SHMEM 1u
/* Shared anonymous memory: not known to the host, zeros at first. */
#define FILE_ANON 2u
/* mincore must not tell what of it is cached. */
#define FILE_FOREIGN 4u
/* Shared mappings may write it: the host can write it back. */
#define FILE_WRITE 8u
/* May have dirty pages: something was mapped for writing. */
#define FILE_DIRTIED 16u
/* Its file system has thp_get_unmapped_area: large mappings are aligned. */
#define FILE_HUGE 32u
/* /dev/zero: has a name, but no pages. */
#define FILE_ZERO 64u
/* The host tells in what folios it has the pages (--folios=host). */
#define FILE_FOLIOS 128u
struct file {
	uint32_t number; /* the host's; 0: FILE_ANON */
	uint32_t flags;	 /* FILE_* */
	uint32_t refs;	 /* VMAs, and calls that are under way */
	uint64_t size;	 /* bytes */
	uint64_t nr_pages;
	struct filemap_node *root;
	uint32_t height;   /* levels of nodes; 0: no pages */
	uint64_t promised; /* pages counted in mm_globals.committed */
	uint64_t shm;	   /* of FILE_ANON: its number, from 1; else 0 */
	struct list vmas;  /* all that map it: struct vma.file_link */
	struct list link;  /* all files */
};

void filemap_init(void);

/* The file of this number, with one more reference; size is updated, flags
 * (FILE_*) are added. NULL: no memory. */
struct file *file_open(uint32_t number, uint64_t size, uint32_t flags);
/* New shared anonymous memory, size in bytes. NULL: no memory. */
struct file *file_new_anon(uint64_t size);
void file_get(struct file *file);
/*
 * With the last reference the file's pages are dropped and hv_file_put tells
 * the host. No page may be mapped any more, nor be in any TLB.
 */
void file_put(struct file *file);
/* Is this number known here? */
bool file_known(uint32_t number);

/* Pages up to the end of the file, the last perhaps partial. */
static inline uint64_t file_pages(const struct file *file)
{
	return (file->size >> PAGE_SHIFT) + !!(file->size & (PAGE_SIZE - 1));
}

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

/* ---- Changes (writeback.c) ---------------------------------------------- */

/*
 * Write back what the pages [start, end) hold that the host's file does not,
 * and have the processor tell about the next write. hv_file_sync tells what
 * could not be written.
 */
void file_sync(struct file *file, uint64_t start, uint64_t end);
/* file_sync of all files, whole. */
void filemap_sync_all(void);
/*
 * The host's file has changed: it is `size` bytes long now, and what it holds
 * in the bytes [start, end) is new. Pages beyond the end go, out of private
 * mappings too, as Linux truncates; others are read again in place.
 */
void file_changed(struct file *file, uint64_t start, uint64_t end,
		  uint64_t size);
/* The file of this number, or NULL. Takes no reference. */
struct file *file_find(uint32_t number);
/* MADV_REMOVE of the pages [start, end). 0 or -errno. */
int file_punch(struct file *file, uint64_t start, uint64_t end);
/* Forget those of the pages that nobody needs (MADV_PAGEOUT). */
void file_reclaim(struct file *file, uint64_t start, uint64_t end);

/*
 * Call fn for each cached page in [start, end), in order. fn may drop the page
 * it is called for, by filemap_drop.
 */
typedef void filemap_fn(struct file *file, struct page *page, void *ctx);
void filemap_walk(struct file *file, uint64_t start, uint64_t end,
		  filemap_fn *fn, void *ctx);
/* Take a page that nobody maps out of the cache, and free it. */
void filemap_drop(struct file *file, struct page *page);

/* Files and cached pages there are now. */
uint64_t filemap_files(void);
uint64_t filemap_pages(void);
/* Every page where it belongs, counts true: NULL, or what is wrong (wrong.h).
 */
const char *filemap_check(void);

#endif
