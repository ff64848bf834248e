/*
 * show.h: what /proc, --dump and --walk are told of an address space, and the
 * host of the kernel's counters. Looks, and changes nothing.
 */
#ifndef SHOW_H
#define SHOW_H

#include "hv_call.h"
#include "hv_describe.h"
#include "mm.h"

/*
 * Call fn for each mapping that ends above `from`, in order. fn returns 0 to
 * go on; anything else ends the walk and is returned. fn changes nothing.
 */
typedef int mm_vma_fn(struct mm *mm, const struct hv_desc_vma *v, void *ctx);
int mm_for_each_vma(struct mm *mm, uint64_t from, mm_vma_fn *fn, void *ctx);
/* May the mapping that has va get huge pages? As smaps has it. */
bool mm_thp_eligible(struct mm *mm, uint64_t va);

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
