/*
 * arch.h: all that the rest of the kernel may ask of the machine.
 *
 * guest/arch/ implements it for the guest, tests/shim/ for hosted unit tests;
 * which one is used is decided by -I alone. Callers never see the privilege
 * level that the kernel runs at. Page-table entries are read and written only
 * through arch_pte_*, since a level 3 kernel may have to queue the store.
 */
#ifndef ARCH_H
#define ARCH_H

#include <stdbool.h>
#include <stdint.h>

#include "hv_map.h"
#include "lock.h"
#include "pte.h" /* arch_pte_get, arch_pte_set: by the level, cpl0/ or cpl3/ */

/* The direct map: every RAM address, whether its bank is online or not. */
static inline void *arch_phys_to_virt(hv_gpa_t gpa)
{
	return (void *)(HV_VA_DIRECT + gpa.v);
}

static inline hv_gpa_t arch_virt_to_phys(const void *va)
{
	return (hv_gpa_t){(uint64_t)va - HV_VA_DIRECT};
}

/* struct page number 0 (type in frames/page.h). */
static inline void *arch_memmap(void)
{
	return (void *)HV_VA_VMEMMAP;
}

/* Fill or copy one frame, by whichever way is native on this host. */
void arch_page_zero(hv_gpa_t page);
void arch_page_copy(hv_gpa_t dst, hv_gpa_t src);

/* Put the kernel's share into a zeroed user PML4. */
void arch_root_init(pte_t *root);
/* Translate user addresses by this PML4 from now on; 0: none of them. */
void arch_root_use(hv_gpa_t root);

/* Whether this vCPU does. */
bool arch_root_is_used(hv_gpa_t root);

/* Other vCPUs may use what this one changes. */
static inline bool arch_has_others(void)
{
	return lock_is_needed();
}
/*
 * The entry becomes zero, and what it was is returned, with whatever the
 * processor of another vCPU has set in it until this moment.
 */
pte_t arch_pte_take(pte_t *p);

/*
 * Forget cached translations of the current address space. To be called after
 * the entries were changed and before the frames are given to anyone else.
 * Not needed after a change from not present to present.
 */
void tlb_flush_page(uint64_t va);
void tlb_flush_range(uint64_t start, uint64_t end);
void tlb_flush_all(void);
/* How often each was done, for the exit counters. */
void tlb_flush_counts(uint64_t *page, uint64_t *all);

/* The thread's rights by protection key; only where these are served. */
static inline uint32_t arch_pkru_read(void)
{
	uint32_t pkru, zero;

	__asm__ volatile("rdpkru" : "=a"(pkru), "=d"(zero) : "c"(0));
	return pkru;
}

static inline void arch_pkru_write(uint32_t pkru)
{
	__asm__ volatile("wrpkru" : : "a"(pkru), "c"(0), "d"(0) : "memory");
}

/* Time-stamp counter. */
static inline uint64_t arch_tsc(void)
{
	return __builtin_ia32_rdtsc();
}

#endif
