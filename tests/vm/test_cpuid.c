/*
 * test_cpuid.c: does CPUID tell a program of the same processor as natively?
 * tests/vm/guest/cpuid.c prints it; what may differ is listed here, bit by bit,
 * with the reason. docs/kvm-kinds.md has the same list in words.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"

TestSuite(cpuid, .init = need_kvm);

#define ANY   0xffffffffu
#define LEAF  "*" /* all registers */
#define INDEX 0xffffffffu
#define XCR0  0xffffffffu

static const struct {
	uint32_t leaf, index;
	const char *reg;
	uint32_t bits;
	const char *why;
} may_differ[] = {
	/* What kernels use is there if KVM has it. */
	{1, 0, "ECX", 0x0004cdfc, "monitors, VMX, SMX, debug store, DCA"},
	{1, 0, "ECX", 0x01220000, "PCID, x2APIC, deadline timer"},
	{1, 0, "EDX", 0xe87776ee, "what MSRs and CR4 serve"},
	{5, INDEX, LEAF, ANY, "MONITOR and MWAIT"},
	{6, INDEX, LEAF, ANY, "power management, by MSRs"},
	{7, 0, "EBX", 0x0250d486, "SGX, SMEP, SMAP, RDT, MPX, INVPCID, ..."},
	{7, 0, "ECX", 0xe1812084, "UMIP, CET, LA57, supervisor keys, ..."},
	{7, 0, "EDX", 0xff5cae00, "mitigations, CET, AMX, ..."},
	{7, 1, "EAX", 0x0c6e0000, "FRED, AMX, LAM, ..."},
	{7, 1, "EDX", 0x00240100, "AMX, CET, APX"},
	{7, 2, "EDX", ANY, "mitigations"},
	{7, 2, "EAX", ANY, "the same"},
	{9, INDEX, LEAF, ANY, "direct cache access"},
	{0xa, INDEX, LEAF, ANY, "performance counters"},
	{0xb, INDEX, "EDX", ANY, "which processor it was at the start"},
	{1, 0, "EBX", 0xff000000, "likewise"},
	{0xd, 0, "EAX", 0x00060018, "MPX and AMX"},
	{XCR0, 0, "EAX", 0x00060018, "MPX and AMX"},
	{0xd, 0, "EBX", ANY, "their size"},
	{0xd, 0, "ECX", ANY, "their size"},
	{0xd, 1, "EAX", 0xfffffff8, "XSAVES, XFD"},
	{0xd, 1, "EBX", ANY, "the size of XSS's states"},
	{0xd, 1, "ECX", ANY, "XSS"},
	{0xd, 3, LEAF, ANY, "MPX"},
	{0xd, 4, LEAF, ANY, "MPX"},
	{0xd, 8, LEAF, ANY, "XSS: processor trace"},
	{0xd, 10, LEAF, ANY, "XSS: PASID"},
	{0xd, 11, LEAF, ANY, "XSS: CET"},
	{0xd, 12, LEAF, ANY, "XSS: CET"},
	{0xd, 13, LEAF, ANY, "XSS"},
	{0xd, 14, LEAF, ANY, "XSS"},
	{0xd, 15, LEAF, ANY, "XSS: last branches"},
	{0xd, 16, LEAF, ANY, "XSS"},
	{0xd, 17, LEAF, ANY, "AMX"},
	{0xd, 18, LEAF, ANY, "AMX"},
	{0xf, INDEX, LEAF, ANY, "RDT"},
	{0x10, INDEX, LEAF, ANY, "RDT"},
	{0x12, INDEX, LEAF, ANY, "SGX"},
	{0x14, INDEX, LEAF, ANY, "processor trace"},
	{0x17, INDEX, LEAF, ANY, "vendor of the chip"},
	{0x18, INDEX, LEAF, ANY, "TLBs"},
	{0x19, INDEX, LEAF, ANY, "key locker"},
	{0x1a, INDEX, LEAF, ANY, "kind of the processor it was at the start"},
	{0x1b, INDEX, LEAF, ANY, "PCONFIG"},
	{0x1c, INDEX, LEAF, ANY, "last branches"},
	{0x1d, INDEX, LEAF, ANY, "AMX"},
	{0x1e, INDEX, LEAF, ANY, "AMX"},
	{0x1f, INDEX, "EDX", ANY, "which processor it was at the start"},
	{0x20, INDEX, LEAF, ANY, "HRESET"},
	{0x23, INDEX, LEAF, ANY, "performance counters"},
	{0x80000001, 0, "ECX", 0x3d80b60c, "SVM, IBS, LWP, counters, MWAITX"},
	{0x80000001, 0, "EDX", 0x102f76ee, "as leaf 1"},
	{0x80000007, INDEX, LEAF, ~0x100u, "power management, by MSRs"},
	{0x80000008, 0, "EAX", 0x00ffff00 | 0xff, "KVM's physical addresses"},
	{0x80000008, 0, "EBX", ~0x5u, "RDPRU, mitigations"},
	{0x8000000a, INDEX, LEAF, ANY, "SVM"},
	{0x8000001b, INDEX, LEAF, ANY, "IBS"},
	{0x8000001c, INDEX, LEAF, ANY, "LWP"},
	{0x8000001e, 0, LEAF, ANY, "which processor it was at the start"},
	{0x8000001f, INDEX, LEAF, ANY, "SEV"},
	{0x80000020, INDEX, LEAF, ANY, "RDT"},
	{0x80000021, 0, LEAF, ~0x00100c04u, "for kernels"},
	{0x80000022, INDEX, LEAF, ANY, "performance counters"},
	{0x80000023, INDEX, LEAF, ANY, "memory encryption"},
	{0x80000026, INDEX, "EDX", ANY, "which processor it was at the start"},
};

