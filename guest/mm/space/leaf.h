/*
 * leaf.h: what a last-level entry says of a page of a VMA.
 */
#ifndef LEAF_H
#define LEAF_H

#include "mm.h"
#include "mm_machine.h"

/* Does a leaf entry name a zero page? */
static inline bool pte_is_zero_page(pte_t pte)
{
	return pte_pfn(pte) == (pte_is_huge(pte) ? mm_machine.huge_zero_pfn
						 : mm_machine.zero_pfn);
}

/* Linux !vm_normal_page: nobody counts who maps it. */
static inline bool pte_is_special(pte_t pte)
{
	return pte.v & PTE_SPECIAL || pte_is_zero_page(pte);
}

/* The frame of va, of those that the entry maps. */
static inline uint64_t pte_frame_of(pte_t pte, uint64_t va)
{
	return pte_pfn(pte) + (va >> PAGE_SHIFT & (pte_frames(pte) - 1));
}

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

#endif
