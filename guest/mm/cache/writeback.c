/*
 * writeback.c: files that change: dirty pages go back to the host, and what
 * the host's file has become shows in the pages (Linux mm/page-writeback.c,
 * mm/truncate.c, mm/rmap.c).
 *
 * A page is dirty if PG_DIRTY is set or an entry that maps it has its dirty
 * bit. Each file knows the mappings it is in, so that entries are found by
 * page offset. The cache never writes beyond the end of the file: the host cuts
 * off what lies there.
 */
#include "writeback.h"

#include "filemap.h"
#include "hv.h"
#include "hv_map.h"
#include "leaf.h"
#include "rmap.h"
#include "string.h"
#include "unmap.h"
#include "vma.h"

/* ---- Entries that map a file ------------------------------------------- */

/* Linux page_mkclean: the next write is to be noticed, but for shmem. */
static int clean_leaf(const struct leaf *l, void *ctx)
{
	struct page *page = leaf_page(l);
	uint64_t clear = PTE_D | PTE_WAS_D;
	struct leaf was;

	if (!(page->flags & PG_CACHE))
		return 0;
	if (!(page->flags & PG_SHMEM))
		clear |= PTE_RW;
	if (!(l->pte.v & (clear | PTE_RW)))
		return 0;
	was = leaf_take(l);
	if (leaf_is_dirty(&was))
		page_set_dirty(page);
	if (was.pte.v & clear || arch_has_others())
		pt_change(l->p, (pte_t){was.pte.v & ~clear});
	if (was.pte.v & clear)
		pt_gather_flush(ctx, l->va);
	return 0;
}

/*
 * The page takes the entry's dirty bit over, so that the next store shows. On
 * Linux the entry is dirty still, and mprotect goes by it later.
 */
static int take_dirty(const struct leaf *l, void *ctx)
{
	struct page *page = leaf_page(l);

	/* What gets dirty now is written back another time. */
	if (!(page->flags & PG_CACHE) || !leaf_is_dirty(l))
		return 0;
	page_set_dirty(page);
	pt_change(l->p, (pte_t){(l->pte.v & ~PTE_D) | PTE_WAS_D});
	pt_gather_flush(ctx, l->va);
	return 0;
}

/* ctx: `keep` of write_back. */
static void note_dirty(struct vma *v, uint64_t start, uint64_t end, void *ctx)
{
	const bool *keep = ctx;
	struct pt_gather g;

	pt_gather_init(&g, v->mm);
	leaf_visit(v->mm->root, start, end, *keep ? take_dirty : clean_leaf,
		   &g);
	pt_gather_finish(&g);
}

/* ctx: enum mm_zap. */
static void zap_part(struct vma *v, uint64_t start, uint64_t end, void *ctx)
{
	const enum mm_zap *kind = ctx;

	mm_zap(v->mm, start, end, *kind);
}

/* Unmap the pages [start, end); with `cows` also private copies of them. */
static void unmap_pages(struct file *file, uint64_t start, uint64_t end,
			bool cows)
{
	enum mm_zap kind = cows ? ZAP_ALL : ZAP_CACHED;

	rmap_walk(file, start, end, zap_part, &kind);
}

/* ---- Writing back ------------------------------------------------------ */

struct run {
	uint64_t index;
	unsigned n;
	hv_gpa_t frames[HV_FILE_READ_MAX];
	bool keep; /* the pages stay dirty */
};

static void run_write(struct file *file, struct run *r)
{
	if (r->n)
		hv_file_write(file->number, r->index << PAGE_SHIFT, r->n,
			      r->frames);
	r->n = 0;
}

static void add_dirty(struct file *file, struct page *page, void *ctx)
{
	struct run *r = ctx;

	uint32_t flags = page->flags;

	if (!(flags & PG_DIRTY))
		return;
	page->flags = r->keep ? flags | PG_SENT : flags & ~(PG_DIRTY | PG_SENT);
	if (flags & PG_SENT)
		return;
	page_has_data(file, page);
	if (r->n == HV_FILE_READ_MAX || page->index != r->index + r->n)
		run_write(file, r);
	if (!r->n)
		r->index = page->index;
	r->frames[r->n++] = page_to_phys(page);
}

static void write_back(struct file *file, uint64_t start, uint64_t end,
		       bool keep)
{
	struct run r = {.keep = keep};

	if (!(file->flags & FILE_DIRTIED) || file->flags & FILE_ANON)
		return;
	rmap_walk(file, start, end, note_dirty, &keep);
	filemap_walk(file, start, end, add_dirty, &r);
	run_write(file, &r);
}

void file_sync(struct file *file, uint64_t start, uint64_t end)
{
	write_back(file, start, end, false);
}

void mm_sync_files(void)
{
	for (struct list *l = file_list.next; l != &file_list; l = l->next)
		file_sync(list_entry(l, struct file, link), 0, ~0ull);
}

