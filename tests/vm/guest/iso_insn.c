/*
 * iso_insn.c: every instruction that only a kernel may use, and every way to
 * enter one, with forged registers; a line for each with the signal it got.
 *
 *	iso_insn privileged   privileged instructions
 *	iso_insn hypervisor   VMCALL and VMMCALL
 *	iso_insn vectors      INT n for all n
 *	iso_insn gate [SEED]  INT3, SYSCALL and others, with any registers
 *	iso_insn segments     forged selectors; far jumps, returns, IRETQ
 *	iso_insn compat       the same from 32-bit mode
 *	iso_insn fast32       SYSENTER and SYSCALL there: no addresses printed
 */
#include "probe.h"

/* ---- privileged instructions ----------------------------------------------
 */

/* rbx points to 512 bytes of zeros; rcx, rax, rdx as in probe_plain. */
#define INSN(text) PROBE(privileged, text, "	" text)
INSN("hlt");
INSN("cli");
INSN("sti");
INSN("in $0x5e, %al");
INSN("in $0x5e, %eax");
INSN("in $0x5f, %eax");
INSN("out %al, $0x5e");
INSN("out %ax, $0x5e");
INSN("out %eax, $0x5e");
INSN("out %eax, $0x5f");
INSN("mov $0x5e, %edx; in %dx, %eax");
INSN("mov $0x5e, %edx; out %eax, %dx");
INSN("mov $0x5f, %edx; out %eax, %dx");
INSN("mov $0x80, %edx; out %al, %dx");
INSN("mov $0x5e, %edx; mov %rbx, %rsi; outsl");
INSN("mov $0x5e, %edx; mov %rbx, %rdi; insl");
INSN("mov $0x5e, %edx; mov %rbx, %rdi; mov $4, %ecx; rep insb");
INSN("mov %cr0, %rax");
INSN("mov %cr2, %rax");
INSN("mov %cr3, %rax");
INSN("mov %cr4, %rax");
INSN("mov %cr8, %rax");
INSN("mov %rax, %cr0");
INSN("mov %rax, %cr2");
INSN("mov %rax, %cr3");
INSN("mov %rax, %cr4");
INSN("mov %rax, %cr8");
INSN("mov %dr0, %rax");
INSN("mov %dr6, %rax");
INSN("mov %dr7, %rax");
INSN("mov %rax, %dr0");
INSN("mov %rax, %dr6");
INSN("mov %rax, %dr7");
INSN("lgdt (%rbx)");
INSN("lidt (%rbx)");
INSN("lldt %ax");
INSN("ltr %ax");
INSN("lmsw %ax");
INSN("clts");
INSN("invd");
INSN("wbinvd");
INSN("invlpg (%rbx)");
INSN("invlpg 0");
INSN("invpcid (%rbx), %rax");
INSN("mov $0xc0000082, %ecx; rdmsr");
INSN("mov $0xc0000082, %ecx; wrmsr");
INSN("mov $0xc0000102, %ecx; wrmsr");
INSN("mov $0x4b564d00, %ecx; wrmsr");
INSN("swapgs");
INSN("clac");
INSN("stac");
INSN("sysretq");
INSN("sysretl");
INSN("sysexitl");
INSN("xor %ecx, %ecx; xsetbv");
INSN("monitor");
INSN("xor %ecx, %ecx; xor %eax, %eax; mwait");
INSN("rsm");
INSN("vmxoff");
INSN("vmlaunch");
INSN("vmresume");
INSN("vmxon (%rbx)");
INSN("vmptrld (%rbx)");
INSN("vmread %rax, %rcx");
INSN("vmrun");
INSN("vmload");
INSN("vmsave");
INSN("clgi");
INSN("stgi");
INSN("skinit");
INSN("invlpga");
INSN("ud0 %eax, %eax");
INSN("ud1 %eax, %eax");
INSN("ud2");
INSN("int1");
INSN("lar %ax, %ecx");
INSN("verr %ax");
INSN("verw %ax");
INSN(".byte 0xf0, 0x90");
INSN(".byte 0xf0, 0x89, 0x03");
INSN("pushfq; orq $0x100, (%rsp); popfq; nop");
INSN("pushfq; orq $0x3000, (%rsp); popfq; cli");
INSN("pushfq; orq $0x3000, (%rsp); popfq; in $0x5e, %al");
INSN("pushfq; orq $0x4000, (%rsp); popfq; iretq");
INSN("mov %ss, %eax; mov %eax, %ss; int3");
INSN("mov %ss, %eax; mov %eax, %ss; int1");
INSN("mov %ss, %eax; mov %eax, %ss; ud2");
INSN("mov %ss, %eax; pushfq; orq $0x100, (%rsp); popfq; mov %eax, %ss; int3");
INSN("mov %ss, %eax; mov %eax, %ss; mov $39, %eax; syscall");
INSN("mov %ss, %ecx; mov $39, %eax; pushfq; orq $0x100, (%rsp); popfq; "
     "mov %ecx, %ss; syscall; nop");
