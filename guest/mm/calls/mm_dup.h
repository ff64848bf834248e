/*
 * mm_dup.h: fork's copy of an address space (Linux mm/mmap.c, dup_mmap;
 * mm/memory.c, copy_page_range).
 */
#ifndef MM_DUP_H
#define MM_DUP_H

struct mm;

/*
 * What the child has: the mappings but for MADV_DONTFORK; of those that have
 * pages of their own all pages, shared and write-protected in both; what files
 * can give again is left to faults. NULL: no memory, or no more may be
 * committed; `from` is as it was, but for rights that a fault gives back.
 */
struct mm *mm_dup(struct mm *from);

#endif
