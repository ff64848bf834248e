/*
 * mm.h: an address space (Linux struct mm_struct).
 *
 * Owns its VMAs, its page tables and a reference for each frame that these map.
 * Used by one vCPU at a time. Who changes it keeps to what account.h, merge.h,
 * unmap.h and leaf.h say; check/mm_check.c has every invariant.
 */
#ifndef MM_H
#define MM_H

#include <linux/mman.h>
#include <stdbool.h>
#include <stdint.h>

#include "hv_map.h"
#include "pagetable.h"
#include "vma.h"

#define MM_MAP_COUNT_MAX 65530u /* Linux sysctl_max_map_count */

#define PROT_RWX (PROT_READ | PROT_WRITE | PROT_EXEC)

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
	uint64_t committed;   /* of mm_machine.committed, private memory */
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
	uint32_t users;		   /* vCPUs that have it */
	uint32_t pkeys_allocated;  /* bit n: key n */
	int32_t execute_only_pkey; /* -1: none yet */
};

static inline hv_gpa_t mm_root(const struct mm *mm)
{
	return arch_virt_to_phys(mm->root);
}

static inline uint64_t page_align(uint64_t n)
{
	return (n + PAGE_SIZE - 1) & PAGE_MASK;
}

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

/* As in /proc/self/maps: the heap is what intersects [start_brk, brk). */
enum hv_map_kind mm_map_kind(const struct mm *mm, const struct vma *v);

/* Which counter a mapped frame is in. */
static inline enum mm_rss page_rss(const struct page *page)
{
	if (!(page->flags & PG_CACHE))
		return RSS_ANON;
	return page->flags & PG_SHMEM ? RSS_SHMEM : RSS_FILE;
}

#endif