INSN("xor %eax, %eax; div %eax");
INSN("mov $1, %edx; xor %eax, %eax; mov $1, %ecx; div %ecx");
INSN("movaps 1(%rbx), %xmm0");
INSN("mov $1, %rbp; shl $63, %rbp; mov (%rbp), %al");
INSN("mov $1, %rbp; shl $63, %rbp; mov %rbp, %rsp; push %rax");
INSN("push %rbx; mov $1, %rbx; shl $63, %rbx; prefetcht0 (%rbx)");
INSN("mov $-4096, %rbx; prefetcht0 (%rbx)");
INSN("mov $-4096, %rbx; clflush (%rbx)");

/* To the hypervisor: the machine that runs this natively has one as well. */
PROBE(hypervisor, "vmcall", "	vmcall");
PROBE(hypervisor, "vmmcall", "	vmmcall");

/* ---- forged gate calls ----------------------------------------------------
 */

#define GATE(text) PROBE(gate, text, "	" text)
GATE("int3");
GATE(".byte 0xcd, 3");
GATE("int $4");
GATE("int1");
GATE("ud2");
GATE("out %eax, $0x5e");
GATE("hlt");

/* ---- selectors ------------------------------------------------------------
 */

/* The selector is in rbx. FS stays: it is the C library's. */
#define SEL(name, text) PROBE(segments, name, text)
SEL("mov ss", "	mov %ebx, %ss");
SEL("mov ds", "	mov %ebx, %ds; mov $0x2b, %ebx; mov %ebx, %ds");
SEL("mov es", "	mov %ebx, %es");
SEL("mov gs", "	mov %ebx, %gs");
SEL("pop gs", "	push %rbx; pop %gs");
/* A 16:32 pointer: REX.W would be ignored by AMD, not by Intel. */
SEL("jmp far", "	push %rbx; push %rbx; movl $probe_back, 4(%rsp);"
	       "ljmp *4(%rsp)");
SEL("call far", "	push %rbx; push %rbx; movl $probe_back, 4(%rsp);"
		"lcall *4(%rsp)");
SEL("ret far", "	lea probe_back(%rip), %rcx; push %rbx; push %rcx;"
	       "rex.w lret");
SEL("ret far to the kernel",
    "	mov $0xffffffff80101000, %rcx; push %rbx; push %rcx; rex.w lret");
SEL("iretq cs",
    "	mov %rsp, %rdx; lea probe_back(%rip), %rcx; push $0x2b; push %rdx;"
    "pushfq; push %rbx; push %rcx; iretq");
SEL("iretq ss",
    "	mov %rsp, %rdx; lea probe_back(%rip), %rcx; push %rbx; push %rdx;"
    "pushfq; push $0x33; push %rcx; iretq");
SEL("iretq cs and ss",
    "	mov %rsp, %rdx; lea probe_back(%rip), %rcx; push %rbx; push %rdx;"
    "pushfq; push %rbx; push %rcx; iretq");
SEL("iretq flags iopl nt vm vif",
    "	mov %rsp, %rdx; lea probe_back(%rip), %rcx; push $0x2b; push %rdx;"
    "push $0xa7202; push $0x33; push %rcx; iretq");
SEL("iretq to the kernel",
    "	mov %rsp, %rdx; mov $0xffffffff80101000, %rcx; push $0x2b; push %rdx;"
    "pushfq; push $0x33; push %rcx; iretq");
SEL("iretq to nowhere",
    "	mov %rsp, %rdx; mov $0x800000000000, %rcx; push $0x2b; push %rdx;"
    "pushfq; push $0x33; push %rcx; iretq");
SEL("ret to nowhere", "	mov $0x800000000000, %rcx; push %rcx; ret");
SEL("call the kernel", "	mov $0xffffffff80101000, %rcx; call *%rcx");
SEL("jmp the kernel", "	mov $0xffffffff80101000, %rcx; jmp *%rcx");
SEL("ret to the kernel", "	mov $0xffffffff80101000, %rcx; push %rcx; ret");
SEL("jmp nowhere", "	mov $0x800000000000, %rcx; jmp *%rcx");

/* ---- 32-bit mode ----------------------------------------------------------
 */

