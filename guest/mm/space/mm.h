/*
 * mm.h: an address space and what can be done to it; the only header of
 * guest/mm that the system-call layer and arch/ need.
 *
 * Addresses are user virtual addresses; lengths are bytes. Results follow the
 * system calls: 0 or a value >= 0, or a negative errno. No call here touches
 * user memory through a user address. Rules are Linux's, mm/ of version 6.18
 * (tests/unit/test_mm_native.c compares); an address space is used by one vCPU
 * at a time.
 *
 * Not as on Linux: no huge pages for files (huge.c), no swap. Nothing is
 * reclaimed unasked, so MADV_FREE keeps its pages until MADV_PAGEOUT, and
 * locking is bookkeeping. Pages of files are written back at msync, at the last
 * munmap, at the end, and when the host asks; not by time. Fault-around is at
 * most 64 KiB.
 */
#ifndef MM_H
#define MM_H

#include <stdbool.h>
#include <stdint.h>

#include "hv_abi.h"

struct mm;

/* All of guest/mm: zones, buddy, slab, page cache, caches for its objects. */
void mm_init(const struct hv_boot *boot);

/* A new address space with exec's mappings. NULL: no memory or bad map. */
struct mm *mm_create(const struct hv_exec *exec);
/* Unmap all, free all tables and the page cache entries nobody else uses. */
void mm_destroy(struct mm *mm);
void mm_set_limits(struct mm *mm, const struct hv_limits *limits);
hv_gpa_t mm_root(const struct mm *mm);
/*
 * The pages of exec's strings, from the arguments up to the end of the stack.
 * Linux copies them by get_user_pages (fs/exec.c, get_arg_page), so they are
 * there without a fault. A page that cannot be had is left to the host's write.
 */
void mm_populate_strings(struct mm *mm);

/*
 * Resolve a fault at va. access: HV_ACCESS_*, HV_FAULTF_UPCALL, and with it
 * HV_FAULTF_FORCE; err: the error
 * code. Fills `record` but for tsc and cycles (the caller's), whatever
 * the outcome, and only at the end: it may lie in the call page. Returns 0, or
 * -EFAULT with a signal outcome in the record (SEGV_*, SIGBUS, OOM), or
 * MM_FAULT_SILENT: an upcall for a page that the program could access already;
 * accessed and dirty bits are set now, nothing is to be logged, and the record
 * is untouched.
 *
 * pfn is the frame mapped now, also for REUSE (old_pfn is the same frame then).
 * A write to a file page that was mapped for reading is FILE_COW with old_pfn.
 * The zero page broken by a write is COW, old_pfn the zero page's. As on x86
 * Linux, an instruction fetch from a page that is absent and not executable
 * first brings the page in; the retry fails with SEGV_ACCERR.
 */
#define MM_FAULT_SILENT 1
int mm_fault(struct mm *mm, uint64_t va, uint32_t access, uint64_t err,
	     uint64_t ip, struct hv_fault *record);

/* The system calls of the same names. */
int64_t mm_mmap(struct mm *mm, uint64_t addr, uint64_t len, uint32_t prot,
		uint32_t flags, int32_t fd, uint64_t offset);
int64_t mm_munmap(struct mm *mm, uint64_t addr, uint64_t len);
int64_t mm_mprotect(struct mm *mm, uint64_t addr, uint64_t len, uint32_t prot);
int64_t mm_mremap(struct mm *mm, uint64_t addr, uint64_t old_len,
		  uint64_t new_len, uint32_t flags, uint64_t new_addr);
int64_t mm_madvise(struct mm *mm, uint64_t addr, uint64_t len, int advice);
int64_t mm_brk(struct mm *mm, uint64_t brk);
/* vec: a byte for each page of len, in kernel memory. */
int64_t mm_mincore(struct mm *mm, uint64_t addr, uint64_t len, uint8_t *vec);
/* Of up to `pages` pages that lie in one mapping: how many, or -ENOMEM. */
int64_t mm_mincore_some(struct mm *mm, uint64_t addr, uint64_t pages,
			uint8_t *vec);
