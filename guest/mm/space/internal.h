/*
 * internal.h: what the files of guest/mm know of an address space, and nobody
 * else.
 */
#ifndef MM_INTERNAL_H
#define MM_INTERNAL_H

#include <asm/errno.h>
#include <linux/mman.h>

#include "filemap.h"
#include "mm.h"
#include "pagetable.h"
#include "vma.h"

#define MM_MAP_COUNT_MAX 65530u /* Linux sysctl_max_map_count */

#define PROT_RWX	(PROT_READ | PROT_WRITE | PROT_EXEC)
#define VMA_LOCKED_MASK (VMA_LOCKED | VMA_LOCKONFAULT)

enum mm_rss { RSS_ANON, RSS_FILE, RSS_SHMEM, NR_RSS };

/*
 * The names are those of Linux's mm_struct. *_vm and rss count pages. rss[] is
 * the number of leaf entries, but for those that name the zero page.
 */
struct mm {
	pte_t *root;
	struct vma_tree vmas;
	uint64_t start_code, end_code, start_data, end_data;
	uint64_t start_brk, brk, start_stack;
	uint64_t arg_start, arg_end, env_start, env_end;
	uint64_t mmap_base, mmap_legacy_base;
	/* Linux mmap_min_addr: where nobody asks for an address by MAP_FIXED,
	 * it is not below; and what may be asked for so. */
	uint64_t min_addr, lowest;
	uint64_t rlim_stack, rlim_data, rlim_as, rlim_memlock; /* bytes */
	uint64_t rlim_data_max; /* rules where rlim_data is 0 */
	uint32_t def_flags;	/* mlockall(MCL_FUTURE): VMA_LOCKED_MASK */
	uint32_t read_adds;	/* READ_IMPLIES_EXEC: PROT_EXEC; else 0 */
	bool refuses_exec;	/* PR_SET_MDWE */
	uint64_t total_vm, data_vm, exec_vm, stack_vm, locked_vm;
	uint64_t committed;   /* of mm_globals.committed, private memory */
	uint64_t locked_lost; /* of locked_vm: see mremap.c, dont_unmap */
	uint64_t rss[NR_RSS];
	uint64_t hiwater_vm, hiwater_rss; /* as of the last shrinking */
	uint64_t anon_ids;		  /* the last that was given out */
	uint64_t faults;		  /* that went well, populating too */
	/*
	 * Which VMAs may get huge pages: (VMA flags | huge_always) & huge_mask
	 * is VMA_HUGE for them, and 0 for the others.
	 */
	uint32_t huge_always, huge_mask;
	uint64_t nr_huge; /* leaf entries of 2 MiB */
	uint32_t pid;
	uint32_t pkeys_allocated;  /* bit n: key n */
	int32_t execute_only_pkey; /* -1: none yet */
};

struct mm_globals {
	uint64_t zero_pfn; /* of the shared zero page, which no one counts */
	uint64_t huge_zero_pfn; /* likewise of 2 MiB; 0: not needed yet */
	uint32_t thp;		/* enum hv_thp */
	bool read_zero;		/* reads map the zero page */
	bool thp_zero;		/* use a huge zero page */
	bool pkeys;		/* protection keys are served */
	struct hv_thp_events thp_events;
	unsigned around;    /* fault-around window in pages, a power of two */
	uint64_t faults;    /* that were to be logged */
	uint64_t committed; /* pages promised: Committed_AS */
};
extern struct mm_globals mm_globals;

/* Does a leaf entry name a zero page? */
static inline bool pte_is_zero_page(pte_t pte)
{
	return pte_pfn(pte) == (pte_is_huge(pte) ? mm_globals.huge_zero_pfn
						 : mm_globals.zero_pfn);
}

/* Linux !vm_normal_page: nobody counts who maps it. */
static inline bool pte_is_special(pte_t pte)
{
	return pte.v & PTE_SPECIAL || pte_is_zero_page(pte);
}

static inline uint64_t page_align(uint64_t n)
{
	return (n + PAGE_SIZE - 1) & PAGE_MASK;
}

/* ---- mm.c: VMAs with all that hangs on them ---------------------------- */

/* What a program gets that asks for prot. */
static inline uint32_t mm_full_prot(const struct mm *mm, uint32_t prot)
{
	return prot & PROT_READ ? prot | mm->read_adds : prot;
}

/*
 * Linux map_deny_write_exec: under PR_SET_MDWE nothing that had `old` becomes
 * executable, and nothing is so while it may be written. New memory: old is
 * prot.
 */
static inline bool mm_denies_exec(const struct mm *mm, uint32_t old,
				  uint32_t prot)
{
	return mm->refuses_exec && prot & PROT_EXEC &&
	       (prot & PROT_WRITE || !(old & PROT_EXEC));
}

