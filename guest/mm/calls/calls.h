/*
 * calls.h: the system calls of guest/mm, by their names.
 *
 * Addresses are user virtual addresses; lengths are bytes. Results are those of
 * the system calls: 0 or a value >= 0, or a negative errno. No call here
 * touches user memory through a user address. Rules are Linux's, mm/ of
 * version 6.18 (tests/unit/test_mm_native.c compares).
 *
 * Not as on Linux: no huge pages for files, no swap. Nothing is reclaimed
 * unasked, so MADV_FREE keeps its pages until MADV_PAGEOUT, and locking is
 * bookkeeping. Pages of files are written back at msync, at the last munmap, at
 * the end, and when the host asks; not by time.
 */
#ifndef CALLS_H
#define CALLS_H

#include <stdint.h>

struct mm;

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

#endif