int64_t mm_msync(struct mm *mm, uint64_t addr, uint64_t len, uint32_t flags);
int64_t mm_mlock(struct mm *mm, uint64_t addr, uint64_t len);
int64_t mm_mlock2(struct mm *mm, uint64_t addr, uint64_t len, uint32_t flags);
int64_t mm_munlock(struct mm *mm, uint64_t addr, uint64_t len);
int64_t mm_mlockall(struct mm *mm, uint32_t flags);
int64_t mm_munlockall(struct mm *mm);
int64_t mm_pkey_alloc(struct mm *mm, uint64_t flags, uint64_t rights);
int64_t mm_pkey_free(struct mm *mm, int pkey);
int64_t mm_pkey_mprotect(struct mm *mm, uint64_t addr, uint64_t len,
			 uint32_t prot, int pkey);
int64_t mm_mseal(struct mm *mm, uint64_t addr, uint64_t len, uint64_t flags);
int64_t mm_remap_file_pages(struct mm *mm, uint64_t addr, uint64_t len,
			    uint64_t prot, uint64_t pgoff, uint64_t flags);

/*
 * The frame of the user page at va, by its address in the direct map; NULL: an
 * access would fault, also only to set an accessed or dirty bit.
 */
void *mm_user_page(struct mm *mm, uint64_t va, bool write);
bool mm_is_mapped(struct mm *mm, uint64_t va);
/* The key of the mapping at va: si_pkey. */
uint32_t mm_pkey_at(struct mm *mm, uint64_t va);

/* ---- Looking at an address space: /proc/PID/{maps,smaps,status,...} ------ */

/* Linux's VM_* bits (include/linux/mm.h), as /proc/PID/smaps names them. */
#define MM_VM_READ	  0x1ull	/* rd */
#define MM_VM_WRITE	  0x2ull	/* wr */
#define MM_VM_EXEC	  0x4ull	/* ex */
#define MM_VM_SHARED	  0x8ull	/* sh */
#define MM_VM_MAYREAD	  0x10ull	/* mr */
#define MM_VM_MAYWRITE	  0x20ull	/* mw */
#define MM_VM_MAYEXEC	  0x40ull	/* me */
#define MM_VM_MAYSHARE	  0x80ull	/* ms; the 's' in maps */
#define MM_VM_GROWSDOWN	  0x100ull	/* gd */
#define MM_VM_PFNMAP	  0x400ull	/* pf */
#define MM_VM_MAYBE_GUARD 0x800ull	/* gu; Linux 6.19, 6.18.y */
#define MM_VM_LOCKED	  0x2000ull	/* lo */
#define MM_VM_IO	  0x4000ull	/* io */
#define MM_VM_SEQ_READ	  0x8000ull	/* sr */
#define MM_VM_RAND_READ	  0x10000ull	/* rr */
#define MM_VM_DONTCOPY	  0x20000ull	/* dc */
#define MM_VM_DONTEXPAND  0x40000ull	/* de */
#define MM_VM_LOCKONFAULT 0x80000ull	/* lf */
#define MM_VM_ACCOUNT	  0x100000ull	/* ac */
#define MM_VM_NORESERVE	  0x200000ull	/* nr */
#define MM_VM_WIPEONFORK  0x2000000ull	/* wf */
#define MM_VM_DONTDUMP	  0x4000000ull	/* dd */
#define MM_VM_HUGEPAGE	  0x20000000ull /* hg */
#define MM_VM_NOHUGEPAGE  0x40000000ull /* nh */
#define MM_VM_MERGEABLE	  0x80000000ull /* mg */
#define MM_VM_DROPPABLE	  (1ull << 40)	/* dp */
#define MM_VM_SEALED	  (1ull << 42)	/* sl */

