/* walk_internal.h: walk.c (one address) and walk_layout.c (all of them). */
#ifndef WALK_INTERNAL_H
#define WALK_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

/* Page-table entry: Intel SDM vol. 3A, table 4-20. */
#define PTE_PRESENT  1ull
#define PTE_WRITE    2ull
#define PTE_USER     4ull
#define PTE_LARGE    0x80ull
#define PTE_GLOBAL   0x100ull /* not present: kept for PROT_NONE */
#define PTE_GUARD    0x200ull /* not present: a guard marker */
#define PTE_NX	     (1ull << 63)
#define PTE_ADDR     0x000ffffffffff000ull
#define TABLE_LEVELS 4

/* Does the entry of this level (3: PGD ... 0: PTE) map memory itself? */
static inline bool pte_is_leaf(uint64_t entry, int level)
{
	return level == 0 || (level < 3 && entry & PTE_LARGE);
}

static inline unsigned level_shift(int level)
{
	return 12 + 9 * (unsigned)level;
}

#endif
