/*
 * Which signal acts, when, and on which stack? Linux kernel/signal.c decides.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ucontext.h>
#include <time.h>
#include <unistd.h>

#include "hv_call.h"
#include "serve.h"
#include "sys_fixture.h"

TestSuite(signal_rules, .init = sys_setup, .fini = sys_teardown);

#define HANDLER	 0x401000ull
#define RESTORER 0x402000ull
#define RESTORE	 0x04000000ull /* SA_RESTORER */
#define STACK	 (FAKE_BASE + 0x180000)
#define ALT	 (FAKE_BASE + 0x40000)
#define ALT_SIZE 0x4000ull
#define SELF	 ((uint64_t)getpid())

struct action {
	uint64_t handler, flags, restorer, mask;
};

static void action(int sig, uint64_t handler, uint64_t flags, uint64_t mask)
{
	const struct action a = {handler, flags | RESTORE, RESTORER, mask};

	fake_put(&cpu, VA0, &a, sizeof(a));
	cr_assert_eq(call(SYS_rt_sigaction, (uint64_t)sig, VA0, 0, 8), 0);
	cpu.regs.rsp = STACK;
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
	call(SYS_rt_sigprocmask, SIG_SETMASK, VA1, 0, 8);
}

static void fault(int sig, uint64_t addr)
{
	const struct hv_call_signal s = {.addr = addr, .sig = sig, .code = 1};

	serve_signal(&thread, &s);
}

static void do_sigreturn(void)
{
	cpu.regs.rsp += 8;
	cpu.regs.rax = SYS_rt_sigreturn;
	serve_syscall(&thread);
}

static int64_t altstack(uint64_t sp, int flags, uint64_t size)
{
	const stack_t s = {
		.ss_sp = (void *)sp, .ss_flags = flags, .ss_size = size};

	fake_put(&cpu, VA0, &s, sizeof(s));
	return call(SYS_sigaltstack, VA0, 0);
}

static void assert_death(int sig)
{
	const struct signal_death *death = &process.signals.death;

	cr_assert(cpu.stopped);
	cr_assert_eq(cpu.stops, 1);
	cr_assert_eq(cpu.wait_status, sig);
	cr_assert_eq(death->sig, sig);
}

/* ---- Default actions --------------------------------------------------- */

Test(signal_rules, a_fault_without_a_handler_ends_the_program)
{
	const struct signal_death *death = &process.signals.death;

	cr_assert_eq(death->sig, 0);
	cpu.regs.rip = 0x400abc;
	fault(SIGSEGV, 0x1234);
	assert_death(SIGSEGV);
	cr_assert_eq(death->addr, 0x1234);
	cr_assert_eq(death->ip, 0x400abc);
	cr_assert_eq(death->code, 1);
}

Test(signal_rules, a_blocked_fault_ends_the_program)
{
	action(SIGSEGV, HANDLER, 0, 0);
	set_mask(set_of(SIGSEGV));
	fault(SIGSEGV, 0);
	assert_death(SIGSEGV);
}

Test(signal_rules, an_ignored_fault_ends_the_program)
{
	action(SIGFPE, 1, 0, 0);
	fault(SIGFPE, 0);
	assert_death(SIGFPE);
}

Test(signal_rules, a_fault_in_its_own_handler_ends_the_program)
{
	action(SIGSEGV, HANDLER, 0, 0);
	fault(SIGSEGV, 0);
	cr_assert_not(cpu.stopped);
	fault(SIGSEGV, 0);
	assert_death(SIGSEGV);
}

Test(signal_rules, no_room_for_the_frame_ends_the_program)
{
	action(SIGSEGV, HANDLER, 0, 0);
	cpu.regs.rsp = BAD + 2048;
	fault(SIGSEGV, 0);
	assert_death(SIGSEGV);
}

Test(signal_rules, no_room_for_another_frame_is_sigsegv)
{
	action(SIGUSR1, HANDLER, 0, 0);
	cpu.regs.rsp = 4096;
	call(SYS_kill, SELF, SIGUSR1);
	assert_death(SIGSEGV);
}

Test(signal_rules, a_handler_without_a_restorer_is_sigsegv)
{
	const struct action a = {HANDLER, 0, 0, 0};

	fake_put(&cpu, VA0, &a, sizeof(a));
	call(SYS_rt_sigaction, SIGUSR1, VA0, 0, 8);
	call(SYS_kill, SELF, SIGUSR1);
	assert_death(SIGSEGV);
}

