/*
 * boot_cpu.c: descriptor tables and the vCPU's registers at the kernel's entry.
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "areas.h"
#include "boot.h"
#include "boot_internal.h"
#include "hv_boot.h"
#include "hv_const.h"
#include "hv_map.h"
#include "hv_vcpu.h"
#include "processor.h"
#include "vcpu.h"
#include "vcpu_internal.h"

#define TSS_LIMIT 103
#define VECTOR_BP 3
#define VECTOR_OF 4
#define VECTOR_DF 8
#define VECTOR_PF 14

/* Where the kernel, the gate and the processor find what is the vCPU's. */
struct places {
	uint64_t area, gate, tss; /* virtual */
};

static struct places places_of(unsigned n)
{
	uint64_t gate = offsetof(struct hv_vcpu_area, gate);

	if (!n)
		return (struct places){direct_va(BOOT_VCPU_AREA),
				       kernel_va(BOOT_VCPU_AREA + gate),
				       kernel_va(TSS_GPA)};
	gate += areas_va(n);
	return (struct places){areas_va(n), gate,
			       gate + offsetof(struct hv_gate_page, tss)};
}

/* RSP0: where a trap from user mode starts to push. */
static uint64_t trap_stack(const struct vm *vm, const struct places *at)
{
	if (vm->kernel_cpl)
		return at->gate + offsetof(struct hv_gate_page, left_stack);
	return at->area + HV_VCPU_AREA_SIZE;
}

