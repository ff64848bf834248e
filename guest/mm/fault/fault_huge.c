/*
 * fault_huge.c: faults where a page of 2 MiB may be mapped, or is (Linux
 * mm/huge_memory.c). When there is no block for one, an ordinary page it is.
 */
#include "buddy.h"
#include "fault_internal.h"
#include "huge.h"
#include "hv_fault.h"
#include "merge.h"
#include "parts.h"

/* Linux mm_get_huge_zero_folio. 0: no memory. */
static uint64_t zero_page(void)
{
	struct page *page;

	if (!mm_machine.huge_zero_pfn) {
		page = buddy_alloc(PT_ORDER_2M, GFP_ZERO);
		if (page) {
			mm_machine.huge_zero_pfn = page_to_pfn(page);
			thp_events.zero_page_alloc++;
		}
	}
	return mm_machine.huge_zero_pfn;
}

static bool map_zero_page(struct fault *f, enum hv_outcome *outcome)
{
	f->pfn = zero_page();
	*outcome = HV_FAULT_ZERO_PAGE;
	return f->pfn && leaf_map_huge_zero(f->mm, f->p, vma_pte_bits(f->vma));
}

static bool map_new_page(struct fault *f, enum hv_outcome *outcome)
{
	struct page *page = fault_anon_frame(f, PT_ORDER_2M, GFP_ZERO);

	if (!page)
		return false;
	if (!leaf_map_huge(f->mm, f->p, page, fault_anon_bits(f))) {
		page->flags = 0;
		page_put(page);
		return false;
	}
	thp_events.fault_alloc++;
	f->pfn = page_to_pfn(page);
	*outcome = HV_FAULT_HUGE;
	return true;
}

/* Linux do_huge_pmd_anonymous_page. */
bool fault_huge(struct fault *f, enum hv_outcome *outcome)
{
	bool mapped;

	if (!huge_is_allowed(f->vma) || !huge_fits(f->vma, f->va))
		return false;
	f->p = pt_entry_alloc(f->mm->root, f->va, 2);
	if (!f->p || arch_pte_get(f->p).v)
		return false;
	if (!f->vma->anon_id)
		mm_anon_prepare(f->mm, f->vma);
	f->order = PT_ORDER_2M;
	if (!fault_is_write(f) && mm_machine.thp_zero)
		mapped = map_zero_page(f, outcome);
	else
		mapped = map_new_page(f, outcome);
	if (!mapped) {
		f->pfn = 0;
		f->order = 0;
		thp_events.fault_fallback++;
	}
	return mapped;
}

bool fault_huge_write(struct fault *f, const struct leaf *l,
		      enum hv_outcome *outcome)
{
	struct page *page = leaf_page(l);

	f->old_pfn = leaf_pfn(l);
	if (l->kind == LEAF_PAGE) {
		if (!page_is_exclusive(page))
			return false;
		fault_reuse_frame(f, l);
		*outcome = HV_FAULT_REUSE;
		return true;
	}
	if (!huge_wanted(f->mm, f->vma) || !huge_is_allowed(f->vma))
		return false;
	page = fault_anon_frame(f, PT_ORDER_2M, GFP_ZERO);
	if (!page) {
		thp_events.fault_fallback++;
		return false;
	}
	thp_events.fault_alloc++;
	fault_replace_frame(f, l, page);
	*outcome = HV_FAULT_COW;
	return true;
}
