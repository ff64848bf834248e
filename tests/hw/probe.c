/*
 * probe.c: which kind of KVM is this, and how does it behave?
 *
 * probe           measure everything, one line each, "name: value"
 * probe -q        only what tells the kinds apart; takes milliseconds
 * probe ... KIND  fail unless the machine is of this kind: npt, npt-shadow,
 * ept, ept-shadow, software
 *
 * Exit status: 0; 1 not the kind asked for, or not behaving as that kind
 * should; 2 no usable KVM. docs/kvm-kinds.md is written from what this prints.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "probe.h"
#include "probe_vm.h"

PIECE(k_ud_skip)
PIECE(k_pf_fix)
PIECE(k_pf_sysret)
PIECE(k_lstar)
PIECE(k_sysret)
PIECE(k_loop)
PIECE(k_outs)
PIECE(k_stos)
PIECE(k_nops)
PIECE(u_loop)
PIECE(u_uds)
PIECE(u_touch)
PIECE(u_syscall)
PIECE(u_syscalls)
PIECE(u_outs)
PIECE(u_mmio)
PIECE(u_stos)

#define IOPL3	    0x3000u
#define INTERPRETED 20 /* times slower at CPL 0 than at CPL 3 */

/* Seconds for one count of a piece, best of three; negative if it misbehaves.
 */
static double cost(struct probe_vm *vm, const char *piece, uint64_t count)
{
	double best[2] = {1e9, 1e9};

	for (int i = 0; i < 6; i++) {
		uint64_t exits = 0;
		double t;
		int end;

		probe_vm_enter(vm, piece, i & 1 ? count + 1 : 1);
		t = probe_now();
		end = probe_vm_run_counted(vm, &exits);
		t = probe_now() - t;
		if (end != PORT_DONE && end != END_U)
			return -1;
		if (t < best[i & 1])
			best[i & 1] = t;
	}
	return best[1] > best[0] ? (best[1] - best[0]) / (double)count : 0;
}

static void print_cost(const char *name, double seconds)
{
	if (seconds < 0)
		printf("%s: does not come back\n", name);
	else if (seconds < 1e-6)
		printf("%s: %.1f ns\n", name, seconds * 1e9);
	else
		printf("%s: %.1f us\n", name, seconds * 1e6);
}

static bool read_flag(const char *path)
{
	FILE *f = fopen(path, "r");
	int c = f ? getc(f) : 'N';

	if (f)
		fclose(f);
	return c == 'Y' || c == '1';
}

static const char *kind_of(bool interpreted)
{
	if (access("/sys/module/kvm_amd/refcnt", F_OK) == 0)
		return read_flag("/sys/module/kvm_amd/parameters/npt")
			       ? "npt"
			       : "npt-shadow";
	if (access("/sys/module/kvm_intel/refcnt", F_OK) == 0)
		return read_flag("/sys/module/kvm_intel/parameters/ept")
			       ? "ept"
			       : "ept-shadow";
	return interpreted ? "software" : "unknown";
}

/* syscall at CPL 3: true if CPL 0 runs at LSTAR; else says what came. */
static bool measure_syscall(void)
{
	struct probe_vm vm;
	struct kvm_regs r;
	struct kvm_sregs s;
	uint64_t err = 0;
	int end;

	probe_vm_open(&vm);
	probe_vm_set_msr(&vm, MSR_LSTAR, KCODE + (uint64_t)(k_lstar - kcode));
	probe_vm_enter(&vm, u_syscall, 0);
	end = probe_vm_run(&vm);
	probe_ioctl(vm.vcpu, KVM_GET_REGS, &r, "KVM_GET_REGS");
	probe_ioctl(vm.vcpu, KVM_GET_SREGS, &s, "KVM_GET_SREGS");
	if (end == PORT_LSTAR) {
		printf("syscall: arrives at LSTAR, CPL %d\n",
		       s.cs.selector & 3);
	} else if (end == PORT_VEC + VEC_PF) {
		memcpy(&err, vm.ram + r.rsp, sizeof(err));
		printf("syscall: faults: #PF error %#llx, CR2 %s LSTAR, "
		       "RCX %s\n",
		       (unsigned long long)err,
		       s.cr2 == KCODE + (uint64_t)(k_lstar - kcode) ? "="
								    : "is not",
		       r.rcx == UCODE + (uint64_t)(u_syscall - ucode) + 2
			       ? "after it"
			       : "wrong");
	} else {
		printf("syscall: %s\n", probe_how(&vm, end));
	}
	probe_vm_close(&vm);
	return end == PORT_LSTAR;
}

static bool measure_cpl0(void)
{
	struct probe_vm vm;
	double k, u;
	bool interpreted;

	probe_vm_open(&vm);
	k = cost(&vm, k_loop, 3000);
	u = cost(&vm, u_loop, 300000);
	interpreted = k > u * INTERPRETED;
	printf("cpl0: %s: dec and jnz take %.1f ns at CPL 0, %.1f at CPL 3\n",
	       interpreted ? "interpreted" : "native", k * 1e9, u * 1e9);
	probe_vm_close(&vm);
	return interpreted;
}