Test(signal_rules, default_actions_end_or_ignore)
{
	call(SYS_kill, SELF, SIGCHLD);
	call(SYS_kill, SELF, SIGWINCH);
	call(SYS_kill, SELF, SIGURG);
	call(SYS_kill, SELF, SIGCONT);
	call(SYS_kill, SELF, 0);
	cr_assert_not(cpu.stopped);
	call(SYS_tgkill, SELF, SELF, SIGABRT);
	assert_death(SIGABRT);
}

Test(signal_rules, sigkill_cannot_be_blocked_or_handled)
{
	const struct action a = {HANDLER, RESTORE, RESTORER, 0};

	fake_put(&cpu, VA0, &a, sizeof(a));
	cr_assert_eq(call(SYS_rt_sigaction, SIGKILL, VA0, 0, 8), -EINVAL);
	cr_assert_eq(call(SYS_rt_sigaction, SIGSTOP, VA0, 0, 8), -EINVAL);
	cr_assert_eq(call(SYS_rt_sigaction, SIGKILL, 0, VA0, 8), 0);
	set_mask(~0ull);
	cr_assert_eq(mask_now(), ~(set_of(SIGKILL) | set_of(SIGSTOP)));
	call(SYS_kill, SELF, SIGKILL);
	cr_assert(process.ending && thread.ending);
	cr_assert_eq(process.status, SIGKILL);
}

Test(signal_rules, what_the_parent_ignored_stays_ignored)
{
	sys_end();
	signal(SIGHUP, SIG_IGN);
	sys_begin(&(struct machine_config){0});
	call(SYS_kill, SELF, SIGHUP);
	cr_assert_not(cpu.stopped);
}

/* ---- Masks ------------------------------------------------------------- */

Test(signal_rules, a_handler_runs_with_its_mask_and_itself_blocked)
{
	action(SIGUSR1, HANDLER, 0, set_of(SIGHUP) | set_of(SIGKILL));
	set_mask(set_of(SIGINT));
	cpu.regs.rsp = STACK;
	call(SYS_kill, SELF, SIGUSR1);
	cr_assert_eq(cpu.regs.rip, HANDLER);
	cr_assert_eq(mask_now(),
		     set_of(SIGINT) | set_of(SIGHUP) | set_of(SIGUSR1));
	do_sigreturn();
	cr_assert_eq(mask_now(), set_of(SIGINT));
}

Test(signal_rules, nodefer_leaves_itself_open)
{
	action(SIGUSR1, HANDLER, SA_NODEFER, 0);
	call(SYS_kill, SELF, SIGUSR1);
	cr_assert_eq(mask_now(), 0);
}

Test(signal_rules, resethand_works_once)
{
	action(SIGUSR1, HANDLER, SA_RESETHAND | SA_NODEFER, 0);
	call(SYS_kill, SELF, SIGUSR1);
	cr_assert_not(cpu.stopped);
	call(SYS_kill, SELF, SIGUSR1);
	assert_death(SIGUSR1);
}

Test(signal_rules, a_blocked_signal_waits)
{
	uint64_t *set = fake_at(&cpu, VA2);

	action(SIGUSR1, HANDLER, 0, 0);
	set_mask(set_of(SIGUSR1));
	cpu.regs.rip = 0x400000;
	call(SYS_kill, SELF, SIGUSR1);
	cr_assert_eq(cpu.regs.rip, 0x400000);
	cr_assert_eq(call(SYS_rt_sigpending, VA2, 8), 0);
	cr_assert_eq(*set, set_of(SIGUSR1));
	set_mask(0);
	cr_assert_eq(cpu.regs.rip, HANDLER);
	cr_assert_eq(call(SYS_rt_sigpending, VA2, 8), 0);
	cr_assert_eq(*set, 0);
}

Test(signal_rules, ignoring_throws_away_what_is_pending)
{
	set_mask(set_of(SIGUSR1));
	call(SYS_kill, SELF, SIGUSR1);
	action(SIGUSR1, 1, 0, 0);
	set_mask(0);
	cr_assert_not(cpu.stopped);
}