struct line {
	uint32_t leaf, index, value;
	char reg[4];
};

/* The hypervisor's range: a guest's says nothing of itself. */
static bool is_hypervisor(uint32_t leaf)
{
	return leaf >= 0x40000000 && leaf < 0x50000000;
}

static uint32_t allowed(const struct line *l)
{
	uint32_t bits = is_hypervisor(l->leaf) ? ANY : 0;

	for (size_t i = 0; i < sizeof(may_differ) / sizeof(*may_differ); i++)
		if (may_differ[i].leaf == l->leaf &&
		    (may_differ[i].index == l->index ||
		     may_differ[i].index == INDEX) &&
		    (!strcmp(may_differ[i].reg, l->reg) ||
		     !strcmp(may_differ[i].reg, LEAF)))
			bits |= may_differ[i].bits;
	return bits;
}

/* False: no more lines. */
static bool next_line(const char **text, struct line *l)
{
	const char *end = strchr(*text, '\n');

	if (!end || sscanf(*text, "%" SCNx32 ".%" SCNx32 " %3s %" SCNx32,
			   &l->leaf, &l->index, l->reg, &l->value) != 4)
		return false;
	*text = end + 1;
	return true;
}

/* What another run said in this place; 0 if nothing, as the processor does. */
static uint32_t value_in(const char *text, const struct line *want)
{
	struct line l;

	while (next_line(&text, &l))
		if (l.leaf == want->leaf && l.index == want->index &&
		    !strcmp(l.reg, want->reg))
			return l.value;
	return 0;
}

/* Without keys OSPKE is clear, and their state may be missing. */
static uint32_t key_bits(const struct line *l)
{
	if (l->leaf == 7 && !l->index && !strcmp(l->reg, "ECX"))
		return 0x18;
	if (l->leaf == 0xd && l->index == 9)
		return ANY;
	return (l->leaf == 0xd || l->leaf == XCR0) && !l->index ? 0x200 : 0;
}

static bool has_keys(const char *text)
{
	const struct line keys = {.leaf = 7, .reg = "ECX"};

	return value_in(text, &keys) & 0x10;
}

/* Of the lines of `one`; prints what differs and may not. */
static unsigned compare(const char *one, const char *other)
{
	bool keys = has_keys(one) == has_keys(other);
	unsigned wrong = 0;
	struct line l;

	while (next_line(&one, &l)) {
		uint32_t differ = l.value ^ value_in(other, &l);

		differ &= ~(allowed(&l) | (keys ? 0 : key_bits(&l)));
		if (!differ)
			continue;
		fprintf(stderr, "cpuid %x.%x %s: bits %08x differ\n", l.leaf,
			l.index, l.reg, differ);
		wrong++;
	}
	return wrong;
}

VM_TEST(cpuid, a_program_sees_the_hosts_processor)
{
	const char *program = path_in(image("."), "../vm/guest/cpuid");
	struct run native, r;
	unsigned wrong;

	run_native(&native, NULL, ARGS(program));
	run_vmm(&r, NULL, level, ARGS(program));
	expect_exit(&native, 0);
	expect_exit(&r, 0);
	wrong = compare(native.out, r.out) + compare(r.out, native.out);
	cr_assert_eq(wrong, 0, "%u registers differ", wrong);
	run_free(&native);
	run_free(&r);
}
