/*
 * mmap.c: mmap, munmap, mprotect, mincore, and where a mapping may go (Linux
 * mm/mmap.c, mm/mprotect.c, arch/x86/kernel/sys_x86_64.c).
 *
 * The order of the checks is Linux's, since it decides which errno a call with
 * two mistakes gets.
 */
#include "hv.h"
#include "internal.h"
#include "string.h"

/* Where MAP_32BIT maps: Linux find_start_end, without its random part. */
#define MM_32BIT_START 0x40000000ull
#define MM_32BIT_END   0x80000000ull

#define PROT_RWX (PROT_READ | PROT_WRITE | PROT_EXEC)

/* ---- Where ------------------------------------------------------------- */

static uint64_t find_free_any(const struct mm *mm, uint64_t len, uint32_t flags)
{
	uint64_t va, low = mm->mmap_legacy_base, high = HV_VA_USER_END;

	if (flags & MAP_32BIT) {
		low = MM_32BIT_START;
		high = MM_32BIT_END;
	} else {
		va = vma_gap_topdown(&mm->vmas, len, MM_MIN_ADDR,
				     mm->mmap_base);
		if (va)
			return va;
	}
	return vma_gap_bottomup(&mm->vmas, len, low, high);
}

/*
 * Since Linux 6.13, private anonymous memory of whole huge pages starts at one
 * if there is room (__get_unmapped_area, __thp_get_unmapped_area).
 */
static uint64_t find_free(const struct mm *mm, uint64_t len, uint32_t flags)
{
	const uint32_t anon = MAP_ANONYMOUS | MAP_PRIVATE;
	uint64_t va, below;

	if ((flags & (MAP_ANONYMOUS | MAP_TYPE)) == anon &&
	    !(len & (PT_SPAN_2M - 1))) {
		va = find_free_any(mm, len + PT_SPAN_2M, flags);
		below = -va & (PT_SPAN_2M - 1); /* bytes up to the next one */
		if (va)
			return va + (below ? below : PT_SPAN_2M);
	}
	return find_free_any(mm, len, flags);
}

static bool hint_is_free(struct mm *mm, uint64_t addr, uint64_t len,
			 uint32_t flags)
{
	uint64_t high = flags & MAP_32BIT ? MM_32BIT_END : HV_VA_USER_END;
	const struct vma *v;

	if (len > high || addr > high - len)
		return false;
	v = vma_find(&mm->vmas, addr);
	return !v || addr + len <= vma_start_gap(v);
}

int64_t mm_find_area(struct mm *mm, uint64_t addr, uint64_t len, uint32_t flags)
{
	if (len > HV_VA_USER_END)
		return -ENOMEM;
	if (!(flags & MAP_FIXED)) {
		addr &= PAGE_MASK;
		if (!addr)
			addr = find_free(mm, len, flags);
		else if (!hint_is_free(mm, addr, len, flags))
			addr = find_free_any(mm, len, flags);
		if (!addr)
			return -ENOMEM;
	}
	if (addr > HV_VA_USER_END - len)
		return -ENOMEM;
	if (addr & (PAGE_SIZE - 1))
		return -EINVAL;
	return addr < MM_MIN_ADDR ? -EPERM : (int64_t)addr;
}

/* ---- mmap -------------------------------------------------------------- */

/* Linux do_mmap's switch over MAP_TYPE, for files. */
static int check_file_type(uint32_t prot, uint32_t flags, struct vma *like)
{
	switch (flags & MAP_TYPE) {
	case MAP_SHARED_VALIDATE:
		if (flags & MAP_SYNC)
			return -EOPNOTSUPP;
		/* fall through */
	case MAP_SHARED:
		if (prot & PROT_WRITE)
			return -ENODEV; /* nothing is written back yet */
		like->flags |= VMA_SHARED | VMA_NOWRITE;
		break;
	case MAP_PRIVATE:
		break;
	default:
		return -EINVAL;
	}
	return flags & MAP_GROWSDOWN ? -EINVAL : 0;
}