static void measure_setup(void)
{
	const size_t gib = 1ull << 30;
	struct kvm_userspace_memory_region region = {.slot = 1};
	struct probe_vm vm;
	struct kvm_regs r;
	double t = probe_now();
	void *p;

	probe_vm_open(&vm);
	probe_vm_enter(&vm, k_nops, 0);
	probe_vm_run(&vm);
	print_cost("open to first exit (CPUID known)", probe_now() - t);
	printf("SYNC_REGS: %#x\n",
	       ioctl(vm.kvm, KVM_CHECK_EXTENSION, KVM_CAP_SYNC_REGS));
	t = probe_now();
	for (int i = 0; i < 1000; i++)
		probe_ioctl(vm.vcpu, KVM_GET_REGS, &r, "KVM_GET_REGS");
	print_cost("KVM_GET_REGS", (probe_now() - t) / 1000);
	p = mmap(NULL, gib, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p != MAP_FAILED) {
		region.guest_phys_addr = 0x100000000;
		region.memory_size = gib;
		region.userspace_addr = (uint64_t)p;
		t = probe_now();
		probe_ioctl(vm.vm, KVM_SET_USER_MEMORY_REGION, &region,
			    "KVM_SET_USER_MEMORY_REGION");
		print_cost("memory slot of 1 GiB", probe_now() - t);
	}
	t = probe_now();
	probe_vm_close(&vm);
	print_cost("teardown", probe_now() - t);
	if (p != MAP_FAILED)
		munmap(p, gib);
}

/* OUT at CPL 3, permitted by RFLAGS.IOPL. */
static void measure_iopl3(struct probe_vm *vm)
{
	const uint64_t count = 500;
	struct kvm_regs r;
	uint64_t exits = 0;
	double t;
	int end;

	probe_vm_enter(vm, u_outs, count);
	probe_ioctl(vm->vcpu, KVM_GET_REGS, &r, "KVM_GET_REGS");
	r.rflags |= IOPL3;
	probe_ioctl(vm->vcpu, KVM_SET_REGS, &r, "KVM_SET_REGS");
	t = probe_now();
	end = probe_vm_run_counted(vm, &exits);
	if (end == END_U && exits == 0)
		printf("OUT exit at CPL 3, IOPL 3: #GP\n");
	else
		print_cost("OUT exit at CPL 3, IOPL 3",
			   end == END_U ? (probe_now() - t) / (double)count
					: -1);
}

/* OUT at CPL 3, permitted by the TSS. Without that, #GP ends the piece too. */
static void measure_io_bitmap(struct probe_vm *vm)
{
	uint64_t exits = 0;

	probe_vm_io_bitmap(vm, 1);
	probe_vm_enter(vm, u_outs, 1);
	probe_vm_run_counted(vm, &exits);
	if (exits)
		print_cost("OUT exit at CPL 3, I/O bitmap",
			   cost(vm, u_outs, 500));
	else
		printf("OUT exit at CPL 3, I/O bitmap: #GP\n");
	probe_vm_io_bitmap(vm, 0);
}

/* Touch pages whose entries the guest's #PF handler makes present. */
static double cost_new_page(struct probe_vm *vm)
{
	struct kvm_regs r;
	double t;

	/* First through the aliases: no second-level fault is left. */
	probe_vm_gate(vm, VEC_PF, k_pf_fix);
	probe_vm_enter(vm, u_touch, TOUCH_N);
	probe_ioctl(vm->vcpu, KVM_GET_REGS, &r, "KVM_GET_REGS");
	r.rdi = ALIAS;
	probe_ioctl(vm->vcpu, KVM_SET_REGS, &r, "KVM_SET_REGS");
	if (probe_vm_run(vm) != END_U)
		return -1;
	probe_vm_enter(vm, u_touch, TOUCH_N);
	t = probe_now();
	if (probe_vm_run(vm) != END_U)
		return -1;
	return (probe_now() - t) / TOUCH_N;
}

static void measure_costs(bool interpreted)
{
	struct probe_vm vm;

	probe_vm_open(&vm);
	print_cost("OUT exit at CPL 0", cost(&vm, k_outs, 500));
	measure_iopl3(&vm);
	measure_io_bitmap(&vm);
	print_cost("MMIO exit at CPL 3", cost(&vm, u_mmio, 500));
	print_cost("zero 4 KiB at CPL 0", cost(&vm, k_stos, 20));
	print_cost("zero 4 KiB at CPL 3", cost(&vm, u_stos, 1000));
	probe_vm_gate(&vm, VEC_UD, k_ud_skip);
	print_cost("#UD to CPL 0 and back", cost(&vm, u_uds, 500));
	probe_vm_set_msr(&vm, MSR_LSTAR, KCODE + (uint64_t)(k_sysret - kcode));
	if (interpreted)
		probe_vm_gate(&vm, VEC_PF, k_pf_sysret);
	print_cost("syscall to CPL 0 and back", cost(&vm, u_syscalls, 500));
	print_cost("#PF, entry set, retry", cost_new_page(&vm));
	probe_vm_close(&vm);
}

static void measure_all(bool interpreted)
{
	measure_setup();
	measure_costs(interpreted);
	probe_rules();
}

int main(int argc, char **argv)
{
	bool quick = argc > 1 && strcmp(argv[1], "-q") == 0;
	const char *want = argc > 1 + quick ? argv[1 + quick] : NULL;
	bool interpreted, lstar, soft;
	const char *kind;

	setvbuf(stdout, NULL, _IOLBF, 0);
	interpreted = measure_cpl0();
	kind = kind_of(interpreted);
	printf("kind: %s\n", kind);
	lstar = measure_syscall();
	if (!quick)
		measure_all(interpreted);
	if (want && strcmp(want, kind) != 0) {
		printf("probe: this is %s, not %s\n", kind, want);
		return 1;
	}
	soft = strcmp(kind, "software") == 0;
	if (want && (interpreted != soft || lstar == soft)) {
		printf("probe: does not behave as %s\n", kind);
		return 1;
	}
	return 0;
}