/* One line of /proc/PID/maps. */
struct mm_vma {
	uint64_t start, end;
	uint64_t offset;   /* bytes in the file; 0 if anonymous */
	uint64_t vm_flags; /* MM_VM_* */
	uint32_t prot;	   /* PROT_* */
	uint32_t kind;	   /* enum hv_map_kind, heap and stack as maps says */
	uint32_t file;	   /* the host's number; 0: none */
	uint32_t opened;   /* which opening of it */
	uint64_t shm; /* shared anonymous memory ("/dev/zero (deleted)"): its
			 number, which stands for an inode's; else 0 */
	bool thp_eligible;
};

/*
 * Call fn for each mapping that ends above `from`, in order. fn returns 0 to
 * go on; anything else ends the walk and is returned. fn changes nothing.
 */
typedef int mm_vma_fn(struct mm *mm, const struct mm_vma *v, void *ctx);
int mm_for_each_vma(struct mm *mm, uint64_t from, mm_vma_fn *fn, void *ctx);

/*
 * Add the pages of [start, end), page-aligned, to `sum`, all but its VMA; so
 * that sums lose nothing, shares are scaled (Linux fs/proc/task_mmu.c,
 * mem_size_stats).
 */
void mm_smaps_add(struct mm *mm, uint64_t start, uint64_t end,
		  struct hv_desc_smaps *sum);

/*
 * Entries of /proc/PID/pagemap for n pages from va: bit 63 present, 61 file or
 * shared anonymous, 56 mapped once only, 55 soft-dirty (never), 0-54 the frame;
 * HV_PAGEMAP_*. A guard marker is as on Linux swapped out (62), guard (58), and
 * in place of the frame what stands for a swap entry.
 */
#define MM_PAGEMAP_GUARD 0x440000000000009full
void mm_pagemap(struct mm *mm, uint64_t va, unsigned n, uint64_t *out);

/* Call fn for the frames of each page in a locked mapping: n of them, from pfn
 * on. */
typedef void mm_frames_fn(uint64_t pfn, uint64_t n, void *ctx);
void mm_for_each_locked(struct mm *mm, mm_frames_fn *fn, void *ctx);
/* Is the frame of a zero page, of either size? */
bool mm_is_zero_page(uint64_t pfn);

/*
 * Clear the accessed bits of all pages (MM_CLEAR_ALL), or of those in mappings
 * without a file or with one; or forget the peak of resident pages. 0 or
 * -EINVAL: no such kind. Linux fs/proc/task_mmu.c, clear_refs_write.
 */
#define MM_CLEAR_ALL	    1u
#define MM_CLEAR_ANON	    2u
#define MM_CLEAR_MAPPED	    3u
#define MM_CLEAR_SOFT_DIRTY 4u /* none are kept: nothing to do */
#define MM_CLEAR_PEAK	    5u
int mm_clear_refs(struct mm *mm, unsigned kind);

/* For status, statm, stat. */
void mm_stat(const struct mm *mm, struct hv_desc_mm *out);
/* prctl(PR_SET_MM): the n-th from start_code to env_end. 0 or -EINVAL. */
int mm_set_field(struct mm *mm, unsigned n, uint64_t value);

/* Pages that are promised: Committed_AS. */
uint64_t mm_committed(void);

/* Frames that the program has in huge pages, and what became of those. */
uint64_t mm_huge_frames(struct mm *mm);
const struct hv_thp_events *mm_thp_events(void);

/*
 * What the host asks when the program reads or writes a file that is mapped:
 * write back the bytes [start, end), or: the file changed there and is `size`
 * bytes long. 0 or -EIO.
 */
int mm_file_upcall(const struct hv_call_file_upcall *call);
/* Write back all dirty pages of files: before the end. */
void mm_sync_files(void);

/* Fill in what mm knows of; call after mm_destroy and shrinking. */
void mm_counters(struct hv_counters *out);
/* Every invariant of mm and of every module below it: NULL, or what is wrong
 * (wrong.h). For tests and debug. */
const char *mm_check(struct mm *mm);

#endif
