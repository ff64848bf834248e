/*
 * huge.c: see huge.h.
 */
#include "huge.h"

#include "hv_boot.h"
#include "hv_map.h"
#include "hv_vcpu.h"
#include "leaf.h"
#include "mm_machine.h"
#include "panic.h"
#include "parts.h"

void huge_set_disabled(struct mm *mm, uint32_t disabled)
{
	mm->huge_always = 0;
	mm->huge_mask = 0;
	if (mm_machine.thp == HV_THP_NEVER || disabled == HV_THP_DISABLE_ALL)
		return;
	mm->huge_mask = VMA_HUGE;
	if (mm_machine.thp == HV_THP_ALWAYS && !disabled)
		mm->huge_always = VMA_HUGE;
}

bool huge_fits(const struct vma *v, uint64_t va)
{
	uint64_t start = va & HUGE_MASK;

	return start >= v->start && start < v->end &&
	       v->end - start >= PT_SPAN_2M;
}

bool huge_has_room(const struct vma *v)
{
	return v->end >= PT_SPAN_2M && huge_fits(v, v->end - PT_SPAN_2M);
}

bool huge_is_eligible(const struct mm *mm, const struct vma *v)
{
	return huge_wanted(mm, v) && huge_is_allowed(v) && huge_has_room(v);
}

void huge_split(struct mm *mm, uint64_t va)
{
	pte_t *p = mm->nr_huge ? pt_walk(mm->root, va) : NULL;
	uint64_t bits, start = va & HUGE_MASK;
	pte_t pte;

	if (!p)
		return;
	pte = arch_pte_get(p);
	if (!pte_is_huge(pte))
		return;
	bits = pte.v & ~(PTE_PFN_MASK | PTE_PS);
	if (pte_is_zero_page(pte)) {
		pt_split_2m(p, pte_make(mm_machine.zero_pfn, bits), 0);
	} else {
		struct page *page = pfn_to_page(pte_pfn(pte));

		/* One owner, so one reference for each frame. */
		BUG_ON(page->refcount != 1 || page->mapcount != 1);
		pt_split_2m(p, pte_make(pte_pfn(pte), bits), 1);
		parts_make(page);
	}
	thp_events.split_pmd++;
	mm->nr_huge--;
	tlb_flush_range(start, start + PT_SPAN_2M);
}

void huge_split_borders(struct mm *mm, uint64_t start, uint64_t end)
{
	if (start & ~HUGE_MASK)
		huge_split(mm, start);
	if (end & ~HUGE_MASK && end < HV_VA_USER_END)
		huge_split(mm, end);
}
