/*
 * processor.c: see processor.h. Bits: Intel SDM vol. 2A, CPUID; AMD APM vol. 3,
 * appendix E.
 *
 * A leaf that has no row here is not shown at all: what virtualises, monitors
 * or encrypts (MONITOR/MWAIT, performance counters, RDT, SGX, processor trace,
 * SVM, SEV).
 */
#include "processor.h"

#include <cpuid.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define BIT(n)	   (1u << (n))
#define XSAVE	   0xdu
#define HYPERVISOR 0x40000000u
#define EXTENDED   0x80000000u

enum { EAX, EBX, ECX, EDX };

#define ALL                                                                    \
	{                                                                      \
		~0u, ~0u, ~0u, ~0u                                             \
	}

enum rows {
	ONE,	/* one entry */
	CACHES, /* entries from index 0 until one of type 0, in EAX */
	LEVELS, /* likewise in ECX */
};

static const struct row {
	uint32_t function, index;
	/* The host's bits whatever KVM says: no KVM has a part in them. */
	uint32_t plain[4];
	uint32_t never; /* of ECX */
	enum rows rows;
	bool same; /* KVM's list has it as the host, if it has it */
} rows[] = {
	{.function = 0, .plain = ALL},
	/* ECX: SSE3 PCLMULQDQ SSSE3 FMA CX16 SSE4.1 SSE4.2 MOVBE POPCNT AES
	 * XSAVE AVX F16C RDRAND, HYPERVISOR; never MONITOR VMX SMX.
	 * EDX: FPU TSC CX8 SEP CMOV CLFSH MMX FXSR SSE SSE2 HTT. */
	{.function = 1,
	 .plain = {~0u, ~0u, 0xf6d83203, 0x17888911},
	 .never = BIT(3) | BIT(5) | BIT(6)},
	{.function = 2, .plain = ALL, .same = true},
	{.function = 4, .plain = ALL, .rows = CACHES, .same = true},
	{.function = 6},
	/* EBX: BMI1 AVX2 FDP_EXCPTN_ONLY BMI2 ERMS ZERO_FCS_FDS AVX512F
	 * AVX512DQ RDSEED ADX IFMA CLFLUSHOPT CLWB PF ER CD SHA BW VL.
	 * ECX: PREFETCHWT1 VBMI VBMI2 GFNI VAES VPCLMULQDQ VNNI BITALG
	 * VPOPCNTDQ CLDEMOTE MOVDIRI MOVDIR64B.
	 * EDX: 4VNNIW 4FMAPS FSRM VP2INTERSECT SERIALIZE AVX512_FP16. */
	{.function = 7, .plain = {~0u, 0xfdaf2368, 0x1a005f43, 0x0080411c}},
	/* EAX: SHA512 SM3 SM4 AVX_VNNI BF16 CMPCCXADD FZRM FSRS FSRC AVX_IFMA.
	 * EDX: AVX_VNNI_INT8 AVX_NE_CONVERT AVX_VNNI_INT16 PREFETCHI. */
	{.function = 7, .index = 1, .plain = {0x00801cb7, 0, 0, 0x00004430}},
	{.function = 7, .index = 2},
	{.function = 0xb, .plain = ALL, .rows = LEVELS},
	{.function = 0x15, .plain = ALL},
	{.function = 0x16, .plain = ALL},
	{.function = 0x1a, .plain = ALL},
	{.function = 0x1f, .plain = ALL, .rows = LEVELS},
	{.function = 0x24},
	{.function = EXTENDED, .plain = ALL},
	/* ECX: LAHF CMP_LEGACY LZCNT SSE4A MISALIGNSSE PREFETCHW XOP FMA4 TBM
	 * TOPOEXT; never SVM SKINIT MWAITX.
	 * EDX: FPU TSC CX8 SYSCALL CMOV MMXEXT MMX FXSR FXSR_OPT LM 3DNOW. */
	{.function = EXTENDED + 1,
	 .plain = {~0u, ~0u, 0x006109e3, 0xe3c08911},
	 .never = BIT(2) | BIT(12) | BIT(29)},
	{.function = EXTENDED + 2, .plain = ALL},
	{.function = EXTENDED + 3, .plain = ALL},
	{.function = EXTENDED + 4, .plain = ALL},
	{.function = EXTENDED + 5, .plain = ALL}, /* zero in old KVM's list */
	{.function = EXTENDED + 6, .plain = ALL, .same = true},
	/* Invariant TSC. */
	{.function = EXTENDED + 7, .plain = {0, 0, 0, BIT(8)}},
	/* EAX: address sizes, the physical one below. EBX: CLZERO, XSAVEERPTR.
	 * ECX: cores. */
	{.function = EXTENDED + 8,
	 .plain = {~0xffu, BIT(0) | BIT(2), ~0u, ~0u}},
	{.function = EXTENDED + 0x19, .plain = ALL},
	{.function = EXTENDED + 0x1a, .plain = ALL, .same = true},
	{.function = EXTENDED + 0x1d,
	 .plain = ALL,
	 .rows = CACHES,
	 .same = true},
	{.function = EXTENDED + 0x1e, .plain = ALL},
	/* EAX: LFENCE waits, short REP STOSB and CMPSB, PREFETCHI. */
	{.function = EXTENDED + 0x21,
	 .plain = {BIT(2) | BIT(10) | BIT(11) | BIT(20), 0, 0, 0}},
	{.function = EXTENDED + 0x26, .plain = ALL, .rows = LEVELS},
};

