/*
 * pte.h for a kernel at CPL 3 (see cpl0/pte.h).
 *
 * Where KVM keeps shadow page tables, a store by the kernel to a live
 * page-table page costs 12 us (it is write-protected, and synchronised again at
 * the next load of CR3), a store by the gate 2 us. So the last store waits
 * until the kernel leaves, and the gate does it; what came before it is stored
 * at once. tlb_flush_* and hypercalls end the wait.
 */
#ifndef ARCH_PTE_H
#define ARCH_PTE_H

#include <stddef.h>

#include "cpu.h"
#include "pte_t.h"

static inline void level_store_pending(struct cpu *cpu)
{
	if (!cpu->pending_entry)
		return;
	*(volatile uint64_t *)cpu->pending_entry = cpu->pending_value;
	cpu->pending_entry = NULL;
}

static inline pte_t arch_pte_get(const pte_t *p)
{
	const struct cpu *cpu = cpu_this();

	if (cpu->pending_entry == &p->v)
		return (pte_t){cpu->pending_value};
	return (pte_t){*(const volatile uint64_t *)&p->v};
}

static inline void arch_pte_set(pte_t *p, pte_t pte)
{
	struct cpu *cpu = cpu_this();

	if (cpu->pending_entry != &p->v)
		level_store_pending(cpu);
	cpu->pending_entry = &p->v;
	cpu->pending_value = pte.v;
}

#endif
