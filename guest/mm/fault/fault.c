/*
 * fault.c: what a page fault means, and its cure (Linux arch/x86/mm/fault.c,
 * mm/memory.c).
 *
 * The path of an anonymous fault is kept short: on some hosts each instruction
 * here costs a microsecond. Frames are asked of the allocator zeroed, never
 * zeroed here. The accessed bit is always set, the dirty bit when the access is
 * a write, so that the processor never has to write to a page table.
 */
#include "fault.h"

#include <asm/errno.h>

#include "account.h"
#include "buddy.h"
#include "fault_internal.h"
#include "huge.h"
#include "huge_unused.h"
#include "hv_map.h"
#include "merge.h"
#include "panic.h"
#include "pkey.h"

/* Error code: Intel SDM vol. 3A, "Page-Fault Exceptions". */
#define PF_RSVD 8u
#define PF_PK	32u

/* The access was allowed all the time, and asked for by the host. */
#define OUTCOME_SILENT HV_FAULT_OUTCOMES

/* ---- Frames and entries ------------------------------------------------ */

struct page *fault_anon_frame(struct fault *f, unsigned order, uint32_t gfp)
{
	struct vma *v = f->vma;
	struct page *page = buddy_alloc(order, gfp);

	if (!page)
		return NULL;
	page->flags = PG_ANON;
	if (!v->anon_id)
		mm_anon_prepare(f->mm, v);
	return page;
}

static enum hv_outcome anon_fault(struct fault *f)
{
	struct page *page;

	if (!fault_is_write(f) && mm_machine.read_zero) {
		f->pfn = mm_machine.zero_pfn;
		leaf_map_zero(f->p, vma_pte_bits(f->vma));
		return HV_FAULT_ZERO_PAGE;
	}
	page = fault_anon_frame(f, 0, GFP_ZERO);
	if (!page)
		return HV_FAULT_OOM;
	fault_map_frame(f, page);
	return HV_FAULT_ANON_ZERO;
}

/* ---- Writes to present pages ------------------------------------------- */

void fault_replace_frame(struct fault *f, const struct leaf *l,
			 struct page *page)
{
	struct pt_gather g;

	pt_gather_init(&g, f->mm);
	f->pfn = page_to_pfn(page);
	leaf_replace(&g, l, page, fault_anon_bits(f));
	pt_gather_finish(&g);
}

void fault_reuse_frame(struct fault *f, const struct leaf *l)
{
	f->pfn = f->old_pfn;
	pt_change(l->p,
		  pte_make(f->pfn, fault_anon_bits(f) | (l->pte.v & PTE_PS)));
}

/* Linux wp_page_shared. */
static enum hv_outcome shared_write_fault(struct fault *f, const struct leaf *l)
{
	struct page *page = leaf_page(l);

	if (!fault_page_mkwrite(f, page))
		return HV_FAULT_SIGBUS;
	page_set_dirty(page);
	f->vma->file->flags |= FILE_DIRTIED;
	fault_reuse_frame(f, l);
	return page->flags & PG_SHMEM ? HV_FAULT_REUSE : HV_FAULT_SHARED_WRITE;
}

/* Linux do_wp_page. */
static enum hv_outcome write_fault(struct fault *f, const struct leaf *l)
{
	const struct page *old = leaf_page(l);
	bool from_zero = l->kind == LEAF_ZERO;
	struct page *page;

	f->old_pfn = leaf_pfn(l);
	if (!from_zero && f->vma->flags & VMA_SHARED)
		return shared_write_fault(f, l);
	if (!from_zero && old->flags & PG_ANON && page_is_exclusive(old)) {
		fault_reuse_frame(f, l);
		return HV_FAULT_REUSE;
	}
	page = fault_anon_frame(f, 0, from_zero ? GFP_ZERO : GFP_KERNEL);
	if (!page)
		return HV_FAULT_OOM;
	if (!from_zero)
		arch_page_copy(page_to_phys(page), page_to_phys(old));
	fault_replace_frame(f, l, page);
	return !from_zero && old->flags & PG_CACHE ? HV_FAULT_FILE_COW
						   : HV_FAULT_COW;
}

/* Linux do_huge_pmd_wp_page. */
static enum hv_outcome huge_write_fault(struct fault *f, const struct leaf *l)
{
	enum hv_outcome outcome;
	struct leaf small;

	if (fault_huge_write(f, l, &outcome))
		return outcome;
	f->order = 0;
	huge_split(f->mm, f->va);
	small = leaf_at(f->mm, f->va);
	f->p = small.p;
	return write_fault(f, &small);
}

