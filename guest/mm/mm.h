/*
 * mm.h: an address space and what can be done to it; the only header of
 * guest/mm that the system-call layer and arch/ need.
 *
 * Addresses are user virtual addresses; lengths are bytes. Results follow the
 * system calls: 0 or a value >= 0, or a negative errno. No call here touches
 * user memory through a user address.
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
hv_gpa_t mm_root(const struct mm *mm);

/*
 * Resolve a fault at va. access: HV_ACCESS_*, HV_FAULTF_UPCALL; err: the error
 * code. Fills `record` but for seq, tsc and cycles (the caller's), whatever
 * the outcome. Returns 0, or -EFAULT with a signal outcome in the record
 * (SEGV_*, SIGBUS, OOM).
 */
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

/* Fill in what mm knows of; call after mm_destroy and shrinking. */
void mm_counters(struct hv_counters *out);
/* Every invariant of mm and of every module below it. For tests and debug. */
bool mm_check(const struct mm *mm);

#endif