Test(signal_rules, several_pending_signals_nest_their_frames)
{
	const ucontext_t *uc;

	action(SIGUSR1, HANDLER, 0, 0);
	action(SIGUSR2, HANDLER + 16, 0, 0);
	set_mask(set_of(SIGUSR1) | set_of(SIGUSR2));
	call(SYS_kill, SELF, SIGUSR2);
	call(SYS_kill, SELF, SIGUSR1);
	cpu.regs.rip = 0x400000;
	set_mask(0);
	/* The lower number was taken first; the other interrupts it. */
	cr_assert_eq(cpu.regs.rip, HANDLER + 16);
	uc = fake_at(&cpu, cpu.regs.rdx);
	cr_assert_eq(uc->uc_mcontext.gregs[REG_RIP], HANDLER);
	do_sigreturn();
	cr_assert_eq(cpu.regs.rip, HANDLER);
	do_sigreturn();
	cr_assert_eq(cpu.regs.rip, 0x400000);
}

Test(signal_rules, a_fault_is_taken_before_lower_numbers)
{
	const ucontext_t *uc;

	action(SIGHUP, HANDLER, 0, 0);
	action(SIGSEGV, HANDLER + 16, 0, 0);
	set_mask(set_of(SIGHUP) | set_of(SIGSEGV));
	call(SYS_kill, SELF, SIGHUP);
	call(SYS_kill, SELF, SIGSEGV);
	set_mask(0);
	cr_assert_eq(cpu.regs.rip, HANDLER);
	uc = fake_at(&cpu, cpu.regs.rdx);
	cr_assert_eq(uc->uc_mcontext.gregs[REG_RIP], HANDLER + 16);
}

Test(signal_rules, sigsuspend_restores_the_mask_after_the_handler)
{
	const uint64_t open = 0;

	action(SIGUSR1, HANDLER, 0, 0);
	set_mask(set_of(SIGUSR1) | set_of(SIGHUP));
	call(SYS_kill, SELF, SIGUSR1);
	fake_put(&cpu, VA2, &open, 8);
	cpu.regs.rsp = STACK;
	call(SYS_rt_sigsuspend, VA2, 8);
	cr_assert_eq(cpu.regs.rip, HANDLER);
	cr_assert_eq(mask_now(), set_of(SIGUSR1));
	do_sigreturn();
	cr_assert_eq((int64_t)cpu.regs.rax, -EINTR);
	cr_assert_eq(mask_now(), set_of(SIGUSR1) | set_of(SIGHUP));
}

Test(signal_rules, sigtimedwait_takes_a_pending_signal)
{
	const struct timespec brief = {0, 1000000};
	const siginfo_t *si = fake_at(&cpu, VA2);
	uint64_t set = set_of(SIGUSR1);

	set_mask(set);
	call(SYS_kill, SELF, SIGUSR1);
	fake_put(&cpu, VA1, &set, 8);
	cr_assert_eq(call(SYS_rt_sigtimedwait, VA1, VA2, 0, 8), SIGUSR1);
	cr_assert_eq(si->si_pid, getpid());
	cr_assert_eq(si->si_signo, SIGUSR1);
	fake_put(&cpu, VA2, &brief, sizeof(brief));
	cr_assert_eq(call(SYS_rt_sigtimedwait, VA1, 0, VA2, 8), -EAGAIN);
}

/* ---- The alternate stack ----------------------------------------------- */

Test(signal_rules, the_alternate_stack_is_used_when_asked_for)
{
	const ucontext_t *uc;

	cr_assert_eq(altstack(ALT, 0, ALT_SIZE), 0);
	action(SIGSEGV, HANDLER, SA_ONSTACK, 0);
	fault(SIGSEGV, 0);
	cr_assert(cpu.regs.rsp > ALT && cpu.regs.rsp < ALT + ALT_SIZE);
	uc = fake_at(&cpu, cpu.regs.rdx);
	cr_assert_eq((uint64_t)uc->uc_stack.ss_sp, ALT);
	cr_assert_eq(uc->uc_stack.ss_size, ALT_SIZE);
	cr_assert_eq(altstack(ALT, 0, ALT_SIZE), -EPERM, "it is in use");
	do_sigreturn();
	cr_assert_eq(cpu.regs.rsp, STACK);
	cr_assert_eq(altstack(0, SS_DISABLE, 0), 0);
}

