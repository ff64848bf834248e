/*
 * huge.c: see huge.h.
 */
#include "huge.h"

#include "hv_boot.h"
#include "hv_map.h"
#include "hv_vcpu.h"
#include "leaf.h"
#include "mm_machine.h"
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
	struct leaf l;

	if (!mm->nr_huge)
		return;
	l = leaf_at(mm, va);
	if (!leaf_is_huge(&l))
		return;
	leaf_split(mm, &l);
	thp_events.split_pmd++;
}

void huge_split_borders(struct mm *mm, uint64_t start, uint64_t end)
{
	if (start & ~HUGE_MASK)
		huge_split(mm, start);
	if (end & ~HUGE_MASK && end < HV_VA_USER_END)
		huge_split(mm, end);
}
