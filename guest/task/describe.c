/*
 * describe.c: what the guest tells the host about its memory: the other side of
 * /proc, --dump and --walk. Looks, and changes nothing but accessed bits.
 */
#include <asm/errno.h>

#include "buddy.h"
#include "calls.h"
#include "cpu.h"
#include "filemap.h"
#include "hv.h"
#include "hv_describe.h"
#include "kernel.h"
#include "mm_machine.h"
#include "parts.h"
#include "show.h"
#include "slab.h"
#include "space.h"
#include "string.h"
#include "writeback.h"

_Static_assert(HV_ORDERS == BUDDY_ORDERS && HV_ZONES == NR_ZONES,
	       "as the contract says");

/* The next record of `size` bytes, zeroed; NULL: no room for it. */
static void *record_add(struct hv_call_describe *d, size_t size)
{
	uint8_t *at = d->data + d->count * size;

	if ((d->count + 1) * size > sizeof(d->data))
		return NULL;
	d->count++;
	return memset(at, 0, size);
}

/* ---- The address space ------------------------------------------------- */

/* Whose address space is meant. */
static struct mm *mm_of(const struct hv_call_describe *d)
{
	const struct hv_vcpu_area *area = (const void *)d->area;

	return (area ? (const struct cpu *)area->stack : cpu_this())->mm;
}

static int describe_mm(struct hv_call_describe *d)
{
	struct hv_desc_mm *out = record_add(d, sizeof(*out));

	mm_stat(mm_of(d), out);
	return 0;
}

static int set_field(struct hv_call_describe *d)
{
	return mm_set_field(mm_of(d), d->want, d->cursor);
}

static int add_vma(struct mm *mm, const struct hv_desc_vma *v, void *ctx)
{
	struct hv_call_describe *d = ctx;
	struct hv_desc_vma *out = record_add(d, sizeof(*out));

	(void)mm;
	if (!out) {
		d->next = v->start;
		return 1;
	}
	*out = *v;
	return 0;
}

static int add_smaps(struct mm *mm, const struct hv_desc_vma *v, void *ctx)
{
	struct hv_call_describe *d = ctx;
	struct hv_desc_smaps *out = record_add(d, sizeof(*out));

	if (!out) {
		d->next = v->start;
		return 1;
	}
	out->vma = *v;
	mm_smaps_add(mm, v->start, v->end, out);
	out->thp_eligible = mm_thp_eligible(mm, v->start);
	return 0;
}

static int describe_maps(struct hv_call_describe *d)
{
	mm_for_each_vma(mm_of(d), d->cursor, add_vma, d);
	return 0;
}

static int describe_smaps(struct hv_call_describe *d)
{
	kernel_update_limits();
	mm_for_each_vma(mm_of(d), d->cursor, add_smaps, d);
	return 0;
}

static int describe_pagemap(struct hv_call_describe *d)
{
	uint32_t room = sizeof(d->words) / sizeof(d->words[0]);
	uint32_t n = d->want < room ? d->want : room;

	mm_pagemap(mm_of(d), d->cursor, n, d->words);
	d->count = n;
	d->next = d->cursor + n * PAGE_SIZE;
	return 0;
}

static int clear_refs(struct hv_call_describe *d)
{
	return mm_clear_refs(mm_of(d), (unsigned)d->cursor);
}

/* ---- The machine's memory ---------------------------------------------- */

/* The first page of the block that a page which is in use belongs to. */
static const struct page *page_block(const struct page *page)
{
	const struct page *head = page;

	if (page->flags & PG_PART)
		return page; /* whose count is its own */
	if (page->flags & PG_SLAB)
		return page->flags & PG_TAIL ? page->head : page;
	if (!page->refcount)
		head = pfn_to_page(page_to_pfn(page) & ~(PT_FRAMES_2M - 1ull));
	return head->refcount && head->order == PT_ORDER_2M ? head : page;
}

static uint64_t page_is(uint64_t pfn, const struct page *head)
{
	uint64_t is = mm_is_zero_page(pfn) ? HV_PAGE_IS_ZERO : 0;

	if (head->flags & PG_PART)
		return HV_PAGE_IS_HUGE |
		       (pfn & (PT_FRAMES_2M - 1) ? HV_PAGE_IS_TAIL
						 : HV_PAGE_IS_HEAD);
	if (!head->refcount || !head->order)
		return is;
	if (is || head->flags & PG_ANON)
		is |= HV_PAGE_IS_HUGE;
	return is |
	       (page_to_pfn(head) == pfn ? HV_PAGE_IS_HEAD : HV_PAGE_IS_TAIL);
}

