/*
 * boot.c: guest RAM, the kernel in it, its page tables and boot information.
 */
#include "boot.h"

#include <cpuid.h>
#include <errno.h>
#include <linux/kvm.h>
#include <string.h>

#include "banks.h"
#include "boot_internal.h"
#include "boot_tables.h"
#include "hv_boot.h"
#include "hv_const.h"
#include "hv_fault.h"
#include "hv_map.h"
#include "hv_vcpu.h"
#include "message.h"
#include "overcommit.h"
#include "processor.h"
#include "thp.h"
#include "zeropage.h"

/* Embedded by vmm/machine/kernel_image.S. */
extern const uint8_t kernel_cpl0_start[], kernel_cpl0_end[];
extern const uint8_t kernel_cpl3_start[], kernel_cpl3_end[];

const struct hv_image *boot_kernel_image(const struct vm *vm)
{
	return (const void *)(vm->kernel_cpl ? kernel_cpl3_start
					     : kernel_cpl0_start);
}

static size_t kernel_image_size(const struct vm *vm)
{
	return (size_t)(vm->kernel_cpl ? kernel_cpl3_end - kernel_cpl3_start
				       : kernel_cpl0_end - kernel_cpl0_start);
}

struct hv_boot *boot_info(struct vm *vm)
{
	return (struct hv_boot *)(vm->mem.base + BOOT_INFO_GPA);
}

struct hv_exec *boot_exec(struct vm *vm)
{
	return &boot_info(vm)->exec;
}

uint64_t boot_root(struct vm *vm)
{
	return boot_info(vm)->root.v;
}

static bool has_gigabyte_pages(const struct vm *vm)
{
	return processor_find(vm->cpuid, 0x80000001, 0)->edx >> 26 & 1;
}

/* Table pages that a RAM of this size can need at most. */
static uint64_t table_bytes(uint64_t ram_size)
{
	uint64_t direct =
		(ram_size >> 30) + 4; /* a table of 2 MiB pages each */
	uint64_t memmap = (ram_size >> 36) + HV_BANKS_MAX;

	return (20 + direct + memmap) * HV_PAGE_SIZE;
}

struct range {
	uint64_t va, gpa, len, bits;
};

static int map_ranges(struct boot_tables *t, hv_gpa_t root,
		      const struct range *ranges, unsigned n)
{
	int ret = 0;

	for (unsigned i = 0; i < n && !ret; i++)
		ret = boot_tables_map(t, root, ranges[i].va, ranges[i].gpa,
				      ranges[i].len, ranges[i].bits);
	return ret;
}

/* What the gate needs in both roots: supervisor pages, at equal addresses,
 * but for the IDT: the kernel's own has the vectors by which it leaves. */
static int map_gate(struct vm *vm, struct boot_tables *t, hv_gpa_t root,
		    uint64_t idt)
{
	uint64_t code = HV_KERNEL_GPA + HV_PAGE_SIZE;
	uint64_t code_len = boot_kernel_image(vm)->gate_end - HV_PAGE_SIZE;
	uint64_t page = BOOT_VCPU_AREA + offsetof(struct hv_vcpu_area, gate);
	const struct range ranges[] = {
		{kernel_va(GDT_GPA), GDT_GPA, HV_PAGE_SIZE, PTE_WRITE | PTE_NX},
		{kernel_va(IDT_GPA), idt, HV_PAGE_SIZE, PTE_NX},
		{kernel_va(DF_STACK_GPA), DF_STACK_GPA, HV_PAGE_SIZE,
		 PTE_WRITE | PTE_NX},
		{kernel_va(page), page, HV_PAGE_SIZE, PTE_WRITE | PTE_NX},
		{kernel_va(code), code, code_len, 0},
	};

	return map_ranges(t, root, ranges, 5);
}

/* The kernel image but for the gate: text, constants, data and bss. */
static int map_kernel(struct vm *vm, struct boot_tables *t, hv_gpa_t root)
{
	const struct hv_image *i = boot_kernel_image(vm);
	uint64_t gpa = HV_KERNEL_GPA, va = kernel_va(gpa);
	uint64_t user = vm->kernel_cpl ? PTE_USER : 0;
	uint64_t text = i->gate_end, rodata = i->text_end;
	uint64_t data = i->rodata_end;
	const struct range ranges[] = {
		{va + text, gpa + text, rodata - text, user},
		{va + rodata, gpa + rodata, data - rodata, user | PTE_NX},
		{va + data, gpa + data, i->mem_size - data,
		 user | PTE_NX | PTE_WRITE},
	};

	return map_ranges(t, root, ranges, 3);
}

