/*
 * mm_walk.c: an address space as /proc shows it (Linux fs/proc/task_mmu.c), and
 * where its pages are. Looks, and changes nothing.
 */
#include <asm/errno.h>

#include "huge.h"
#include "hv_describe.h"
#include "hv_map.h"
#include "leaf.h"
#include "show.h"

static const struct {
	uint32_t vma;
	uint64_t vm;
} flag_map[] = {
	{VMA_GROWSDOWN, HV_VM_GROWSDOWN},
	{VMA_GUARD, HV_VM_MAYBE_GUARD},
	{VMA_ACCOUNT, HV_VM_ACCOUNT},
	{VMA_NORESERVE, HV_VM_NORESERVE},
	{VMA_LOCKED, HV_VM_LOCKED},
	{VMA_SEQ_READ, HV_VM_SEQ_READ},
	{VMA_RAND_READ, HV_VM_RAND_READ},
	{VMA_DONTFORK, HV_VM_DONTCOPY},
	{VMA_WIPEONFORK, HV_VM_WIPEONFORK},
	{VMA_DONTDUMP, HV_VM_DONTDUMP},
	{VMA_HUGE, HV_VM_HUGEPAGE},
	{VMA_NOHUGE, HV_VM_NOHUGEPAGE},
	{VMA_MERGEABLE, HV_VM_MERGEABLE},
	{VMA_LOCKONFAULT, HV_VM_LOCKONFAULT},
	{VMA_SEALED, HV_VM_SEALED},
	{VMA_DROPPABLE, HV_VM_DROPPABLE},
};

/*
 * A shared mapping of a file that was opened for reading only is VM_MAYSHARE
 * but not VM_SHARED (Linux do_mmap); of a sealed one, both
 * (memfd_check_seals_mmap).
 */
static uint64_t linux_flags(const struct vma *v)
{
	uint64_t flags = v->prot; /* VM_READ, VM_WRITE, VM_EXEC */

	flags |= HV_VM_MAYREAD;
	if (vma_may_exec(v))
		flags |= HV_VM_MAYEXEC;
	if (!(v->flags & VMA_NOWRITE))
		flags |= HV_VM_MAYWRITE;
	if (v->flags & VMA_SHARED)
		flags |= HV_VM_MAYSHARE;
	if (v->flags & VMA_SHARED &&
	    (!(v->flags & VMA_NOWRITE) || v->flags & VMA_FILE_SEAL))
		flags |= HV_VM_SHARED;
	/* Linux _install_special_mapping, and vvar's pages are no RAM. */
	if (v->flags & VMA_SPECIAL)
		flags |= HV_VM_DONTEXPAND;
	if (vma_is_pfnmap(v)) {
		flags |= HV_VM_PFNMAP | HV_VM_IO;
		flags &= ~HV_VM_MAYWRITE;
	}
	for (unsigned i = 0; i < sizeof(flag_map) / sizeof(flag_map[0]); i++)
		if (v->flags & flag_map[i].vma)
			flags |= flag_map[i].vm;
	return flags | (uint64_t)vma_pkey(v) << HV_VM_PKEY_SHIFT;
}

static void describe(const struct mm *mm, const struct vma *v,
		     struct hv_desc_vma *out)
{
	*out = (struct hv_desc_vma){
		.start = v->start,
		.end = v->end,
		.offset = v->file ? v->pgoff << PAGE_SHIFT : 0,
		.vm_flags = linux_flags(v),
		.prot = v->prot,
		.kind = mm_map_kind(mm, v),
		.file = v->file ? v->file->number : 0,
		.opened = v->opened,
		.shm = v->file ? v->file->shm : 0,
	};
}

bool mm_thp_eligible(struct mm *mm, uint64_t va)
{
	const struct vma *v = vma_find_first(&mm->vmas, va, va + 1);

	return v && huge_is_eligible(mm, v);
}

struct locked {
	mm_frames_fn *fn;
	void *ctx;
};

static int locked_leaf(const struct leaf *leaf, void *ctx)
{
	const struct locked *l = ctx;

	if (leaf->kind == LEAF_PAGE)
		l->fn(leaf_pfn(leaf), leaf->nr, l->ctx);
	return 0;
}

void mm_for_each_locked(struct mm *mm, mm_frames_fn *fn, void *ctx)
{
	struct locked l = {fn, ctx};

	for (const struct vma *v = mm->vmas.first; v && mm->locked_vm;
	     v = v->next)
		if (v->flags & VMA_LOCKED)
			leaf_visit(mm->root, v->start, v->end, locked_leaf, &l);
}

bool mm_is_zero_page(uint64_t pfn)
{
	uint64_t huge = mm_machine.huge_zero_pfn;

	return pfn == mm_machine.zero_pfn ||
	       (huge && pfn - huge < PT_FRAMES_2M);
}

int mm_for_each_vma(struct mm *mm, uint64_t from, mm_vma_fn *fn, void *ctx)
{
	struct vma *v = vma_find(&mm->vmas, from);
	int ret = 0;

	for (; v && !ret; v = v->next) {
		struct hv_desc_vma info;

		describe(mm, v, &info);
		ret = fn(mm, &info, ctx);
	}
	return ret;
}

/* ---- Pages ------------------------------------------------------------- */

struct smaps {
	struct hv_desc_smaps *sum;
	struct vma *v; /* the mapping that the walk has come to */
};

