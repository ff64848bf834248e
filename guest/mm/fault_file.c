/*
 * fault_file.c: faults in files that are mapped, on pages that are not there
 * (Linux mm/memory.c, do_read_fault, do_cow_fault, do_shared_fault).
 */
#include "buddy.h"
#include "fault.h"

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

static inline void map_cached(struct fault *f, pte_t *p, struct page *page,
			      uint64_t bits)
{
	page->refcount++;
	page->mapcount++;
	arch_pte_set(p, pte_make(page_to_pfn(page), bits));
	f->mm->rss[page_rss(page)]++;
}

/* The pages from which a read fault may take more than the one it needs. */
struct window {
	uint64_t index; /* of the first, in the file */
	unsigned n, want;
};

/* Linux do_fault_around: clipped to the VMA, the leaf table and the file. */
static struct window around_window(const struct fault *f, uint64_t index,
				   uint64_t limit)
{
	const struct vma *v = f->vma;
	unsigned size = mm_globals.around ? mm_globals.around : 1;
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
			       (unsigned)(off - from)};
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
		return read_pages(f, w->index, w->n, w->want, pages);
	for (unsigned i = 0; i < w->n; i++)
		pages[i] = filemap_find(file, w->index + i);
	if (pages[w->want])
		return 0;
	return read_pages(f, w->index + w->want, 1, 0, pages + w->want);
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

/*
 * Map what there is of the window. Returns how many pages that is. There is a
 * table.
 */
static unsigned map_window(struct fault *f, const struct window *w,
			   struct page **pages)
{
	const struct vma *v = f->vma;
	uint64_t bits = vma_pte_bits(v->prot);
	unsigned mapped = 0;

	if (vma_writes_freely(v)) {
		bits |= PTE_RW;
		v->file->flags |= FILE_DIRTIED;
	}
	for (unsigned i = 0; i < w->n; i++) {
		pte_t *p = f->p - w->want + i;

		if (!pages[i] || arch_pte_get(p).v)
			continue;
		map_cached(f, p, pages[i], bits);
		mapped++;
	}
	pt_count_filled(f->p, mapped);
	return mapped;
}

static bool has_page(struct page **pages, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (pages[i])
			return true;
	return false;
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
	if (!has_page(pages, w.n))
		return HV_FAULT_SIGBUS;
	if (!fault_need_table(f))
		return HV_FAULT_OOM;
	f->around = map_window(f, &w, pages);
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
	if (!fault_need_table(f))
		return HV_FAULT_OOM;
	f->pfn = page_to_pfn(pages[w.want]);
	if (vma_is_pfnmap(f->vma)) { /* Linux vmf_insert_pfn */
		f->major = false;
		pt_fill(f->p, pte_make(f->pfn, vma_pte_bits(f->vma->prot) |
						       PTE_SPECIAL));
		return HV_FAULT_FILE_READ;
	}
	f->around = map_window(f, &w, pages) - 1;
	return mapped_outcome(f, HV_FAULT_FILE_READ);
}

/* First write to a shared page that is not mapped: Linux do_shared_fault. */
enum hv_outcome fault_file_shared_write(struct fault *f)
{
	const struct vma *v = f->vma;
	uint64_t index = vma_pgoff(v, f->va);
	struct page *page;
	int err;

	if (index >= file_pages(v->file))
		return HV_FAULT_SIGBUS;
	err = read_pages(f, index, 1, 0, &page);
	if (err)
		return file_error(err);
	if (!fault_need_table(f))
		return HV_FAULT_OOM;
	page_set_dirty(page);
	v->file->flags |= FILE_DIRTIED;
	map_cached(f, f->p, page, vma_pte_bits(v->prot) | PTE_RW | PTE_D);
	pt_count_filled(f->p, 1);
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
