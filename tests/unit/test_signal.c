/*
 * Does a handler find what Linux would give it, and does its return put
 * everything back? The C library's ucontext_t is the judge of the layout.
 *
 *	rsp at the signal
 *	 128	red zone
 *	 XSAVE area, aligned to 64
 *	 siginfo, ucontext
 *	frame -> return address
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ucontext.h>
#include <unistd.h>

#include "hv_call.h"
#include "hv_const.h"
#include "hv_vcpu.h"
#include "serve.h"
#include "sys_fixture.h"
#include "xstate.h"

TestSuite(signal, .init = sys_setup, .fini = sys_teardown);

#define HANDLER	 0x401000ull
#define RESTORER 0x402000ull
#define RESTORE	 0x04000000ull /* SA_RESTORER */
#define UC_OFF	 8
#define INFO_OFF (8 + 304)
#define STACK	 (FAKE_BASE + 0x180000)
#define ALT	 (FAKE_BASE + 0x40000)

struct action {
	uint64_t handler, flags, restorer, mask;
};

static void action(int sig, uint64_t handler, uint64_t flags, uint64_t mask)
{
	const struct action a = {handler, flags | RESTORE, RESTORER, mask};

	fake_put(&cpu, VA0, &a, sizeof(a));
	cr_assert_eq(call(SYS_rt_sigaction, (uint64_t)sig, VA0, 0, 8), 0);
}

static uint64_t set_of(int sig)
{
	return 1ull << (sig - 1);
}

static uint64_t mask_now(void)
{
	cr_assert_eq(call(SYS_rt_sigprocmask, SIG_BLOCK, 0, VA1, 8), 0);
	return *(uint64_t *)fake_at(&cpu, VA1);
}

static void set_mask(uint64_t mask)
{
	fake_put(&cpu, VA1, &mask, 8);
	cr_assert_eq(call(SYS_rt_sigprocmask, SIG_SETMASK, VA1, 0, 8), 0);
}

/* Registers that can be told apart. */
static struct hv_regs sample(void)
{
	uint64_t *r = (uint64_t *)&cpu.regs;

	for (int i = 0; i < 15; i++)
		r[i] = 0x1111111111111111ull * (uint64_t)(i + 1);
	cpu.regs.rip = 0x400123;
	cpu.regs.rsp = STACK + 3;
	cpu.regs.rflags = 0x10ed7; /* RF OF IF TF SF ZF AF PF CF, no DF */
	for (size_t i = 0; i < FAKE_XSAVE; i++)
		cpu.xsave[i] = (uint8_t)(i * 3);
	memset(cpu.xsave + 512, 0, 64);
	cpu.xsave[512] = 7; /* XSTATE_BV: x87, SSE, AVX */
	return cpu.regs;
}

static void fault(int sig, int code, uint64_t addr)
{
	const struct hv_call_signal s = {.addr = addr,
					 .sig = sig,
					 .code = code,
					 .trapno = sig == SIGSEGV ? 14 : 0,
					 .err = sig == SIGSEGV ? 6 : 0};

	serve_signal(&thread, &s);
}

/* The handler returns: `ret` takes the address, the restorer calls. */
static void do_sigreturn(void)
{
	cpu.regs.rsp += 8;
	cpu.regs.rax = SYS_rt_sigreturn;
	serve_syscall(&thread);
}

static struct ucontext_t *uc(void)
{
	return fake_at(&cpu, cpu.regs.rsp + UC_OFF);
}

/* ---- The frame --------------------------------------------------------- */

Test(signal, a_handler_starts_as_the_abi_says)
{
	uint64_t frame;

	action(SIGSEGV, HANDLER, SA_SIGINFO, 0);
	sample();
	fault(SIGSEGV, SEGV_ACCERR, 0xabc000);
	frame = cpu.regs.rsp;
	cr_assert_not(cpu.stopped);
	cr_assert_eq(cpu.regs.rip, HANDLER);
	cr_assert_eq(cpu.regs.rdi, SIGSEGV);
	cr_assert_eq(cpu.regs.rsi, frame + INFO_OFF);
	cr_assert_eq(cpu.regs.rdx, frame + UC_OFF);
	cr_assert_eq(cpu.regs.rax, 0);
	cr_assert_eq(frame % 16, 8);
	cr_assert_eq(*(uint64_t *)fake_at(&cpu, frame), RESTORER);
	cr_assert_eq(cpu.regs.rflags & 0x10500, 0, "RF, DF, TF are clear");
	cr_assert_eq(cpu.regs.rflags & 0x8d5, 0x8d5 & 0x10ed7);
	cr_assert_eq(cpu.regs.cs, HV_SEL_USER_CS);
	cr_assert_eq(cpu.regs.ss, HV_SEL_USER_DS);
}

