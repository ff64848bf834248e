/*
 * leaf.h: last-level entries: what one can be, and what it counts.
 *
 * An entry is of one kind. Only LEAF_PAGE counts: the frame's mapcount and one
 * reference, and the rss of the address space, once for each frame. So whoever
 * makes an entry name a frame, or no frame, does it by leaf_map and the like.
 * Who walks is given a struct leaf, and asks for its kind before its page.
 *
 * Where a mapping has no rights at all (PROT_NONE) its entries keep their kind
 * and their frame, but are not present: the processor sees nothing.
 */
#ifndef LEAF_H
#define LEAF_H

#include "mm.h"
#include "mm_machine.h"

enum leaf_kind {
	LEAF_NONE,    /* zero: nothing was ever there */
	LEAF_PAGE,    /* a frame, or a block of 2 MiB */
	LEAF_ZERO,    /* the zero page of this size: nobody counts it */
	LEAF_SPECIAL, /* a frame that is nobody's (Linux !vm_normal_page): vvar
		       */
	LEAF_GUARD,   /* no frame: any access is a fault for good */
};

struct leaf {
	pte_t *p;    /* where it is; NULL: there is no table */
	pte_t pte;   /* what it says */
	uint64_t va; /* the first page of it that is meant */
	enum leaf_kind kind;
	uint32_t nr; /* frames: 1, or of a page of 2 MiB 512 */
};

static inline enum leaf_kind leaf_kind(pte_t pte, bool huge)
{
	uint64_t zero = huge ? mm_machine.huge_zero_pfn : mm_machine.zero_pfn;

	if (!pte.v)
		return LEAF_NONE;
	if (pte.v & (PTE_GUARD | PTE_SPECIAL))
		return pte.v & PTE_GUARD ? LEAF_GUARD : LEAF_SPECIAL;
	return pte_pfn(pte) == zero ? LEAF_ZERO : LEAF_PAGE;
}

/* huge: whether it is an entry of level 2. */
static inline struct leaf leaf_make(pte_t *p, pte_t pte, uint64_t va, bool huge)
{
	return (struct leaf){p, pte, va, leaf_kind(pte, huge),
			     huge ? PT_FRAMES_2M : 1};
}

static inline struct leaf leaf_of(pte_t *p, pte_t pte, uint64_t va)
{
	return leaf_make(p, pte, va, pte_is_huge(pte));
}

/* The leaf at va, which may be of either size. */
static inline struct leaf leaf_at(const struct mm *mm, uint64_t va)
{
	pte_t *p = pt_walk(mm->root, va);

	return leaf_of(p, p ? arch_pte_get(p) : (pte_t){0}, va);
}

/*
 * As l, but not to be changed by a processor any more: where others run, its
 * entry is zero until the caller sets it. The dirty bit of a shared file's page
 * must not get lost.
 */
static inline struct leaf leaf_take(const struct leaf *l)
{
	struct leaf now = *l;

	if (arch_has_others())
		now.pte = arch_pte_take(l->p);
	return now;
}

static inline bool leaf_is_huge(const struct leaf *l)
{
	return l->nr > 1;
}

/* The frame, or the block's first one; of any kind that names one. */
static inline uint64_t leaf_pfn(const struct leaf *l)
{
	return pte_pfn(l->pte);
}

static inline struct page *leaf_page(const struct leaf *l)
{
	return pfn_to_page(leaf_pfn(l));
}

/* The frame of l->va itself. */
static inline uint64_t leaf_frame(const struct leaf *l)
{
	return leaf_pfn(l) + (l->va >> PAGE_SHIFT & (l->nr - 1));
}

static inline bool leaf_is_dirty(const struct leaf *l)
{
	return l->pte.v & PTE_D;
}

/* ---- What an entry of a VMA says ---------------------------------------- */

/* Permission bits of a leaf entry for a VMA, but for PTE_RW; A is set. */
static inline uint64_t vma_pte_bits(const struct vma *v)
{
	uint64_t key = (uint64_t)(v->flags & VMA_PKEY) << (59 - VMA_PKEY_SHIFT);

	if (!(v->prot & PROT_RWX))
		return PTE_PROTNONE | PTE_A | PTE_NX | key;
	return PTE_P | PTE_US | PTE_A | (v->prot & PROT_EXEC ? 0 : PTE_NX) |
	       key;
}