/* The direct map and the array of struct pages, of all banks. */
static int map_ram(struct vm *vm, struct boot_tables *t, hv_gpa_t root)
{
	uint64_t bits = PTE_WRITE | PTE_NX | (vm->kernel_cpl ? PTE_USER : 0);

	for (unsigned i = 0; i < vm->nr_banks; i++) {
		const struct hv_bank *b = &vm->banks[i];
		uint64_t first = b->start / HV_PAGE_SIZE;
		const struct range ranges[] = {
			{direct_va(b->start), b->start, b->end - b->start,
			 bits},
			{HV_VA_VMEMMAP + first * HV_STRUCT_PAGE_SIZE, b->memmap,
			 b->free - b->memmap, bits},
		};
		int ret = map_ranges(t, root, ranges, 2);

		if (ret)
			return ret;
	}
	return 0;
}

/* A root of which each address space takes over the last entry. */
static int build_user_root(struct vm *vm, struct boot_tables *t)
{
	hv_gpa_t root = boot_tables_new(t);
	const uint64_t *entries = guestmem_at(&vm->mem, root, HV_PAGE_SIZE);
	int ret = entries ? map_gate(vm, t, root, IDT_GPA) : -ENOSPC;

	if (!ret)
		boot_info(vm)->gate = entries[511];
	vm->gate_root = root;
	return ret;
}

static int build_tables(struct vm *vm, uint64_t start, uint64_t end)
{
	struct boot_tables t = {
		.mem = &vm->mem,
		.next = start,
		.end = end,
		.gigabyte_pages = has_gigabyte_pages(vm),
	};
	hv_gpa_t root = boot_tables_new(&t);
	int ret;

	boot_info(vm)->root = root;
	ret = map_gate(vm, &t, root, vm->kernel_cpl ? IDT_KERNEL_GPA : IDT_GPA);
	if (!ret)
		ret = map_kernel(vm, &t, root);
	if (!ret)
		ret = map_ram(vm, &t, root);
	if (!ret && vm->kernel_cpl)
		ret = build_user_root(vm, &t);
	return ret;
}

_Static_assert(BOOT_INFO_GPA + sizeof(struct hv_boot) <= HV_KERNEL_GPA,
	       "boot information runs into the kernel");

static void place_ring(struct vm *vm, uint64_t gpa)
{
	struct hv_boot *boot = boot_info(vm);

	vm->ring = (void *)(vm->mem.base + gpa);
	boot->ring.v = gpa;
	boot->ring_records = (vm->ring_size - sizeof(struct hv_ring)) /
			     sizeof(struct hv_fault);
}

/* Place one of the two kernels, with its tables, in the first bank. */
static int load_kernel(struct vm *vm)
{
	const struct hv_image *image = boot_kernel_image(vm);
	uint64_t tables = HV_KERNEL_GPA + image->mem_size;
	uint64_t ring = tables + table_bytes(vm->ram_size);
	uint64_t reserved_end = ring + vm->ring_size;

	if (image->magic != HV_IMAGE_MAGIC ||
	    image->abi_version != HV_ABI_VERSION) {
		error("the guest kernel is of another build: make clean all");
		return -EINVAL;
	}
	vm->nr_banks = banks_layout(vm->ram_size, reserved_end, vm->banks);
	if (!vm->nr_banks) {
		error("-m: %lu bytes of RAM are too few or too many",
		      vm->ram_size);
		return -EINVAL;
	}
	memcpy(vm->mem.base + HV_KERNEL_GPA, image, kernel_image_size(vm));
	if (vm->ring_size)
		place_ring(vm, ring);
	if (build_tables(vm, tables, ring)) {
		error("boot page tables: no room for %lu MiB of RAM",
		      vm->ram_size >> 20);
		return -ENOSPC;
	}
	boot_build_descriptors(vm);
	boot_info(vm)->nr_banks = vm->nr_banks;
	memcpy(boot_info(vm)->banks, vm->banks, sizeof(vm->banks));
	return 0;
}

/* Processors that can virtualise make it likely that KVM is hardware's. */
static bool processor_virtualises(void)
{
	unsigned a, b, c, d;

	if (__get_cpuid(1, &a, &b, &c, &d) && c >> 5 & 1) /* VMX */
		return true;
	return __get_cpuid(0x80000001, &a, &b, &c, &d) && c >> 2 & 1; /* SVM */
}

