/*
 * probe_rules.c: does this KVM keep the architecture's rules? See probe.h.
 *
 * Each question gets a fresh VM, since some leave theirs unusable.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe.h"
#include "probe_vm.h"

PIECE(k_popcnt)
PIECE(k_lzcnt)
PIECE(k_andn)
PIECE(k_cmpxchg16b)
PIECE(k_rdtscp)
PIECE(k_int3)
PIECE(k_int)
PIECE(k_vmcall)
PIECE(k_ud_flush)
PIECE(u_stale)
PIECE(u_sse)
PIECE(u_xgetbv)
PIECE(u_cpuid)
PIECE(k_nops)
PIECE(u_nops)
PIECE(u_outs)

#define CR0_TS 8u

const char *probe_how(const struct probe_vm *vm, int end)
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
			       : probe_how(&vm, end));
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
					: probe_how(&vm, end));
	probe_vm_close(&vm);
}

static void print_enforced(const char *what, const struct probe_vm *vm, int end,
			   int vector)
{
	printf("%s: %s\n", what,
	       end == PORT_VEC + vector		   ? "enforced"
	       : end == END_U || end == PORT_COUNT ? "NOT enforced"
						   : probe_how(vm, end));
}

static void measure_restraint(void)
{
	struct probe_vm vm;
	struct kvm_sregs s;
	struct kvm_regs r;
	struct kvm_cpuid2 *c;

	probe_vm_open(&vm);
	probe_vm_enter(&vm, u_outs, 1);
	print_enforced("IOPL 0 and no I/O bitmap at CPL 3", &vm,
		       probe_vm_run(&vm), VEC_GP);
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
		       end == PROBE_DEBUG ? "debug exit"
		       : end == PORT_DONE || end == END_U
			       ? "never fires"
			       : probe_how(&vm, end));
		probe_vm_close(&vm);
	}
}

void probe_rules(void)
{
	measure_stale();
	measure_restraint();
	measure_debug("CPL 0", k_nops, KCODE + (uint64_t)(k_nops - kcode));
	measure_debug("CPL 3", u_nops, UCODE + (uint64_t)(u_nops - ucode));
	measure_instructions();
}
