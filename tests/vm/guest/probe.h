/*
 * probe.h: run one piece of machine code with chosen registers, and say which
 * signal came of it. For programs that print the same lines natively and under
 * vmm; each includes this once.
 *
 * A piece of code is written as assembly (PROBE) and ends up in probe_back,
 * whether it gets there itself or a signal handler takes it there; so it may do
 * what it likes to registers, stack and segments but for FS, which is the C
 * library's. Output is for comparing: no value that differs between runs.
 */
#ifndef PROBE_H
#define PROBE_H

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ucontext.h>
#include <unistd.h>

#include "page_size.h"

/* As the assembly below loads them. */
struct probe_regs {
	uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp;
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
};

/* What came of it. sig 0: it ran to its end, with this rax. */
struct probe_result {
	int sig, code;
	uint64_t addr, trapno, err, rax, rip;
};

struct probe_code {
	const char *name;
	const void *code;
};

/* One more row of the table `set`, between __start_probes_SET and
 * __stop_probes_SET. */
#define PROBE(set, name, text)                                                 \
	__asm__(".pushsection .text\n"                                         \
		"771:\n" text "\n"                                             \
		"\tjmp probe_back\n"                                           \
		".pushsection probes_" #set ", \"aw\"\n"                       \
		"\t.balign 8\n\t.quad 772f, 771b\n"                            \
		".popsection\n"                                                \
		".pushsection .rodata\n"                                       \
		"772: .asciz \"" name "\"\n"                                   \
		".popsection\n.popsection\n")

void probe_enter(const void *code, const struct probe_regs *regs);
extern const char probe_back[];
extern uint64_t probe_rax;

__asm__(".pushsection .text\n"
	".globl probe_enter, probe_back\n"
	"probe_enter:\n"
	"	push %rbx; push %rbp; push %r12; push %r13; push %r14\n"
	"	push %r15; pushfq\n"
	"	mov %rsp, probe_rsp(%rip)\n"
	"	mov %rdi, probe_target(%rip)\n"
	"	mov 0(%rsi), %rax; mov 8(%rsi), %rbx; mov 16(%rsi), %rcx\n"
	"	mov 24(%rsi), %rdx; mov 40(%rsi), %rdi; mov 48(%rsi), %rbp\n"
	"	mov 56(%rsi), %rsp; mov 64(%rsi), %r8; mov 72(%rsi), %r9\n"
	"	mov 80(%rsi), %r10; mov 88(%rsi), %r11; mov 96(%rsi), %r12\n"
	"	mov 104(%rsi), %r13; mov 112(%rsi), %r14; mov 120(%rsi), %r15\n"
	"	mov 32(%rsi), %rsi\n"
	"	jmp *probe_target(%rip)\n"
	"probe_back:\n"
	"	mov %rax, probe_rax(%rip)\n"
	"	mov probe_rsp(%rip), %rsp\n"
	"	popfq; pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp\n"
	"	pop %rbx\n"
	"	ret\n"
	".popsection\n"
	".pushsection .data\n"
	".globl probe_rax\n"
	".balign 8\n"
	"probe_rax: .quad 0\n"
	"probe_rsp: .quad 0\n"
	"probe_target: .quad 0\n"
	".popsection\n");

static struct probe_result probe_seen;
/* Called first by the handler; true: go on as it has set the context. */
static int (*probe_hook)(int sig, ucontext_t *uc);
/* The probe's own stack. */
static uint8_t probe_stack[4 * PAGE] __attribute__((aligned(4096)));

static void probe_handler(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	greg_t *g = uc->uc_mcontext.gregs;

	if (probe_hook && probe_hook(sig, uc))
		return;
	probe_seen = (struct probe_result){
		.sig = sig,
		.code = info->si_code,
		.addr = (uint64_t)info->si_addr,
		.trapno = (uint64_t)g[REG_TRAPNO],
		.err = (uint64_t)g[REG_ERR],
		.rip = (uint64_t)g[REG_RIP],
	};
	g[REG_RIP] = (greg_t)probe_back;
	g[REG_EFL] = 0x202;
	/* The probe may have been in 32-bit mode, or on a strange stack. */
	g[REG_CSGSFS] = (g[REG_CSGSFS] & 0xffff0000) | 0x33;
	g[REG_CSGSFS] = (greg_t)(((uint64_t)g[REG_CSGSFS] & 0xffffffffffff) |
				 0x2bull << 48);
	g[REG_RSP] = (greg_t)(probe_stack + sizeof(probe_stack) - 256);
}

static inline void probe_init(void)
{
	static const int signals[] = {SIGSEGV, SIGBUS, SIGILL,
				      SIGTRAP, SIGFPE, SIGSYS};
	static uint8_t stack[64 << 10];
	stack_t alternate = {.ss_sp = stack, .ss_size = sizeof(stack)};
	struct sigaction action = {.sa_sigaction = probe_handler,
				   .sa_flags = SA_SIGINFO | SA_ONSTACK |
					       SA_NODEFER};

	setvbuf(stdout, NULL, _IOLBF, 1 << 12);
	if (sigaltstack(&alternate, NULL))
		exit(99);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (sigaction(signals[i], &action, NULL))
			exit(99);
}

/* Small known values; the stack is the probe's own. */
static inline struct probe_regs probe_plain(void)
{
	struct probe_regs r;

	for (size_t i = 0; i < sizeof(r) / 8; i++)
		((uint64_t *)&r)[i] = 0x1111 * (i + 1);
	r.rsp = (uint64_t)probe_stack + sizeof(probe_stack) - 256;
	return r;
}

static inline struct probe_result probe(const void *code,
					const struct probe_regs *regs)
{
	probe_seen = (struct probe_result){0};
	probe_enter(code, regs);
	if (!probe_seen.sig)
		probe_seen.rax = probe_rax;
	return probe_seen;
}

static inline const char *probe_signal(int sig)
{
	const char *name = sig ? sigabbrev_np(sig) : "none";

	return name ? name : "?";
}

/* "name: SEGV code 1 addr 0x... trap 14 err 5", or "name: none". */
static inline void probe_print(const char *name, const struct probe_result *r)
{
	if (!r->sig) {
		printf("%s: none\n", name);
		return;
	}
	printf("%s: %s code %d addr %#lx trap %lu err %#lx\n", name,
	       probe_signal(r->sig), r->code, r->addr, r->trapno, r->err);
}

/* Repeatable random numbers: xorshift64*. */
static inline uint64_t probe_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dull;
}

#endif
