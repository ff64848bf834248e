/*
 * fault.h: a page fault is resolved (Linux arch/x86/mm/fault.c, mm/memory.c).
 */
#ifndef FAULT_H
#define FAULT_H

#include "hv_fault.h"
#include "mm.h"

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

/* A fault that nobody took: not logged; the program's getrusage counts it, as
 * on Linux one of get_user_pages. */
enum hv_outcome mm_fault_in(struct mm *mm, uint64_t va, uint32_t access);

#endif
