/*
 * pte_t.h: a page-table entry, of any level (Intel SDM vol. 3A, "4-Level
 * Paging"). A type of its own, so that none is read or written but by
 * arch_pte_get and arch_pte_set (arch.h).
 */
#ifndef PTE_T_H
#define PTE_T_H

#include <stdint.h>

typedef struct {
	uint64_t v;
} pte_t;

#endif
