/*
 * vma.h: the mappings of one address space, in order of address.
 *
 * A balanced tree whose nodes know the largest gap below them, so that finding
 * a mapping and finding room for one are both logarithmic (Linux mm/vma.c,
 * mm/mmap.c: find_vma, vm_unmapped_area). VMAs never overlap and are never
 * empty. Knows nothing of page tables. What may be merged is decided here, by
 * Linux's rules; when to merge is the caller's business (merge.h).
 */
#ifndef VMA_H
#define VMA_H

#include <stdbool.h>
#include <stdint.h>

#include "file.h"
#include "hv_map.h"

struct mm;

/* The low flags are those of the contract: they go to the log as they are. */
#define VMA_SHARED	HV_MAPF_SHARED
#define VMA_GROWSDOWN	HV_MAPF_GROWSDOWN
#define VMA_DENYWRITE	HV_MAPF_DENYWRITE
#define VMA_LOG_FLAGS	0xffu
#define VMA_ACCOUNT	0x100u	/* VM_ACCOUNT: was once private and writable */
#define VMA_NORESERVE	0x200u	/* MAP_NORESERVE */
#define VMA_LOCKED	0x400u	/* MAP_LOCKED */
#define VMA_NOWRITE	0x800u	/* not VM_MAYWRITE: mprotect may not add W */
#define VMA_SPECIAL	0x1000u /* vDSO, vvar: never merged, never split */
#define VMA_SEQ_READ	0x2000u /* the rest by madvise */
#define VMA_RAND_READ	0x4000u
#define VMA_DONTFORK	0x8000u
#define VMA_WIPEONFORK	0x10000u
#define VMA_DONTDUMP	0x20000u
#define VMA_HUGE	0x40000u
#define VMA_NOHUGE	0x80000u
#define VMA_MERGEABLE	0x100000u
#define VMA_LOCKONFAULT 0x200000u /* MLOCK_ONFAULT, with VMA_LOCKED */
#define VMA_DROPPABLE	0x800000u
#define VMA_SEALED	0x400000u  /* mseal */
#define VMA_GUARD	0x1000000u /* may have guard markers */
#define VMA_ZERO	0x2000000u /* of /dev/zero, but no page of a file */
#define VMA_FILE_SEAL	0x4000000u /* VMA_NOWRITE by a seal of a memfd */
#define VMA_NOEXEC	0x8000000u /* not VM_MAYEXEC: of a noexec mount */

#define VMA_LOCKED_MASK (VMA_LOCKED | VMA_LOCKONFAULT)

#define VMA_PKEY       0xf0000000u /* the protection key */
#define VMA_PKEY_SHIFT 28

/* In what can merge these may differ (Linux VM_IGNORE_MERGE; since 5.15
 * VM_DENYWRITE is no flag of a mapping). */
#define VMA_NO_MATTER (VMA_DENYWRITE | VMA_GUARD)

/* Linux stack_guard_gap: kept free below a mapping that grows down. */
#define VMA_GUARD_GAP (256 * HV_PAGE_SIZE)

struct vma {
	uint64_t start, end;
	uint64_t pgoff;	   /* of start: in the file; anonymous: in pages, the
			      address where it was first mapped */
	struct file *file; /* a reference; NULL: private anonymous memory, as
			      is memory with VMA_ZERO */
	uint32_t opened;   /* by which opening of the file it was mapped:
			      stands for Linux's struct file */
	struct mm *mm;	   /* where it is, if it has a file */
	struct list file_link; /* in file->vmas */
	uint64_t anon_id;      /* stands for Linux's anon_vma; 0: none yet */
	uint32_t prot;	       /* PROT_* */
	uint32_t flags;	       /* VMA_* */
	uint32_t kind;	/* enum hv_map_kind, as made (mm_map_kind: as is) */
	int32_t height; /* of the subtree; a leaf has 1 */
	struct vma *prev, *next;  /* by address */
	struct vma *left, *right; /* the tree */
	/* Of the subtree: first start; last end; largest gap between two of
	 * its VMAs, guard gaps not considered. */
	uint64_t sub_start, sub_end, sub_gap;
};

struct vma_tree {
	struct vma *root, *first;
	struct vma *cached; /* last found, or NULL */
	uint64_t count;
};

/* Where v begins for those who look for room: start, less its guard gap. */
static inline uint64_t vma_start_gap(const struct vma *v)
{
	if (!(v->flags & VMA_GROWSDOWN))
		return v->start;
	return v->start > VMA_GUARD_GAP ? v->start - VMA_GUARD_GAP : 0;
}