/* Linux smaps_account, smaps_page_accumulate, for what one entry maps. */
static void account(struct hv_desc_smaps *s, const struct leaf *l, bool locked)
{
	const struct page *page = leaf_page(l);
	bool dirty = leaf_is_dirty(l) || page->flags & (PG_DIRTY | PG_DATA);
	bool exclusive = page->mapcount < 2;
	uint64_t size = l->nr * PAGE_SIZE;
	uint64_t pss = (size << HV_PSS_SHIFT) / page->mapcount;

	s->rss += size;
	if (page->mapcount > s->mapcount_max)
		s->mapcount_max = page->mapcount;
	if (leaf_is_huge(l))
		s->anon_huge += size;
	if (l->pte.v & PTE_A)
		s->referenced += size;
	s->pss += pss;
	switch (page_rss(page)) {
	case RSS_FILE:
		s->pss_file += pss;
		break;
	case RSS_SHMEM:
		s->pss_shmem += pss;
		break;
	default:
		s->anonymous += size;
		s->pss_anon += pss;
		if (page->flags & PG_LAZYFREE && !leaf_is_dirty(l))
			s->lazyfree += size;
	}
	if (locked)
		s->pss_locked += pss;
	if (dirty) {
		s->pss_dirty += pss;
		*(exclusive ? &s->private_dirty : &s->shared_dirty) += size;
	} else {
		*(exclusive ? &s->private_clean : &s->shared_clean) += size;
	}
}

static int smaps_leaf(const struct leaf *l, void *ctx)
{
	struct smaps *s = ctx;

	if (l->kind != LEAF_PAGE)
		return 0;
	while (s->v && s->v->end <= l->va)
		s->v = s->v->next;
	account(s->sum, l, s->v && s->v->flags & VMA_LOCKED);
	return 0;
}

void mm_smaps_add(struct mm *mm, uint64_t start, uint64_t end,
		  struct hv_desc_smaps *sum)
{
	struct smaps s = {sum, vma_find(&mm->vmas, start)};

	if (start < end)
		leaf_visit(mm->root, start, end, smaps_leaf, &s);
}

/* Linux pte_to_pagemap_entry, pagemap_pmd_range. */
static uint64_t pagemap_entry(const struct leaf *l)
{
	uint64_t entry = 1ull << 63 | leaf_frame(l);
	const struct page *page = leaf_page(l);

	if (leaf_is_huge(l))
		entry |= HV_PAGEMAP_HUGE;
	switch (l->kind) {
	case LEAF_NONE:
		return l->p ? HV_PAGEMAP_TABLE : 0;
	case LEAF_GUARD:
		return MM_PAGEMAP_GUARD;
	case LEAF_SPECIAL:
		return 0; /* Linux pagemap_read passes VM_PFNMAP over */
	case LEAF_ZERO:
		/* Linux asks vm_normal_page for small pages alone. */
		return entry | HV_PAGEMAP_ZERO |
		       (leaf_is_huge(l) ? 1ull << 61 : 0);
	default:
		break;
	}
	if (page_rss(page) != RSS_ANON)
		entry |= 1ull << 61;
	if (page->mapcount == 1)
		entry |= 1ull << 56;
	return entry;
}

void mm_pagemap(struct mm *mm, uint64_t va, unsigned n, uint64_t *out)
{
	for (unsigned i = 0; i < n; i++, va += PAGE_SIZE) {
		struct leaf l = {.kind = LEAF_NONE, .nr = 1};

		if (va < HV_VA_USER_END)
			l = leaf_at(mm, va);
		out[i] = pagemap_entry(&l);
	}
}

void mm_stat(const struct mm *mm, struct hv_desc_mm *out)
{
	uint64_t rss =
		mm->rss[RSS_ANON] + mm->rss[RSS_FILE] + mm->rss[RSS_SHMEM];

	*out = (struct hv_desc_mm){
		.total_vm = mm->total_vm,
		.hiwater_vm = mm->hiwater_vm > mm->total_vm ? mm->hiwater_vm
							    : mm->total_vm,
		.data_vm = mm->data_vm,
		.exec_vm = mm->exec_vm,
		.stack_vm = mm->stack_vm,
		.locked_vm = mm->locked_vm,
		.rss_anon = mm->rss[RSS_ANON],
		.rss_file = mm->rss[RSS_FILE],
		.rss_shmem = mm->rss[RSS_SHMEM],
		.hiwater_rss = mm->hiwater_rss > rss ? mm->hiwater_rss : rss,
		.pagetables = pt_tables() - 1,
		.start_code = mm->start_code,
		.end_code = mm->end_code,
		.start_data = mm->start_data,
		.end_data = mm->end_data,
		.start_brk = mm->start_brk,
		.brk = mm->brk,
		.start_stack = mm->start_stack,
		.arg_start = mm->arg_start,
		.arg_end = mm->arg_end,
		.env_start = mm->env_start,
		.env_end = mm->env_end,
		.map_count = mm->vmas.count,
		.faults = mm->faults,
	};
}

int mm_set_field(struct mm *mm, unsigned n, uint64_t value)
{
	uint64_t *const field[] = {
		&mm->start_code,  &mm->end_code,  &mm->start_data,
		&mm->end_data,	  &mm->start_brk, &mm->brk,
		&mm->start_stack, &mm->arg_start, &mm->arg_end,
		&mm->env_start,	  &mm->env_end,
	};

	if (n >= sizeof(field) / sizeof(field[0]))
		return -EINVAL;
	*field[n] = value;
	return 0;
}

static int count_leaf(const struct leaf *l, void *ctx)
{
	if (leaf_is_huge(l) && l->kind == LEAF_PAGE)
		*(uint64_t *)ctx += l->nr;
	return 0;
}

uint64_t mm_huge_frames(struct mm *mm)
{
	uint64_t frames = 0;

	if (mm->nr_huge)
		leaf_visit(mm->root, 0, HV_VA_USER_END, count_leaf, &frames);
	return frames;
}
