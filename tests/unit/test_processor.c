/*
 * Is a program shown all of the host's processor that a vCPU can be, and no
 * more? The lists are those of machines: one whose KVM supports nearly nothing
 * by name and whose vCPU has it all the same (software KVM), and one whose KVM
 * knows the processor (hardware).
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "processor.h"

#define XCR0 0x2e7ull /* x87 SSE AVX AVX-512 PKRU */

#define CR4_OSXSAVE 0x40000ull
#define CR4_SMAP    0x200000ull

#define BIT(n)	(1u << (n))
#define INDEXED KVM_CPUID_FLAG_SIGNIFCANT_INDEX

static struct kvm_cpuid2 *kvm, *host, *out;

static void setup(void)
{
	kvm = processor_new();
	host = processor_new();
	out = processor_new();
}

static void teardown(void)
{
	free(kvm);
	free(host);
	free(out);
}

TestSuite(processor, .init = setup, .fini = teardown);

static struct kvm_cpuid_entry2 *add(struct kvm_cpuid2 *c, uint32_t function,
				    uint32_t index, uint32_t flags)
{
	struct kvm_cpuid_entry2 *e = &c->entries[c->nent++];

	e->function = function;
	e->index = index;
	e->flags = flags;
	return e;
}

static void component(unsigned i, uint32_t size, uint32_t offset)
{
	struct kvm_cpuid_entry2 *e = add(host, 0xd, i, INDEXED);

	e->eax = size;
	e->ebx = offset;
}

/* A processor with AVX-512, keys, VMX, MONITOR, and a hypervisor under it. */
static void make_host(void)
{
	struct kvm_cpuid_entry2 *e;

	add(host, 0, 0, 0)->eax = 0x16;
	add(host, 1, 0, 0)->ecx = 0xfffa322f; /* with XSAVE, OSXSAVE, AVX */
	e = add(host, 7, 0, INDEXED);
	e->ebx = 0xf1bf27a9; /* FSGSBASE SMEP SMAP AVX2 AVX512* */
	e->ecx = 0x0000005e; /* VBMI UMIP PKU OSPKE VBMI2 */
	add(host, 0x16, 0, 0)->eax = 2000;
	add(host, 0xd, 0, INDEXED)->eax = (uint32_t)XCR0;
	add(host, 0xd, 1, INDEXED)->eax = 0xf;
	component(2, 256, 576);
	component(5, 64, 1088);
	component(6, 512, 1152);
	component(7, 1024, 1664);
	component(9, 8, 2688);
	add(host, 0x80000001, 0, 0)->ecx = BIT(0) | BIT(2) | BIT(5);
	add(host, 0x80000008, 0, 0)->eax = 0x3030;
}

/* What the KVM of nested clouds says that it supports. */
static void make_software(void)
{
	add(kvm, 1, 0, 0)->ecx = 0x81202000;
	add(kvm, 0x80000001, 0, 0)->ecx = BIT(0);
	add(kvm, 0x80000008, 0, 0)->eax = 0x302e;
	add(kvm, 0x40000000, 0, 0)->ebx = 0x4b4d564b;
}

static void make_hardware(void)
{
	struct kvm_cpuid_entry2 *e;

	add(kvm, 1, 0, 0)->ecx = 0xfffa322f;
	e = add(kvm, 7, 0, INDEXED);
	e->ebx = 0xf1bf27a9;
	e->ecx = 0x0040004e; /* RDPID, which the host has not; PKU */
	add(kvm, 0xd, 0, INDEXED)->eax = (uint32_t)XCR0;
	add(kvm, 0xd, 1, INDEXED)->eax = 0xf;
	add(kvm, 0x80000001, 0, 0)->ecx = BIT(0) | BIT(2) | BIT(5);
}

static void merge(uint64_t without)
{
	processor_merge(kvm, host, XCR0, without, out);
}

Test(processor, what_kvm_leaves_out_is_shown_if_no_kvm_has_a_part_in_it)
{
	make_host();
	make_software();
	merge(0);
	/* SSE3 to RDRAND with XSAVE and AVX; no VMX, no MONITOR. */
	cr_assert_eq(processor_find(out, 1, 0)->ecx & 0x7ed83203,
		     0x76d83203 & 0xfffa322f);
	cr_assert_eq(processor_find(out, 0x80000001, 0)->ecx, BIT(0) | BIT(5));
	cr_assert_eq(processor_find(out, 0x16, 0)->eax, 2000);
	cr_assert_eq(processor_xfeatures(out, XCR0), XCR0);
	/* What CR4 switches on is KVM's to offer. */
	cr_assert_eq(processor_find(out, 7, 0)->ebx & (BIT(0) | BIT(20)), 0);
	cr_assert_eq(processor_find(out, 7, 0)->ecx & 0xc, 0);
}

