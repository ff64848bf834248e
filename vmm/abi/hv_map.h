/*
 * hv_map.h: the contract's map: physical and virtual addresses, pages, zones.
 */
#ifndef HV_MAP_H
#define HV_MAP_H

#include <stdint.h>

typedef struct {
	uint64_t v;
} hv_gpa_t;

/*
 * The physical map. RAM lies in banks; each becomes a memory slot when the
 * guest first asks for it (HV_BANK_ONLINE), so that start-up does not depend
 * on the size of RAM. From 0, and again from 4 GiB, each bank doubles what
 * there is: HV_BANK_FIRST, the same again, twice that, ...; the gap between is
 * not RAM, as on a PC. vmm/banks.h makes the layout.
 */
#define HV_PAGE_SHIFT	  12
#define HV_HUGE_ORDER	  9 /* a huge page: 2 MiB */
#define HV_PAGE_SIZE	  4096ull
#define HV_RAM_HOLE_START 0xc0000000ull
#define HV_RAM_HOLE_END	  0x100000000ull
#define HV_RAM_MIN	  (16ull << 20)
#define HV_RAM_MAX	  (1ull << 40)
#define HV_BANK_FIRST	  (64ull << 20)
#define HV_BANKS_MAX	  32
#define HV_KERNEL_GPA	  0x100000ull /* below it: boot structures */

/*
 * The areas of all vCPUs but the first (struct hv_vcpu_area), one after the
 * other, with the tables that map them: memory of the host's beside RAM, made
 * when the second vCPU is. In every root their gate pages are for CPL 0 alone;
 * in the kernel's each is mapped whole.
 */
#define HV_VCPUS_MAX 512
#define HV_AREAS_GPA 0xd0000000ull
#define HV_VA_AREAS  0xffffffff40000000ull

/* Zone limits, Linux arch/x86/mm/init.c, zone_sizes_init(). */
#define HV_ZONE_DMA_END	  (16ull << 20)
#define HV_ZONE_DMA32_END (4ull << 30)

/*
 * The virtual map: Linux Documentation/arch/x86/x86_64/mm.rst, 4-level. The
 * kernel is mapped at HV_VA_KERNEL + its gpa; all RAM at HV_VA_DIRECT + gpa;
 * struct page number pfn at HV_VA_VMEMMAP + pfn * HV_STRUCT_PAGE_SIZE.
 */
#define HV_VA_USER_END 0x7ffffffff000ull
#define HV_VA_DIRECT   0xffff888000000000ull
#define HV_VA_VMALLOC  0xffffc90000000000ull
#define HV_VA_VMEMMAP  0xffffea0000000000ull
#define HV_VA_KERNEL   0xffffffff80000000ull
/* Not mapped: a program that calls it makes one of three system calls. */
#define HV_VA_VSYSCALL	    0xffffffffff600000ull
#define HV_STRUCT_PAGE_SIZE 64

/* ---- Mappings of a program ---------------------------------------------- */

/* Protection bits are PROT_* of <asm/mman.h>: 1 read, 2 write, 4 execute. */

/* What a mapping is, for the log and for /proc/self/maps. */
enum hv_map_kind {
	HV_MAP_ANON,
	HV_MAP_FILE,
	HV_MAP_HEAP,
	HV_MAP_STACK,
	HV_MAP_VDSO,
	HV_MAP_VVAR,   /* [vvar] */
	HV_MAP_VCLOCK, /* [vvar_vclock], since Linux 6.13 */
	HV_MAP_KINDS
};

#define HV_MAPF_SHARED	  1u /* MAP_SHARED, else private */
#define HV_MAPF_GROWSDOWN 2u /* the stack */
#define HV_MAPF_DENYWRITE 4u /* mapped by execve */

#endif
