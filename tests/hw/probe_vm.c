/*
 * probe_vm.c: making, entering and leaving the probe's VM. See probe_vm.h.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "probe_vm.h"

/* Selectors, in the order that STAR asks for. */
#define SEL_KCS 0x08
#define SEL_KDS 0x10
#define SEL_UDS 0x1b
#define SEL_UCS 0x23
#define SEL_TSS 0x28

#define TSS_LIMIT 0x8full /* room for the bits of 256 ports */

#define PTE_P 1u
#define PTE_W 2u
#define PTE_U 4u

#define CPUID_ENTRIES 256

int probe_ioctl(int fd, unsigned long request, void *arg, const char *what)
{
	int r = ioctl(fd, request, arg);

	if (r < 0) {
		printf("probe: %s: %s\n", what, strerror(errno));
		exit(2);
	}
	return r;
}

double probe_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

uint64_t *probe_vm_pte(struct probe_vm *vm, uint64_t va)
{
	return (uint64_t *)(vm->ram + PTAB) + (va >> 12);
}

static void put64(struct probe_vm *vm, uint64_t gpa, uint64_t value)
{
	memcpy(vm->ram + gpa, &value, sizeof(value));
}

static void build_page_tables(struct probe_vm *vm)
{
	const uint64_t all = PTE_P | PTE_W | PTE_U;

	put64(vm, PML4, PDPT | all);
	put64(vm, PDPT, PDIR | all);
	put64(vm, PDIR, PTAB | all);
	put64(vm, PDIR + 8, (PTAB + 0x1000) | all);
	for (uint64_t va = 0; va < RAM_SIZE; va += 0x1000) {
		uint64_t flags = PTE_P | PTE_W;

		if (va >= TOUCH)
			flags = 0;
		else if (va >= UCODE || va == USTACK - 0x1000)
			flags = all;
		*probe_vm_pte(vm, va) =
			(va < ALIAS ? va : va - (ALIAS - TOUCH)) | flags;
	}
	*probe_vm_pte(vm, MMIO_VA) = MMIO_GPA | all;
}

void probe_vm_gate(struct probe_vm *vm, int vector, const char *piece)
{
	uint64_t to = KCODE + (uint64_t)(piece - kcode);

	/* Trap gate, DPL 3 (int3 and int come from CPL 3 too). */
	put64(vm, IDT + (uint64_t)vector * 16,
	      (to & 0xffff) | SEL_KCS << 16 | 0xef0000000000ull |
		      (to & 0xffff0000) << 32);
	put64(vm, IDT + (uint64_t)vector * 16 + 8, to >> 32);
}

void probe_vm_io_bitmap(struct probe_vm *vm, int on)
{
	/* The bitmap's offset; at the limit there is none. All its bits are 0.
	 */
	put64(vm, TSS + 0x60, (on ? 0x68ull : TSS_LIMIT + 1) << 48);
}

static void build_descriptors(struct probe_vm *vm)
{
	put64(vm, GDT + SEL_KCS, 0x00af9b000000ffff);
	put64(vm, GDT + SEL_KDS, 0x00cf93000000ffff);
	put64(vm, GDT + (SEL_UDS & ~3u), 0x00cff3000000ffff);
	put64(vm, GDT + (SEL_UCS & ~3u), 0x00affb000000ffff);
	put64(vm, GDT + SEL_TSS,
	      0x00008b0000000000 | TSS_LIMIT | (uint64_t)TSS << 16);
	put64(vm, GDT + SEL_TSS + 8, 0);
	put64(vm, TSS + 4, KSTACK); /* RSP0 */
	probe_vm_io_bitmap(vm, 0);
	for (int i = 0; i < 32; i++)
		probe_vm_gate(vm, i, kcode + i * 16);
}

static struct kvm_segment segment(uint16_t selector, int type)
{
	struct kvm_segment s = {.selector = selector,
				.limit = 0xffffffff,
				.type = (uint8_t)type,
				.present = 1,
				.dpl = selector & 3,
				.s = 1,
				.l = type == 11,
				.db = type != 11,
				.g = 1};
	return s;
}

static void set_sregs(struct probe_vm *vm, int cpl)
{
	struct kvm_sregs s;

	probe_ioctl(vm->vcpu, KVM_GET_SREGS, &s, "KVM_GET_SREGS");
	s.cs = segment(cpl ? SEL_UCS : SEL_KCS, 11);
	s.ds = s.es = s.fs = s.gs = s.ss = segment(cpl ? SEL_UDS : SEL_KDS, 3);
	s.tr = segment(SEL_TSS, 11);
	s.tr.s = s.tr.l = s.tr.g = 0;
	s.tr.base = TSS;
	s.tr.limit = TSS_LIMIT;
	s.gdt.base = GDT;
	s.gdt.limit = SEL_TSS + 15;
	s.idt.base = IDT;
	s.idt.limit = 32 * 16 - 1;
	s.cr3 = PML4;
	s.cr4 = 1u << 5 | 1u << 9 | 1u << 10; /* PAE, OSFXSR, OSXMMEXCPT */
	s.cr0 = 0x80010033;		      /* PG, WP, NE, ET, MP, PE */
	s.efer = 0xd01;			      /* NXE, LMA, LME, SCE */
	probe_ioctl(vm->vcpu, KVM_SET_SREGS, &s, "KVM_SET_SREGS");
}