/*
 * Linux vma_wants_writenotify: may the processor write to a page of the file
 * without our being told? It is told once for each page that is clean.
 */
static inline bool vma_writes_freely(const struct vma *v)
{
	return v->flags & VMA_SHARED && v->prot & PROT_WRITE &&
	       v->file->flags & FILE_SHMEM;
}

/* ---- Mapping: the entry was zero, there is a table ----------------------- */

/* The caller's reference to the page becomes the entry's. */
static inline void leaf_map(struct mm *mm, pte_t *p, struct page *page,
			    uint64_t bits)
{
	page->mapcount++;
	mm->rss[page_rss(page)]++;
	pt_fill(p, pte_make(page_to_pfn(page), bits));
}
/*
 * Of n cached pages and as many entries from p on: those pages that there are,
 * where an entry is zero, with a new reference for each. Returns how many.
 */
unsigned leaf_map_cached(struct mm *mm, pte_t *p, struct page **pages,
			 unsigned n, uint64_t bits);
/* The zero page. */
static inline void leaf_map_zero(pte_t *p, uint64_t bits)
{
	pt_fill(p, pte_make(mm_machine.zero_pfn, bits));
}
static inline void leaf_map_special(pte_t *p, uint64_t pfn, uint64_t bits)
{
	pt_fill(p, pte_make(pfn, bits | PTE_SPECIAL));
}
static inline void leaf_map_guard(pte_t *p)
{
	pt_fill(p, (pte_t){PTE_GUARD});
}
/* A block of 2 MiB, or the zero page of that size. False: no memory for the
 * table in reserve, and nothing is changed. */
bool leaf_map_huge(struct mm *mm, pte_t *p, struct page *page, uint64_t bits);
bool leaf_map_huge_zero(struct mm *mm, pte_t *p, uint64_t bits);

/* ---- Unmapping: the flush and the frame are the gather's ----------------- */

/* Of any kind. What the processor says of a file's page, the page keeps. */
void leaf_unmap(struct pt_gather *g, const struct leaf *l);
/* Its frame gives way to `page` of the same size, as leaf_map has it. */
void leaf_replace(struct pt_gather *g, const struct leaf *l, struct page *page,
		  uint64_t bits);
/* Likewise to the zero page; a page of 4 KiB. */
void leaf_replace_by_zero(struct pt_gather *g, const struct leaf *l);

/* ---- Sizes ----------------------------------------------------------------
 */

/* A leaf of 2 MiB becomes 512, each of its kind. Flushes. */
void leaf_split(struct mm *mm, const struct leaf *l);
/* The table that p names goes, with all of its leaves; p maps the block. */
void leaf_join(struct pt_gather *g, pte_t *p, uint64_t va, struct page *page,
	       uint64_t bits);

/* ---- Visiting ------------------------------------------------------------ */

/*
 * Call fn for each leaf in [start, end) that names a frame, in order; for one
 * of 2 MiB that begins below start, with va = start. fn may clear, change and
 * split entries and fill others. Tables stay. fn returns 0 to go on; anything
 * else ends the visit and is returned.
 */
typedef int leaf_fn(const struct leaf *l, void *ctx);
int leaf_visit(pte_t *root, uint64_t start, uint64_t end, leaf_fn *fn,
	       void *ctx);
/* Likewise, and for guard markers. */
int leaf_visit_all(pte_t *root, uint64_t start, uint64_t end, leaf_fn *fn,
		   void *ctx);
/*
 * Likewise; then those tables of [start, end) go that are empty, of levels up
 * to `top`, and lie in [floor, ceiling) with all that they could map (Linux
 * free_pgd_range).
 */
struct leaf_limits {
	uint64_t floor, ceiling;
	int top;
	struct pt_gather *g;
};
int leaf_visit_free(pte_t *root, uint64_t start, uint64_t end,
		    const struct leaf_limits *limits, leaf_fn *fn, void *ctx);

#endif