/* ---- Changes from outside ---------------------------------------------- */

static void drop_page(struct file *file, struct page *page, void *ctx)
{
	(void)ctx;
	filemap_drop(file, page);
}

/* What lies behind the end of a file is zero, also in its last page. */
static void clear_tail(struct file *file, uint64_t size)
{
	struct page *page = filemap_find(file, size >> PAGE_SHIFT);
	uint64_t used = size & (PAGE_SIZE - 1);

	if (page && used)
		memset((uint8_t *)page_to_virt(page) + used, 0,
		       PAGE_SIZE - used);
}

/* Linux truncate_pagecache. */
static void truncate(struct file *file, uint64_t size)
{
	file->size = size;
	unmap_pages(file, file_pages(file), ~0ull, true);
	filemap_walk(file, file_pages(file), ~0ull, drop_page, NULL);
	clear_tail(file, size);
}

/* What became a hole of a file in memory is no page any more. */
static void run_read(struct file *file, struct run *r)
{
	uint64_t holes = 0;

	if (r->n)
		hv_file_read(file->number, r->index << PAGE_SHIFT, r->n,
			     HV_FILE_READ_AGAIN, r->frames, &holes);
	for (unsigned i = 0; i < r->n; i++) {
		uint64_t index = r->index + i;

		if (!(holes >> i & 1)) {
			page_has_data(file, filemap_find(file, index));
			continue;
		}
		unmap_pages(file, index, index + 1, false);
		filemap_drop(file, filemap_find(file, index));
	}
	r->n = 0;
}

static void add_stale(struct file *file, struct page *page, void *ctx)
{
	struct run *r = ctx;

	if (r->n == HV_FILE_READ_MAX || page->index != r->index + r->n)
		run_read(file, r);
	if (!r->n)
		r->index = page->index;
	r->frames[r->n++] = page_to_phys(page);
}

void file_changed(struct file *file, uint64_t start, uint64_t end,
		  uint64_t size)
{
	struct run r = {.n = 0};

	if (size < file->size)
		truncate(file, size);
	else if (size > file->size || end > size)
		clear_tail(file,
			   file->size); /* what was stored there is lost */
	file->size = size;
	if (end > size)
		end = size;
	if (start >= end)
		return;
	filemap_walk(file, start >> PAGE_SHIFT, ((end - 1) >> PAGE_SHIFT) + 1,
		     add_stale, &r);
	run_read(file, &r);
}

struct file *file_open(uint32_t number, uint64_t size, uint32_t flags)
{
	struct file *file = file_find(number);

	if (!file)
		file = file_new(number);
	if (!file)
		return NULL;
	file->refs++;
	file_changed(file, 0, 0, size);
	file->flags |= flags;
	return file;
}

/* ---- Advice ------------------------------------------------------------ */

int file_punch(struct file *file, uint64_t start, uint64_t end)
{
	int err = 0;

	if (!(file->flags & FILE_ANON))
		err = hv_file_op(file->number, HV_FILE_OP_PUNCH,
				 start << PAGE_SHIFT, end << PAGE_SHIFT);
	if (err)
		return err;
	unmap_pages(file, start, end, false);
	filemap_walk(file, start, end, drop_page, NULL);
	return 0;
}

static void drop_if_idle(struct file *file, struct page *page, void *ctx)
{
	(void)ctx;
	if (!page->mapcount && !(page->flags & PG_DIRTY))
		filemap_drop(file, page);
}

/*
 * Linux shrink_folio_list: dirty pages stay, and what is nowhere else: the
 * pages of a file in memory.
 */
void file_reclaim(struct file *file, uint64_t start, uint64_t end)
{
	if (!(file->flags & FILE_SHMEM) || file->flags & FILE_ANON)
		filemap_walk(file, start, end, drop_if_idle, NULL);
}

/* ---- For the host ------------------------------------------------------ */

int mm_file_upcall(const struct hv_call_file_upcall *call)
{
	struct hv_call_file_upcall c = *call; /* it lies in the call page */
	struct file *file = file_find(c.file);

	if (!file || !c.file)
		return 0;
	if (c.op == HV_FILE_UPCALL_CHANGED) {
		file_changed(file, c.start, c.end, c.size);
		return 0;
	}
	write_back(file, c.start >> PAGE_SHIFT,
		   c.end > ~0ull - PAGE_SIZE ? ~0ull
					     : page_align(c.end) >> PAGE_SHIFT,
		   c.op == HV_FILE_UPCALL_PUT);
	return 0;
}

/* ---- Files as a whole --------------------------------------------------- */

/* The last reference goes. */
static void release(struct file *file)
{
	file_sync(file, 0, ~0ull);
	filemap_drop_all(file);
}

void cache_init(void)
{
	file_init(release);
	filemap_init();
}
