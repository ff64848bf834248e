/*
 * signals.c: pending signals and what becomes of them. See signals.h.
 */
#include "signals.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "restart.h"
#include "stop.h"
#include "vcpu.h"

#define HANDLER_DEFAULT 0
#define HANDLER_IGNORE	1
#define TRAP_PAGE_FAULT 14
#define SIGNAL_RT_FIRST 32 /* the kernel's SIGRTMIN */

/* Taken first, in this order of numbers (kernel/signal.c, next_signal). */
static const uint64_t synchronous =
	1ull << (SIGSEGV - 1) | 1ull << (SIGBUS - 1) | 1ull << (SIGILL - 1) |
	1ull << (SIGTRAP - 1) | 1ull << (SIGFPE - 1) | 1ull << (SIGSYS - 1);

void signal_shared_init(struct signal_shared *s)
{
	memset(s, 0, sizeof(*s));
	for (int sig = 1; sig <= SIGNALS; sig++) {
		struct signal_action act;

		/* Not sigaction(3): it hides 32 and 33. */
		if (syscall(SYS_rt_sigaction, sig, NULL, &act, 8) == 0 &&
		    act.handler == HANDLER_IGNORE)
			s->action[sig].handler = HANDLER_IGNORE;
	}
}

void signals_init(struct signals *g, struct signal_shared *s)
{
	sigset_t mask;

	memset(g, 0, sizeof(*g));
	g->shared = s;
	g->orig_rax = SIGNALS_NO_CALL;
	sigprocmask(SIG_BLOCK, NULL, &mask);
	for (int sig = 1; sig <= SIGNALS; sig++)
		if (sigismember(&mask, sig) == 1)
			g->mask |= signal_bit(sig);
}

void signal_shared_exec(struct signal_shared *s)
{
	for (int sig = 1; sig <= SIGNALS; sig++) {
		uint64_t handler = s->action[sig].handler;

		s->action[sig] = (struct signal_action){
			.handler = handler == HANDLER_IGNORE ? HANDLER_IGNORE
							     : HANDLER_DEFAULT,
		};
	}
}

uint64_t signal_mask_allowed(uint64_t mask)
{
	return mask & ~(signal_bit(SIGKILL) | signal_bit(SIGSTOP));
}

int signal_stack_flags(const struct signals *g, uint64_t sp)
{
	if (!g->stack.size)
		return SS_DISABLE;
	/* An autodisarmed stack is never "on": it may be used again. */
	if (g->stack.flags & (int)(1u << 31))
		return 0;
	return sp > g->stack.sp && sp - g->stack.sp <= g->stack.size
		       ? SS_ONSTACK
		       : 0;
}

static bool default_ignores(int sig)
{
	return sig == SIGCHLD || sig == SIGURG || sig == SIGWINCH ||
	       sig == SIGCONT;
}

static bool default_stops(int sig)
{
	return sig == SIGSTOP || sig == SIGTSTP || sig == SIGTTIN ||
	       sig == SIGTTOU;
}

static bool is_ignored(const struct signals *g, int sig)
{
	uint64_t handler = g->shared->action[sig].handler;

	return handler == HANDLER_IGNORE ||
	       (handler == HANDLER_DEFAULT && default_ignores(sig));
}

/* It will not be delivered. */
static void drop(struct signal_shared *s, const struct signal_info *info)
{
	if (info->timer && s->dropped)
		s->dropped(s, info);
}

/* What waits has changed; by this set more. */
static void say_changed(struct signal_shared *s, uint64_t raised)
{
	if (s->changed)
		s->changed(s, raised);
}

/*
 * Beyond the limit it is lost, as of kill(2) on Linux; but that of a timer was
 * counted when that was made.
 */
static void add_more(struct signal_shared *s, struct signal_queue *q,
		     const struct signal_info *info)
{
	bool room = !s->more_max || s->more < s->more_max || info->timer;
	struct signal_more **last = &q->more, *m;

	m = room ? malloc(sizeof(*m)) : NULL;
	if (!m) {
		drop(s, info);
		return;
	}
	*m = (struct signal_more){.info = *info};
	while (*last)
		last = &(*last)->next;
	*last = m;
	s->more++;
}