static int check_anon_type(uint32_t flags, struct vma *like)
{
	switch (flags & MAP_TYPE) {
	case MAP_SHARED:
		if (flags & MAP_GROWSDOWN)
			return -EINVAL;
		like->flags |= VMA_SHARED;
		like->pgoff = 0;
		return 0;
	case MAP_PRIVATE:
		like->pgoff = like->start >> PAGE_SHIFT;
		return 0;
	default:
		return -EINVAL;
	}
}

/* Linux calc_vm_flag_bits, accountable_mapping. */
static uint32_t flag_bits(uint32_t prot, uint32_t flags, uint32_t type)
{
	if (flags & MAP_GROWSDOWN)
		type |= VMA_GROWSDOWN;
	if (flags & MAP_LOCKED)
		type |= VMA_LOCKED;
	if (flags & MAP_STACK)
		type |= VMA_NOHUGE; /* since Linux 6.7 */
	if (flags & MAP_NORESERVE)
		type |= VMA_NORESERVE;
	else if (prot & PROT_WRITE && !(type & VMA_SHARED))
		type |= VMA_ACCOUNT;
	return type;
}

/* Linux mmap_region: like's place is decided, what is there goes. */
static int64_t map_region(struct mm *mm, struct vma *like, uint32_t flags)
{
	uint64_t pages = vma_pages(like);

	if (!mm_may_expand(mm, like->prot, like->flags, pages)) {
		if (!(flags & MAP_FIXED))
			return -ENOMEM;
		pages -= mm_count_pages(mm, like->start, like->end);
		if (!mm_may_expand(mm, like->prot, like->flags, pages))
			return -ENOMEM;
	}
	if (mm_unmap(mm, like->start, like->end))
		return -ENOMEM;
	/* A shared anonymous mapping has its own memory, as on Linux a file. */
	if (like->flags & VMA_SHARED && !like->file)
		return mm_map_anon_shared(mm, like) ? -ENOMEM
						    : (int64_t)like->start;
	return mm_map(mm, like) ? -ENOMEM : (int64_t)like->start;
}

static void populate(struct mm *mm, const struct vma *like, uint32_t flags)
{
	bool write = like->prot & PROT_WRITE && !(like->flags & VMA_SHARED);

	if (!(flags & MAP_LOCKED) &&
	    (flags & (MAP_POPULATE | MAP_NONBLOCK)) != MAP_POPULATE)
		return;
	mm_populate(mm, like->start, like->end, write);
}

/* file: NULL if anonymous; the caller's reference. */
static int64_t do_mmap(struct mm *mm, uint64_t addr, uint64_t len,
		       uint32_t prot, uint32_t flags, struct file *file,
		       uint64_t offset)
{
	struct vma like = {
		.file = file, .mm = mm, .pgoff = offset >> PAGE_SHIFT};
	int64_t ret;

	if (!len)
		return -EINVAL;
	if (flags & MAP_FIXED_NOREPLACE)
		flags |= MAP_FIXED;
	if (!(flags & MAP_FIXED) && addr & PAGE_MASK && addr < MM_MIN_ADDR)
		addr = MM_MIN_ADDR;
	len = page_align(len);
	if (!len)
		return -ENOMEM;
	if (like.pgoff + (len >> PAGE_SHIFT) < like.pgoff)
		return -EOVERFLOW;
	if (mm->vmas.count > MM_MAP_COUNT_MAX)
		return -ENOMEM;
	ret = mm_find_area(mm, addr, len, flags);
	if (ret < 0)
		return ret;
	like.start = (uint64_t)ret;
	like.end = like.start + len;
	if (flags & MAP_FIXED_NOREPLACE &&
	    vma_find_first(&mm->vmas, like.start, like.end))
		return -EEXIST;
	/* Linux file_mmap_ok: file offsets are signed. */
	if (file && like.pgoff + (len >> PAGE_SHIFT) > INT64_MAX >> PAGE_SHIFT)
		return -EOVERFLOW;
	ret = file ? check_file_type(prot, flags, &like)
		   : check_anon_type(flags, &like);
	if (ret)
		return ret;
	like.prot = prot & PROT_RWX;
	like.flags = flag_bits(prot, flags, like.flags);
	like.kind = file ? HV_MAP_FILE : HV_MAP_ANON;
	ret = map_region(mm, &like, flags);
	if (ret >= 0)
		populate(mm, &like, flags);
	return ret;
}

