/*
 * pte.h for a kernel at CPL 0: page-table stores are plain stores.
 *
 * Each level has a header of this name; -I chooses it.
 */
#ifndef ARCH_PTE_H
#define ARCH_PTE_H

#include "pte_t.h"

static inline pte_t arch_pte_get(const pte_t *p)
{
	return (pte_t){*(const volatile uint64_t *)&p->v};
}

static inline void arch_pte_set(pte_t *p, pte_t pte)
{
	*(volatile uint64_t *)&p->v = pte.v;
}

#endif
