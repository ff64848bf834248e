/*
 * boot.c: see boot.h.
 */
#include "boot.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "banks.h"
#include "boot_tables.h"
#include "message.h"
#include "vcpu_internal.h"

#define GDT_GPA	      0x1000ull
#define TSS_GPA	      0x1800ull
#define IDT_GPA	      0x2000ull
#define DF_STACK_GPA  0x3000ull
#define BOOT_INFO_GPA 0x10000ull

#define TSS_LIMIT 103
#define VECTOR_BP 3
#define VECTOR_OF 4
#define VECTOR_DF 8

/* Embedded by vmm/kernel_image.S. */
extern const uint8_t kernel_cpl0_start[], kernel_cpl0_end[];

/* Descriptor tables and vCPU structures: mapped as part of the kernel. */
static uint64_t kernel_va(uint64_t gpa)
{
	return HV_VA_KERNEL + gpa;
}

static uint64_t direct_va(uint64_t gpa)
{
	return HV_VA_DIRECT + gpa;
}

static struct hv_boot *boot_info(struct vm *vm)
{
	return (struct hv_boot *)(vm->mem.base + BOOT_INFO_GPA);
}

struct hv_exec *boot_exec(struct vm *vm)
{
	return &boot_info(vm)->exec;
}

/* Descriptors: Intel SDM vol. 3A, figure 3-8; accessed bits set. */
static void build_gdt(struct vm *vm)
{
	uint64_t *gdt = (uint64_t *)(vm->mem.base + GDT_GPA);
	uint64_t tss = kernel_va(TSS_GPA);

	gdt[2] = 0x00af9b000000ffffull; /* HV_SEL_KERNEL_CS */
	gdt[3] = 0x00cf93000000ffffull; /* HV_SEL_KERNEL_DS */
	gdt[4] = 0x00cffb000000ffffull; /* 32-bit user code: SYSRET's base */
	gdt[5] = 0x00cff3000000ffffull; /* HV_SEL_USER_DS */
	gdt[6] = 0x00affb000000ffffull; /* HV_SEL_USER_CS */
	gdt[8] = 0x00008b0000000000ull | TSS_LIMIT | (tss & 0xffffff) << 16 |
		 (tss >> 24 & 0xff) << 56;
	gdt[9] = tss >> 32;
}

static void put_unaligned(uint8_t *at, uint64_t value)
{
	memcpy(at, &value, sizeof(value));
}

/* TSS: Intel SDM vol. 3A, figure 8-11. */
static void build_tss(struct vm *vm)
{
	uint8_t *tss = vm->mem.base + TSS_GPA;
	uint16_t iomap = TSS_LIMIT + 1; /* beyond the limit: no ports */

	put_unaligned(tss + 4,
		      direct_va(BOOT_VCPU_AREA + HV_VCPU_AREA_SIZE));
	put_unaligned(tss + 36, direct_va(DF_STACK_GPA + HV_PAGE_SIZE));
	memcpy(tss + 102, &iomap, sizeof(iomap));
}

static void build_idt(struct vm *vm, const struct hv_image *image)
{
	struct gate {
		uint16_t offset_low, selector;
		uint8_t ist, type;
		uint16_t offset_mid;
		uint32_t offset_high, reserved;
	} *idt = (struct gate *)(vm->mem.base + IDT_GPA);

	for (unsigned i = 0; i < HV_VECTORS; i++) {
		bool user = i == VECTOR_BP || i == VECTOR_OF;
		uint64_t va = image->vectors[i];

		idt[i] = (struct gate){
			.offset_low = (uint16_t)va,
			.selector = HV_SEL_KERNEL_CS,
			.ist = i == VECTOR_DF,
			.type = user ? 0xee : 0x8e,
			.offset_mid = (uint16_t)(va >> 16),
			.offset_high = (uint32_t)(va >> 32),
		};
	}
}

static bool has_gigabyte_pages(const struct vm *vm)
{
	for (unsigned i = 0; i < vm->cpuid->nent; i++)
		if (vm->cpuid->entries[i].function == 0x80000001)
			return vm->cpuid->entries[i].edx >> 26 & 1;
	return false;
}

/* Table pages that a RAM of this size can need at most. */
static uint64_t table_bytes(uint64_t ram_size)
{
	uint64_t direct = (ram_size >> 30) + 4; /* a table of 2 MiB pages each */
	uint64_t memmap = (ram_size >> 36) + HV_BANKS_MAX;

	return (16 + direct + memmap) * HV_PAGE_SIZE;
}