int64_t mm_mmap(struct mm *mm, uint64_t addr, uint64_t len, uint32_t prot,
		uint32_t flags, int32_t fd, uint64_t offset)
{
	struct file *file;
	uint64_t size = 0;
	int64_t ret;
	int number;

	if (offset & (PAGE_SIZE - 1))
		return -EINVAL;
	if (flags & MAP_ANONYMOUS) {
		/* As on a Linux whose pool of huge pages is empty. */
		if (flags & MAP_HUGETLB)
			return -ENOMEM;
		return do_mmap(mm, addr, len, prot, flags, NULL, offset);
	}
	number = hv_file_get(fd, prot, flags, &size);
	if (number < 0)
		return number;
	file = file_open((uint32_t)number, size, 0);
	if (!file) {
		/* Not known here, else no memory would have been needed. */
		hv_file_put((uint32_t)number);
		return -ENOMEM;
	}
	ret = do_mmap(mm, addr, len, prot, flags, file, offset);
	file_put(file);
	return ret;
}

int64_t mm_munmap(struct mm *mm, uint64_t addr, uint64_t len)
{
	if (addr & (PAGE_SIZE - 1) || addr > HV_VA_USER_END ||
	    len > HV_VA_USER_END - addr)
		return -EINVAL;
	len = page_align(len);
	if (!len)
		return -EINVAL;
	return mm_unmap(mm, addr, addr + len);
}

/* ---- mprotect ---------------------------------------------------------- */

struct protect {
	struct pt_gather g;
	uint64_t bits; /* vma_pte_bits of the new protection */
	bool write, shared;
	bool freely; /* vma_writes_freely */
};

/*
 * Linux change_pte_range, can_change_pte_writable: what only this mapping uses
 * becomes writable at once, all else at the next write.
 */
static int protect_pte(pte_t *p, pte_t pte, uint64_t va, void *ctx)
{
	struct protect *c = ctx;
	uint64_t pfn = pte_pfn(pte);
	uint64_t bits = c->bits | (pte.v & PTE_D);

	if (c->write && pfn != mm_globals.zero_pfn) {
		const struct page *page = pfn_to_page(pfn);

		/* Of a shared file what is dirty already, of shmem all. */
		if (page->flags & PG_ANON
			    ? page->refcount == 1
			    : c->freely || (c->shared && pte.v & PTE_D))
			bits |= PTE_RW;
	}
	if (pte.v == pte_make(pfn, bits).v)
		return 0;
	pt_change(p, pte_make(pfn, bits));
	if (pte.v & PTE_P &&
	    (~bits & pte.v & (PTE_P | PTE_RW) || bits & ~pte.v & PTE_NX))
		pt_gather_flush(&c->g, va);
	return 0;
}

/* v has its new protection, [start, end) may have the old one. */
static void protect_range(struct mm *mm, const struct vma *v, uint64_t start,
			  uint64_t end)
{
	struct protect c = {
		.bits = vma_pte_bits(v->prot),
		.write = v->prot & PROT_WRITE,
		.shared = v->flags & VMA_SHARED,
		.freely = vma_writes_freely(v),
	};

	pt_gather_init(&c.g);
	pt_visit(mm->root, start, end, &c.g, protect_pte, &c);
	pt_gather_finish(&c.g);
}