Test(signal, the_context_holds_every_register_where_libc_looks)
{
	struct hv_regs r;
	const greg_t *g;

	action(SIGSEGV, HANDLER, SA_SIGINFO, 0);
	r = sample();
	fault(SIGSEGV, SEGV_MAPERR, 0xabc000);
	g = uc()->uc_mcontext.gregs;
	cr_assert_eq((uint64_t)g[REG_R8], r.r8);
	cr_assert_eq((uint64_t)g[REG_R9], r.r9);
	cr_assert_eq((uint64_t)g[REG_R10], r.r10);
	cr_assert_eq((uint64_t)g[REG_R11], r.r11);
	cr_assert_eq((uint64_t)g[REG_R12], r.r12);
	cr_assert_eq((uint64_t)g[REG_R13], r.r13);
	cr_assert_eq((uint64_t)g[REG_R14], r.r14);
	cr_assert_eq((uint64_t)g[REG_R15], r.r15);
	cr_assert_eq((uint64_t)g[REG_RDI], r.rdi);
	cr_assert_eq((uint64_t)g[REG_RSI], r.rsi);
	cr_assert_eq((uint64_t)g[REG_RBP], r.rbp);
	cr_assert_eq((uint64_t)g[REG_RBX], r.rbx);
	cr_assert_eq((uint64_t)g[REG_RDX], r.rdx);
	cr_assert_eq((uint64_t)g[REG_RAX], r.rax);
	cr_assert_eq((uint64_t)g[REG_RCX], r.rcx);
	cr_assert_eq((uint64_t)g[REG_RSP], r.rsp);
	cr_assert_eq((uint64_t)g[REG_RIP], r.rip);
	cr_assert_eq((uint64_t)g[REG_EFL], r.rflags);
	cr_assert_eq((uint64_t)g[REG_CSGSFS],
		     HV_SEL_USER_CS | (uint64_t)HV_SEL_USER_DS << 48);
	cr_assert_eq(g[REG_TRAPNO], 14);
	cr_assert_eq(g[REG_ERR], 6);
	cr_assert_eq(g[REG_CR2], 0xabc000);
}

Test(signal, the_info_tells_the_fault)
{
	const siginfo_t *si;

	action(SIGSEGV, HANDLER, SA_SIGINFO, 0);
	fault(SIGSEGV, SEGV_ACCERR, 0xabc123);
	si = fake_at(&cpu, cpu.regs.rsi);
	cr_assert_eq(si->si_signo, SIGSEGV);
	cr_assert_eq(si->si_code, SEGV_ACCERR);
	cr_assert_eq(si->si_errno, 0);
	cr_assert_eq((uint64_t)si->si_addr, 0xabc123);
}

static ucontext_t native_uc;

static uint64_t native_features;
static uint32_t native_size;

static void native_handler(int sig, siginfo_t *si, void *context)
{
	const uint8_t *fx;

	(void)sig;
	(void)si;
	memcpy(&native_uc, context, 304);
	/* struct _fpx_sw_bytes, in the last bytes of the FXSAVE area */
	fx = (const uint8_t *)native_uc.uc_mcontext.fpregs + 464;
	memcpy(&native_features, fx + 8, 8);
	memcpy(&native_size, fx + 16, 4);
}

Test(signal, the_flags_are_those_of_this_host)
{
	const struct sigaction a = {.sa_sigaction = native_handler,
				    .sa_flags = SA_SIGINFO};

	sigaction(SIGUSR2, &a, NULL);
	raise(SIGUSR2);
	action(SIGSEGV, HANDLER, SA_SIGINFO, 0);
	fault(SIGSEGV, SEGV_ACCERR, 0);
	cr_assert_eq(uc()->uc_flags, native_uc.uc_flags);
	cr_assert_null(uc()->uc_link);
	cr_assert_eq(uc()->uc_mcontext.gregs[REG_CSGSFS],
		     native_uc.uc_mcontext.gregs[REG_CSGSFS]);
	cr_assert_eq(uc()->uc_stack.ss_flags, 0, "as execve leaves it");
}