static int map_kernel(struct vm *vm, struct boot_tables *t, hv_gpa_t root,
		      const struct hv_image *image)
{
	uint64_t text = image->text_end, rodata = image->rodata_end;
	uint64_t gpa = HV_KERNEL_GPA;
	int ret;

	(void)vm;
	ret = boot_tables_map(t, root, kernel_va(GDT_GPA), GDT_GPA,
			      IDT_GPA + HV_PAGE_SIZE - GDT_GPA,
			      PT_WRITE | PT_NX);
	ret = ret ?: boot_tables_map(t, root, kernel_va(gpa), gpa, text, 0);
	ret = ret ?: boot_tables_map(t, root, kernel_va(gpa + text), gpa + text,
				     rodata - text, PT_NX);
	return ret ?: boot_tables_map(t, root, kernel_va(gpa + rodata),
				      gpa + rodata, image->mem_size - rodata,
				      PT_WRITE | PT_NX);
}

static int map_ram(struct vm *vm, struct boot_tables *t, hv_gpa_t root)
{
	for (unsigned i = 0; i < vm->nr_banks; i++) {
		const struct hv_bank *b = &vm->banks[i];
		uint64_t first_page = b->start / HV_PAGE_SIZE;
		int ret = boot_tables_map(t, root, direct_va(b->start),
					  b->start, b->end - b->start,
					  PT_WRITE | PT_NX);

		ret = ret ?: boot_tables_map(
				     t, root,
				     HV_VA_VMEMMAP +
					     first_page * HV_STRUCT_PAGE_SIZE,
				     b->memmap, b->free - b->memmap,
				     PT_WRITE | PT_NX);
		if (ret)
			return ret;
	}
	return 0;
}

static int build_tables(struct vm *vm, const struct hv_image *image,
			uint64_t start, uint64_t end, hv_gpa_t *root)
{
	struct boot_tables t = {
		.mem = &vm->mem,
		.next = start,
		.end = end,
		.gigabyte_pages = has_gigabyte_pages(vm),
	};
	int ret;

	*root = boot_tables_new(&t);
	ret = map_kernel(vm, &t, *root, image);
	return ret ?: map_ram(vm, &t, *root);
}

static void fill_boot_info(struct vm *vm, const struct boot_config *config,
			   hv_gpa_t root)
{
	struct hv_boot *boot = boot_info(vm);

	boot->magic = HV_BOOT_MAGIC;
	boot->abi_version = HV_ABI_VERSION;
	boot->flags = config->flags;
	boot->nr_banks = vm->nr_banks;
	boot->root = root;
	boot->vcpu_area = BOOT_VCPU_AREA;
	boot->fault_around = config->fault_around;
	memcpy(boot->banks, vm->banks, sizeof(boot->banks));
}

_Static_assert(BOOT_INFO_GPA + sizeof(struct hv_boot) <= HV_KERNEL_GPA,
	       "boot information runs into the kernel");

int boot_prepare(struct vm *vm, const struct boot_config *config)
{
	const struct hv_image *image = (const void *)kernel_cpl0_start;
	uint64_t tables, reserved_end;
	hv_gpa_t root;
	int ret;

	if (image->magic != HV_IMAGE_MAGIC ||
	    image->abi_version != HV_ABI_VERSION) {
		error("the embedded kernel is of another version: build again "
		      "from clean");
		return -EINVAL;
	}
	tables = HV_KERNEL_GPA + image->mem_size;
	reserved_end = tables + table_bytes(config->ram_size);
	vm->nr_banks = banks_layout(config->ram_size, reserved_end, vm->banks);
	if (!vm->nr_banks) {
		error("-m: %lu bytes of RAM are too few or too many",
		      config->ram_size);
		return -EINVAL;
	}
	ret = guestmem_init(&vm->mem, config->ram_size);
	ret = ret ?: vm_bank_online(vm, 0);
	if (ret) {
		error("cannot make %lu MiB of guest RAM: %s (smaller -m?)",
		      config->ram_size >> 20, strerror(-ret));
		return ret;
	}
	memcpy(vm->mem.base + HV_KERNEL_GPA, kernel_cpl0_start,
	       (size_t)(kernel_cpl0_end - kernel_cpl0_start));
	build_gdt(vm);
	build_tss(vm);
	build_idt(vm, image);
	ret = build_tables(vm, image, tables, reserved_end, &root);
	if (ret) {
		error("boot page tables: no room for %lu MiB of RAM",
		      config->ram_size >> 20);
		return ret;
	}
	fill_boot_info(vm, config, root);
	return 0;
}

