/*
 * arch.h, hosted: the interface of guest/arch/arch.h for tests on the host.
 *
 * Guest RAM and the array of struct pages are lazily reserved host memory that
 * shim_reset() makes. What lies in a bank that is not online, or is not RAM,
 * faults when touched.
 */
#ifndef ARCH_H
#define ARCH_H

#include <stdbool.h>
#include <stdint.h>

#include "hv_map.h"

typedef struct {
	uint64_t v;
} pte_t;

extern uint8_t *shim_ram;    /* host address of gpa 0 */
extern uint8_t *shim_memmap; /* struct page number 0 */

static inline void *arch_phys_to_virt(hv_gpa_t gpa)
{
	return (void *)((uintptr_t)shim_ram + gpa.v);
}

static inline hv_gpa_t arch_virt_to_phys(const void *va)
{
	return (hv_gpa_t){(uintptr_t)va - (uintptr_t)shim_ram};
}

static inline void *arch_memmap(void)
{
	return shim_memmap;
}

static inline pte_t arch_pte_get(const pte_t *p)
{
	return (pte_t){*(const volatile uint64_t *)&p->v};
}

static inline void arch_pte_set(pte_t *p, pte_t pte)
{
	*(volatile uint64_t *)&p->v = pte.v;
}

void arch_page_zero(hv_gpa_t page);
void arch_page_copy(hv_gpa_t dst, hv_gpa_t src);

void arch_root_init(pte_t *root);
void arch_root_use(hv_gpa_t root);
static inline bool arch_has_others(void)
{
	return false;
}
static inline pte_t arch_pte_take(pte_t *p)
{
	pte_t was = *p;

	p->v = 0;
	return was;
}
static inline bool arch_root_is_used(hv_gpa_t root)
{
	(void)root;
	return true; /* there is one vCPU */
}

void tlb_flush_page(uint64_t va);
void tlb_flush_range(uint64_t start, uint64_t end);
void tlb_flush_all(void);
void tlb_flush_counts(uint64_t *page, uint64_t *all);

extern uint32_t shim_pkru; /* 0 at reset */

static inline uint32_t arch_pkru_read(void)
{
	return shim_pkru;
}

static inline void arch_pkru_write(uint32_t pkru)
{
	shim_pkru = pkru;
}

static inline uint64_t arch_tsc(void)
{
	return __builtin_ia32_rdtsc();
}

#endif