/* The first of q->more that is `sig`, taken out. */
static bool take_more(struct signal_shared *s, struct signal_queue *q, int sig,
		      struct signal_info *info)
{
	for (struct signal_more **at = &q->more; *at; at = &(*at)->next) {
		struct signal_more *m = *at;

		if (m->info.sig != sig)
			continue;
		*info = m->info;
		*at = m->next;
		free(m);
		s->more--;
		return true;
	}
	return false;
}

static void forget(struct signal_shared *s, struct signal_queue *q, int sig)
{
	struct signal_info info;

	if (!(q->set & signal_bit(sig)))
		return;
	drop(s, &q->info[sig]);
	q->set &= ~signal_bit(sig);
	while (take_more(s, q, sig, &info))
		drop(s, &info);
}

void signals_fini(struct signals *g)
{
	for (int sig = 1; sig <= SIGNALS; sig++)
		forget(g->shared, &g->pending, sig);
}

void signal_shared_fini(struct signal_shared *s)
{
	for (int sig = 1; sig <= SIGNALS; sig++)
		forget(s, &s->pending, sig);
}

void signal_shared_copy(struct signal_shared *to,
			const struct signal_shared *from)
{
	*to = (struct signal_shared){
		.end = from->end,
		.stop = from->stop,
		.changed = from->changed,
		.more_max = from->more_max,
	};
	memcpy(to->action, from->action, sizeof(to->action));
}

void signals_raise(struct signals *g, const struct signal_info *info)
{
	struct signal_queue *q =
		info->process ? &g->shared->pending : &g->pending;
	int sig = info->sig;

	/* A blocked signal waits even if ignored: the handler may change. */
	if (is_ignored(g, sig) && !((g->mask | g->awaited) & signal_bit(sig))) {
		drop(g->shared, info);
		return;
	}
	if (!(q->set & signal_bit(sig))) {
		q->set |= signal_bit(sig);
		q->info[sig] = *info;
	} else if (sig >= SIGNAL_RT_FIRST || info->timer) {
		add_more(g->shared, q, info);
	}
	say_changed(g->shared, signal_bit(sig));
}

uint64_t signals_pending(const struct signals *g)
{
	return g->pending.set | g->shared->pending.set;
}

void signals_forget(struct signals *g, int sig)
{
	forget(g->shared, &g->pending, sig);
	forget(g->shared, &g->shared->pending, sig);
	say_changed(g->shared, 0);
}

void signals_force(struct signals *g, const struct signal_info *info)
{
	int sig = info->sig;

	if ((g->mask & signal_bit(sig)) ||
	    g->shared->action[sig].handler == HANDLER_IGNORE) {
		g->shared->action[sig].handler = HANDLER_DEFAULT;
		g->mask &= ~signal_bit(sig);
	}
	if (info->fault) {
		if (info->trapno == TRAP_PAGE_FAULT)
			g->cr2 = info->addr;
		g->trapno = info->trapno;
		g->err = info->err;
	}
	g->pending.set |= signal_bit(sig);
	g->pending.info[sig] = *info;
}

void signals_force_segv(struct signals *g)
{
	const struct signal_info info = {.sig = SIGSEGV, .code = SI_KERNEL};

	signals_force(g, &info);
}

/* Linux kernel/signal.c, next_signal. */
static int next_signal(uint64_t ready)
{
	if (!ready)
		return 0;
	if (ready & signal_bit(SIGKILL))
		return SIGKILL;
	if (ready & synchronous)
		ready &= synchronous;
	return __builtin_ctzll(ready) + 1;
}

static int take_next(struct signals *g, uint64_t set, struct signal_info *info)
{
	struct signal_queue *q =
		g->pending.set & set ? &g->pending : &g->shared->pending;
	int sig = next_signal(q->set & set);

	if (!sig)
		return 0;
	*info = q->info[sig];
	if (!take_more(g->shared, q, sig, &q->info[sig]))
		q->set &= ~signal_bit(sig);
	return sig;
}

int signals_take(struct signals *g, uint64_t set, struct signal_info *info)
{
	struct signal_shared *s = g->shared;
	int sig;

	do {
		sig = take_next(g, set, info);
	} while (sig && s->taken && !s->taken(s, info));
	if (sig)
		say_changed(s, 0);
	return sig;
}

/* ---- A call that was broken off ---------------------------------------- */

#define SYSCALL_SIZE 2 /* bytes of the instruction */