void probe_vm_set_msr(struct probe_vm *vm, uint32_t msr, uint64_t value)
{
	const struct kvm_msr_entry entry = {.index = msr, .data = value};
	const size_t size = sizeof(struct kvm_msrs) + sizeof(entry);
	struct kvm_msrs *m = calloc(1, size);

	if (!m)
		exit(2);
	m->nmsrs = 1;
	memcpy(m->entries, &entry, sizeof(entry));
	if (probe_ioctl(vm->vcpu, KVM_SET_MSRS, m, "KVM_SET_MSRS") != 1) {
		printf("probe: MSR %#x cannot be set\n", msr);
		exit(2);
	}
	free(m);
}

static void set_cpuid(struct probe_vm *vm)
{
	/* Asked once: it costs as much as the rest of the VM. */
	static struct kvm_cpuid2 *cpuid;

	if (!cpuid) {
		cpuid = calloc(1, sizeof(*cpuid) +
					  CPUID_ENTRIES *
						  sizeof(cpuid->entries[0]));
		if (!cpuid)
			exit(2);
		cpuid->nent = CPUID_ENTRIES;
		probe_ioctl(vm->kvm, KVM_GET_SUPPORTED_CPUID, cpuid,
			    "KVM_GET_SUPPORTED_CPUID");
	}
	probe_ioctl(vm->vcpu, KVM_SET_CPUID2, cpuid, "KVM_SET_CPUID2");
}

static void on_alarm(int signal)
{
	(void)signal; /* KVM_RUN ends with EINTR: that is all it is for */
}

void probe_vm_open(struct probe_vm *vm)
{
	struct kvm_userspace_memory_region region = {.memory_size = RAM_SIZE};
	struct sigaction sa = {.sa_handler = on_alarm};

	sigaction(SIGALRM, &sa, NULL);
	vm->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (vm->kvm < 0) {
		printf("probe: /dev/kvm: %s\n", strerror(errno));
		exit(2);
	}
	vm->vm = probe_ioctl(vm->kvm, KVM_CREATE_VM, NULL, "KVM_CREATE_VM");
	vm->ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (vm->ram == MAP_FAILED)
		exit(2);
	region.userspace_addr = (uint64_t)vm->ram;
	probe_ioctl(vm->vm, KVM_SET_USER_MEMORY_REGION, &region,
		    "KVM_SET_USER_MEMORY_REGION");
	vm->vcpu =
		probe_ioctl(vm->vm, KVM_CREATE_VCPU, NULL, "KVM_CREATE_VCPU");
	vm->run_size = probe_ioctl(vm->kvm, KVM_GET_VCPU_MMAP_SIZE, NULL,
				   "KVM_GET_VCPU_MMAP_SIZE");
	vm->run = mmap(NULL, (size_t)vm->run_size, PROT_READ | PROT_WRITE,
		       MAP_SHARED, vm->vcpu, 0);
	if (vm->run == MAP_FAILED)
		exit(2);
	set_cpuid(vm);
	build_page_tables(vm);
	build_descriptors(vm);
	memcpy(vm->ram + KCODE, kcode, (size_t)(kcode_end - kcode));
	memcpy(vm->ram + UCODE, ucode, (size_t)(ucode_end - ucode));
	set_sregs(vm, 0); /* EFER.LME before the syscall MSRs */
	probe_vm_set_msr(vm, MSR_STAR,
			 (uint64_t)SEL_KDS << 48 | (uint64_t)SEL_KCS << 32);
	probe_vm_set_msr(vm, MSR_FMASK, 0);
}

void probe_vm_close(struct probe_vm *vm)
{
	munmap(vm->run, (size_t)vm->run_size);
	close(vm->vcpu);
	close(vm->vm);
	close(vm->kvm);
	munmap(vm->ram, RAM_SIZE);
}

void probe_vm_enter(struct probe_vm *vm, const char *piece, uint64_t count)
{
	struct kvm_regs r = {.rbx = count, .rdi = TOUCH, .rflags = 0x202};
	int user = piece >= ucode && piece < ucode_end;

	r.rip = user ? UCODE + (uint64_t)(piece - ucode)
		     : KCODE + (uint64_t)(piece - kcode);
	r.rsp = user ? USTACK : KSTACK;
	set_sregs(vm, user ? 3 : 0);
	probe_ioctl(vm->vcpu, KVM_SET_REGS, &r, "KVM_SET_REGS");
}

static int classify(const struct kvm_run *run)
{
	switch (run->exit_reason) {
	case KVM_EXIT_IO:
		return run->io.port;
	case KVM_EXIT_MMIO:
		return PROBE_MMIO;
	case KVM_EXIT_DEBUG:
		return PROBE_DEBUG;
	default:
		return PROBE_OTHER;
	}
}

int probe_vm_run_counted(struct probe_vm *vm, uint64_t *exits)
{
	/* Repeated, so that a signal just before KVM_RUN is no lost one. */
	struct itimerval in = {{0, 100000}, {2, 0}}, off = {{0, 0}, {0, 0}};
	int r;

	setitimer(ITIMER_REAL, &in, NULL);
	do {
		if (ioctl(vm->vcpu, KVM_RUN, NULL) < 0)
			r = errno == EINTR ? PROBE_HANG : PROBE_OTHER;
		else
			r = classify(vm->run);
		if (exits && (r == PORT_COUNT || r == PROBE_MMIO))
			(*exits)++;
	} while (exits && (r == PORT_COUNT || r == PROBE_MMIO));
	setitimer(ITIMER_REAL, &off, NULL);
	return r;
}

int probe_vm_run(struct probe_vm *vm)
{
	return probe_vm_run_counted(vm, NULL);
}
