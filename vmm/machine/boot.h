/*
 * boot.h: guest memory and registers as the guest kernel expects them at its
 * entry. All of it is done natively, by the host, since ring 0 may be
 * interpreted (docs/kvm-kinds.md).
 *
 * Physical layout of the first bank:
 *   0x01000  GDT, TSS          0x02000  IDT
 *   0x03000  stack for #DF     0x04000  IDT of the kernel root (CPL 3)
 *   0x08000  vCPU area 0
 *   0x10000  struct hv_boot
 *   HV_KERNEL_GPA  kernel image, then page tables, then struct pages
 */
#ifndef BOOT_H
#define BOOT_H

#include "hv_boot.h"
#include "vm.h"

struct vcpu;

#define BOOT_VCPU_AREA 0x8000ull

#define BOOT_CPL_AUTO (-1)

struct boot_config {
	uint64_t ram_size; /* bytes; a multiple of 4096 */
	bool ram_fixed;	   /* fail if there is not as much */
	uint32_t flags;	   /* HV_BOOT_* that options decide */
	uint64_t fault_around;
	uint64_t ring_size; /* bytes of the batched log; 0: none */
	int kernel_cpl;	    /* 0, 3 or BOOT_CPL_AUTO */
	int overcommit;	    /* 0, 1, 2 or OVERCOMMIT_AS_HOST */
	int thp;	    /* enum hv_thp, or THP_AS_HOST */
	int zero_page;	    /* 0, 1 or ZEROPAGE_AS_HOST */
};

/*
 * Make RAM, put the first bank online, load the kernel, build its tables and
 * struct hv_boot but for its `exec`. Prints and returns -errno.
 */
int boot_prepare(struct vm *vm, const struct boot_config *config);

/* Where exec's part of the boot information is to be written. */
struct hv_exec *boot_exec(struct vm *vm);
/* All that the guest is told at its start; it may change it then. */
struct hv_boot *boot_info(struct vm *vm);

struct hv_vcpu_area;
/* What the processor and the gate need to find in the area of vCPU n > 0. */
void boot_build_area(struct vm *vm, unsigned n, struct hv_vcpu_area *area);

/* Where the kernel has it. */
uint64_t boot_area_va(unsigned n);

/* Set the vCPU's registers for the kernel's entry. */
int boot_set_registers(struct vm *vm, struct vcpu *v);

/*
 * The ticks that the kernel's first loop took (HV_PORT_PROBE): far above what
 * hardware needs, ring 0 is interpreted, and CPL 3 is where the kernel should
 * run. If the choice is ours and the kernel that runs is the other one, sets
 * memory and registers up again, for another start. Returns 0, or prints and
 * -errno.
 */
int boot_set_kind(struct vm *vm, struct vcpu *v, uint64_t probe_ticks);

#endif
