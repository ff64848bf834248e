/*
 * pagetable.h: x86-64 page tables of user address spaces, 4 levels, pages of
 * 4 KiB and of 2 MiB (Intel SDM vol. 3A, "4-Level Paging").
 *
 * A table page is PG_TABLE, and its struct page counts its entries in use, so
 * that an empty table is known without looking at it. As on Linux it stays as
 * long as some mapping could use it: only leaf_visit_free frees tables. A leaf
 * entry that is not zero but not present keeps a page of a PROT_NONE mapping
 * (Linux _PAGE_PROTNONE), or is a guard marker, which names no frame. A leaf
 * entry of 2 MiB has PTE_PS, and with it an empty table in reserve, so that
 * splitting it cannot fail (Linux pgtable_trans_huge_deposit). Nothing here
 * decides what an entry should say, or counts the references of the frames that
 * leaf entries name.
 */
#ifndef PAGETABLE_H
#define PAGETABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "hv_map.h"
#include "tlb.h"

#define PTE_P	     0x1ull
#define PTE_RW	     0x2ull
#define PTE_US	     0x4ull
#define PTE_A	     0x20ull
#define PTE_D	     0x40ull
#define PTE_PS	     0x80ull  /* leaf of 2 MiB; in no other leaf */
#define PTE_PROTNONE 0x100ull /* with P clear only */
#define PTE_GUARD    0x200ull /* alone: any access is a fault */
#define PTE_SPECIAL  0x400ull /* the frame is nobody's (Linux _PAGE_SPECIAL) */
#define PTE_WAS_D    0x800ull /* of a file: PTE_D, which its page took over */
#define PTE_PKEY     (15ull << 59) /* protection key; in leaves only */
#define PTE_NX	     (1ull << 63)
#define PTE_PFN_MASK 0x000ffffffffff000ull

#define PT_SPAN_2M   (1ull << 21) /* bytes that one leaf table maps */
#define PT_SPAN_1G   (1ull << 30) /* and one that names 512 of those */
#define PT_ALL	     3		  /* levels of tables that a leaf needs */
#define PT_ORDER_2M  HV_HUGE_ORDER
#define PT_FRAMES_2M (1u << PT_ORDER_2M)

#define PT_SHIFT	9
#define PT_ENTRIES	512u
#define PT_LEVELS	4    /* 4: root .. 1: leaf table */
#define PT_USER_ENTRIES 256u /* of the root */

/* The size of what an entry of this level stands for is 1 << shift. */
static inline unsigned pt_shift(int level)
{
	return PAGE_SHIFT + (unsigned)(level - 1) * PT_SHIFT;
}

static inline uint64_t pte_pfn(pte_t pte)
{
	return (pte.v & PTE_PFN_MASK) >> PAGE_SHIFT;
}

static inline unsigned pte_pkey(pte_t pte)
{
	return (pte.v & PTE_PKEY) >> 59;
}

static inline bool pte_is_huge(pte_t pte)
{
	return pte.v & PTE_PS;
}

/* The table that an entry names. */
static inline pte_t *pte_table(pte_t entry)
{
	return arch_phys_to_virt((hv_gpa_t){entry.v & PTE_PFN_MASK});
}

/* The struct page of the table that p is an entry of. */
static inline struct page *pt_table_page(const pte_t *p)
{
	return virt_to_page((const void *)((uintptr_t)p & PAGE_MASK));
}

static inline pte_t pte_make(uint64_t pfn, uint64_t bits)
{
	return (pte_t){pfn << PAGE_SHIFT | bits};
}

/* pt_gather_flush of all that the entry maps. */
static inline void pt_gather_flush_entry(struct pt_gather *g, uint64_t va,
					 pte_t pte)
{
	pt_gather_flush(g, va);
	if (pte_is_huge(pte)) {
		va &= ~(PT_SPAN_2M - 1);
		pt_gather_flush(g, va);
		pt_gather_flush(g, va + PT_SPAN_2M - PAGE_SIZE);
	}
}

/* An empty root that has the kernel's share. NULL: no memory. */
pte_t *pt_root_alloc(void);
/* All user entries must be gone. */
void pt_root_free(pte_t *root);

/* The leaf entry for va, of either size; NULL if there is no table for it. */
pte_t *pt_walk(pte_t *root, uint64_t va);
/* Likewise, making tables; NULL: no memory. Tables made stay, empty. */
pte_t *pt_walk_alloc(pte_t *root, uint64_t va);
/*
 * The entry of this level for va, which stands for a page (1), 2 MiB (2) or
 * 1 GiB (3): zero, a leaf, or a table's; NULL if there is no table for it. It
 * lies below no leaf.
 */
pte_t *pt_entry(pte_t *root, uint64_t va, int level);
/* Likewise, making tables; NULL: no memory. */
pte_t *pt_entry_alloc(pte_t *root, uint64_t va, int level);

/*
 * Write a leaf entry and keep its table's count. Flushes nothing. The three say
 * what the caller knows of the old entry and the new one.
 */
void pt_fill(pte_t *p, pte_t pte); /* from zero */
static inline void pt_change(pte_t *p, pte_t pte)
{
	arch_pte_set(p, pte); /* neither is zero */
}
/* From `was` to zero; frees no table but one in reserve. */
void pt_clear(pte_t *p, pte_t was);
/* As pt_fill, with PTE_PS, taking a table in reserve; false: no memory. */
bool pt_fill_2m(pte_t *p, pte_t pte);
/*
 * The entry goes from one place to another of its level, which is zero, and
 * with it what it names: a frame, a leaf of 2 MiB, or a table. Flushes nothing.
 */
void pt_move(pte_t *to, pte_t *from);
/*
 * A leaf of 2 MiB becomes a table of 512 entries, of which the first is `first`
 * and each names the frame that is `step` (0 or 1) behind the one before. The
 * caller flushes.
 */
void pt_split_2m(pte_t *p, pte_t first, unsigned step);
/*
 * The other way: the table that p names becomes the one in reserve, and p the
 * leaf `pte`. The entries' frames are the caller's.
 */
void pt_join_2m(pte_t *p, pte_t pte);
/* The same count for n entries of one table that were set by pt_change. */
void pt_count_filled(pte_t *p, unsigned n);

/* The empty table that p names goes; it maps what is around va. */
void pt_release(pte_t *p, uint64_t va, struct pt_gather *g);

/* Table pages there are now, roots included, and the most there ever were. */
uint64_t pt_tables(void);
uint64_t pt_tables_peak(void);

#endif
