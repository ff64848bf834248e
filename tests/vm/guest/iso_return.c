/*
 * iso_return.c: ways back to user mode that a program can forge, and traps
 * with a stack pointer that is none. One line each, to compare with native.
 *
 *	iso_return frames      signal frames with forged registers
 *	iso_return edges       system calls and faults with strange rsp and rip
 *	iso_return die HOW     the same with no stack for the signal: HOW is the
 *	                       stack pointer in hex, and "ud2" or "read"
 */
#include "probe.h"

PROBE(forge, "forge", "	ud2");
PROBE(landing, "landing",
      "	pushfq; pop %rax; mov %cs, %ecx; mov %ss, %edx; shl $32, %rcx;"
      "shl $48, %rdx; or %rcx, %rax; or %rdx, %rax");
extern const struct probe_code __start_probes_forge[];
extern const struct probe_code __start_probes_landing[];

struct forged {
	const char *name;
	int reg;
	uint64_t value;
};

#define CS(v)	 ((uint64_t)(v) | 0x2bull << 48)
#define SS(v)	 (0x33ull | (uint64_t)(v) << 48)
#define FLAGS(v) ((v) | 0x202)
static const struct forged frames[] = {
	{"rip kernel", REG_RIP, 0xffffffff80101000},
	{"rip direct map", REG_RIP, 0xffff888000000000},
	{"rip end of user space", REG_RIP, 0x7ffffffff000},
	{"rip last canonical", REG_RIP, 0x7fffffffffff},
	{"rip not canonical", REG_RIP, 0x800000000000},
	{"rip not canonical, high", REG_RIP, 0xffff7fffffffffff},
	{"rip far from canonical", REG_RIP, 0x8000000000000000},
	{"rip last", REG_RIP, 0xffffffffffffffff},
	{"rip 0", REG_RIP, 0},
	{"cs 0x10", REG_CSGSFS, CS(0x10)},
	{"cs 0", REG_CSGSFS, CS(0)},
	{"cs 0x2b", REG_CSGSFS, CS(0x2b)},
	{"cs 0xffff", REG_CSGSFS, CS(0xffff)},
	{"ss 0x18", REG_CSGSFS, SS(0x18)},
	{"ss 0", REG_CSGSFS, SS(0)},
	{"ss 0x33", REG_CSGSFS, SS(0x33)},
	{"ss 0xffff", REG_CSGSFS, SS(0xffff)},
	{"flags IOPL", REG_EFL, FLAGS(0x3000)},
	{"flags NT", REG_EFL, FLAGS(0x4000)},
	{"flags VM", REG_EFL, FLAGS(0x20000)},
	{"flags VIF, VIP", REG_EFL, FLAGS(0x180000)},
	{"flags ID", REG_EFL, FLAGS(0x200000)},
	{"flags no IF", REG_EFL, 2},
	{"flags DF", REG_EFL, FLAGS(0x400)},
	{"flags TF", REG_EFL, FLAGS(0x100)},
	{"flags RF", REG_EFL, FLAGS(0x10000)},
	{"flags reserved", REG_EFL, 0xffffffffffc08028 | 0x202},
	{"rsp 0", REG_RSP, 0},
	{"rsp kernel", REG_RSP, 0xffffffff80009400},
	{"rsp not canonical", REG_RSP, 0x800000000000},
};

static const struct forged *current;

static int forge_hook(int sig, ucontext_t *uc)
{
	greg_t *g = uc->uc_mcontext.gregs;

	if (!current || sig != SIGILL)
		return 0;
	g[REG_RIP] = (greg_t)__start_probes_landing->code;
	if (current->reg == REG_CSGSFS)
		g[REG_CSGSFS] &= 0x0000ffffffff0000;
	g[current->reg] = current->reg == REG_CSGSFS
				  ? g[REG_CSGSFS] | (greg_t)current->value
				  : (greg_t)current->value;
	current = NULL;
	return 1;
}

static void print(const char *name, struct probe_result r)
{
	if (!r.sig) {
		printf("%s: none, flags %#lx cs %#lx ss %#lx\n", name,
		       r.rax & 0xffffffff, r.rax >> 32 & 0xffff, r.rax >> 48);
		return;
	}
	if (r.trapno == 1)
		r.addr -= (uint64_t)__start_probes_landing->code;
	probe_print(name, &r);
}

