/*
 * mprotect.c: mprotect, pkey_mprotect, mseal (Linux mm/mprotect.c, mm/mseal.c).
 */
#include <asm/errno.h>

#include "account.h"
#include "calls.h"
#include "leaf.h"
#include "merge.h"
#include "pkey.h"
#include "populate.h"

struct protect {
	struct pt_gather g;
	uint64_t bits; /* vma_pte_bits of the new protection */
	bool write, shared;
	bool freely; /* vma_writes_freely */
};

/* What does not depend on the protection (Linux _PAGE_CHG_MASK). */
#define PTE_KEPT (PTE_A | PTE_D | PTE_WAS_D | PTE_PS | PTE_SPECIAL)

#define PTE_DIRTY (PTE_D | PTE_WAS_D)

/*
 * Linux change_pte_range, can_change_pte_writable: what only this mapping uses
 * becomes writable at once, all else at the next write.
 */
static int protect_leaf(const struct leaf *l, void *ctx)
{
	struct protect *c = ctx;
	uint64_t old = leaf_take(l).pte.v;
	uint64_t bits = (c->bits & ~PTE_A) | (old & PTE_KEPT);

	if (c->write && l->kind != LEAF_ZERO) {
		const struct page *page = leaf_page(l);

		/* Of a shared file what is dirty already, of shmem all. */
		if (page->flags & PG_ANON
			    ? page_is_exclusive(page)
			    : c->freely || (c->shared && old & PTE_DIRTY))
			bits |= PTE_RW;
	}
	bits |= old & PTE_PFN_MASK;
	if (old == bits && !arch_has_others())
		return 0;
	pt_change(l->p, (pte_t){bits});
	/* A stale key is not only more, it may be less. */
	if (old & PTE_P && (~bits & old & (PTE_P | PTE_RW) ||
			    bits & ~old & PTE_NX || (bits ^ old) & PTE_PKEY))
		pt_gather_flush_entry(&c->g, l->va, l->pte);
	return 0;
}

/* v has its new protection, [start, end) may have the old one. */
static void protect_range(struct mm *mm, const struct vma *v, uint64_t start,
			  uint64_t end)
{
	struct protect c = {
		.bits = vma_pte_bits(v),
		.write = v->prot & PROT_WRITE,
		.shared = v->flags & VMA_SHARED,
		.freely = vma_writes_freely(v),
	};

	if (c.freely)
		v->file->flags |= FILE_DIRTIED;
	pt_gather_init(&c.g, mm);
	leaf_visit(mm->root, start, end, protect_leaf, &c);
	pt_gather_finish(&c.g);
}

/* May v, or a part of it, have prot? Sets in *flags what is promised then. */
static int promise(const struct mm *mm, const struct vma *v, uint64_t pages,
		   uint32_t prot, uint32_t *flags)
{
	if (prot & PROT_WRITE) {
		/* Only what becomes data memory now can be too much. */
		if (!mm_may_expand(mm, prot, *flags, pages) &&
		    mm_may_expand(mm, v->prot, *flags, pages))
			return -ENOMEM;
		if (!(*flags & (VMA_SHARED | VMA_NORESERVE | VMA_ACCOUNT))) {
			if (!mm_may_commit(mm, pages))
				return -ENOMEM;
			*flags |= VMA_ACCOUNT;
		}
	} else if (vma_is_anon(v) && !v->anon_id) {
		*flags &= ~VMA_ACCOUNT; /* since Linux 6.2 */
	}
	return 0;
}

/* Linux mprotect_fixup. *pv becomes the VMA that has the range now. */
static int protect_vma(struct mm *mm, struct vma **pv, uint64_t start,
		       uint64_t end, uint32_t prot, uint32_t key)
{
	struct vma *v = *pv;
	uint32_t flags = (v->flags & ~VMA_PKEY) | key << VMA_PKEY_SHIFT;
	bool populate;
	int err;

	if (prot & PROT_WRITE && flags & VMA_NOWRITE)
		return -EACCES;
	if (prot & PROT_EXEC && !vma_may_exec(v))
		return -EACCES;
	if (mm_denies_exec(mm, v->prot, prot))
		return -EACCES;
	if (v->flags & VMA_SEALED)
		return -EPERM;
	if (v->prot == prot && v->flags == flags)
		return 0;
	if (!vma_may_split(v, start, end))
		return -EINVAL;
	err = promise(mm, v, (end - start) >> PAGE_SHIFT, prot, &flags);
	if (err)
		return err;
	populate = v->flags & VMA_LOCKED && prot & PROT_WRITE &&
		   !(v->prot & PROT_WRITE) && !(v->flags & VMA_SHARED);
	v = mm_modify(mm, v, start, end, prot, flags);
	if (!v)
		return -ENOMEM;
	protect_range(mm, v, start, end);
	if (populate)
		mm_populate_vmas(mm, start, end, true);
	*pv = v;
	return 0;
}

