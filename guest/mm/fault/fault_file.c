/*
 * fault_file.c: faults in files that are mapped, on pages that are not there
 * (Linux mm/memory.c, do_read_fault, do_cow_fault, do_shared_fault).
 */
#include <asm/errno.h>

#include "buddy.h"
#include "fault_internal.h"
#include "filemap.h"
#include "hv.h"
#include "hv_call.h"
#include "hv_fault.h"
#include "merge.h"

/* Keeps large folios out of the common paths. */
#define RARE __attribute__((noinline))

/* Cached pages [index, index + n), of which pages[want] must be had. */
static int read_pages(struct fault *f, uint64_t index, unsigned n,
		      unsigned want, struct page **pages)
{
	bool ahead = filemap_read_ahead(f->vma->file, index + want);
	int mask = filemap_read(f->vma->file, index, n, want, pages);

	if (mask < 0 && !pages[want] && n > 1) {
		mask = filemap_read(f->vma->file, index + want, 1, 0,
				    pages + want);
		if (mask > 0)
			mask <<= want;
	}
	if (ahead || (mask > 0 && mask >> want & 1))
		f->major = true;
	return pages[want] ? 0 : mask;
}

static enum hv_outcome file_error(int err)
{
	return err == -ENOMEM ? HV_FAULT_OOM : HV_FAULT_SIGBUS;
}

/* Pages that a fault maps, if it can, besides the one that it needs. */
struct window {
	uint64_t index; /* of the first, in the file */
	unsigned n;
	int want; /* how far from the first the one that is needed lies */
};

/* Linux do_fault_around: clipped to the VMA, the leaf table and the file. */
static struct window around_window(const struct fault *f, uint64_t index,
				   uint64_t limit)
{
	const struct vma *v = f->vma;
	unsigned size = mm_machine.around ? mm_machine.around : 1;
	uint64_t off = f->va >> PAGE_SHIFT & 511;
	uint64_t vma_off = (f->va - v->start) >> PAGE_SHIFT;
	uint64_t from = off & ~(uint64_t)(size - 1), to;

	if (v->flags & VMA_SPECIAL) /* its vm_ops have no map_pages */
		return (struct window){index, 1, 0};
	if (off - from > vma_off)
		from = off - vma_off;
	to = from + size;
	if (to > 512)
		to = 512;
	if (to - off > vma_pages(v) - vma_off)
		to = off + vma_pages(v) - vma_off;
	if (to - off > limit - index)
		to = off + limit - index;
	return (struct window){index - (off - from), (unsigned)(to - from),
			       (int)(off - from)};
}

/*
 * The window's pages. Linux maps what its cache has; ours is cold at start, so
 * it reads what is missing. Shared anonymous memory gets no page but the one
 * that is needed.
 */
static int window_pages(struct fault *f, const struct window *w,
			struct page **pages)
{
	struct file *file = f->vma->file;

	if (!(file->flags & FILE_ANON))
		return read_pages(f, w->index, w->n, (unsigned)w->want, pages);
	for (unsigned i = 0; i < w->n; i++)
		pages[i] = filemap_find(file, w->index + i);
	if (pages[w->want])
		return 0;
	return read_pages(f, w->index + (unsigned)w->want, 1, 0,
			  pages + w->want);
}

static enum hv_outcome mapped_outcome(struct fault *f, enum hv_outcome usual)
{
	if (f->vma->flags & VMA_SPECIAL)
		f->major = false; /* on Linux it is there from the start */
	if (!f->major || !(f->vma->file->flags & FILE_ANON))
		return usual;
	f->major = false; /* made, not read */
	return HV_FAULT_ANON_ZERO;
}

/* Map what there is of the window. Returns how many pages that is. There is a
 * table. */
static inline unsigned map_window(struct fault *f, const struct window *w,
				  struct page **pages, uint64_t bits)
{
	return leaf_map_cached(f->mm, f->p - w->want, pages, w->n, bits);
}

/* ---- Large folios ------------------------------------------------------- */

/* What Linux has in one piece where we have single pages. */
static struct window folio_of(const struct fault *f, const struct page *page)
{
	unsigned n = 1u << page_folio_order(page);
	uint64_t index = page->index & ~(uint64_t)(n - 1);

	return (struct window){index, n,
			       (int)(vma_pgoff(f->vma, f->va) - index)};
}