#define NR_ROWS	  (sizeof(rows) / sizeof(rows[0]))
#define INDEX_MAX 16 /* entries of one CACHES or LEVELS leaf */

/* Instructions on registers that an XSAVE component holds. */
static const struct {
	uint32_t function, index, reg, bits;
	uint64_t need;
} on_state[] = {
	/* FMA AVX F16C; AVX2 VAES VPCLMULQDQ; XOP FMA4 */
	{1, 0, ECX, 0x30001000, XFEATURE_AVX},
	{7, 0, EBX, BIT(5), XFEATURE_AVX},
	{7, 0, ECX, BIT(9) | BIT(10), XFEATURE_AVX},
	{7, 1, EAX, 0x00800017, XFEATURE_AVX},
	{7, 1, EDX, 0x00000430, XFEATURE_AVX},
	{EXTENDED + 1, 0, ECX, BIT(11) | BIT(16), XFEATURE_AVX},
	/* AVX512* */
	{7, 0, EBX, 0xdc230000, XFEATURE_AVX512},
	{7, 0, ECX, 0x00005842, XFEATURE_AVX512},
	{7, 0, EDX, 0x0080010c, XFEATURE_AVX512},
	{7, 1, EAX, BIT(5), XFEATURE_AVX512},
	{7, 1, EDX, BIT(19), XFEATURE_AVX512}, /* AVX10 */
	/* Protection keys; APX; AMX. */
	{7, 0, ECX, BIT(3), XFEATURE_PKRU},
	{7, 1, EDX, BIT(21), XFEATURE_APX},
	{7, 0, EDX, BIT(22) | BIT(24) | BIT(25), XFEATURE_AMX},
	{7, 1, EAX, BIT(21), XFEATURE_AMX},
	{7, 1, EDX, BIT(8), XFEATURE_AMX},
};

/* ---- Lists ------------------------------------------------------------- */

struct kvm_cpuid2 *processor_new(void)
{
	return calloc(1, sizeof(struct kvm_cpuid2) +
				 PROCESSOR_ENTRIES *
					 sizeof(struct kvm_cpuid_entry2));
}

const struct kvm_cpuid_entry2 *processor_find(const struct kvm_cpuid2 *c,
					      uint32_t function, uint32_t index)
{
	static const struct kvm_cpuid_entry2 none;

	for (unsigned i = 0; i < c->nent; i++) {
		const struct kvm_cpuid_entry2 *e = &c->entries[i];

		if (e->function == function &&
		    (e->index == index ||
		     !(e->flags & KVM_CPUID_FLAG_SIGNIFCANT_INDEX)))
			return e;
	}
	return &none;
}

static bool is_listed(const struct kvm_cpuid2 *c, uint32_t function)
{
	return processor_find(c, function, 0)->function == function;
}

static bool is_indexed(uint32_t function)
{
	switch (function) {
	case 4:
	case 7:
	case 0xb:
	case XSAVE:
	case 0x1f:
	case 0x24:
	case EXTENDED + 0x1d:
	case EXTENDED + 0x26:
		return true;
	default:
		return false;
	}
}

static uint32_t *reg(struct kvm_cpuid_entry2 *e, unsigned n)
{
	uint32_t *const regs[] = {&e->eax, &e->ebx, &e->ecx, &e->edx};

	return regs[n];
}

/* A new entry of zeros; the last one again if the list is full. */
static struct kvm_cpuid_entry2 *append(struct kvm_cpuid2 *c, uint32_t function,
				       uint32_t index)
{
	struct kvm_cpuid_entry2 *e;

	if (c->nent < PROCESSOR_ENTRIES)
		c->nent++;
	e = &c->entries[c->nent - 1];
	*e = (struct kvm_cpuid_entry2){
		.function = function,
		.index = index,
		.flags = is_indexed(function) ? KVM_CPUID_FLAG_SIGNIFCANT_INDEX
					      : 0,
	};
	return e;
}