/* Descriptors: Intel SDM vol. 3A, figure 3-8; accessed bits set. */
static void build_gdt(struct vm *vm)
{
	uint64_t *gdt = (uint64_t *)(vm->mem.base + GDT_GPA);
	uint64_t tss = kernel_va(TSS_GPA);

	gdt[2] = 0x00af9b000000ffffull; /* HV_SEL_KERNEL_CS */
	gdt[3] = 0x00cf93000000ffffull; /* HV_SEL_KERNEL_DS */
	gdt[4] = 0; /* no 32-bit code: see below, vector_stack */
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
static void build_tss(const struct vm *vm, const struct places *at,
		      uint8_t *tss)
{
	uint16_t iomap = TSS_LIMIT + 1; /* beyond the limit: no ports */

	put_unaligned(tss + 4, trap_stack(vm, at));
	put_unaligned(tss + 36, at->gate + HV_GATE_LEFT_TOP);
	put_unaligned(tss + 44, kernel_va(DF_STACK_GPA + HV_PAGE_SIZE));
	put_unaligned(tss + 52, trap_stack(vm, at));
	memcpy(tss + 102, &iomap, sizeof(iomap));
}

struct idt_entry {
	uint16_t offset_low, selector;
	uint8_t ist, type;
	uint16_t offset_mid;
	uint32_t offset_high, reserved;
};

#define IDT_DPL0 0x8e
#define IDT_DPL3 0xee

static struct idt_entry idt_entry(uint64_t va, uint8_t ist, uint8_t type)
{
	return (struct idt_entry){
		.offset_low = (uint16_t)va,
		.selector = HV_SEL_KERNEL_CS,
		.ist = ist,
		.type = type,
		.offset_mid = (uint16_t)(va >> 16),
		.offset_high = (uint32_t)(va >> 32),
	};
}

/*
 * Interrupt stacks. #PF has one, which is RSP0's: SYSCALL of 32-bit code, where
 * the processor has it, goes to CPL 0 at MSR_CSTAR with the program's stack
 * pointer. There is no segment for such code, MSR_CSTAR is 0, where nothing is
 * ever mapped, and the fault there would be on a stack of our own: a panic.
 */
static uint8_t vector_stack(unsigned vector)
{
	if (vector == VECTOR_DF)
		return 2;
	return vector == VECTOR_PF ? 3 : 0;
}

static void build_idt(struct vm *vm, uint64_t gpa)
{
	struct idt_entry *idt = (void *)(vm->mem.base + gpa);

	for (unsigned i = 0; i < HV_VECTORS; i++) {
		bool user = i == VECTOR_BP || i == VECTOR_OF;

		idt[i] = idt_entry(boot_kernel_image(vm)->vectors[i],
				   vector_stack(i), user ? IDT_DPL3 : IDT_DPL0);
	}
}

/* INT3 is the way out; a program cannot take it: its root has another IDT. */
static void build_kernel_idt(struct vm *vm)
{
	struct idt_entry *idt = (void *)(vm->mem.base + IDT_KERNEL_GPA);

	build_idt(vm, IDT_KERNEL_GPA);
	idt[VECTOR_BP] =
		idt_entry(boot_kernel_image(vm)->gate_leave, 1, IDT_DPL3);
}

/* The ways into a kernel at CPL 3, guest/arch/cpl3/gate.S. */
static void build_gate_page(struct vm *vm, const struct places *at,
			    struct hv_vcpu_area *area)
{
	const struct hv_image *image = boot_kernel_image(vm);
	struct hv_gate_frame into = {
		.cs = HV_SEL_USER_CS,
		.rflags = 0x202,
		.rsp = at->area + HV_VCPU_AREA_SIZE,
		.ss = HV_SEL_USER_DS,
	};

	area->gate.kernel_root = boot_root(vm);
	area->gate.stack = trap_stack(vm, at);
	into.rip = image->gate_fault;
	area->gate.fault = into;
	into.rip = image->gate_exception;
	area->gate.exception = into;
	into.rip = image->resume;
	into.rsp = at->area + offsetof(struct hv_vcpu_area, regs);
	area->gate.resume = into;
}

void boot_build_descriptors(struct vm *vm)
{
	const struct places at = places_of(0);

	build_gdt(vm);
	build_tss(vm, &at, vm->mem.base + TSS_GPA);
	build_idt(vm, IDT_GPA);
	if (!vm->kernel_cpl)
		return;
	build_kernel_idt(vm);
	build_gate_page(vm, &at, (void *)(vm->mem.base + BOOT_VCPU_AREA));
}

uint64_t boot_area_va(unsigned n)
{
	return places_of(n).area;
}

void boot_build_area(struct vm *vm, unsigned n, struct hv_vcpu_area *area)
{
	const struct places at = places_of(n);

	build_tss(vm, &at, area->gate.tss);
	if (vm->kernel_cpl)
		build_gate_page(vm, &at, area);
}

/* CR0, EFER: Intel SDM vol. 3A, sections 2.5 and 2.2.1. */
#define CR0_BITS  0x80050033ull /* PG AM WP NE ET MP PE */
#define EFER_BITS 0xd01ull	/* NXE LMA LME SCE */

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

static void set_segments(struct kvm_sregs *s, uint64_t tss)
{
	s->cs = segment(HV_SEL_KERNEL_CS, 11, true);
	s->ds = segment(HV_SEL_KERNEL_DS, 3, false);
	s->es = s->fs = s->gs = s->ss = s->ds;
	s->ldt = (struct kvm_segment){.type = 2, .unusable = 1};
	s->tr = (struct kvm_segment){
		.base = tss,
		.limit = TSS_LIMIT,
		.selector = HV_SEL_TSS,
		.type = 11,
		.present = 1,
	};
	s->gdt.base = kernel_va(GDT_GPA);
	s->gdt.limit = 10 * 8 - 1;
	s->idt.base = kernel_va(IDT_GPA);
	s->idt.limit = HV_VECTORS * 16 - 1;
}

/* The kernel is told, and the vCPU remembers. */
static void set_pkeys(struct vm *vm, struct vcpu *v, bool pkeys)
{
	v->pkeys = pkeys;
	boot_info(vm)->flags &= ~HV_BOOT_PKEYS;
	if (pkeys)
		boot_info(vm)->flags |= HV_BOOT_PKEYS;
}

int boot_set_registers(struct vm *vm, struct vcpu *v)
{
	const struct hv_image *image = boot_kernel_image(vm);
	const struct places at = places_of(v->number);
	struct kvm_regs regs = {
		.rip = image->entry,
		.rdi = direct_va(BOOT_INFO_GPA),
		.rsp = at.area + offsetof(struct hv_vcpu_area, regs),
		.rflags = 2,
	};
	struct kvm_sregs s;

	if (ioctl(v->fd, KVM_GET_SREGS, &s) < 0)
		return -errno;
	set_segments(&s, at.tss);
	s.cr0 = CR0_BITS;
	s.cr3 = boot_root(vm);
	s.cr4 = processor_cr4(vm->cpuid, vm->xcr0, vm->kernel_cpl);
	s.efer = EFER_BITS;
	set_pkeys(vm, v, s.cr4 & CR4_PKE);
	if (ioctl(v->fd, KVM_SET_SREGS, &s) < 0 ||
	    ioctl(v->fd, KVM_SET_REGS, &regs) < 0)
		return -errno;
	return vcpu_set_syscall_msrs(v, image->syscall,
				     vm->kernel_cpl ? at.gate : at.area);
}
