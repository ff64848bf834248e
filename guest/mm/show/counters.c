/*
 * counters.c: the kernel's counters, for the host.
 */
#include "buddy.h"
#include "hv_call.h"
#include "mm_machine.h"
#include "show.h"
#include "slab.h"

static void add_slab_frames(const struct slab_stats *s, void *ctx)
{
	uint64_t *frames = ctx;

	*frames += (s->slabs_full + s->slabs_partial + s->slabs_empty)
		   << s->slab_order;
}

void mm_counters(struct hv_counters *out)
{
	struct buddy_stats buddy;
	uint64_t frames = 1; /* the zero pages */

	if (mm_machine.huge_zero_pfn)
		frames += PT_FRAMES_2M;
	buddy_stats(&buddy);
	slab_for_each(add_slab_frames, &frames);
	out->frames_total = buddy.frames_total;
	out->frames_free = buddy.frames_free;
	out->frames_kernel = frames + pt_tables();
	out->slab_objects = slab_objects();
	out->vmas_peak = vma_count_peak();
	out->pagetables_peak = pt_tables_peak();
	out->faults = mm_machine.faults;
	tlb_flush_counts(&out->tlb_flush_page, &out->tlb_flush_all);
	out->buddy_splits = buddy.splits;
	out->buddy_merges = buddy.merges;
}
