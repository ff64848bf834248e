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

#include "probe_vm.h"

#define PIECE(name) extern const char name[];
PIECE(k_ud_skip)
PIECE(k_ud_flush)
PIECE(k_pf_fix)
PIECE(k_pf_sysret)
PIECE(k_lstar)
PIECE(k_sysret)
PIECE(k_loop)
PIECE(k_outs)
PIECE(k_stos)
PIECE(k_popcnt)
PIECE(k_lzcnt)
PIECE(k_andn)
PIECE(k_cmpxchg16b)
PIECE(k_rdtscp)
PIECE(k_int3)
PIECE(k_int)
PIECE(k_vmcall)
PIECE(k_nops)
PIECE(u_loop)
PIECE(u_uds)
PIECE(u_touch)
PIECE(u_syscall)
PIECE(u_syscalls)
PIECE(u_outs)
PIECE(u_mmio)
PIECE(u_stos)
PIECE(u_stale)
PIECE(u_sse)
PIECE(u_xgetbv)
PIECE(u_cpuid)
PIECE(u_nops)

#define VEC_DB 1
#define VEC_UD 6
#define VEC_NM 7
#define VEC_GP 13
#define VEC_PF 14
#define END_U  (PORT_VEC + VEC_GP) /* how a CPL 3 piece ends */

#define CR0_TS	    8u
#define IOPL3	    0x3000u
#define INTERPRETED 20 /* times slower at CPL 0 than at CPL 3 */

static const char *how(const struct probe_vm *vm, int end)
{
	static char s[64];

	if (end == PORT_DONE || end == END_U)
		return "works";
	if (end == PROBE_HANG)
		return "hangs";
	if (end >= PORT_VEC && end < PORT_VEC + 32)
		snprintf(s, sizeof(s), "exception %d", end - PORT_VEC);
	else if (end == PROBE_OTHER &&
		 vm->run->exit_reason == KVM_EXIT_INTERNAL_ERROR)
		snprintf(s, sizeof(s), "internal error %u",
			 vm->run->internal.suberror);
	else if (end == PROBE_OTHER)
		snprintf(s, sizeof(s), "exit reason %u", vm->run->exit_reason);
	else
		snprintf(s, sizeof(s), "end %d", end);
	return s;
}

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
		printf("syscall: %s\n", how(&vm, end));
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