/* Linux can_follow_write_pte: copied already, and never to be writable. */
static bool is_forced_own(const struct fault *f, const struct leaf *l)
{
	const struct page *page = leaf_page(l);

	return f->access & HV_FAULTF_FORCE && !(f->vma->prot & PROT_WRITE) &&
	       page->flags & PG_ANON && page_is_exclusive(page);
}

static enum hv_outcome present_fault(struct fault *f, const struct leaf *l)
{
	uint64_t want = PTE_A;

	if (leaf_is_huge(l))
		f->order = PT_ORDER_2M;
	if (fault_is_write(f)) {
		if (!(l->pte.v & PTE_RW) && !is_forced_own(f, l))
			return f->order ? huge_write_fault(f, l)
					: write_fault(f, l);
		want |= PTE_D;
	}
	if (~l->pte.v & want)
		pt_change(l->p, (pte_t){l->pte.v | want});
	f->pfn = leaf_pfn(l);
	if (f->access & HV_FAULTF_UPCALL)
		return OUTCOME_SILENT;
	/* The entry is as it should be: what faulted was a stale copy. */
	tlb_flush_page(f->va);
	return HV_FAULT_SPURIOUS;
}

/* ---- Which VMA, and may it --------------------------------------------- */

/* Linux expand_downwards, acct_stack_growth. v begins above va. */
static bool stack_grow(struct mm *mm, struct vma *v, uint64_t va)
{
	const struct vma *prev = v->prev;
	uint64_t pages = (v->start - va) >> PAGE_SHIFT;

	if (va < mm->min_addr)
		return false;
	/* Two stacks may touch, and a PROT_NONE mapping is a guard itself. */
	if (prev && prev->prot && !(prev->flags & VMA_GROWSDOWN) &&
	    va - prev->end < VMA_GUARD_GAP)
		return false;
	/* Also of a stack that then may not grow. */
	if (!v->anon_id)
		mm_anon_prepare(mm, v);
	if (pages > v->pgoff || v->end - va > mm->rlim_stack ||
	    !mm_may_expand(mm, v->prot, v->flags, pages) ||
	    !mm_may_lock(mm, v->flags, v->start - va) ||
	    (v->flags & VMA_ACCOUNT && !mm_may_commit(mm, pages)))
		return false;
	vma_resize(&mm->vmas, v, va, v->end);
	mm_account(mm, v->prot, v->flags, (int64_t)pages);
	return true;
}

/* Linux mm/gup.c, check_vma_flags with FOLL_FORCE: vvar's pages are no RAM. */
static bool force_allowed(const struct fault *f)
{
	const struct vma *v = f->vma;

	if (vma_is_pfnmap(v))
		return false;
	return !fault_is_write(f) || v->prot & PROT_WRITE ||
	       !(v->flags & VMA_SHARED);
}

/* Linux arch_vma_access_permitted: keys are no matter to fetches, nor to who
 * looks from outside. */
static bool key_denies(const struct fault *f)
{
	const uint32_t any =
		HV_ACCESS_EXEC | HV_FAULTF_FORCE | HV_FAULTF_ANYKEY;

	return f->by_key || (!(f->access & any) &&
			     pkey_denies(vma_pkey(f->vma), fault_is_write(f)));
}

/* Linux bad_area_access_error. */
static enum hv_outcome forbidden(const struct fault *f)
{
	return key_denies(f) ? HV_FAULT_SEGV_PKUERR : HV_FAULT_SEGV_ACCERR;
}

/*
 * Linux arch/x86/mm/fault.c, access_error. `present` stands for the error
 * code's P bit. A fetch from an absent page is judged as a read.
 */
static bool access_allowed(const struct fault *f, bool present)
{
	uint32_t prot = f->vma->prot;

	if (f->access & HV_FAULTF_FORCE)
		return force_allowed(f);
	if (key_denies(f))
		return false;
	if (fault_is_write(f))
		return prot & PROT_WRITE;
	if (present && f->access & HV_ACCESS_EXEC)
		return prot & PROT_EXEC;
	return prot != 0; /* on x86 what may be written or run may be read */
}

/* False: no memory. */
static bool find_entry(struct fault *f)
{
	if (vma_is_anon(f->vma)) {
		f->p = pt_walk_alloc(f->mm->root, f->va);
		return f->p;
	}
	f->p = pt_walk(f->mm->root, f->va);
	return f->p || pt_entry_alloc(f->mm->root, f->va, 2);
}

/* There is an entry. */
static enum hv_outcome fault_at(struct fault *f, struct leaf l)
{
	if (l.kind == LEAF_GUARD)
		return HV_FAULT_SEGV_GUARD;
	BUG_ON(!(l.pte.v & PTE_P) && !(f->access & HV_FAULTF_FORCE));
	if (!access_allowed(f, true))
		return forbidden(f);
	return present_fault(f, &l);
}

