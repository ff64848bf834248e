/*
 * fault_internal.h: one fault while it is being resolved. fault.c decides what
 * it is and knows private memory, fault_file.c files, fault_huge.c pages of
 * 2 MiB.
 */
#ifndef FAULT_INTERNAL_H
#define FAULT_INTERNAL_H

#include "hv_fault.h"
#include "leaf.h"
#include "mm.h"

struct fault {
	struct mm *mm;
	uint64_t va; /* page-aligned */
	uint32_t access;
	bool by_key; /* the processor says that a key denies it */
	struct vma *vma;
	pte_t *p; /* the leaf entry; of a file's page NULL: no table yet */
	/* For the record: */
	uint64_t pfn, old_pfn;
	unsigned order;
	unsigned around;
	bool major;
};

static inline bool fault_is_write(const struct fault *f)
{
	return f->access & HV_ACCESS_WRITE;
}

/* What an entry says of a frame of the VMA's own. */
static inline uint64_t fault_anon_bits(const struct fault *f)
{
	uint64_t bits = vma_pte_bits(f->vma);

	if (f->vma->prot & PROT_WRITE) /* not if the write was forced */
		bits |= PTE_RW | PTE_D;
	if (fault_is_write(f) || f->order) /* Linux map_anon_folio_pmd */
		bits |= PTE_D;
	return bits;
}

/* Linux finish_fault, filemap_map_pmd: what is beyond a file's end needs no
 * table. False: no memory. */
static inline bool fault_need_table(struct fault *f)
{
	if (!f->p)
		f->p = pt_walk_alloc(f->mm->root, f->va);
	return f->p;
}

/* The entry was empty: it maps this frame of the VMA's own. */
static inline void fault_map_frame(struct fault *f, struct page *page)
{
	f->pfn = page_to_pfn(page);
	leaf_map(f->mm, f->p, page, fault_anon_bits(f));
}

/* A block of the VMA's own, not yet mapped. NULL: no memory. */
struct page *fault_anon_frame(struct fault *f, unsigned order, uint32_t gfp);

/*
 * Memory without an entry, in a VMA that may have huge pages: one of them, if
 * it fits in there and there is a block of 2 MiB. False: an ordinary page.
 */
bool fault_huge(struct fault *f, enum hv_outcome *outcome);
/*
 * A write to a huge page that is mapped for reading. False: split it, and look
 * again.
 */
bool fault_huge_write(struct fault *f, const struct leaf *l,
		      enum hv_outcome *outcome);
/* The leaf's frame gives way to `page`. */
void fault_replace_frame(struct fault *f, const struct leaf *l,
			 struct page *page);
/* The leaf's frame is the VMA's own, and becomes writable where it is. */
void fault_reuse_frame(struct fault *f, const struct leaf *l);

/*
 * Linux do_page_mkwrite: before the first store to a page of a file that is not
 * in memory alone its file system is asked for room, so that none is lost
 * later.
 */
bool fault_page_mkwrite(const struct fault *f, const struct page *page);

/* The entry is empty, and the VMA is of a file. */
enum hv_outcome fault_file_read(struct fault *f);
enum hv_outcome fault_file_shared_write(struct fault *f);
enum hv_outcome fault_file_cow(struct fault *f);

#endif