static void forge_frames(void)
{
	struct probe_regs regs = probe_plain();

	probe_hook = forge_hook;
	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
		current = &frames[i];
		print(frames[i].name, probe(__start_probes_forge->code, &regs));
	}
	probe_hook = NULL;
}

/* The stack pointer is in rbx. */
#define EDGE(name, text) PROBE(edges, name, text)
EDGE("syscall", "	mov %rbx, %rsp; mov $39, %eax; syscall; xor %eax, "
		"%eax");
EDGE("syscall served here", "	mov %rbx, %rsp; mov $12, %eax; xor %edi, %edi; "
			    "syscall; xor %eax, %eax");
EDGE("forged rcx and r11",
     "	mov %rsp, %rcx; mov %rbx, %rcx; mov %rbx, %r11; mov $39, %eax; syscall;"
     "xor %eax, %eax");
EDGE("fault", "	mov %rbx, %rsp; mov 0x10, %al");
EDGE("ud2", "	mov %rbx, %rsp; ud2");
EDGE("int3", "	mov %rbx, %rsp; int3");
EDGE("hlt", "	mov %rbx, %rsp; hlt");
EDGE("push", "	mov %rbx, %rsp; push %rax");
EDGE("call", "	mov %rbx, %rsp; call probe_back");
EDGE("sigreturn", "	mov %rbx, %rsp; mov $15, %eax; syscall");
extern const struct probe_code __start_probes_edges[], __stop_probes_edges[];

static const uint64_t strange[] = {
	0,
	1,
	8,
	0x7ffffffff000,
	0x7fffffffffff,
	0x800000000000,
	0x8000000000000000,
	0xffff7fffffffffff,
	0xffff888000000000,
	0xffffffff80009400,
	0xffffffff80009800,
	0xffffffffffffffff,
};

static void last_page(void)
{
	const uint8_t code[] = {0x0f, 0x05}; /* syscall, and no more */
	uint8_t *page =
		mmap((void *)0x7fffffffe000, PAGE,
		     PROT_READ | PROT_WRITE | PROT_EXEC,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	struct probe_regs regs = probe_plain();
	struct probe_result r;

	if (page == MAP_FAILED) {
		printf("last page: cannot be mapped\n");
		return;
	}
	memcpy(page + PAGE - 2, code, 2);
	regs.rax = 39; /* getpid */
	r = probe(page + PAGE - 2, &regs);
	probe_print("syscall at the end of user space", &r);
	regs.rax = 12; /* brk, served by the guest kernel */
	regs.rdi = 0;
	r = probe(page + PAGE - 2, &regs);
	probe_print("brk at the end of user space", &r);
	page[PAGE - 1] = 0xcc;
	r = probe(page + PAGE - 1, &regs);
	probe_print("int3 at the end of user space", &r);
	page[PAGE - 1] = 0x90;
	r = probe(page + PAGE - 1, &regs);
	probe_print("nop at the end of user space", &r);
}

static void try_edges(void)
{
	for (const struct probe_code *p = __start_probes_edges;
	     p < __stop_probes_edges; p++)
		for (size_t i = 0; i < sizeof(strange) / 8; i++) {
			struct probe_regs regs = probe_plain();
			struct probe_result r;
			char name[64];

			regs.rbx = strange[i];
			r = probe(p->code, &regs);
			if (r.trapno == 6)
				r.addr = 0;
			snprintf(name, sizeof(name), "%s rsp %#lx", p->name,
				 strange[i]);
			probe_print(name, &r);
		}
	last_page();
}

static void die(uint64_t rsp, const char *how)
{
	stack_t none = {.ss_flags = SS_DISABLE};
	struct probe_regs regs = probe_plain();
	const struct probe_code *p = &__start_probes_edges[3];

	sigaltstack(&none, NULL);
	regs.rbx = rsp;
	probe(!strcmp(how, "ud2") ? p[1].code : p->code, &regs);
	puts("not dead");
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	probe_init();
	if (!strcmp(what, "frames"))
		forge_frames();
	else if (argc == 4)
		die(strtoul(argv[2], NULL, 16), argv[3]);
	else
		try_edges();
	puts("still running");
	return 0;
}