/* The checks that come before the key's: 1 if all is well, 0: nothing to do. */
static int check_call(uint64_t addr, uint64_t len, uint32_t prot)
{
	uint32_t grows = prot & (PROT_GROWSDOWN | PROT_GROWSUP);

	if (grows == (PROT_GROWSDOWN | PROT_GROWSUP) || addr & (PAGE_SIZE - 1))
		return -EINVAL;
	if (!len)
		return 0;
	return addr + page_align(len) <= addr ? -ENOMEM : 1;
}

/* *addr becomes v's start if it is the whole of what grows down. */
static int check_start(const struct vma *v, uint64_t *addr, uint64_t end,
		       uint32_t prot)
{
	if (!v)
		return -ENOMEM;
	if (prot & PROT_GROWSDOWN) {
		if (v->start >= end)
			return -ENOMEM;
		*addr = v->start;
		return v->flags & VMA_GROWSDOWN ? 0 : -EINVAL;
	}
	if (v->start > *addr)
		return -ENOMEM;
	return prot & PROT_GROWSUP ? -EINVAL : 0; /* nothing does on x86 */
}

/* Linux do_mprotect_pkey; pkey -1: mprotect. */
static int64_t protect(struct mm *mm, uint64_t addr, uint64_t len,
		       uint32_t prot, int pkey)
{
	uint64_t end = addr + page_align(len);
	int err = check_call(addr, len, prot);
	struct vma *v;

	if (err <= 0)
		return err;
	if (prot &
	    ~(uint32_t)(PROT_RWX | PROT_SEM | PROT_GROWSDOWN | PROT_GROWSUP))
		return -EINVAL;
	if (pkey != -1 && !pkey_is_allocated(mm, pkey))
		return -EINVAL;
	v = vma_find(&mm->vmas, addr);
	err = check_start(v, &addr, end, prot);
	if (err)
		return err;
	prot &= PROT_RWX | PROT_SEM;
	while (addr < end) {
		uint64_t upto;
		uint32_t key;

		if (!v || v->start > addr)
			return -ENOMEM;
		upto = v->end < end ? v->end : end;
		if (vma_may_exec(v))
			prot = mm_full_prot(mm, prot);
		key = pkey_for_mprotect(mm, v, prot, pkey);
		err = protect_vma(mm, &v, addr, upto, prot & PROT_RWX, key);
		if (err)
			return err;
		addr = upto;
		if (addr >= v->end)
			v = v->next;
	}
	return 0;
}

int64_t mm_mprotect(struct mm *mm, uint64_t addr, uint64_t len, uint32_t prot)
{
	return protect(mm, addr, len, prot, -1);
}

int64_t mm_pkey_mprotect(struct mm *mm, uint64_t addr, uint64_t len,
			 uint32_t prot, int pkey)
{
	return protect(mm, addr, len, prot, pkey);
}

/* ---- mseal ------------------------------------------------------------- */

int64_t mm_mseal(struct mm *mm, uint64_t addr, uint64_t len, uint64_t flags)
{
	uint64_t end = addr + page_align(len), at = addr;
	struct vma *v;

	if (flags || addr & (PAGE_SIZE - 1) || (len && !page_align(len)) ||
	    end < addr)
		return -EINVAL;
	for (v = vma_find(&mm->vmas, addr); at < end; v = v->next) {
		if (!v || v->start > at)
			return -ENOMEM;
		at = v->end;
	}
	for (at = addr; at < end; at = v->end) {
		uint64_t upto;

		v = vma_find(&mm->vmas, at);
		upto = v->end < end ? v->end : end;
		if (v->flags & VMA_SEALED)
			continue;
		if (!vma_may_split(v, at, upto))
			return -EINVAL;
		v = mm_modify(mm, v, at, upto, v->prot, v->flags | VMA_SEALED);
		if (!v)
			return -ENOMEM;
	}
	return 0;
}