static void call_again(struct hv_regs *regs, uint64_t rax)
{
	regs->rax = rax;
	regs->rip -= SYSCALL_SIZE;
}

/* A handler starts: Linux arch/x86/kernel/signal.c, handle_signal. */
static void settle_with_handler(const struct signals *g, struct hv_regs *regs,
				const struct signal_action *act)
{
	if (g->orig_rax == SIGNALS_NO_CALL)
		return;
	switch (-(int64_t)regs->rax) {
	case ERESTARTSYS:
		if (act->flags & SA_RESTART)
			call_again(regs, g->orig_rax);
		else
			regs->rax = (uint64_t)-EINTR;
		break;
	case ERESTARTNOINTR:
		call_again(regs, g->orig_rax);
		break;
	case ERESTARTNOHAND:
	case ERESTART_RESTARTBLOCK:
		regs->rax = (uint64_t)-EINTR;
		break;
	}
}

/* None has started: Linux arch_do_signal_or_restart. */
static void settle_without_handler(const struct signals *g,
				   struct hv_regs *regs)
{
	if (g->orig_rax == SIGNALS_NO_CALL)
		return;
	switch (-(int64_t)regs->rax) {
	case ERESTARTSYS:
	case ERESTARTNOINTR:
	case ERESTARTNOHAND:
		call_again(regs, g->orig_rax);
		break;
	case ERESTART_RESTARTBLOCK:
		call_again(regs, SYS_restart_syscall);
		break;
	}
}

/* ---- Acting ------------------------------------------------------------ */

static void die(struct signals *g, struct vcpu *v, const struct hv_regs *regs,
		const struct signal_info *info)
{
	g->shared->dead = true;
	g->shared->death = (struct signal_death){
		.sig = info->sig,
		.code = info->code,
		.addr = info->addr,
		.ip = regs->rip,
	};
	if (g->shared->end)
		g->shared->end(g, info->sig);
	else
		vcpu_stop(v, info->sig);
}

static void run_handler(struct signals *g, struct vcpu *v, struct hv_regs *regs,
			const struct signal_info *info)
{
	struct signal_action act = g->shared->action[info->sig];

	settle_with_handler(g, regs, &act);
	if (act.flags & SA_RESETHAND)
		g->shared->action[info->sig].handler = HANDLER_DEFAULT;
	if (sigframe_push(g, v, regs, &act, info) < 0) {
		/* No room for the frame of SIGSEGV itself: it is fatal. */
		if (info->sig == SIGSEGV)
			g->shared->action[SIGSEGV].handler = HANDLER_DEFAULT;
		signals_force_segv(g);
		return;
	}
	g->has_saved = false; /* sigreturn will put it back */
	g->mask |= act.mask;
	if (!(act.flags & SA_NODEFER))
		g->mask |= signal_bit(info->sig);
	g->mask = signal_mask_allowed(g->mask);
}

/* Of the first process job control is the host's. */
static void stop_by_default(struct signals *g, int sig)
{
	if (g->shared->stop)
		g->shared->stop(g, sig);
	else
		stop_self();
}

/* True if a handler is started. */
static bool act_on(struct signals *g, struct vcpu *v, struct hv_regs *regs,
		   const struct signal_info *info)
{
	if (is_ignored(g, info->sig))
		return false;
	if (g->shared->action[info->sig].handler != HANDLER_DEFAULT) {
		run_handler(g, v, regs, info);
		return true;
	}
	if (default_stops(info->sig))
		stop_by_default(g, info->sig);
	else
		die(g, v, regs, info);
	return false;
}

void signals_deliver(struct signals *g, struct vcpu *v, struct hv_regs *regs)
{
	struct signal_info info;
	bool handled = false, resumed;

	do {
		while (!g->shared->dead && signals_take(g, ~g->mask, &info))
			handled |= act_on(g, v, regs, &info);
		if (!handled)
			settle_without_handler(g, regs);
		resumed = g->has_saved;
		signals_resume(g);
	} while (resumed && !g->shared->dead && signals_ready(g));
}

void signals_resume(struct signals *g)
{
	if (g->has_saved)
		g->mask = g->saved_mask;
	g->has_saved = false;
}

void signals_suspend(struct signals *g, uint64_t set, uint64_t old)
{
	g->saved_mask = old;
	g->has_saved = true;
	g->mask = set;
}