void boot_set_kind(struct vm *vm, uint64_t probe_ticks, uint64_t tsc_khz)
{
	uint64_t ns = probe_ticks * 1000000 / tsc_khz / HV_PROBE_LOOPS;
	bool interpreted = ns > 60;

	detail("ring 0: %lu ns an iteration of the probe: %s", ns,
	       interpreted ? "interpreted (software KVM)"
			   : "native (hardware KVM)");
	if (interpreted)
		boot_info(vm)->flags |=
			HV_BOOT_ZERO_BY_HOST | HV_BOOT_SYSCALL_FAULTS;
}

/* CR0, CR4, EFER: Intel SDM vol. 3A, sections 2.5 and 2.2.1. */
#define CR0_BITS    0x80050033ull /* PG AM WP NE ET MP PE */
#define CR4_BITS    0x620ull	  /* OSXMMEXCPT OSFXSR PAE */
#define CR4_UMIP    0x800ull
#define CR4_FSGS    0x10000ull
#define CR4_OSXSAVE 0x40000ull
#define CR4_SMEP    0x100000ull
#define CR4_SMAP    0x200000ull
#define EFER_BITS   0xd01ull /* NXE LMA LME SCE */

static uint64_t cr4_features(const struct vm *vm)
{
	uint64_t cr4 = CR4_BITS;

	for (unsigned i = 0; i < vm->cpuid->nent; i++) {
		const struct kvm_cpuid_entry2 *e = &vm->cpuid->entries[i];

		if (e->function == 1 && e->ecx >> 26 & 1)
			cr4 |= CR4_OSXSAVE;
		if (e->function != 7 || e->index != 0)
			continue;
		cr4 |= e->ebx >> 0 & 1 ? CR4_FSGS : 0;
		cr4 |= e->ebx >> 7 & 1 ? CR4_SMEP : 0;
		cr4 |= e->ebx >> 20 & 1 ? CR4_SMAP : 0;
		cr4 |= e->ecx >> 2 & 1 ? CR4_UMIP : 0;
	}
	return cr4;
}

static struct kvm_segment segment(uint16_t selector, uint8_t type, bool code)
{
	return (struct kvm_segment){
		.limit = 0xffffffff,
		.selector = selector,
		.type = type,
		.present = 1,
		.s = 1,
		.l = code,
		.db = !code,
		.g = 1,
	};
}

int boot_set_registers(struct vm *vm, struct vcpu *v)
{
	const struct hv_image *image = (const void *)kernel_cpl0_start;
	struct kvm_segment data = segment(HV_SEL_KERNEL_DS, 3, false);
	struct kvm_regs regs = {
		.rip = image->entry,
		.rdi = direct_va(BOOT_INFO_GPA),
		.rsp = direct_va(v->area_gpa.v +
				 offsetof(struct hv_vcpu_area, regs)),
		.rflags = 2,
	};
	struct kvm_sregs s;

	if (ioctl(v->fd, KVM_GET_SREGS, &s) < 0)
		return -errno;
	s.cs = segment(HV_SEL_KERNEL_CS, 11, true);
	s.ds = s.es = s.fs = s.gs = s.ss = data;
	s.tr = (struct kvm_segment){
		.base = kernel_va(TSS_GPA),
		.limit = TSS_LIMIT,
		.selector = HV_SEL_TSS,
		.type = 11,
		.present = 1,
	};
	s.ldt = (struct kvm_segment){.type = 2, .unusable = 1};
	s.gdt.base = kernel_va(GDT_GPA);
	s.gdt.limit = 10 * 8 - 1;
	s.idt.base = kernel_va(IDT_GPA);
	s.idt.limit = HV_VECTORS * 16 - 1;
	s.cr0 = CR0_BITS;
	s.cr3 = boot_info(vm)->root.v;
	s.cr4 = cr4_features(vm);
	s.efer = EFER_BITS;
	if (ioctl(v->fd, KVM_SET_SREGS, &s) < 0 ||
	    ioctl(v->fd, KVM_SET_REGS, &regs) < 0)
		return -errno;
	return vcpu_set_syscall_msrs(v, image->syscall,
				     direct_va(v->area_gpa.v));
}
