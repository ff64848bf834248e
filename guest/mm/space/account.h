/*
 * account.h: what an address space has, and what it may have (Linux mm/mmap.c,
 * mm/util.c).
 *
 * Every VMA is counted, by mm_account, as long as it is in the tree; memory is
 * committed by VMA_ACCOUNT, or with a file (struct file.committed). The
 * questions change nothing.
 */
#ifndef ACCOUNT_H
#define ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "hv_boot.h"
#include "mm.h"

/* Linux may_expand_vm: RLIMIT_AS and RLIMIT_DATA allow this many pages more. */
bool mm_may_expand(const struct mm *mm, uint32_t prot, uint32_t flags,
		   uint64_t pages);
/* Linux mlock_future_ok: may so many bytes more be had with these flags? */
bool mm_may_lock(const struct mm *mm, uint32_t flags, uint64_t bytes);
/* Linux vm_stat_account, and locked_vm; pages may be negative. */
void mm_account(struct mm *mm, uint32_t prot, uint32_t flags, int64_t pages);

/* Linux security_vm_enough_memory_mm: may so many pages more be committed? */
bool mm_may_commit(const struct mm *mm, uint64_t pages);
/* vm.overcommit_memory is 2, so that MAP_NORESERVE means nothing. */
bool mm_commit_never(void);
/* Once, after mm_machine_init. */
void mm_commit_init(const struct hv_commit *rules);
/* Pages of [start, end) that are counted as committed. */
uint64_t mm_accounted_pages(struct mm *mm, uint64_t start, uint64_t end);
/* Pages of [start, end) that are mapped by some VMA (Linux
 * count_vma_pages_range). */
uint64_t mm_count_pages(struct mm *mm, uint64_t start, uint64_t end);

/* Before memory goes: Linux update_hiwater_rss, update_hiwater_vm. */
void mm_note_peaks(struct mm *mm);

#endif