/* Linux may_expand_vm: RLIMIT_AS and RLIMIT_DATA allow this many pages more. */
bool mm_may_expand(const struct mm *mm, uint32_t prot, uint32_t flags,
		   uint64_t pages);
/* Linux mlock_future_ok: may so many bytes more be had with these flags? */
bool mm_may_lock(const struct mm *mm, uint32_t flags, uint64_t bytes);
/* Linux vm_stat_account, and locked_vm; pages may be negative. */
void mm_account(struct mm *mm, uint32_t prot, uint32_t flags, int64_t pages);

/* Linux security_vm_enough_memory_mm: may so many pages more be promised? */
bool mm_may_commit(const struct mm *mm, uint64_t pages);
/* vm.overcommit_memory is 2, so that MAP_NORESERVE means nothing. */
bool mm_commit_never(void);
void mm_commit_init(const struct hv_commit *rules);
/* Pages of [start, end) that are counted as promised. */
uint64_t mm_accounted_pages(struct mm *mm, uint64_t start, uint64_t end);

/* Before memory goes: Linux update_hiwater_rss, update_hiwater_vm. */
void mm_note_peaks(struct mm *mm);

/*
 * Map what `like` describes into a free range: extend a neighbour if Linux
 * would, else make a VMA (with its own reference to the file). 0 or -ENOMEM.
 */
int mm_map(struct mm *mm, const struct vma *like);
/* Likewise with new shared anonymous memory of its size. */
int mm_map_anon_shared(struct mm *mm, struct vma *like);
/*
 * Give [start, end) of v, page-aligned and inside v, these attributes: merge
 * with neighbours or split. Returns the VMA that has the range, NULL: -ENOMEM
 * (v may have been split). Accounts; leaves page tables alone.
 */
struct vma *mm_modify(struct mm *mm, struct vma *v, uint64_t start,
		      uint64_t end, uint32_t prot, uint32_t flags);
/*
 * Make VMA borders at start and end, where they lie in a VMA. As on Linux a
 * sealed mapping is found only when its turn comes. Fails as mm_unmap.
 */
int mm_split(struct mm *mm, uint64_t start, uint64_t end);
/* munmap of an aligned range, which may have holes. 0, -ENOMEM, -EPERM:
 * something in it is sealed, or -EINVAL: a part of the vDSO. */
int mm_unmap(struct mm *mm, uint64_t start, uint64_t end);
enum mm_zap {
	ZAP_ALL,
	ZAP_CACHED,    /* private pages stay */
	ZAP_RECLAIM,   /* what a Linux without swap could take away */
	ZAP_DROPPABLE, /* likewise of a MAP_DROPPABLE mapping */
	ZAP_DONTNEED,  /* all, and each table that maps nothing else */
	ZAP_UNMAP,     /* all, and guard markers: for mm_unmap alone */
};
/* Drop the pages of [start, end) that are of this kind; the VMAs stay, and
 * guard markers. */
void mm_zap(struct mm *mm, uint64_t start, uint64_t end, enum mm_zap kind);
/* Pages of [start, end) that are mapped by some VMA (Linux
 * count_vma_pages_range). */
uint64_t mm_count_pages(struct mm *mm, uint64_t start, uint64_t end);

/* As in /proc/self/maps: the heap is what intersects [start_brk, brk). */
enum hv_map_kind mm_map_kind(const struct mm *mm, const struct vma *v);

/* Permission bits of a leaf entry for a VMA, but for PTE_RW; A is set. */
static inline uint64_t vma_pte_bits(const struct vma *v)
{
	uint64_t key = (uint64_t)(v->flags & VMA_PKEY) << (59 - VMA_PKEY_SHIFT);

	if (!(v->prot & PROT_RWX))
		return PTE_PROTNONE | PTE_A | PTE_NX | key;
	return PTE_P | PTE_US | PTE_A | (v->prot & PROT_EXEC ? 0 : PTE_NX) |
	       key;
}

/*
 * Linux vma_wants_writenotify: may the processor write to a page of the file
 * without our being told? It is told once for each page that is clean.
 */
static inline bool vma_writes_freely(const struct vma *v)
{
	return v->flags & VMA_SHARED && v->prot & PROT_WRITE &&
	       v->file->flags & FILE_SHMEM;
}

/* Which counter a mapped frame is in. */
static inline enum mm_rss page_rss(const struct page *page)
{
	if (!(page->flags & PG_CACHE))
		return RSS_ANON;
	return page->flags & PG_SHMEM ? RSS_SHMEM : RSS_FILE;
}

/* ---- mmap.c ------------------------------------------------------------ */

/*
 * Linux get_unmapped_area: an address for len bytes, or -ENOMEM, -EINVAL,
 * -EPERM. flags: MAP_FIXED, MAP_32BIT, and whether it is for private anonymous
 * memory. len is page-aligned, not 0. file may be NULL.
 */
