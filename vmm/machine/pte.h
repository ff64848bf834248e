/*
 * pte.h: page-table entries, as the processor and the guest kernel have them:
 * Intel SDM vol. 3A, "4-Level Paging", table 4-20.
 */
#ifndef PTE_H
#define PTE_H

#include <stdbool.h>
#include <stdint.h>

#define PTE_PRESENT  1ull
#define PTE_WRITE    2ull
#define PTE_USER     4ull
#define PTE_ACCESSED 0x20ull
#define PTE_DIRTY    0x40ull
#define PTE_LARGE    0x80ull
#define PTE_GLOBAL   0x100ull /* not present: kept for PROT_NONE */
#define PTE_GUARD    0x200ull /* not present: a guard marker */
#define PTE_PKEY     59	      /* the first of 4 bits: the protection key */
#define PTE_NX	     (1ull << 63)
#define PTE_ADDR     0x000ffffffffff000ull

/* Does a present entry for 2^shift bytes map them itself? Else: a table. */
static inline bool pte_is_leaf(uint64_t entry, unsigned shift)
{
	return shift == 12 || (shift <= 30 && entry & PTE_LARGE);
}

#endif