static enum hv_outcome fault_in_vma(struct fault *f)
{
	enum hv_outcome outcome;
	pte_t pte;

	/* Without tables for a page that nobody may touch. */
	if (!access_allowed(f, false))
		return forbidden(f);
	if (huge_wanted(f->mm, f->vma) && fault_huge(f, &outcome))
		return outcome;
	if (!find_entry(f))
		return HV_FAULT_OOM;
	pte.v = f->p ? arch_pte_get(f->p).v : 0;
	if (pte.v)
		return fault_at(f, leaf_of(f->p, pte, f->va));
	if (vma_is_anon(f->vma))
		return anon_fault(f);
	if (!fault_is_write(f))
		return fault_file_read(f);
	return f->vma->flags & VMA_SHARED ? fault_file_shared_write(f)
					  : fault_file_cow(f);
}

static enum hv_outcome fault_resolve(struct fault *f)
{
	enum hv_outcome outcome;
	bool grown = false;

	if (f->va >= HV_VA_USER_END)
		return HV_FAULT_SEGV_MAPERR;
	f->vma = vma_find(&f->mm->vmas, f->va);
	if (!f->vma)
		return HV_FAULT_SEGV_MAPERR;
	if (f->va < f->vma->start) {
		struct vma *v = f->vma;

		f->vma = NULL;
		if (!(v->flags & VMA_GROWSDOWN) || !stack_grow(f->mm, v, f->va))
			return HV_FAULT_SEGV_MAPERR;
		f->vma = v;
		grown = true;
	}
	do
		outcome = fault_in_vma(f);
	while (outcome == HV_FAULT_OOM && huge_reclaim(f->mm));
	if (grown &&
	    (outcome == HV_FAULT_ANON_ZERO || outcome == HV_FAULT_ZERO_PAGE))
		return HV_FAULT_STACK_GROWTH;
	return outcome;
}

/* ---- The record -------------------------------------------------------- */

static void record_mapping(const struct fault *f, struct hv_fault *r)
{
	const struct vma *v = f->vma;

	if (!v) {
		r->map_start = r->map_end = r->map_offset = 0;
		r->map_kind = r->map_prot = r->map_flags = r->file = 0;
		r->opened = 0;
		return;
	}
	r->map_start = v->start;
	r->map_end = v->end;
	r->map_offset = v->file && v->file->number ? v->pgoff << PAGE_SHIFT : 0;
	r->file = v->file ? v->file->number : 0;
	r->opened = v->opened;
	r->map_kind = mm_map_kind(f->mm, v);
	r->map_prot = v->prot;
	r->map_flags = v->flags & VMA_LOG_FLAGS;
}

static bool is_signal(enum hv_outcome outcome)
{
	return outcome >= HV_FAULT_SEGV_MAPERR;
}

int mm_fault(struct mm *mm, uint64_t va, uint32_t access, uint64_t err,
	     uint64_t ip, struct hv_fault *r)
{
	struct fault f = {
		.mm = mm,
		.va = va & PAGE_MASK,
		.access = access,
		.by_key = err & PF_PK,
	};
	enum hv_outcome outcome;

	if (err & PF_RSVD)
		panic("fault: reserved bit set, va=%#lx err=%#lx ip=%#lx", va,
		      err, ip);
	outcome = fault_resolve(&f);
	if (outcome == OUTCOME_SILENT)
		return MM_FAULT_SILENT;
	record_mapping(&f, r);
	r->seq = ++mm_machine.faults;
	r->va = va;
	r->ip = ip;
	r->err = err;
	r->pfn = f.pfn;
	r->old_pfn = f.pfn ? f.old_pfn : 0;
	r->pid = r->tid = mm->pid;
	r->outcome = (uint16_t)outcome;
	r->order = (uint16_t)f.order;
	access &= ~(HV_FAULTF_FORCE | HV_FAULTF_ANYKEY);
	r->access = (uint16_t)(access | (f.major ? HV_FAULTF_MAJOR : 0));
	r->around = (uint16_t)f.around;
	r->reserved = 0;
	if (is_signal(outcome))
		return -EFAULT;
	mm->faults++;
	return 0;
}

enum hv_outcome mm_fault_in(struct mm *mm, uint64_t va, uint32_t access)
{
	struct fault f = {
		.mm = mm,
		.va = va & PAGE_MASK,
		.access = access | HV_FAULTF_UPCALL,
	};
	enum hv_outcome outcome = fault_resolve(&f);

	if (outcome < HV_FAULT_SEGV_MAPERR)
		mm->faults++;
	return outcome;
}