/* This program lies below 4 GiB, and its stack here too. */
#define COMPAT(name, text) COMPAT_SET(compat, name, text)
#define COMPAT_SET(set, name, text)                                            \
	PROBE(set, name,                                                       \
	      "	mov $0x2b, %edx; mov %edx, %ds; mov %edx, %es\n"               \
	      "	push $0x23; push $773f; rex.w lret\n"                          \
	      "	.code32\n"                                                     \
	      "773:	" text "\n"                                            \
	      "	ljmp $0x33, $774f\n"                                           \
	      "	.code64\n"                                                     \
	      "774:")
COMPAT("nop", "nop");
COMPAT("ud2", "ud2");
COMPAT("int3", "int3");
COMPAT("into", "mov $0x7fffffff, %eax; inc %eax; into");
COMPAT("int4", "int $4");
COMPAT("hlt", "hlt");
COMPAT("out", "out %eax, $0x5e");
COMPAT("mov cr3", "mov %eax, %cr3");
COMPAT("read the direct map's low word", "mov 0xff000000, %eax");
COMPAT("write at 4 GiB - 4", "mov %eax, 0xfffffffc");
COMPAT("jmp 0x80101000", "mov $0x80101000, %eax; jmp *%eax");
COMPAT("read 0", "mov 0, %eax");
COMPAT("int 0x80", "mov $20, %eax; int $0x80");
COMPAT("int 0x20", "int $0x20");
COMPAT("iret", "pushl $0x2b; pushl %esp; pushf; pushl $0x10; pushl $0; iret");
/* Linux returns from these to where its 32-bit vDSO would be. */
COMPAT_SET(fast32, "sysenter", "mov %esp, %ebp; mov $20, %eax; sysenter");
COMPAT_SET(fast32, "syscall", "mov %esp, %ebp; mov $20, %eax; syscall");
COMPAT("bound", ".byte 0x62, 0x03");
COMPAT("sgdt and back", "sub $16, %esp; sgdt (%esp); add $16, %esp");

/* ---- running them ---------------------------------------------------------
 */

