/*
 * huge.h: pages of 2 MiB in an address space: private anonymous memory only
 * (Linux mm/huge_memory.c).
 *
 * A huge page is a block of the buddy allocator, mapped by one entry, in one
 * VMA. Before a border of a VMA, or of what an operation is to change, comes to
 * lie inside of it, it is split into 512 entries. The block is split only for
 * some advice, or when no frame is left and it is mapped in part (parts.h).
 */
#ifndef HUGE_H
#define HUGE_H

#include "mm.h"

#define HUGE_MASK (~(PT_SPAN_2M - 1))

static inline bool huge_wanted(const struct mm *mm, const struct vma *v)
{
	return __builtin_expect((v->flags | mm->huge_always) & mm->huge_mask,
				0);
}

/* PR_SET_THP_DISABLE: HV_THP_DISABLE_*. */
void huge_set_disabled(struct mm *mm, uint32_t disabled);
/* May v have huge pages, if they are wanted? Linux thp_vma_allowable_order. */
static inline bool huge_is_allowed(const struct vma *v)
{
	return vma_is_anon(v) && !(v->flags & (VMA_NOHUGE | VMA_SPECIAL));
}
/* Does the huge page's place around va lie in v? */
bool huge_fits(const struct vma *v, uint64_t va);
/* Is there a place for a huge page in v? */
bool huge_has_room(const struct vma *v);
/* As THPeligible in smaps. */
bool huge_is_eligible(const struct mm *mm, const struct vma *v);

/* The huge page at va, if there is one, becomes 512 ordinary ones. */
void huge_split(struct mm *mm, uint64_t va);
/* Likewise those that have a part in [start, end) and one outside. */
void huge_split_borders(struct mm *mm, uint64_t start, uint64_t end);

#endif