/* Linux mprotect_fixup. Returns the VMA that has the range now. */
static int protect_vma(struct mm *mm, struct vma **pv, uint64_t start,
		       uint64_t end, uint32_t prot)
{
	struct vma *v = *pv;
	uint32_t flags = v->flags;
	uint64_t pages = (end - start) >> PAGE_SHIFT;

	if (v->prot == prot)
		return 0;
	if (prot & PROT_WRITE && flags & VMA_NOWRITE)
		return -EACCES;
	if (prot & PROT_WRITE) {
		/* Only what becomes data memory now can be too much. */
		if (!mm_may_expand(mm, prot, flags, pages) &&
		    mm_may_expand(mm, v->prot, flags, pages))
			return -ENOMEM;
		if (!(flags & (VMA_SHARED | VMA_NORESERVE)))
			flags |= VMA_ACCOUNT;
	} else if (vma_is_anon(v) && !v->anon_id) {
		flags &= ~VMA_ACCOUNT; /* since Linux 6.2 */
	}
	v = mm_modify(mm, v, start, end, prot, flags);
	if (!v)
		return -ENOMEM;
	protect_range(mm, v, start, end);
	*pv = v;
	return 0;
}

int64_t mm_mprotect(struct mm *mm, uint64_t addr, uint64_t len, uint32_t prot)
{
	uint32_t grows = prot & (PROT_GROWSDOWN | PROT_GROWSUP);
	uint64_t end;
	struct vma *v;

	prot &= ~grows;
	if (grows == (PROT_GROWSDOWN | PROT_GROWSUP) || addr & (PAGE_SIZE - 1))
		return -EINVAL;
	if (!len)
		return 0;
	end = addr + page_align(len);
	if (end <= addr)
		return -ENOMEM;
	if (prot & ~(uint32_t)(PROT_RWX | PROT_SEM))
		return -EINVAL;
	prot &= PROT_RWX;
	v = vma_find(&mm->vmas, addr);
	if (!v)
		return -ENOMEM;
	if (grows & PROT_GROWSDOWN) {
		if (v->start >= end)
			return -ENOMEM;
		addr = v->start;
		if (!(v->flags & VMA_GROWSDOWN))
			return -EINVAL;
	} else if (v->start > addr) {
		return -ENOMEM;
	} else if (grows) {
		return -EINVAL; /* nothing grows up on x86 */
	}
	while (addr < end) {
		uint64_t upto;
		int err;

		if (!v || v->start > addr)
			return -ENOMEM;
		upto = v->end < end ? v->end : end;
		err = protect_vma(mm, &v, addr, upto, prot);
		if (err)
			return err;
		addr = upto;
		if (addr >= v->end)
			v = v->next;
	}
	return 0;
}

/* ---- mincore ----------------------------------------------------------- */

struct residency {
	uint64_t start;
	uint8_t *vec;
};

static int residency_pte(pte_t *p, pte_t pte, uint64_t va, void *ctx)
{
	struct residency *r = ctx;

	(void)p;
	(void)pte;
	r->vec[(va - r->start) >> PAGE_SHIFT] = 1;
	return 0;
}

int64_t mm_mincore(struct mm *mm, uint64_t addr, uint64_t len, uint8_t *vec)
{
	struct residency r = {addr, vec};
	uint64_t end;
	struct vma *v;

	if (addr & (PAGE_SIZE - 1))
		return -EINVAL;
	end = addr + page_align(len);
	if (end < addr || end > HV_VA_USER_END)
		return -ENOMEM;
	memset(vec, 0, (end - addr) >> PAGE_SHIFT);
	v = vma_find(&mm->vmas, addr);
	for (uint64_t va = addr; va < end; v = v->next) {
		if (!v || v->start > va)
			return -ENOMEM;
		for (; v->file && va < v->end && va < end; va += PAGE_SIZE)
			vec[(va - addr) >> PAGE_SHIFT] =
				filemap_find(v->file, vma_pgoff(v, va)) != NULL;
		va = v->end;
	}
	if (end > addr)
		pt_visit(mm->root, addr, end, NULL, residency_pte, &r);
	return 0;
}