static double cost_iopl3(struct probe_vm *vm, uint64_t count)
{
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
	return end == END_U && exits == count
		       ? (probe_now() - t) / (double)count
		       : -1;
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
	print_cost("OUT exit at CPL 3", cost_iopl3(&vm, 500));
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

static void measure_instructions(void)
{
	static const struct {
		const char *name, *piece;
		uint64_t rax; /* result for an operand of 1; 0: not checked */
	} row[] = {
		{"popcnt", k_popcnt, 1}, {"lzcnt", k_lzcnt, 63},
		{"andn", k_andn, 0},	 {"cmpxchg16b", k_cmpxchg16b, 0},
		{"rdtscp", k_rdtscp, 0}, {"int3", k_int3, 0},
		{"int 17", k_int, 0},	 {"vmcall", k_vmcall, 0},
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct probe_vm vm;
		struct kvm_regs r;
		int end;

		probe_vm_open(&vm);
		probe_vm_enter(&vm, row[i].piece, 1);
		end = probe_vm_run(&vm);
		probe_ioctl(vm.vcpu, KVM_GET_REGS, &r, "KVM_GET_REGS");
		printf("%s at CPL 0: %s\n", row[i].name,
		       end == PORT_DONE && row[i].rax && r.rax != row[i].rax
			       ? "WRONG result"
			       : how(&vm, end));
		fflush(stdout);
		probe_vm_close(&vm);
	}
}

/* Does taking rights away hold? By the host, by an entry, then a CR3 load. */
static void measure_stale(void)
{
	struct probe_vm vm;
	struct kvm_regs r;
	int end;

	probe_vm_open(&vm);
	probe_vm_enter(&vm, u_stale, 0);
	end = probe_vm_run(&vm);
	if (end == PORT_VEC + VEC_UD) {
		*probe_vm_pte(&vm, UDATA) &= ~2ull;
		probe_ioctl(vm.vcpu, KVM_GET_REGS, &r, "KVM_GET_REGS");
		r.rip = KCODE + (uint64_t)(k_ud_flush - kcode);
		probe_ioctl(vm.vcpu, KVM_SET_REGS, &r, "KVM_SET_REGS");
		end = probe_vm_run(&vm);
	}
	printf("entry made read-only by the host, CR3 loaded: %s\n",
	       end == PORT_VEC + VEC_PF ? "seen"
	       : end == END_U		? "NOT seen"
					: how(&vm, end));
	probe_vm_close(&vm);
}

static void print_enforced(const char *what, const struct probe_vm *vm, int end,
			   int vector)
{
	printf("%s: %s\n", what,
	       end == PORT_VEC + vector		   ? "enforced"
	       : end == END_U || end == PORT_COUNT ? "NOT enforced"
						   : how(vm, end));
}

static void measure_restraint(void)
{
	struct probe_vm vm;
	struct kvm_sregs s;
	struct kvm_regs r;
	struct kvm_cpuid2 *c;

	probe_vm_open(&vm);
	probe_vm_enter(&vm, u_outs, 1);
	print_enforced("IOPL 0 at CPL 3", &vm, probe_vm_run(&vm), VEC_GP);
	probe_vm_enter(&vm, u_sse, 0);
	probe_ioctl(vm.vcpu, KVM_GET_SREGS, &s, "KVM_GET_SREGS");
	s.cr0 |= CR0_TS;
	probe_ioctl(vm.vcpu, KVM_SET_SREGS, &s, "KVM_SET_SREGS");
	print_enforced("CR0.TS at CPL 3", &vm, probe_vm_run(&vm), VEC_NM);
	probe_vm_close(&vm);

	probe_vm_open(&vm);
	probe_vm_enter(&vm, u_xgetbv, 0);
	print_enforced("CR4.OSXSAVE clear at CPL 3", &vm, probe_vm_run(&vm),
		       VEC_UD);
	probe_vm_close(&vm);

	c = calloc(1, sizeof(*c) + 256 * sizeof(c->entries[0]));
	if (!c)
		exit(2);
	probe_vm_open(&vm);
	c->nent = 256;
	probe_ioctl(vm.kvm, KVM_GET_SUPPORTED_CPUID, c, "SUPPORTED_CPUID");
	for (uint32_t i = 0; i < c->nent; i++) {
		if (c->entries[i].function == 1)
			c->entries[i].ecx = 0;
	}
	probe_vm_close(&vm);
	probe_vm_open(&vm);
	probe_ioctl(vm.vcpu, KVM_SET_CPUID2, c, "KVM_SET_CPUID2");
	probe_vm_enter(&vm, u_cpuid, 0);
	probe_vm_run(&vm);
	probe_ioctl(vm.vcpu, KVM_GET_REGS, &r, "KVM_GET_REGS");
	/* KVM itself sets OSXSAVE and HYPERVISOR in ECX: bits 27 and 31. */
	printf("CPUID mask at CPL 3: %s\n",
	       (r.rcx & 0x77ffffff) ? "NOT enforced" : "enforced");
	probe_vm_close(&vm);
	free(c);
}

/* Single step and a hardware breakpoint, by KVM_SET_GUEST_DEBUG. */
static void measure_debug(const char *name, const char *piece, uint64_t at)
{
	static const struct {
		const char *name;
		uint32_t control;
	} row[] = {
		{"single step", KVM_GUESTDBG_SINGLESTEP},
		{"hardware breakpoint", KVM_GUESTDBG_USE_HW_BP},
	};

	for (int i = 0; i < 2; i++) {
		struct kvm_guest_debug d = {.control = KVM_GUESTDBG_ENABLE |
						       row[i].control};
		struct probe_vm vm;
		int end;

		probe_vm_open(&vm);
		probe_vm_enter(&vm, piece, 0);
		d.arch.debugreg[0] = at + 4;
		d.arch.debugreg[7] = 0x402; /* address 0, execute, enabled */
		probe_ioctl(vm.vcpu, KVM_SET_GUEST_DEBUG, &d,
			    "KVM_SET_GUEST_DEBUG");
		end = probe_vm_run(&vm);
		printf("%s at %s: %s\n", row[i].name, name,
		       end == PROBE_DEBUG		  ? "debug exit"
		       : end == PORT_DONE || end == END_U ? "never fires"
							  : how(&vm, end));
		probe_vm_close(&vm);
	}
}

static void measure_all(bool interpreted)
{
	measure_setup();
	measure_costs(interpreted);
	measure_stale();
	measure_restraint();
	measure_debug("CPL 0", k_nops, KCODE + (uint64_t)(k_nops - kcode));
	measure_debug("CPL 3", u_nops, UCODE + (uint64_t)(u_nops - ucode));
	measure_instructions();
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
