/*
 * mm_machine.c: see mm_machine.h.
 */
#include "mm_machine.h"

#include "buddy.h"
#include "panic.h"

struct mm_machine mm_machine;

void mm_machine_init(const struct hv_boot *boot)
{
	struct page *zero = buddy_alloc(0, GFP_ZERO);
	uint64_t around = boot->fault_around >> PAGE_SHIFT;

	if (!zero)
		panic("machine: no memory for the zero page");
	if (around & (around - 1))
		panic("machine: fault_around %#lx", boot->fault_around);
	mm_machine = (struct mm_machine){
		.zero_pfn = page_to_pfn(zero),
		.thp = boot->thp,
		.read_zero = boot->flags & HV_BOOT_ZERO_PAGE,
		.thp_zero = boot->flags & HV_BOOT_THP_ZERO,
		.pkeys = boot->flags & HV_BOOT_PKEYS,
		.around = around > AROUND_MAX ? AROUND_MAX : (unsigned)around,
	};
}
