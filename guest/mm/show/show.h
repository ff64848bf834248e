/*
 * show.h: what /proc, --dump and --walk are told of an address space, and the
 * host of the kernel's counters. Looks, and changes nothing.
 */
#ifndef SHOW_H
#define SHOW_H

#include "hv_call.h"
#include "hv_describe.h"
#include "mm.h"

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

/* For status, statm, stat. */
void mm_stat(const struct mm *mm, struct hv_desc_mm *out);
/* prctl(PR_SET_MM): the n-th from start_code to env_end. 0 or -EINVAL. */
int mm_set_field(struct mm *mm, unsigned n, uint64_t value);

/* Frames that the program has in huge pages. */
uint64_t mm_huge_frames(struct mm *mm);

/* Fill in what mm knows of; call after mm_destroy and shrinking. */
void mm_counters(struct hv_counters *out);

#endif