/* ---- The host ---------------------------------------------------------- */

static const struct kvm_cpuid_entry2 *ask(struct kvm_cpuid2 *host,
					  uint32_t function, uint32_t index)
{
	struct kvm_cpuid_entry2 *e = append(host, function, index);

	__cpuid_count(function, index, e->eax, e->ebx, e->ecx, e->edx);
	return e;
}

static bool is_last(const struct kvm_cpuid_entry2 *e, enum rows kind)
{
	return kind == ONE ||
	       (kind == CACHES ? !(e->eax & 31) : !(e->ecx >> 8 & 0xff));
}

static void ask_row(struct kvm_cpuid2 *host, const struct row *r)
{
	for (uint32_t i = r->index; i < INDEX_MAX; i++)
		if (is_last(ask(host, r->function, i), r->rows))
			return;
}

static void copy_row(struct kvm_cpuid2 *host, const struct kvm_cpuid2 *kvm,
		     const struct row *r)
{
	for (unsigned i = 0; i < kvm->nent; i++) {
		const struct kvm_cpuid_entry2 *e = &kvm->entries[i];

		if (e->function == r->function)
			*append(host, e->function, e->index) = *e;
	}
}

static void ask_xsave(struct kvm_cpuid2 *host)
{
	const struct kvm_cpuid_entry2 *e = ask(host, XSAVE, 0);
	uint64_t left = e->eax | (uint64_t)e->edx << 32;

	e = ask(host, XSAVE, 1);
	left |= e->ecx | (uint64_t)e->edx << 32;
	for (unsigned i = 2; i < 63; i++)
		if (left >> i & 1)
			ask(host, XSAVE, i);
}

void processor_read_host(const struct kvm_cpuid2 *kvm, struct kvm_cpuid2 *host)
{
	uint32_t basic = __get_cpuid_max(0, NULL);
	uint32_t extended = __get_cpuid_max(EXTENDED, NULL);

	for (unsigned i = 0; i < NR_ROWS; i++) {
		const struct row *r = &rows[i];

		if (r->function > (r->function < EXTENDED ? basic : extended) ||
		    r->index > processor_find(host, r->function, 0)->eax)
			continue;
		if (r->same && is_listed(kvm, r->function))
			copy_row(host, kvm, r);
		else
			ask_row(host, r);
	}
	if (basic >= XSAVE)
		ask_xsave(host);
}