/* KVM_GET_SUPPORTED_CPUID without XSAVE, KVM_GET_CPUID2 with it. */
Test(processor, xsave_is_switched_on_by_what_the_vcpu_has)
{
	make_host();
	make_software();
	cr_assert_eq(processor_xfeatures(kvm, XCR0), 0);
	cr_assert_eq(processor_cr4(kvm, XCR0, 3) & CR4_OSXSAVE, 0);
	cr_assert_eq(processor_xfeatures(host, XCR0), XCR0);
	cr_assert_eq(processor_cr4(host, XCR0, 3) & CR4_OSXSAVE, CR4_OSXSAVE);
}

Test(processor, the_vcpu_may_have_less_than_it_was_to_have)
{
	make_host();
	make_hardware();
	merge(0);
	for (unsigned i = 0; i < out->nent; i++)
		if (out->entries[i].function == 1)
			out->entries[i].ecx &= ~BIT(26);
	cr_assert_eq(processor_xfeatures(out, XCR0), 0);
	cr_assert_eq(processor_cr4(out, XCR0, 0) & CR4_OSXSAVE, 0);
}

Test(processor, nothing_is_switched_on_that_the_host_does_not_use)
{
	make_host();
	cr_assert_eq(processor_xfeatures(host, 7), 7);
	cr_assert_eq(processor_xfeatures(host, 0), 0);
	cr_assert_eq(processor_cr4(host, 0, 0) & CR4_OSXSAVE, 0);
	/* A kernel at CPL 3 has pages of user mode. */
	cr_assert_eq(processor_cr4(host, 0, 0) & CR4_SMAP, CR4_SMAP);
	cr_assert_eq(processor_cr4(host, 0, 3) & CR4_SMAP, 0);
}

Test(processor, what_virtualises_and_what_the_host_lacks_stays_out)
{
	make_host();
	make_hardware();
	merge(0);
	cr_assert_eq(processor_find(out, 1, 0)->ecx & (BIT(3) | BIT(5)), 0);
	cr_assert_eq(processor_find(out, 0x80000001, 0)->ecx & BIT(2), 0);
	cr_assert_eq(processor_find(out, 7, 0)->ecx, 0x4e);
	cr_assert_eq(processor_find(out, 7, 0)->ebx, 0xf1bf27a9);
}

Test(processor, a_hypervisor_says_nothing_of_itself)
{
	make_host();
	make_software();
	merge(0);
	cr_assert_eq(processor_find(out, 0x40000000, 0)->function, 0x40000000);
	cr_assert_eq(processor_find(out, 0x40000000, 0)->ebx, 0);
}

Test(processor, instructions_go_with_the_state_that_they_need)
{
	make_host();
	make_hardware();
	merge(XFEATURE_PKRU | XFEATURE_AVX512);
	cr_assert_eq(processor_xfeatures(out, XCR0), 7);
	cr_assert_eq(processor_find(out, 0xd, 0)->ecx, 832);
	cr_assert_eq(processor_find(out, 0xd, 7)->eax, 0);
	cr_assert_eq(processor_find(out, 7, 0)->ebx, 0x219c27a9 & 0xf1bf27a9);
	cr_assert_eq(processor_find(out, 7, 0)->ecx & 0x4a, 0);
	cr_assert_eq(processor_find(out, 1, 0)->ecx & BIT(28), BIT(28));
	merge(XFEATURE_PKRU | XFEATURE_AVX512 | XFEATURE_AVX);
	cr_assert_eq(processor_find(out, 1, 0)->ecx & BIT(28), 0);
	cr_assert_eq(processor_find(out, 7, 0)->ebx & BIT(5), 0);
}

Test(processor, the_whole_state_has_the_hosts_size)
{
	make_host();
	make_hardware();
	merge(0);
	cr_assert_eq(processor_find(out, 0xd, 0)->ecx, 2696);
	cr_assert_eq(processor_find(out, 0xd, 7)->ebx, 1664);
}

Test(processor, addresses_are_as_wide_as_kvms_and_the_hosts)
{
	make_host();
	make_software();
	merge(0);
	cr_assert_eq(processor_find(out, 0x80000008, 0)->eax, 0x302e);
}

/* This machine, as KVM would pass it on whole: nothing is lost or doubled. */
Test(processor, this_host_is_read_whole)
{
	uint64_t xcr0;

	processor_read_host(kvm, host);
	xcr0 = processor_host_xcr0(host);
	processor_merge(host, host, xcr0, 0, out);
	cr_assert_leq(out->nent, host->nent + 3);
	cr_assert_eq(processor_find(out, 0, 0)->ebx,
		     processor_find(host, 0, 0)->ebx);
	cr_assert_eq(processor_xfeatures(out, xcr0), xcr0 & ~XFEATURE_AMX);
	for (unsigned i = 0; i < out->nent; i++)
		cr_assert_eq(&out->entries[i],
			     processor_find(out, out->entries[i].function,
					    out->entries[i].index),
			     "leaf %#x.%u is there twice",
			     out->entries[i].function, out->entries[i].index);
}