/* All before page `limit` of the file, in the VMA and in the leaf table. */
static bool folio_fits(const struct fault *f, const struct window *w,
		       uint64_t limit)
{
	const struct vma *v = f->vma;
	int off = (int)(f->va >> PAGE_SHIFT & 511) - w->want;
	uint64_t end = w->index + w->n;

	return end <= limit && w->index >= v->pgoff &&
	       end <= v->pgoff + vma_pages(v) && off >= 0 &&
	       off + (int)w->n <= 512;
}

static unsigned map_folio(struct fault *f, struct window w, uint64_t bits)
{
	struct file *file = f->vma->file;
	struct page *pages[FILEMAP_BATCH];
	uint64_t end = w.index + w.n;
	unsigned mapped = 0;

	if (w.n > FILEMAP_BATCH)
		w.n = FILEMAP_BATCH;
	for (; w.index < end; w.index += w.n, w.want -= (int)w.n) {
		filemap_read_ahead(file, w.index);
		filemap_read(file, w.index, w.n, w.n, pages);
		mapped += map_window(f, &w, pages, bits);
	}
	return mapped;
}

/* Linux finish_fault: the whole folio if nothing of it is mapped yet. */
static RARE unsigned map_finish(struct fault *f, struct page *page,
				uint64_t bits)
{
	struct window w = folio_of(f, page);
	bool whole = folio_fits(f, &w, file_pages(f->vma->file));

	for (unsigned i = 0; whole && i < w.n; i++)
		whole = !arch_pte_get(f->p - w.want + i).v;
	if (whole)
		return map_folio(f, w, bits);
	w = (struct window){page->index, 1, 0};
	return map_window(f, &w, &page, bits);
}

static unsigned map_if_fits(struct fault *f, const struct page *page,
			    uint64_t bits)
{
	struct window w;

	if (!page)
		return 0;
	w = folio_of(f, page);
	if (!folio_fits(f, &w, file_pages(f->vma->file) - 1))
		return 0;
	return map_folio(f, w, bits);
}

/*
 * Linux filemap_map_pages: the window, and all of the folios at its ends, but
 * not of one that has the file's last page.
 */
static RARE unsigned map_around_folios(struct fault *f, const struct window *w,
				       struct page **pages)
{
	uint64_t bits = vma_pte_bits(f->vma);

	return map_window(f, w, pages, bits) + map_if_fits(f, pages[0], bits) +
	       map_if_fits(f, pages[w->n - 1], bits);
}

/*
 * Is there anything to look around for? Linux 6.18 finds nothing if the window
 * begins in the folio that has the file's last page, and there is no table yet;
 * but in files in memory it does.
 */
static RARE bool looks_around(const struct fault *f, const struct window *w,
			      struct page **pages)
{
	struct window folio;
	unsigned i = 0;

	while (i < w->n && !pages[i])
		i++;
	if (i == w->n || mm_machine.around <= 1)
		return false;
	folio = folio_of(f, pages[i]);
	return f->p || f->vma->file->flags & FILE_SHMEM ||
	       folio.index + folio.n < file_pages(f->vma->file);
}

static RARE enum hv_outcome read_folios(struct fault *f, const struct window *w,
					struct page **pages)
{
	bool around = looks_around(f, w, pages);

	if (!fault_need_table(f))
		return HV_FAULT_OOM;
	f->pfn = page_to_pfn(pages[w->want]);
	f->around =
		around ? map_around_folios(f, w, pages)
		       : map_finish(f, pages[w->want], vma_pte_bits(f->vma));
	f->around--;
	return HV_FAULT_FILE_READ;
}

/* ---- The three kinds ---------------------------------------------------- */

static unsigned map_around(struct fault *f, const struct window *w,
			   struct page **pages)
{
	const struct vma *v = f->vma;
	uint64_t bits = vma_pte_bits(v);

	if (vma_writes_freely(v)) {
		bits |= PTE_RW;
		v->file->flags |= FILE_DIRTIED;
	}
	return map_window(f, w, pages, bits);
}

/*
 * Beyond the end of the file. Linux has mapped what lies around it before it
 * finds that.
 */
static enum hv_outcome beyond_end(struct fault *f, uint64_t limit)
{
	struct file *file = f->vma->file;
	struct page *pages[FILEMAP_BATCH];
	struct window w = around_window(f, vma_pgoff(f->vma, f->va), ~0ull);

