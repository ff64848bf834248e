/*
 * file.h: what can be mapped besides private memory (Linux struct file, struct
 * address_space): a file of the host, known by the host's number for it, or
 * shared anonymous memory.
 *
 * Exists as long as some mapping of it does, or a call is under way. Which of
 * its pages there are is the page cache's business (cache/filemap.h).
 */
#ifndef FILE_H
#define FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "page.h"

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
	uint64_t promised; /* pages counted in mm_machine.committed */
	uint64_t shm;	   /* of FILE_ANON: its number, from 1; else 0 */
	struct list vmas;  /* all that map it: struct vma.file_link */
	struct list link;  /* all files */
};

/* After slab_init. `release` is asked to write back and drop all pages of a
 * file whose last reference goes. */
void file_init(void (*release)(struct file *));

/* The file of this number, or NULL. Takes no reference. */
struct file *file_find(uint32_t number);
/* A file without references and pages, of which only the number is set. NULL:
 * no memory. */
struct file *file_new(uint32_t number);
/* New shared anonymous memory, size in bytes. NULL: no memory. */
struct file *file_new_anon(uint64_t size);
void file_get(struct file *file);
/*
 * With the last reference the file's pages are dropped and hv_file_put tells
 * the host. No page may be mapped any more, nor be in any TLB.
 */
void file_put(struct file *file);

/* Pages up to the end of the file, the last perhaps partial. */
static inline uint64_t file_pages(const struct file *file)
{
	return (file->size >> PAGE_SHIFT) + !!(file->size & (PAGE_SIZE - 1));
}

/* All files: struct file.link, and how many. */
extern struct list file_list;
uint64_t file_count(void);

#endif