int64_t mm_find_area(struct mm *mm, uint64_t addr, uint64_t len, uint32_t flags,
		     const struct file *file, uint64_t pgoff);

/* What is to be mapped. */
struct map_source {
	struct file *file; /* the caller's reference; NULL: none */
	int error;	   /* what a mapping of the descriptor gets, or 0 */
	bool writable;	   /* shared mappings may write */
	bool sealed;	   /* they could, but for a seal */
	bool noexec;	   /* of a noexec mount */
	uint32_t opened;   /* hv_call_file_get.opened */
};
/* Linux do_mmap; offset in bytes. source NULL: anonymous memory. */
int64_t mm_map_source(struct mm *mm, uint64_t addr, uint64_t len, uint32_t prot,
		      uint32_t flags, const struct map_source *source,
		      uint64_t offset);

/* ---- fault.c ----------------------------------------------------------- */

/* A fault that nobody took: not logged; the program's getrusage counts it, as
 * on Linux one of get_user_pages. */
enum hv_outcome mm_fault_in(struct mm *mm, uint64_t va, uint32_t access);

/*
 * Linux anon_vma_prepare: memory that gets its first own page can merge later
 * only with what has the same identity, or none. So it takes a neighbour's.
 */
void mm_anon_prepare(struct mm *mm, struct vma *v);

/* ---- huge.c: pages of 2 MiB -------------------------------------------- */

static inline bool huge_wanted(const struct mm *mm, const struct vma *v)
{
	return __builtin_expect((v->flags | mm->huge_always) & mm->huge_mask,
				0);
}
/* PR_SET_THP_DISABLE: HV_THP_DISABLE_*. */
void huge_set_disabled(struct mm *mm, uint32_t disabled);
/* As THPeligible in smaps. */
bool huge_is_eligible(const struct mm *mm, const struct vma *v);

/* The huge page at va, if there is one, becomes 512 ordinary ones. */
void huge_split(struct mm *mm, uint64_t va);
/* Likewise those that have a part in [start, end) and one outside. */
void huge_split_borders(struct mm *mm, uint64_t start, uint64_t end);
/* Likewise; frames of zeros give way to the zero page (Linux split_folio). */
void huge_split_unused(struct mm *mm, uint64_t start, uint64_t end);
/* Likewise all that have a part in it: MADV_PAGEOUT without swap. */
void huge_page_out(struct mm *mm, uint64_t start, uint64_t end);
/*
 * Linux thp_shrinker: split a huge page that has frames of zeros, and give
 * these back. False: there is none.
 */
bool huge_reclaim(struct mm *mm);
/* MADV_COLLAPSE of a part of v. 0 or -errno. */
int huge_collapse(struct mm *mm, struct vma *v, uint64_t start, uint64_t end);

/* ---- guard.c ----------------------------------------------------------- */

/*
 * Linux madvise_guard_install, madvise_guard_remove: [start, end) lies in v.
 * 0, -EINVAL: not in such a mapping, -ENOMEM: no tables for all of it.
 */
int mm_guard_install(struct mm *mm, struct vma *v, uint64_t start,
		     uint64_t end);
int mm_guard_remove(struct mm *mm, const struct vma *v, uint64_t start,
		    uint64_t end);

/* ---- pkeys.c: protection keys ------------------------------------------ */

void pkeys_init(struct mm *mm);
/* May the program name this key? */
bool pkey_is_allocated(const struct mm *mm, int key);
/* Does the thread's PKRU deny this to a page with that key? Never without. */
bool pkey_denies(unsigned key, bool write);
/* The key of what may be executed only, which is denied now; 0: there is no
 * key left. */
uint32_t pkey_execute_only(struct mm *mm);
/* The key that v is to have; key -1: mprotect, which does not say. */
uint32_t pkey_for_mprotect(struct mm *mm, const struct vma *v, uint32_t prot,
			   int key);

/* ---- populate.c -------------------------------------------------------- */

/*
 * Bring in every page of [start, end), for writing where `write`, by
 * mm_fault_in(). Stops at the first page that cannot be: 0, or -ENOMEM (hole,
 * no memory), -EINVAL (forbidden), -EFAULT (past the end of the file).
 */
int mm_populate(struct mm *mm, uint64_t start, uint64_t end, bool write);
/*
 * Linux __mm_populate: likewise each mapping in [start, end) in its own way,
 * holes left out. 0, -ENOMEM, or -EFAULT: forbidden, or past the end of the
 * file. `ignore`: go on after errors.
 */
int mm_populate_vmas(struct mm *mm, uint64_t start, uint64_t end, bool ignore);

/* FILE_* for the host's HV_FILE_*. */
uint32_t mm_file_flags(uint32_t hv);

#endif
