/*
 * task_signal.c: see task_signal.h.
 */
#include "task_signal.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process.h"
#include "thread.h"
#include "wait.h"

#define STOPS                                                                  \
	(signal_bit(SIGSTOP) | signal_bit(SIGTSTP) | signal_bit(SIGTTIN) |     \
	 signal_bit(SIGTTOU))

void task_end_thread(struct thread *t)
{
	t->ending = true;
	wait_kick(t);
}

void task_end_process(struct process *p, int wait_status)
{
	if (p->ending || p->zombie)
		return;
	p->ending = true;
	p->status = wait_status;
	for (struct thread *t = p->threads; t; t = t->next)
		task_end_thread(t);
}

static void forget(struct process *p, uint64_t set)
{
	for (int sig = 1; sig <= SIGNALS; sig++)
		for (struct thread *t = p->threads; t && set & signal_bit(sig);
		     t = t->next)
			signals_forget(&t->signals, sig);
}

static void go_on(struct process *p)
{
	if (!p->stopped)
		return;
	p->stopped = 0;
	p->tell_stopped = false;
	p->tell_continued = true;
	task_tell_stopped(p, false);
	for (struct thread *t = p->threads; t; t = t->next)
		wait_wake(t);
}

/* Linux prepare_signal: stopping and continuing cancel each other. */
static void prepare(struct process *p, int sig)
{
	if (sig == SIGCONT) {
		forget(p, STOPS);
		go_on(p);
	} else if (STOPS & signal_bit(sig)) {
		forget(p, signal_bit(SIGCONT));
	}
}

static bool wants(const struct thread *t, int sig)
{
	return !t->ending && ~t->signals.mask & signal_bit(sig);
}

/* Linux complete_signal: the main thread, if it does not block it. */
static struct thread *taker(struct process *p, int sig)
{
	struct thread *any = NULL;

	for (struct thread *t = p->threads; t; t = t->next) {
		if (!wants(t, sig))
			continue;
		if (t->tid == p->pid)
			return t;
		any = t;
	}
	return any;
}

void task_signal(struct process *p, const struct signal_info *info)
{
	struct thread *t = taker(p, info->sig);
	struct signal_info to = *info;

	if (p->zombie || !p->threads)
		return;
	prepare(p, info->sig);
	if (info->sig == SIGKILL) {
		task_end_process(p, SIGKILL);
		return;
	}
	to.process = true;
	signals_raise(t ? &t->signals : &p->threads->signals, &to);
	if (t)
		wait_kick(t);
}

void task_signal_thread(struct thread *t, const struct signal_info *info)
{
	prepare(t->process, info->sig);
	if (info->sig == SIGKILL) {
		task_end_process(t->process, SIGKILL);
		return;
	}
	signals_raise(&t->signals, info);
	if (wants(t, info->sig))
		wait_kick(t);
}

void task_signal_self(struct process *p, int sig)
{
	const struct signal_info info = {.sig = sig, .code = SI_KERNEL};

	task_signal(p, &info);
}

static void wake_waiters(const struct process *parent)
{
	for (struct thread *t = parent->threads; t; t = t->next)
		wait_wake(t);
}

static void send_child_signal(struct process *c, int sig, int code, int status)
{
	const struct signal_info info = {
		.sig = sig,
		.code = code,
		.pid = c->pid,
		.uid = getuid(),
		.child = true,
		.status = status,
		.user_ticks = (uint64_t)c->usage->user_us / 10000,
		.system_ticks = (uint64_t)c->usage->system_us / 10000,
	};

	task_signal(c->parent, &info);
}

bool task_tell_parent(struct process *c)
{
	const struct signal_action *act = &c->parent->signals.action[SIGCHLD];
	bool has_action = c->exit_signal == SIGCHLD;
	bool ignores = has_action && act->handler == (uint64_t)SIG_IGN;
	bool waits = !ignores && !(has_action && act->flags & SA_NOCLDWAIT);
	int code = WIFEXITED(c->status)	  ? CLD_EXITED
		   : WCOREDUMP(c->status) ? CLD_DUMPED
					  : CLD_KILLED;

	/* clone(2) takes numbers that are no signals, and they send none. */
	if (c->exit_signal > 0 && c->exit_signal <= SIGNALS && !ignores)
		send_child_signal(c, c->exit_signal, code,
				  WIFEXITED(c->status) ? WEXITSTATUS(c->status)
						       : WTERMSIG(c->status));
	wake_waiters(c->parent);
	return waits;
}

void task_tell_stopped(struct process *c, bool stopped)
{
	const struct signal_action *act;

	if (!c->parent)
		return;
	act = &c->parent->signals.action[SIGCHLD];
	if (!(act->flags & SA_NOCLDSTOP))
		send_child_signal(c, SIGCHLD,
				  stopped ? CLD_STOPPED : CLD_CONTINUED,
				  stopped ? c->stopped : SIGCONT);
	wake_waiters(c->parent);
}
