/*
 * boot_internal.h: between boot.c (memory) and boot_cpu.c (descriptor tables,
 * registers). Addresses: see the layout in boot.h.
 */
#ifndef BOOT_INTERNAL_H
#define BOOT_INTERNAL_H

#include "hv_boot.h"
#include "hv_map.h"
#include "vm.h"

#define GDT_GPA	       0x1000ull
#define TSS_GPA	       0x1800ull
#define IDT_GPA	       0x2000ull
#define IDT_KERNEL_GPA 0x4000ull /* at IDT_GPA's address in its root */
#define DF_STACK_GPA   0x3000ull
#define BOOT_INFO_GPA  0x10000ull

/* Descriptor tables and gate pages: mapped beside the kernel image. */
static inline uint64_t kernel_va(uint64_t gpa)
{
	return HV_VA_KERNEL + gpa;
}

static inline uint64_t direct_va(uint64_t gpa)
{
	return HV_VA_DIRECT + gpa;
}

const struct hv_image *boot_kernel_image(const struct vm *vm);
uint64_t boot_root(struct vm *vm);

/* GDT, IDT, TSS, and what the gate needs to know. */
void boot_build_descriptors(struct vm *vm);

#endif