static inline uint64_t vma_pages(const struct vma *v)
{
	return (v->end - v->start) >> HV_PAGE_SHIFT;
}

/* The page offset of va, which lies in v. */
static inline uint64_t vma_pgoff(const struct vma *v, uint64_t va)
{
	return v->pgoff + ((va - v->start) >> HV_PAGE_SHIFT);
}

/* Its protection key; 0 where none are served. */
static inline uint32_t vma_pkey(const struct vma *v)
{
	return v->flags >> VMA_PKEY_SHIFT;
}

/* [vvar]: its pages are no one's (Linux VM_PFNMAP, VM_IO). */
static inline bool vma_is_pfnmap(const struct vma *v)
{
	return v->kind == HV_MAP_VVAR || v->kind == HV_MAP_VCLOCK;
}

/* Linux VM_MAYEXEC: may mprotect add X? */
static inline bool vma_may_exec(const struct vma *v)
{
	return !vma_is_pfnmap(v) && !(v->flags & VMA_NOEXEC);
}

/* On Linux nothing stands behind the vDSO and its data. */
static inline bool vma_has_file(const struct vma *v)
{
	return v->file && !(v->flags & VMA_SPECIAL);
}

/* Linux special_mapping_split: may [start, end) be parted from the rest? */
static inline bool vma_may_split(const struct vma *v, uint64_t start,
				 uint64_t end)
{
	return !(v->flags & VMA_SPECIAL) ||
	       (start <= v->start && end >= v->end);
}

/* Private anonymous memory, as Linux's vma_is_anonymous. */
static inline bool vma_is_anon(const struct vma *v)
{
	return !v->file || v->flags & VMA_ZERO;
}

void vma_init(void); /* the slab cache of struct vma */

/* A copy of `like` that is in no tree and holds its own reference to the file;
 * NULL: no memory. */
struct vma *vma_new(const struct vma *like);
/* v must be in no tree. Puts the reference to its file. */
void vma_free(struct vma *v);

/* The first VMA that ends above va, which need not contain va; or NULL. */
struct vma *vma_find(struct vma_tree *t, uint64_t va);
/* The first VMA that intersects [start, end), or NULL. */
struct vma *vma_find_first(struct vma_tree *t, uint64_t start, uint64_t end);
/* The last VMA that starts below va, or NULL. */
struct vma *vma_find_below(struct vma_tree *t, uint64_t va);

/* v must not intersect any VMA of the tree. */
void vma_insert(struct vma_tree *t, struct vma *v);
void vma_erase(struct vma_tree *t, struct vma *v);
/* Give v new bounds, and the pgoff that goes with them. They must not reach
 * over a neighbour. */
void vma_resize(struct vma_tree *t, struct vma *v, uint64_t start,
		uint64_t end);
/* flags decide about the guard gap, so they are changed by this only. */
void vma_set_flags(struct vma_tree *t, struct vma *v, uint32_t flags);
/* Cut v in two at va, inside v. Returns the upper part, NULL: no memory. */
struct vma *vma_split(struct vma_tree *t, struct vma *v, uint64_t va);

/*
 * Linux is_mergeable_vma, can_vma_merge_after, can_vma_merge_before: may what
 * `like` describes ([like->start, like->end) and its attributes) become one
 * VMA with its neighbour v, which ends or starts where `like` starts or ends?
 */
bool vma_can_merge(const struct vma *v, const struct vma *like);
/* In anon_id: it came by fork, so that its pages may be the parent's, too. */
#define VMA_ANON_FORKED (1ull << 63)
/* Linux is_mergeable_anon_vma, vma_is_fork_child. */
static inline bool vma_anon_compatible(uint64_t a, uint64_t b)
{
	if (a && b)
		return a == b;
	return !((a | b) & VMA_ANON_FORKED);
}

/*
 * The highest, or lowest, page-aligned address in [low, high) with `len` free
 * bytes that Linux would find; 0: none. low > 0. Linux keeps clear of guard
 * gaps, and overlooks some of what is free where it meets one.
 */
uint64_t vma_gap_topdown(const struct vma_tree *t, uint64_t len, uint64_t low,
			 uint64_t high);
uint64_t vma_gap_bottomup(const struct vma_tree *t, uint64_t len, uint64_t low,
			  uint64_t high);

/* VMAs that exist now, in any tree or none, and the most there ever were. */
uint64_t vma_count(void);
uint64_t vma_count_peak(void);

#endif