Test(signal, the_red_zone_is_left_alone)
{
	uint8_t *zone = fake_at(&cpu, STACK + 3 - 128);

	action(SIGSEGV, HANDLER, SA_SIGINFO, 0);
	sample();
	memset(zone, 0x5a, 128);
	fault(SIGSEGV, SEGV_ACCERR, 0);
	for (int i = 0; i < 128; i++)
		cr_assert_eq(zone[i], 0x5a);
}

Test(signal, the_fpu_state_is_there_with_its_magic)
{
	uint8_t before[FAKE_XSAVE];
	uint64_t va;
	const uint8_t *p;

	action(SIGSEGV, HANDLER, SA_SIGINFO, 0);
	sample();
	memcpy(before, cpu.xsave, sizeof(before));
	fault(SIGSEGV, SEGV_ACCERR, 0);
	va = (uint64_t)uc()->uc_mcontext.fpregs;
	cr_assert_eq(va % 64, 0);
	cr_assert_leq(va + FAKE_XSAVE + 4, STACK + 3 - 128);
	p = fake_at(&cpu, va);
	cr_assert_eq(memcmp(p, before, 464), 0);
	cr_assert_eq(memcmp(p + 576, before + 576, FAKE_XSAVE - 576), 0);
	cr_assert_eq(*(const uint32_t *)(p + 464), 0x46505853);
	cr_assert_eq(*(const uint32_t *)(p + 468), FAKE_XSAVE + 4);
	cr_assert_eq(*(const uint64_t *)(p + 472), 7);
	cr_assert_eq(*(const uint32_t *)(p + 480), FAKE_XSAVE);
	cr_assert_eq(*(const uint32_t *)(p + FAKE_XSAVE), 0x46505845);
}

Test(signal, the_frame_lies_where_this_host_puts_it)
{
	const struct sigaction a = {.sa_sigaction = native_handler,
				    .sa_flags = SA_SIGINFO};

	sigaction(SIGUSR2, &a, NULL);
	raise(SIGUSR2);
	cr_assert_eq(xstate_size(xstate_features(native_features, 1 << 16)),
		     native_size);
	cr_assert_eq(xstate_features(native_features, 1 << 16),
		     native_features);
	cr_assert_eq(xstate_size(xstate_features(native_features, FAKE_XSAVE)),
		     FAKE_XSAVE);
	cr_assert_eq(xstate_size(0), 576);
}

/* ---- sigreturn --------------------------------------------------------- */

Test(signal, returning_restores_everything)
{
	struct hv_regs before;
	uint8_t fpu[FAKE_XSAVE];

	action(SIGSEGV, HANDLER, SA_SIGINFO, set_of(SIGUSR1));
	set_mask(set_of(SIGHUP));
	before = sample();
	memcpy(fpu, cpu.xsave, sizeof(fpu));
	fault(SIGSEGV, SEGV_ACCERR, 0);
	memset(cpu.xsave, 0xee, sizeof(cpu.xsave));
	cpu.regs.rbx = cpu.regs.r12 = 0;
	do_sigreturn();
	cr_assert_not(cpu.stopped);
	cr_assert_eq(memcmp(&before, &cpu.regs, 15 * 8), 0);
	cr_assert_eq(cpu.regs.rip, before.rip);
	cr_assert_eq(cpu.regs.rsp, before.rsp);
	cr_assert_eq(cpu.regs.rflags, before.rflags);
	cr_assert_eq(memcmp(fpu, cpu.xsave, 464), 0);
	cr_assert_eq(memcmp(fpu + 512, cpu.xsave + 512, FAKE_XSAVE - 512), 0);
	cr_assert_eq(mask_now(), set_of(SIGHUP));
}

/* fcw 0x37f, mxcsr 0x1f80, nothing in use: Linux fpu__clear_user_states. */
Test(signal, a_handler_begins_with_a_clean_fpu)
{
	action(SIGSEGV, HANDLER, SA_SIGINFO, 0);
	sample();
	fault(SIGSEGV, SEGV_ACCERR, 0);
	cr_assert_eq(*(const uint16_t *)cpu.xsave, 0x37f);
	cr_assert_eq(*(const uint32_t *)(cpu.xsave + 24), 0x1f80);
	/* Else MXCSR is not looked at: x87 and SSE are there, AVX not. */
	cr_assert_eq(*(const uint64_t *)(cpu.xsave + 512), 3);
}

