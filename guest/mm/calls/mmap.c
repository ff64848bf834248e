/*
 * mmap.c: mmap, munmap, remap_file_pages, and where a mapping may go (Linux
 * mm/mmap.c, arch/x86/kernel/sys_x86_64.c).
 *
 * The order of the checks is Linux's, since it decides which errno a call with
 * two mistakes gets.
 */
#include "mmap.h"

#include <asm/errno.h>

#include "account.h"
#include "calls.h"
#include "hv.h"
#include "hv_call.h"
#include "hv_map.h"
#include "merge.h"
#include "pkey.h"
#include "populate.h"
#include "unmap.h"
#include "writeback.h"

/* Newer than Debian 12's headers. */
#ifndef MAP_DROPPABLE
#define MAP_DROPPABLE 0x08
#endif
#ifndef MAP_ABOVE4G
#define MAP_ABOVE4G 0x80
#endif

/* Where MAP_32BIT maps: Linux find_start_end, without its random part. */
#define MM_32BIT_START 0x40000000ull
#define MM_32BIT_END   0x80000000ull

/* ---- Where ------------------------------------------------------------- */

static uint64_t find_free_any(const struct mm *mm, uint64_t len, uint32_t flags)
{
	uint64_t va, low = mm->mmap_legacy_base, high = HV_VA_USER_END;

	if (flags & MAP_32BIT) {
		low = MM_32BIT_START;
		high = MM_32BIT_END;
	} else {
		va = vma_gap_topdown(&mm->vmas, len,
				     mm->min_addr ? mm->min_addr : PAGE_SIZE,
				     mm->mmap_base);
		if (va)
			return va;
	}
	return vma_gap_bottomup(&mm->vmas, len, low, high);
}

/*
 * A place for a huge page at least, with len and 2 MiB more in it, moved up so
 * that address and offset agree modulo 2 MiB (__thp_get_unmapped_area).
 */
static uint64_t align_huge(uint64_t va, uint64_t offset)
{
	uint64_t skew = (offset - va) & (PT_SPAN_2M - 1);

	return va + (skew ? skew : PT_SPAN_2M);
}

/*
 * Some file systems, ext4 among them, do this for what holds a huge page, and
 * /dev/zero for private mappings.
 */
static bool wants_huge(const struct file *file, uint64_t offset, uint64_t len,
		       uint32_t flags)
{
	uint64_t first = (offset + PT_SPAN_2M - 1) & ~(PT_SPAN_2M - 1);

	if (!file || !(file->flags & FILE_HUGE) ||
	    (file->flags & FILE_ZERO && flags & MAP_SHARED))
		return false;
	return offset + len > first && offset + len - first >= PT_SPAN_2M;
}

/*
 * Since Linux 6.13, private anonymous memory of whole huge pages starts at one
 * if there is room (__get_unmapped_area, __thp_get_unmapped_area).
 */
