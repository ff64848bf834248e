/*
 * user_page.c: see user_page.h.
 */
#include "user_page.h"

#include "hv_map.h"
#include "leaf.h"
#include "pkey.h"

void *mm_user_page(struct mm *mm, uint64_t va, bool write)
{
	uint64_t need = PTE_P | PTE_US | PTE_A;
	struct leaf l;

	if (va >= HV_VA_USER_END)
		return NULL;
	if (write)
		need |= PTE_RW | PTE_D;
	l = leaf_at(mm, va);
	if ((l.pte.v & need) != need || pkey_denies(pte_pkey(l.pte), write))
		return NULL;
	return page_to_virt(pfn_to_page(leaf_frame(&l)));
}