Test(signal, a_frame_cannot_raise_privilege)
{
	action(SIGSEGV, HANDLER, SA_SIGINFO, 0);
	sample();
	fault(SIGSEGV, SEGV_ACCERR, 0);
	uc()->uc_mcontext.gregs[REG_CSGSFS] = 0x10 | 0x18ll << 48;
	uc()->uc_mcontext.gregs[REG_EFL] = -1;
	do_sigreturn();
	cr_assert_eq(cpu.regs.cs, HV_SEL_USER_CS);
	cr_assert_eq(cpu.regs.ss, HV_SEL_USER_DS);
	cr_assert_eq(cpu.regs.rflags & 0x3000, 0, "IOPL");
	cr_assert_eq(cpu.regs.rflags & 0x200, 0x200, "IF");
	cr_assert_eq(cpu.regs.rflags & 0x20000, 0, "VM");
	cr_assert_eq(cpu.regs.rflags & 0x4000, 0, "NT");
}

/* The guest kernel looks at rip before it returns there: arch/trap.c. */
Test(signal, a_return_goes_anywhere_with_the_frames_mask)
{
	static const uint64_t rips[] = {0xffffffff80100000, 0x800000000000,
					0x123};

	for (size_t i = 0; i < sizeof(rips) / sizeof(*rips); i++) {
		action(SIGSEGV, HANDLER, SA_SIGINFO, 0);
		set_mask(set_of(SIGHUP));
		sample();
		fault(SIGSEGV, SEGV_ACCERR, 0);
		uc()->uc_mcontext.gregs[REG_RIP] = (long long)rips[i];
		do_sigreturn();
		cr_assert_not(cpu.stopped);
		cr_assert_eq(cpu.regs.rip, rips[i]);
		cr_assert_eq(mask_now(), set_of(SIGHUP));
	}
}

Test(signal, a_frame_that_is_not_there_is_fatal)
{
	cpu.regs.rsp = BAD;
	do_sigreturn();
	cr_assert(cpu.stopped);
	cr_assert_eq(cpu.wait_status, SIGSEGV);
}

Test(signal, fpu_state_that_the_vcpu_refuses_is_fatal)
{
	action(SIGUSR1, HANDLER, SA_SIGINFO, 0);
	call(SYS_kill, (uint64_t)getpid(), SIGUSR1);
	cpu.xsave_fails = true;
	do_sigreturn();
	cr_assert(cpu.stopped);
}

Test(signal, a_frame_with_wild_fpu_sizes_reads_only_the_legacy_part)
{
	uint32_t *sw;

	action(SIGUSR1, HANDLER, SA_SIGINFO, 0);
	sample();
	call(SYS_kill, (uint64_t)getpid(), SIGUSR1);
	sw = (uint32_t *)((uint8_t *)fake_at(
				  &cpu, (uint64_t)uc()->uc_mcontext.fpregs) +
			  464);
	sw[4] = 0xffffffff; /* xstate_size */
	sw[1] = 3;
	do_sigreturn();
	cr_assert_not(cpu.stopped);
	cr_assert_eq(cpu.xsave[512], 3, "AVX is in its initial state");
	cr_assert_eq(cpu.xsave[600], 0);
	cr_assert_eq(cpu.xsave[300], (uint8_t)900);
}

Test(signal, a_frame_without_fpu_state_means_the_initial_one)
{
	action(SIGUSR1, HANDLER, SA_SIGINFO, 0);
	sample();
	call(SYS_kill, (uint64_t)getpid(), SIGUSR1);
	uc()->uc_mcontext.fpregs = NULL;
	do_sigreturn();
	cr_assert_not(cpu.stopped);
	cr_assert_eq(*(uint16_t *)cpu.xsave, 0x37f);
	cr_assert_eq(*(uint32_t *)(cpu.xsave + 24), 0x1f80);
}

Test(signal, returning_into_a_failed_write_raises_nothing)
{
	int *fd = fake_at(&cpu, VA2);

	action(SIGPIPE, HANDLER, SA_SIGINFO, 0);
	cr_assert_eq(call(SYS_pipe2, VA2, 0), 0);
	call(SYS_close, (uint64_t)fd[0]);
	cpu.regs.rsp = STACK;
	call(SYS_write, (uint64_t)fd[1], VA0, 1);
	cr_assert_eq(cpu.regs.rip, HANDLER);
	do_sigreturn();
	cr_assert_eq((int64_t)cpu.regs.rax, -EPIPE);
	cr_assert_neq(cpu.regs.rip, HANDLER);
	cr_assert_eq(cpu.regs.rsp, STACK);
}