static uint64_t find_free(const struct mm *mm, uint64_t len, uint32_t flags)
{
	uint32_t type = flags & MAP_TYPE;
	uint64_t va;

	if (flags & MAP_ANONYMOUS && !(len & (PT_SPAN_2M - 1)) &&
	    (type == MAP_PRIVATE || type == MAP_DROPPABLE)) {
		va = find_free_any(mm, len + PT_SPAN_2M, flags);
		if (va)
			return align_huge(va, 0);
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

/* 0 if there is no room for more than len. The hint is page-aligned. */
static uint64_t find_huge(struct mm *mm, uint64_t hint, uint64_t len,
			  uint32_t flags, uint64_t offset)
{
	uint64_t va;

	if (hint && hint_is_free(mm, hint, len + PT_SPAN_2M, flags))
		return hint;
	va = find_free_any(mm, len + PT_SPAN_2M, flags);
	return va ? align_huge(va, offset) : 0;
}

/* Without MAP_FIXED; 0 if there is no room. */
static uint64_t find_place(struct mm *mm, uint64_t hint, uint64_t len,
			   uint32_t flags)
{
	if (!hint)
		return find_free(mm, len, flags);
	return hint_is_free(mm, hint, len, flags)
		       ? hint
		       : find_free_any(mm, len, flags);
}

int64_t mm_find_area(struct mm *mm, uint64_t addr, uint64_t len, uint32_t flags,
		     const struct file *file, uint64_t pgoff)
{
	uint64_t offset = pgoff << PAGE_SHIFT, hint = addr & PAGE_MASK;

	if (len > HV_VA_USER_END)
		return -ENOMEM;
	/* Linux IS_ERR_VALUE: such an address is taken for an error. */
	if (flags & MAP_FIXED && addr > -4096ull)
		return (int64_t)addr;
	if (!(flags & MAP_FIXED)) {
		addr = wants_huge(file, offset, len, flags)
			       ? find_huge(mm, hint, len, flags, offset)
			       : 0;
		if (!addr)
			addr = find_place(mm, hint, len, flags);
		if (!addr)
			return -ENOMEM;
	}
	if (addr > HV_VA_USER_END - len)
		return -ENOMEM;
	if (addr & (PAGE_SIZE - 1))
		return -EINVAL;
	return addr < mm->lowest ? -EPERM : (int64_t)addr;
}

/* ---- mmap -------------------------------------------------------------- */

/* Linux LEGACY_MAP_MASK: all that MAP_SHARED_VALIDATE knows. */
#define KNOWN_FLAGS                                                            \
	(MAP_SHARED | MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS |                \
	 MAP_DENYWRITE | MAP_EXECUTABLE | MAP_GROWSDOWN | MAP_LOCKED |         \
	 MAP_NORESERVE | MAP_POPULATE | MAP_NONBLOCK | MAP_STACK |             \
	 MAP_HUGETLB | MAP_32BIT | MAP_ABOVE4G | 0x7c000000u)

/*
 * Linux do_mmap's switch over MAP_TYPE, for files. source->error is what the
 * host says about the descriptor's access mode and kind.
 */
static int check_file_type(uint32_t flags, const struct map_source *source,
			   struct vma *like)
{
	switch (flags & MAP_TYPE) {
	case MAP_SHARED_VALIDATE:
		if (flags & ~KNOWN_FLAGS)
			return -EOPNOTSUPP;
		/* fall through */
	case MAP_SHARED:
		like->flags |= VMA_SHARED;
		if (!source->writable)
			like->flags |= VMA_NOWRITE;
		if (source->sealed)
			like->flags |= VMA_FILE_SEAL;
		break;
	case MAP_PRIVATE:
		break;
	default:
		return -EINVAL;
	}
	if (source->error)
		return source->error;
	if (source->noexec)
		like->flags |= VMA_NOEXEC;
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
	case MAP_DROPPABLE:
		if (flags & (MAP_LOCKED | MAP_HUGETLB))
			return -EINVAL;
		if (flags & MAP_GROWSDOWN)
			return -EINVAL;
		like->flags |= VMA_DROPPABLE | VMA_NORESERVE | VMA_WIPEONFORK |
			       VMA_DONTDUMP;
		/* fall through */
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
	if (flags & MAP_NORESERVE && !mm_commit_never())
		type |= VMA_NORESERVE;
	if (prot & PROT_WRITE && !(type & (VMA_SHARED | VMA_NORESERVE)))
		type |= VMA_ACCOUNT;
	return type;
}

/*
 * Linux __mmap_complete: what cannot be locked is not, whatever mlockall said
 * of the future. It has not been merged, for its neighbours are not locked.
 */
static void unlock_new(struct mm *mm, struct vma *v)
{
	mm->locked_vm -= vma_pages(v);
	vma_set_flags(&mm->vmas, v, v->flags & ~VMA_LOCKED_MASK);
}

/*
 * Linux mmap_region: like's place is decided, what is there goes. Borders are
 * made before the limits are asked, and stay if these refuse.
 */
static int64_t map_region(struct mm *mm, struct vma *like)
{
	uint64_t pages = vma_pages(like), gone;
	int err;

	if (mm_denies_exec(mm, like->prot, like->prot))
		return -EACCES;
	err = mm_split(mm, like->start, like->end);
	if (err)
		return err;
	pages -= mm_count_pages(mm, like->start, like->end);
	if (!mm_may_expand(mm, like->prot, like->flags, pages))
		return -ENOMEM;
	if (like->flags & VMA_ACCOUNT) {
		pages = vma_pages(like);
		gone = mm_accounted_pages(mm, like->start, like->end);
		if (pages > gone && !mm_may_commit(mm, pages - gone))
			return -ENOMEM;
	}
	err = mm_unmap(mm, like->start, like->end);
	if (err)
		return err;
	/* A shared anonymous mapping has its own memory, as on Linux a file. */
	if (like->flags & VMA_SHARED && !like->file)
		return mm_map_anon_shared(mm, like) ? -ENOMEM
						    : (int64_t)like->start;
	if (mm_map(mm, like))
		return -ENOMEM;
	if (like->flags & VMA_DROPPABLE && like->flags & VMA_LOCKED)
		unlock_new(mm, vma_find(&mm->vmas, like->start));
	return (int64_t)like->start;
}

static bool is_zero(const struct map_source *source)
{
	return source && source->file && source->file->flags & FILE_ZERO;
}

/* Linux file_mmap_ok: offsets in files are signed, in devices not. */
static bool offset_ok(const struct map_source *source, uint64_t pgoff,
		      uint64_t len)
{
	uint64_t max = is_zero(source) ? UINT64_MAX : INT64_MAX;

	return pgoff <= (max - len) >> PAGE_SHIFT;
}

/* Linux mmap_zero. */
static void map_zero(struct vma *like)
{
	if ((like->flags & (VMA_SHARED | VMA_NOWRITE)) == VMA_SHARED)
		like->file = NULL; /* memory of its own */
	else
		like->flags |= VMA_ZERO;
}

/* like has its file and offset. */
static int64_t set_place(struct mm *mm, uint64_t addr, uint64_t len,
			 uint32_t flags, struct vma *like)
{
	int64_t va =
		mm_find_area(mm, addr, len, flags, like->file, like->pgoff);

	if (va < 0)
		return va;
	like->start = (uint64_t)va;
	like->end = like->start + len;
	if (flags & MAP_FIXED_NOREPLACE &&
	    vma_find_first(&mm->vmas, like->start, like->end))
		return -EEXIST;
	return 0;
}

/* What it is: like has its place and its file. */
static int set_kind(struct mm *mm, uint32_t prot, uint32_t flags,
		    const struct map_source *source, struct vma *like)
{
	uint64_t len = like->end - like->start;
	int err;

	like->flags = mm->def_flags | (flags & MAP_LOCKED ? VMA_LOCKED : 0);
	if (prot == PROT_EXEC)
		like->flags |= pkey_execute_only(mm) << VMA_PKEY_SHIFT;
	if (flags & MAP_LOCKED && !mm->rlim_memlock)
		return -EPERM;
	if (!mm_may_lock(mm, like->flags, len))
		return -EAGAIN;
	if (source && !offset_ok(source, like->pgoff, len))
		return -EOVERFLOW;
	err = source ? check_file_type(flags, source, like)
		     : check_anon_type(flags, like);
	if (err)
		return err;
	if (is_zero(source))
		map_zero(like);
	like->prot = prot & PROT_RWX;
	if (vma_may_exec(like))
		like->prot = mm_full_prot(mm, like->prot);
	like->flags = flag_bits(prot, flags, like->flags);
	like->kind = source ? HV_MAP_FILE : HV_MAP_ANON;
	return 0;
}

int64_t mm_map_source(struct mm *mm, uint64_t addr, uint64_t len, uint32_t prot,
		      uint32_t flags, const struct map_source *source,
		      uint64_t offset)
{
	struct vma like = {
		.file = source ? source->file : NULL,
		.opened = source ? source->opened : 0,
		.mm = mm,
		.pgoff = offset >> PAGE_SHIFT,
	};
	int64_t ret;

	if (!len)
		return -EINVAL;
	if (flags & MAP_FIXED_NOREPLACE)
		flags |= MAP_FIXED;
	/* Linux round_hint_to_min: whoever asks. */
	if (!(flags & MAP_FIXED) && addr & PAGE_MASK && addr < mm->min_addr)
		addr = mm->min_addr;
	len = page_align(len);
	if (!len)
		return -ENOMEM;
	if (like.pgoff + (len >> PAGE_SHIFT) < like.pgoff)
		return -EOVERFLOW;
	if (mm->vmas.count > MM_MAP_COUNT_MAX)
		return -ENOMEM;
	ret = set_place(mm, addr, len, flags, &like);
	ret = ret ? ret : set_kind(mm, prot, flags, source, &like);
	ret = ret ? ret : map_region(mm, &like);
	if (ret >= 0 &&
	    (like.flags & VMA_LOCKED ||
	     (flags & (MAP_POPULATE | MAP_NONBLOCK)) == MAP_POPULATE))
		mm_populate_vmas(mm, like.start, like.start + len, true);
	return ret;
}

uint32_t mm_file_flags(uint32_t hv)
{
	return (hv & HV_FILE_TMPFS ? FILE_SHMEM : 0) |
	       (hv & HV_FILE_WRITABLE ? FILE_WRITE : 0) |
	       (hv & HV_FILE_FOREIGN ? FILE_FOREIGN : 0) |
	       (hv & HV_FILE_HUGE ? FILE_HUGE : 0) |
	       (hv & HV_FILE_ZERO ? FILE_ZERO : 0);
}

static int64_t mmap_file(struct mm *mm, uint64_t addr, uint64_t len,
			 uint32_t prot, uint32_t flags, int32_t fd,
			 uint64_t offset)
{
	struct map_source source = {.file = NULL};
	struct hv_call_file_get got;
	int number = hv_file_get(fd, prot, flags, &got);
	int64_t ret = -EINVAL; /* no file here is one of hugetlbfs */

	if (number == -EBADF)
		return number;
	if (number < 0 && flags & MAP_HUGETLB)
		return -EINVAL;
	if (number < 0) {
		source.error = number;
		return mm_map_source(mm, addr, len, prot, flags, &source,
				     offset);
	}
	source.opened = got.opened;
	source.writable = got.flags & HV_FILE_WRITABLE;
	source.sealed = got.flags & HV_FILE_SEALED;
	source.noexec = got.flags & HV_FILE_NOEXEC;
	source.file =
		file_open((uint32_t)number, got.size, mm_file_flags(got.flags));
	if (!source.file) {
		/* Not known here, else no memory would have been needed. */
		hv_file_put((uint32_t)number);
		return -ENOMEM;
	}
	if (!(flags & MAP_HUGETLB))
		ret = mm_map_source(mm, addr, len, prot, flags, &source,
				    offset);
	file_put(source.file);
	return ret;
}

int64_t mm_mmap(struct mm *mm, uint64_t addr, uint64_t len, uint32_t prot,
		uint32_t flags, int32_t fd, uint64_t offset)
{
	if (offset & (PAGE_SIZE - 1))
		return -EINVAL;
	if (!(flags & MAP_ANONYMOUS))
		return mmap_file(mm, addr, len, prot, flags, fd, offset);
	/* As on a Linux whose pool of huge pages is empty. */
	if (flags & MAP_HUGETLB)
		return -ENOMEM;
	return mm_map_source(mm, addr, len, prot, flags, NULL, offset);
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

/* ---- remap_file_pages -------------------------------------------------- */

/* Is [addr, end) mapped without holes, alike and from v's file? */
static bool is_one_mapping(const struct vma *v, uint64_t end)
{
	const struct vma *next = v;

	while (next->end < end) {
		if (!next->next || next->next->start != next->end)
			return false;
		next = next->next;
		if (next->file != v->file || next->opened != v->opened ||
		    next->flags != v->flags || next->prot != v->prot)
			return false;
	}
	return true;
}

/* Emulated, as on Linux since 4.0: a new mapping in the old one's place. */
int64_t mm_remap_file_pages(struct mm *mm, uint64_t addr, uint64_t len,
			    uint64_t prot, uint64_t pgoff, uint64_t flags)
{
	uint32_t map_flags = MAP_SHARED | MAP_FIXED | MAP_POPULATE;
	struct map_source source = {.writable = true};
	struct vma *v;
	int64_t ret;

	addr &= PAGE_MASK;
	len &= PAGE_MASK;
	if (prot || addr + len <= addr || pgoff + (len >> PAGE_SHIFT) < pgoff)
		return -EINVAL;
	v = vma_find_first(&mm->vmas, addr, addr + 1);
	/* VM_SHARED: a file opened for reading only does not do. */
	if (!v || !(v->flags & VMA_SHARED) || v->flags & VMA_NOWRITE ||
	    !is_one_mapping(v, addr + len))
		return -EINVAL;
	map_flags |= (uint32_t)flags & MAP_NONBLOCK;
	if (v->flags & VMA_LOCKED)
		map_flags |= MAP_LOCKED;
	source.file = v->file;
	source.opened = v->opened;
	source.noexec = v->flags & VMA_NOEXEC;
	/* Linux memfd_check_seals_mmap: since it was mapped. */
	if (v->file->number &&
	    hv_file_op(v->file->number, HV_FILE_OP_SEALED, 0, PAGE_SIZE) > 0) {
		if (v->prot & PROT_WRITE)
			return -EPERM;
		source.writable = false;
		source.sealed = true;
	}
	file_get(source.file);
	ret = mm_map_source(mm, addr, len, v->prot, map_flags, &source,
			    pgoff << PAGE_SHIFT);
	file_put(source.file);
	return ret < 0 ? ret : 0;
}