uint64_t processor_host_xcr0(const struct kvm_cpuid2 *host)
{
	uint32_t a, d;

	if (!(processor_find(host, 1, 0)->ecx & bit_OSXSAVE))
		return 0;
	__asm__("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
	return a | (uint64_t)d << 32;
}

/* ---- Both -------------------------------------------------------------- */

static const struct row *find_row(const struct kvm_cpuid_entry2 *e)
{
	for (unsigned i = 0; i < NR_ROWS; i++)
		if (rows[i].function == e->function &&
		    (rows[i].index == e->index || rows[i].rows != ONE))
			return &rows[i];
	return NULL;
}

static void merge_entry(const struct kvm_cpuid2 *kvm,
			const struct kvm_cpuid_entry2 *host,
			const struct row *r, struct kvm_cpuid2 *out)
{
	struct kvm_cpuid_entry2 h = *host;
	struct kvm_cpuid_entry2 k = *processor_find(kvm, h.function, h.index);
	struct kvm_cpuid_entry2 *e = append(out, h.function, h.index);

	for (unsigned i = 0; i < 4; i++)
		*reg(e, i) = *reg(&h, i) & (r->plain[i] | *reg(&k, i));
	e->ecx &= ~r->never;
	/* What KVM's page tables can say of physical addresses. */
	if (h.function == EXTENDED + 8)
		e->eax |= (is_listed(kvm, h.function) ? k.eax : h.eax) & 0xff;
}

static void drop_instructions(struct kvm_cpuid2 *c, uint64_t lost)
{
	for (unsigned i = 0; i < c->nent; i++)
		for (unsigned n = 0; n < sizeof(on_state) / sizeof(*on_state);
		     n++)
			if (c->entries[i].function == on_state[n].function &&
			    c->entries[i].index == on_state[n].index &&
			    on_state[n].need & lost)
				*reg(&c->entries[i], on_state[n].reg) &=
					~on_state[n].bits;
}

/* Bytes of the standard format with these components. */
static uint32_t xsave_size(const struct kvm_cpuid2 *host, uint64_t features)
{
	uint32_t size = 576;

	for (unsigned i = 2; i < 63; i++) {
		const struct kvm_cpuid_entry2 *e =
			processor_find(host, XSAVE, i);

		if (features >> i & 1 && e->eax + e->ebx > size)
			size = e->eax + e->ebx;
	}
	return size;
}

/*
 * Leaf 0xd: the components `x`, and those of XSS that KVM has too. EBX, the
 * size of what is enabled, is KVM's to say.
 */
static void merge_xsave(const struct kvm_cpuid2 *kvm,
			const struct kvm_cpuid2 *host, uint64_t x,
			struct kvm_cpuid2 *out)
{
	const struct kvm_cpuid_entry2 *h = processor_find(host, XSAVE, 1);
	const struct kvm_cpuid_entry2 *k = processor_find(kvm, XSAVE, 1);
	struct kvm_cpuid_entry2 *e = append(out, XSAVE, 0);
	uint64_t left;

	e->eax = (uint32_t)x;
	e->edx = (uint32_t)(x >> 32);
	e->ebx = 576;
	e->ecx = xsave_size(host, x);
	e = append(out, XSAVE, 1);
	e->eax = h->eax & (7 | k->eax); /* XSAVEOPT, XSAVEC, XGETBV1 */
	e->ebx = h->ebx;
	e->ecx = h->ecx & k->ecx;
	e->edx = h->edx & k->edx;
	left = x | e->ecx | (uint64_t)e->edx << 32;
	for (unsigned i = 2; i < 63; i++)
		if (left >> i & 1)
			*append(out, XSAVE, i) =
				*processor_find(host, XSAVE, i);
}

static uint64_t listed_xfeatures(const struct kvm_cpuid2 *c)
{
	const struct kvm_cpuid_entry2 *e = processor_find(c, XSAVE, 0);

	return e->eax | (uint64_t)e->edx << 32;
}

void processor_merge(const struct kvm_cpuid2 *kvm,
		     const struct kvm_cpuid2 *host, uint64_t xcr0,
		     uint64_t without, struct kvm_cpuid2 *out)
{
	uint64_t x = xcr0 & ~(without | XFEATURE_AMX);

	if (is_listed(kvm, XSAVE))
		x &= listed_xfeatures(kvm);
	out->nent = 0;
	append(out, HYPERVISOR, 0); /* which says nothing of itself */
	for (unsigned i = 0; i < host->nent; i++) {
		const struct row *r = find_row(&host->entries[i]);

		if (r)
			merge_entry(kvm, &host->entries[i], r, out);
	}
	if (x)
		merge_xsave(kvm, host, x, out);
	drop_instructions(out, xcr0 & ~x);
}

/* ---- The vCPU ---------------------------------------------------------- */

uint64_t processor_xfeatures(const struct kvm_cpuid2 *vcpu, uint64_t xcr0)
{
	if (!(processor_find(vcpu, 1, 0)->ecx & bit_XSAVE))
		return 0;
	return listed_xfeatures(vcpu) & xcr0 & ~XFEATURE_AMX;
}

/* CR4: Intel SDM vol. 3A, section 2.5. */
#define CR4_BITS    0x620ull /* OSXMMEXCPT OSFXSR PAE */
#define CR4_UMIP    0x800ull
#define CR4_FSGS    0x10000ull
#define CR4_OSXSAVE 0x40000ull
#define CR4_SMEP    0x100000ull
#define CR4_SMAP    0x200000ull

uint64_t processor_cr4(const struct kvm_cpuid2 *vcpu, uint64_t xcr0,
		       uint32_t kernel_cpl)
{
	const struct kvm_cpuid_entry2 *e = processor_find(vcpu, 7, 0);
	uint64_t cr4 = CR4_BITS;

	cr4 |= processor_xfeatures(vcpu, xcr0) ? CR4_OSXSAVE : 0;
	cr4 |= e->ebx & BIT(0) ? CR4_FSGS : 0;
	cr4 |= e->ebx & BIT(7) ? CR4_SMEP : 0;
	cr4 |= e->ecx & BIT(2) ? CR4_UMIP : 0;
	/* The gate writes page tables, which are user pages there. */
	if (kernel_cpl)
		return cr4;
	cr4 |= e->ebx & BIT(20) ? CR4_SMAP : 0;
	if (processor_xfeatures(vcpu, xcr0) & XFEATURE_PKRU)
		cr4 |= e->ecx & BIT(3) ? CR4_PKE : 0;
	return cr4;
}
