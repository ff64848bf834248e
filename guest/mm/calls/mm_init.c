/*
 * mm_init.c: see mm_init.h. The order is that of what needs what.
 */
#include "mm_init.h"

#include "account.h"
#include "buddy.h"
#include "mm_life.h"
#include "mm_machine.h"
#include "parts.h"
#include "slab.h"
#include "vma.h"
#include "writeback.h"

void mm_init(const struct hv_boot *boot)
{
	buddy_init(boot->banks, boot->nr_banks);
	slab_init();
	vma_init();
	cache_init();
	parts_init();
	mm_life_init();
	mm_machine_init(boot);
	mm_commit_init(&boot->commit);
}
