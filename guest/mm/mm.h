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
 * Not as on Linux: files are never written, so a shared mapping of a file is
 * read-only (mmap with PROT_WRITE gives -ENODEV, mprotect -EACCES). Shared
 * anonymous memory is its one process's own; madvise does not empty it. No huge
 * pages, no swap, no overcommit limit. MAP_LOCKED populates and locks nothing
 * else. Fault-around is at most 64 KiB. Below 64 KiB nothing may be mapped,
 * whoever asks.
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
/* setrlimit: bytes, ~0 is infinity. */
void mm_set_limits(struct mm *mm, uint64_t stack, uint64_t data, uint64_t as);
hv_gpa_t mm_root(const struct mm *mm);

/*
 * Resolve a fault at va. access: HV_ACCESS_*, HV_FAULTF_UPCALL; err: the error
 * code. Fills `record` but for seq, tsc and cycles (the caller's), whatever
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
/* vec: a byte for each page of len, in kernel memory; at most 4096 bytes. */
int64_t mm_mincore(struct mm *mm, uint64_t addr, uint64_t len, uint8_t *vec);

/* Fill in what mm knows of; call after mm_destroy and shrinking. */
void mm_counters(struct hv_counters *out);
/* Every invariant of mm and of every module below it. For tests and debug. */
bool mm_check(const struct mm *mm);

#endif