static void fill_page(struct hv_desc_page *out, uint64_t pfn)
{
	const struct page *page = pfn_to_page(pfn);

	*out = (struct hv_desc_page){.pfn = pfn, .zone = HV_ZONES};
	if (!buddy_owns(pfn))
		return;
	page = page_block(page);
	*out = (struct hv_desc_page){
		.pfn = pfn,
		.flags = page->flags,
		.refcount = page->refcount,
		.mapcount = page->mapcount,
		.order = page->order,
		.zone = pfn_zone(pfn),
		.what = page_is(pfn, page),
	};
	if (page->flags & PG_CACHE && page->owner) {
		out->file = ((const struct file *)page->owner)->number;
		out->index = page->index;
	}
}

/* These frames are locked: note that of those that are described. */
static void mark_locked(uint64_t pfn, uint64_t n, void *ctx)
{
	struct hv_call_describe *d = ctx;
	struct hv_desc_page *pages = (void *)d->data;
	uint64_t end = pfn + n, last = d->cursor + d->count;

	for (pfn = pfn > d->cursor ? pfn : d->cursor; pfn < end && pfn < last;
	     pfn++)
		pages[pfn - d->cursor].what |= HV_PAGE_IS_LOCKED;
}

static int describe_page(struct hv_call_describe *d)
{
	for (uint32_t i = 0; i < d->want; i++) {
		struct hv_desc_page *out = record_add(d, sizeof(*out));

		if (!out)
			break;
		fill_page(out, d->cursor + i);
	}
	mm_for_each_locked(mm_of(d), mark_locked, d);
	return 0;
}

static void add_slab_pages(const struct slab_stats *s, void *ctx)
{
	uint64_t slabs = s->slabs_full + s->slabs_partial + s->slabs_empty;

	*(uint64_t *)ctx += slabs << s->slab_order;
}

static int describe_memory(struct hv_call_describe *d)
{
	struct hv_desc_memory *out = record_add(d, sizeof(*out));
	struct buddy_stats stats;
	struct hv_desc_mm mm;

	buddy_stats(&stats);
	mm_stat(mm_of(d), &mm);
	out->total = stats.frames_total;
	out->free = stats.frames_free;
	out->percpu = stats.frames_percpu;
	out->splits = stats.splits;
	out->merges = stats.merges;
	out->pagetables = pt_tables();
	out->cached = filemap_pages();
	out->anon = mm.rss_anon;
	out->shmem = mm.rss_shmem;
	out->anon_huge = mm_huge_frames(mm_of(d));
	out->committed = mm_machine.committed;
	out->thp = thp_events;
	slab_for_each(add_slab_pages, &out->slab);
	for (unsigned z = 0; z < NR_ZONES; z++) {
		out->zone[z].frontier = stats.frontier[z];
		for (unsigned n = 0; n < BUDDY_ORDERS; n++)
			out->zone[z].blocks[n] = stats.free_blocks[z][n];
	}
	return 0;
}

struct slab_walk {
	struct hv_call_describe *d;
	uint64_t index;
};

static void add_slab(const struct slab_stats *s, void *ctx)
{
	struct slab_walk *walk = ctx;
	struct hv_desc_slab *out;

	if (walk->index++ < walk->d->cursor || walk->d->next)
		return;
	out = record_add(walk->d, sizeof(*out));
	if (!out) {
		walk->d->next = walk->index - 1;
		return;
	}
	for (unsigned i = 0; i + 1 < sizeof(out->name) && s->name[i]; i++)
		out->name[i] = s->name[i];
	out->object_size = (uint32_t)s->object_size;
	out->objects_per_slab = s->objects_per_slab;
	out->slab_order = s->slab_order;
	out->objects_active = s->objects_active;
	out->slabs_full = s->slabs_full;
	out->slabs_partial = s->slabs_partial;
	out->slabs_empty = s->slabs_empty;
}

static int describe_slab(struct hv_call_describe *d)
{
	struct slab_walk walk = {.d = d};

	slab_for_each(add_slab, &walk);
	return 0;
}

/* ---- The request ------------------------------------------------------- */

static void describe(struct hv_call_describe *d)
{
	static int (*const table[])(struct hv_call_describe *) = {
		[HV_DESCRIBE_MM] = describe_mm,
		[HV_DESCRIBE_MAPS] = describe_maps,
		[HV_DESCRIBE_SMAPS] = describe_smaps,
		[HV_DESCRIBE_PAGEMAP] = describe_pagemap,
		[HV_DESCRIBE_PAGE] = describe_page,
		[HV_DESCRIBE_MEMORY] = describe_memory,
		[HV_DESCRIBE_SLAB] = describe_slab,
		[HV_CLEAR_REFS] = clear_refs,
		[HV_SET_FIELD] = set_field,
	};

	d->count = 0;
	d->next = 0;
	d->result = -EINVAL;
	if (!mm_of(d))
		d->result = -ENOENT;
	else if (d->what < sizeof(table) / sizeof(table[0]) && table[d->what])
		d->result = table[d->what](d);
}

const struct hv_upcalls kernel_upcalls = {
	.fault_in = kernel_fault_in,
	.file = mm_file_upcall,
	.mm = space_upcall,
	.describe = describe,
};