	if (w.index >= limit)
		return HV_FAULT_SIGBUS;
	if (w.n > limit - w.index)
		w.n = (unsigned)(limit - w.index);
	for (unsigned i = 0; i < w.n; i++)
		pages[i] = filemap_find(file, w.index + i);
	if (!(file->flags & FILE_ANON)) {
		filemap_read_ahead(file, w.index);
		filemap_read(file, w.index, w.n, w.n, pages);
	}
	if (!looks_around(f, &w, pages))
		return HV_FAULT_SIGBUS;
	if (!fault_need_table(f))
		return HV_FAULT_OOM;
	f->around = file->flags & FILE_FOLIOS ? map_around_folios(f, &w, pages)
					      : map_around(f, &w, pages);
	return HV_FAULT_SIGBUS;
}

enum hv_outcome fault_file_read(struct fault *f)
{
	struct page *pages[FILEMAP_BATCH];
	uint64_t index = vma_pgoff(f->vma, f->va);
	uint64_t limit = file_pages(f->vma->file);
	struct window w;
	int err;

	if (index >= limit)
		return beyond_end(f, limit);
	w = around_window(f, index, limit);
	err = window_pages(f, &w, pages);
	if (err)
		return file_error(err);
	if (f->vma->file->flags & FILE_FOLIOS)
		return read_folios(f, &w, pages);
	if (!fault_need_table(f))
		return HV_FAULT_OOM;
	f->pfn = page_to_pfn(pages[w.want]);
	if (vma_is_pfnmap(f->vma)) { /* Linux vmf_insert_pfn */
		f->major = false;
		leaf_map_special(f->p, f->pfn, vma_pte_bits(f->vma));
		return HV_FAULT_FILE_READ;
	}
	f->around = map_around(f, &w, pages) - 1;
	return mapped_outcome(f, HV_FAULT_FILE_READ);
}

bool fault_page_mkwrite(const struct fault *f, const struct page *page)
{
	uint64_t offset = page->index << PAGE_SHIFT;

	return page->flags & (PG_SHMEM | PG_DIRTY) ||
	       !hv_file_op(f->vma->file->number, HV_FILE_OP_MKWRITE, offset,
			   offset + PAGE_SIZE);
}

/* First write to a shared page that is not mapped: Linux do_shared_fault. */
enum hv_outcome fault_file_shared_write(struct fault *f)
{
	const struct vma *v = f->vma;
	uint64_t index = vma_pgoff(v, f->va);
	uint64_t bits = vma_pte_bits(v) | PTE_RW;
	struct page *page;
	int err;

	if (index >= file_pages(v->file))
		return HV_FAULT_SIGBUS;
	err = read_pages(f, index, 1, 0, &page);
	if (err)
		return file_error(err);
	if (!fault_page_mkwrite(f, page))
		return HV_FAULT_SIGBUS;
	if (!fault_need_table(f))
		return HV_FAULT_OOM;
	page_set_dirty(page);
	v->file->flags |= FILE_DIRTIED;
	if (v->file->flags & FILE_FOLIOS) {
		/* Who else of the folio is stored to, the processor says. */
		f->around = map_finish(f, page, bits) - 1;
		pt_change(f->p, (pte_t){arch_pte_get(f->p).v | PTE_D});
	} else {
		page_get(page);
		leaf_map(f->mm, f->p, page, bits | PTE_D);
	}
	f->pfn = page_to_pfn(page);
	return mapped_outcome(f, HV_FAULT_SHARED_WRITE);
}

/* First write to a private file page: Linux do_cow_fault. */
enum hv_outcome fault_file_cow(struct fault *f)
{
	uint64_t index = vma_pgoff(f->vma, f->va);
	struct page *from, *page;
	int err;

	/* Linux does so before it looks: mappings may not merge any more. */
	if (!f->vma->anon_id)
		mm_anon_prepare(f->mm, f->vma);
	if (index >= file_pages(f->vma->file))
		return HV_FAULT_SIGBUS;
	err = read_pages(f, index, 1, 0, &from);
	if (err)
		return file_error(err);
	page = fault_need_table(f) ? fault_anon_frame(f, 0, GFP_KERNEL) : NULL;
	if (!page)
		return HV_FAULT_OOM;
	arch_page_copy(page_to_phys(page), page_to_phys(from));
	fault_map_frame(f, page);
	return HV_FAULT_FILE_COW;
}
