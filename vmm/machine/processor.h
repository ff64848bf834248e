/*
 * processor.h: the processor that a program is shown, and what follows from it.
 *
 * It is the host's, as far as the vCPU can be that: instructions and facts that
 * no KVM has a part in are as the host's own CPUID says, also where KVM leaves
 * them out of what it supports (docs/kvm-kinds.md); all else is there if both
 * have it. Nothing of this is final before the vCPU was asked what it took
 * (KVM_GET_CPUID2), so what is switched on is decided from that answer.
 *
 * Lists are those of KVM: struct kvm_cpuid2, of up to PROCESSOR_ENTRIES
 * entries.
 */
#ifndef PROCESSOR_H
#define PROCESSOR_H

#include <linux/kvm.h>
#include <stdint.h>

#define PROCESSOR_ENTRIES 256

/* XCR0: Intel SDM vol. 1, 13.1. */
#define XFEATURE_AVX	0x4ull
#define XFEATURE_AVX512 0xe0ull
#define XFEATURE_PKRU	0x200ull
#define XFEATURE_AMX	0x60000ull
#define XFEATURE_APX	0x80000ull

/* An empty list with room for all; freed by free(). NULL: no memory. */
struct kvm_cpuid2 *processor_new(void);

/* The entry; one of zeros if there is none, as the processor answers. */
const struct kvm_cpuid_entry2 *
processor_find(const struct kvm_cpuid2 *c, uint32_t function, uint32_t index);

/*
 * What CPUID says here and now. In a virtual machine that is a trap for each
 * entry, so what KVM is known to pass on unchanged is taken from its list.
 */
void processor_read_host(const struct kvm_cpuid2 *kvm, struct kvm_cpuid2 *host);
/* XCR0 of this host; 0: without XSAVE. */
uint64_t processor_host_xcr0(const struct kvm_cpuid2 *host);

/*
 * The vCPU's list, from what KVM supports and what the host has. xcr0: the
 * host's; `without`: XSAVE components (and their instructions) to leave out.
 */
void processor_merge(const struct kvm_cpuid2 *kvm,
		     const struct kvm_cpuid2 *host, uint64_t xcr0,
		     uint64_t without, struct kvm_cpuid2 *out);

/* ---- Of a vCPU's list, as it was read back ------------------------------ */

/* What XCR0 can be: components of XSAVE that this host uses too. */
uint64_t processor_xfeatures(const struct kvm_cpuid2 *vcpu, uint64_t xcr0);
/*
 * CR4 for a program, with the kernel at this level. CR4.PKE: protection keys
 * are served. A kernel at CPL 3 has pages of user mode, so the program's PKRU
 * would count for it too.
 */
#define CR4_PKE 0x400000ull
uint64_t processor_cr4(const struct kvm_cpuid2 *vcpu, uint64_t xcr0,
		       uint32_t kernel_cpl);

#endif