Test(signal_rules, without_onstack_the_ordinary_stack_is_used)
{
	altstack(ALT, 0, ALT_SIZE);
	action(SIGSEGV, HANDLER, 0, 0);
	fault(SIGSEGV, 0);
	cr_assert(cpu.regs.rsp < STACK && cpu.regs.rsp > STACK - 4096);
}

Test(signal_rules, an_alternate_stack_that_overflows_is_fatal)
{
	altstack(ALT, 0, 2048);
	action(SIGUSR1, HANDLER, SA_ONSTACK | SA_NODEFER, 0);
	call(SYS_kill, SELF, SIGUSR1);
	cr_assert_not(cpu.stopped);
	call(SYS_kill, SELF, SIGUSR1);
	assert_death(SIGSEGV);
}

Test(signal_rules, sigaltstack_checks_and_tells)
{
	const stack_t *old = fake_at(&cpu, VA2);

	cr_assert_eq(altstack(ALT, 0, 2047), -ENOMEM);
	cr_assert_eq(altstack(ALT, 8, ALT_SIZE), -EINVAL);
	cr_assert_eq(call(SYS_sigaltstack, 0, VA2), 0);
	cr_assert_eq(old->ss_flags, SS_DISABLE);
	cr_assert_eq(altstack(ALT, SS_ONSTACK, ALT_SIZE), 0);
	cr_assert_eq(call(SYS_sigaltstack, 0, VA2), 0);
	cr_assert_eq(old->ss_flags, 0);
	cr_assert_eq((uint64_t)old->ss_sp, ALT);
	cr_assert_eq(call(SYS_sigaltstack, BAD, 0), -EFAULT);
	cr_assert_eq(call(SYS_sigaltstack, 0, BAD), -EFAULT);
}

/* ---- Sending ----------------------------------------------------------- */

Test(signal_rules, only_the_program_itself_can_be_signalled)
{
	uint64_t parent = (uint64_t)getppid();

	cr_assert_eq(call(SYS_kill, parent, SIGKILL), -EPERM);
	cr_assert_eq(call(SYS_kill, parent, 0), -EPERM);
	cr_assert_eq(call(SYS_kill, -1ull, SIGKILL), -ESRCH);
	cr_assert_eq(call(SYS_tgkill, parent, parent, SIGKILL), -EPERM);
	cr_assert_eq(call(SYS_kill, 0x7ffffffe, SIGKILL), -ESRCH);
	cr_assert_eq(call(SYS_kill, SELF, 65), -EINVAL);
	cr_assert_eq(call(SYS_kill, SELF, -1ull), -EINVAL);
	cr_assert_eq(call(SYS_tkill, 0, 1), -EINVAL);
	cr_assert_eq(call(SYS_tgkill, SELF, SELF + 1, 0), -ESRCH);
	cr_assert_not(cpu.stopped);
}

Test(signal_rules, sigaction_tells_the_old_one)
{
	const struct action *old = fake_at(&cpu, VA2);

	action(SIGUSR1, HANDLER, SA_SIGINFO | 0x40000000, set_of(SIGKILL) | 2);
	cr_assert_eq(call(SYS_rt_sigaction, SIGUSR1, 0, VA2, 8), 0);
	cr_assert_eq(old->handler, HANDLER);
	cr_assert_eq(old->mask, 2);
	cr_assert_eq(old->restorer, RESTORER);
	cr_assert_eq(call(SYS_rt_sigaction, 0, 0, VA2, 8), -EINVAL);
	cr_assert_eq(call(SYS_rt_sigaction, 65, 0, VA2, 8), -EINVAL);
	cr_assert_eq(call(SYS_rt_sigaction, SIGUSR1, 0, VA2, 16), -EINVAL);
	cr_assert_eq(call(SYS_rt_sigaction, SIGUSR1, BAD, 0, 8), -EFAULT);
	cr_assert_eq(call(SYS_rt_sigaction, SIGUSR1, 0, BAD, 8), -EFAULT);
	cr_assert_eq(call(SYS_rt_sigprocmask, 9, VA0, 0, 8), -EINVAL);
	cr_assert_eq(call(SYS_rt_sigprocmask, 9, 0, 0, 8), 0);
	cr_assert_eq(call(SYS_rt_sigprocmask, 0, BAD, 0, 8), -EFAULT);
}