static void set_thp(struct hv_boot *boot, int thp)
{
	boot->thp = (uint32_t)(thp == THP_AS_HOST ? (int)thp_of_host() : thp);
	if (boot->flags & HV_BOOT_ZERO_PAGE && boot->thp != HV_THP_NEVER &&
	    thp_zero_of_host())
		boot->flags |= HV_BOOT_THP_ZERO;
}

static void set_zero_page(struct hv_boot *boot, int zero_page)
{
	if (zero_page == ZEROPAGE_AS_HOST ? zeropage_of_host() : zero_page)
		boot->flags |= HV_BOOT_ZERO_PAGE;
}

/*
 * Limits of ours that could not be raised may leave less than what is usual;
 * a program that lives below them needs no more.
 */
static int reserve_ram(struct vm *vm, const struct boot_config *config)
{
	int ret;

	vm->ram_size = config->ram_size;
	ret = guestmem_init(&vm->mem, vm->ram_size);
	while (ret && !config->ram_fixed && vm->ram_size / 2 >= HV_RAM_MIN) {
		vm->ram_size /= 2;
		ret = guestmem_init(&vm->mem, vm->ram_size);
	}
	if (ret)
		error("cannot reserve %lu MiB of guest RAM: %s (smaller -m, "
		      "larger ulimit -v?)",
		      vm->ram_size >> 20, strerror(-ret));
	else if (vm->ram_size < config->ram_size)
		note("guest RAM is %lu MiB, not %lu: the hard limit of "
		     "address space (ulimit -v) leaves no more",
		     vm->ram_size >> 20, config->ram_size >> 20);
	return ret;
}

int boot_prepare(struct vm *vm, const struct boot_config *config)
{
	struct hv_boot *boot;
	int ret;

	vm->ring_size = config->ring_size;
	vm->choose_cpl = config->kernel_cpl == BOOT_CPL_AUTO;
	vm->kernel_cpl = (uint32_t)config->kernel_cpl;
	if (vm->choose_cpl)
		vm->kernel_cpl = processor_virtualises() ? 0 : 3;
	ret = reserve_ram(vm, config);
	if (ret)
		return ret;
	boot = boot_info(vm);
	boot->magic = HV_BOOT_MAGIC;
	boot->abi_version = HV_ABI_VERSION;
	boot->flags = config->flags;
	boot->fault_around = config->fault_around;
	overcommit_rules(config->overcommit, &boot->commit);
	set_zero_page(boot, config->zero_page);
	set_thp(boot, config->thp);
	ret = load_kernel(vm);
	if (ret)
		return ret;
	ret = vm_bank_online(vm, 0);
	if (ret)
		error("cannot make guest RAM: %s", strerror(-ret));
	return ret;
}

/* The guess was wrong: begin again with the other kernel. */
static int change_level(struct vm *vm, struct vcpu *v, uint32_t cpl)
{
	int ret;

	memset(vm->mem.base + HV_KERNEL_GPA, 0,
	       vm->banks[0].memmap - HV_KERNEL_GPA);
	vm->kernel_cpl = cpl;
	ret = load_kernel(vm);
	return ret ? ret : boot_set_registers(vm, v);
}

/*
 * An iteration of two instructions: 1 ns on hardware, up to 50 in a CPU
 * emulator, 1400 where ring 0 is interpreted (docs/kvm-kinds.md).
 */
#define INTERPRETED_NS 300

int boot_set_kind(struct vm *vm, struct vcpu *v, uint64_t probe_ticks)
{
	uint64_t tsc_khz = vm->tsc_khz ? vm->tsc_khz : 1000000;
	uint64_t ns = probe_ticks * 1000000 / tsc_khz / HV_PROBE_LOOPS;
	bool interpreted = ns > INTERPRETED_NS;
	uint32_t best = interpreted ? 3 : 0;

	if (vm->choose_cpl && vm->kernel_cpl != best) {
		vm->choose_cpl = false;
		return change_level(vm, v, best);
	}
	detail("ring 0: %lu ns an iteration of the probe: %s; kernel at CPL %u",
	       ns,
	       interpreted ? "interpreted (software KVM)"
			   : "native (hardware KVM)",
	       vm->kernel_cpl);
	if (interpreted)
		boot_info(vm)->flags |=
			HV_BOOT_ZERO_BY_HOST | HV_BOOT_SYSCALL_FAULTS;
	return 0;
}