#define EACH(p, set)                                                           \
	for (const struct probe_code *p = __start_probes_##set;                \
	     p < __stop_probes_##set; p++)
extern const struct probe_code __start_probes_privileged[],
	__stop_probes_privileged[];
extern const struct probe_code __start_probes_hypervisor[],
	__stop_probes_hypervisor[];
extern const struct probe_code __start_probes_gate[], __stop_probes_gate[];
extern const struct probe_code __start_probes_segments[],
	__stop_probes_segments[];
extern const struct probe_code __start_probes_compat[], __stop_probes_compat[];
extern const struct probe_code __start_probes_fast32[], __stop_probes_fast32[];

static uint8_t zeros[512] __attribute__((aligned(64)));

/* Whether the signal's instruction is not the program's own. */
static void print(const char *name, const struct probe_result *r)
{
	probe_print(name, r);
	if (r->sig && r->rip >> 47 == 0x1ffff && r->rip != r->addr)
		printf("%s: at %#lx\n", name, r->rip);
}

static struct probe_regs with_zeros(void)
{
	struct probe_regs regs = probe_plain();

	memset(zeros, 0, sizeof(zeros));
	regs.rbx = (uint64_t)zeros;
	return regs;
}

static void privileged(void)
{
	EACH(p, privileged)
	{
		struct probe_regs regs = with_zeros();
		struct probe_result r = probe(p->code, &regs);

		if (r.trapno == 1 || r.trapno == 6)
			r.addr = 0; /* the instruction's: builds differ */
		print(p->name, &r);
	}
	for (size_t i = 0; i < sizeof(zeros); i++)
		if (zeros[i])
			printf("byte %zu was written\n", i);
}

/* CD n, one after the other, in a page of their own. */
static void vectors(void)
{
	uint8_t *code = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const uint64_t back = (uint64_t)probe_back;

	for (unsigned n = 0; n < 256; n++) {
		/* int n; jmp *0(%rip) */
		const uint8_t insn[] = {0xcd, (uint8_t)n, 0xff, 0x25,
					0,    0,	  0,	0};
		struct probe_regs regs = with_zeros();
		struct probe_result r;
		char name[16];

		memcpy(code, insn, sizeof(insn));
		memcpy(code + sizeof(insn), &back, 8);
		regs.rax = 20; /* INT 0x80: getpid */
		r = probe(code, &regs);
		if (r.trapno == 6)
			r.addr = 0;
		snprintf(name, sizeof(name), "int %#x", n);
		print(name, &r);
	}
}

/* A value that a forger would try. */
static uint64_t forged(uint64_t *seed)
{
	static const uint64_t interesting[] = {
		0,
		1,
		9,
		14,
		0xffffffff80101000, /* the gate's first page */
		0xffffffff80009000, /* the gate page */
		0xffffffff80009400, /* RSP0 */
		0xffffffff80009800, /* IST1 */
		0xffff888000010000, /* boot information */
		0xffff888000008000, /* vCPU area */
		0x800000000000,
		0x7ffffffff000,
		0xffffffffffffffff,
		0x8000000000000000,
	};
	uint64_t r = probe_random(seed);

	switch (r >> 62) {
	case 0:
		return interesting[r % (sizeof(interesting) / 8)];
	case 1: /* anywhere in the gate's code */
		return 0xffffffff80101000 + r % 0x400;
	case 2:
		return 0xffffffff80000000 + r % 0x400000;
	}
	return probe_random(seed);
}

static void gate(uint64_t seed)
{
	unsigned n = 0;

	for (unsigned round = 0; round < 100; round++)
		EACH(p, gate)
		{
			struct probe_regs regs;
			struct probe_result r;

			for (size_t i = 0; i < sizeof(regs) / 8; i++)
				((uint64_t *)&regs)[i] = forged(&seed);
			r = probe(p->code, &regs);
			if (r.trapno == 1 || r.trapno == 6)
				r.addr = 0;
			if (round == 0)
				print(p->name, &r);
			n++;
			/* The later rounds' answers as one number. */
			seed ^= (uint64_t)r.sig << 8 ^ (uint64_t)r.code << 16 ^
				r.trapno << 32 ^ r.err << 40 ^ r.addr;
		}
	printf("%u forged calls, answers %#lx\n", n, seed);
}

static void segments(void)
{
	/* 0x23 is 32-bit code: see compat(). */
	static const uint16_t selectors[] = {
		0,    3,    0x8,  0x10, 0x13, 0x18, 0x1b,   0x28,   0x2b,
		0x30, 0x33, 0x38, 0x40, 0x43, 0x48, 0x50,   0x53,   0x7b,
		0x80, 0x04, 0x07, 0x17, 0x3b, 0xf8, 0xfff8, 0xffff,
	};

	EACH(p, segments)
	for (size_t i = 0; i < sizeof(selectors) / 2; i++) {
		struct probe_regs regs = probe_plain();
		struct probe_result r;
		char name[64];

		regs.rbx = selectors[i];
		r = probe(p->code, &regs);
		if (r.trapno == 6)
			r.addr = 0;
		snprintf(name, sizeof(name), "%s %#x", p->name, selectors[i]);
		print(name, &r);
		if (!strstr(p->name, " cs") && !strstr(p->name, " ss") &&
		    !strstr(p->name, "mov ") && !strstr(p->name, "far") &&
		    !strstr(p->name, "pop "))
			break; /* it does not look at rbx */
	}
}

static void compat(void)
{
	EACH(p, compat)
	{
		struct probe_regs regs = with_zeros();
		struct probe_result r = probe(p->code, &regs);

		if (r.trapno == 1 || r.trapno == 6)
			r.addr = 0;
		print(p->name, &r);
	}
}

static void hypervisor(void)
{
	EACH(p, hypervisor)
	{
		struct probe_regs regs = with_zeros();
		struct probe_result r = probe(p->code, &regs);

		printf("%s: %s, rax %ld\n", p->name, probe_signal(r.sig),
		       (long)r.rax);
	}
}

/*
 * Where MSR_CSTAR may point when a KVM keeps only its low half, or has none:
 * code of the program's own, which panics the guest if it runs at CPL 0. A
 * slide of NOPs, then mov $1, %eax (HV_CALL_PANIC); out %eax, $0x5e.
 */
static void map_traps(void)
{
	static const uint8_t code[] = {0xb8, 1, 0, 0, 0, 0xe7, 0x5e};
	static const uint64_t at[] = {0, 0x80100000};
	const size_t len = 16 * PAGE;

	for (size_t i = 0; i < 2; i++) {
		uint8_t *p = mmap(
			(void *)at[i], len, PROT_READ | PROT_WRITE | PROT_EXEC,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

		if (p == MAP_FAILED)
			continue; /* page 0 may be forbidden */
		memset(p, 0x90, len);
		memcpy(p + len - sizeof(code), code, sizeof(code));
	}
}

static void fast32(void)
{
	map_traps();
	EACH(p, fast32)
	{
		struct probe_regs regs = with_zeros();
		struct probe_result r = probe(p->code, &regs);

		printf("%s: %s\n", p->name, probe_signal(r.sig));
	}
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	probe_init();
	if (!strcmp(what, "privileged"))
		privileged();
	else if (!strcmp(what, "hypervisor"))
		hypervisor();
	else if (!strcmp(what, "vectors"))
		vectors();
	else if (!strcmp(what, "gate"))
		gate(argc > 2 ? strtoul(argv[2], NULL, 0) : 1);
	else if (!strcmp(what, "segments"))
		segments();
	else if (!strcmp(what, "compat"))
		compat();
	else
		fast32();
	puts("still running");
	return 0;
}
