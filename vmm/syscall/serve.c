/*
 * serve.c: see serve.h.
 */
#include "serve.h"

#include <errno.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "call.h"
#include "coherence.h"
#include "hv_call.h"
#include "hv_vcpu.h"
#include "message.h"
#include "procfs.h"
#include "stop.h"
#include "task_signal.h"
#include "tasks.h"
#include "vsyscall.h"

void call_say_refused(struct call *c, int error)
{
	uint64_t *said = &c->m->said[c->nr % MACHINE_CALLS / 64];
	uint64_t bit = 1ull << c->nr % 64;
	char *name;

	if (c->nr >= MACHINE_CALLS || (*said & bit))
		return;
	*said |= bit;
	name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_X86_64, (int)c->nr);
	note("system call %s (%u) is not supported: the program got %s",
	     name ? name : "?", (unsigned)c->nr, strerrorname_np(error));
	free(name);
}

int64_t call_dispatch(struct call *c)
{
	const struct call_row *row = call_row(c->nr);
	struct coherence io;
	int64_t r;

	if (!row) {
		call_say_refused(c, ENOSYS);
		return -ENOSYS;
	}
	if (row->error)
		return -row->error;
	coherence_before(c, &io);
	r = row->fn ? row->fn(c) : call_forward(c, row);
	return coherence_after(c, &io, r);
}

/* As a call does that fails by it. */
static void raise_own(struct thread *t, int sig)
{
	const struct signal_info info = {
		.sig = sig,
		.code = SI_USER,
		.pid = t->process->pid,
		.uid = getuid(),
	};

	signals_raise(&t->signals, &info);
}

/* What the terminal sends is for its foreground group. */
static void signal_foreground(struct tasks *all, const struct signal_info *info)
{
	for (struct process *p = all->all, *next; p; p = next) {
		next = p->next;
		if (p->pgid == all->foreground)
			task_signal(p, info);
	}
}

/* A call of this thread. */
static struct call call_of(struct thread *t, struct hv_regs *regs)
{
	return (struct call){
		.m = t->process->machine,
		.p = t->process,
		.t = t,
		.v = t->vcpu,
		.regs = regs,
	};
}

void serve_arrived(struct thread *t)
{
	siginfo_t from;
	int sig;

	while ((sig = stop_take(&from))) {
		const struct signal_info info = {
			.sig = sig,
			.code = from.si_code,
			.process = true,
			.pid = from.si_pid,
			.uid = from.si_uid,
			.value = (uint64_t)from.si_value.sival_ptr,
		};

		if (from.si_code == SI_KERNEL && stop_is_terminals(sig))
			signal_foreground(t->process->tasks, &info);
		else
			task_signal(t->process->tasks->first, &info);
	}
}

/* Registers of a program that has ended stay as it had them: --dump=syscall. */
static void finish(struct thread *t, struct hv_regs *regs)
{
	if (stop_arrived())
		serve_arrived(t);
	signals_deliver(&t->signals, t->vcpu, regs);
	if (!t->process->signals.dead)
		vcpu_set_regs(t->vcpu, regs);
}

void serve_syscall(struct thread *t)
{
	struct hv_regs regs;
	struct call c = call_of(t, &regs);
	int64_t r;

	vcpu_get_regs(t->vcpu, &regs);
	c.nr = (uint32_t)regs.rax; /* as Linux: an int */
	c.arg[0] = regs.rdi;
	c.arg[1] = regs.rsi;
	c.arg[2] = regs.rdx;
	c.arg[3] = regs.r10;
	c.arg[4] = regs.r8;
	c.arg[5] = regs.r9;
	t->signals.orig_rax = regs.rax;
	r = call_dispatch(&c);
	if (c.broken_pipe)
		raise_own(t, SIGPIPE);
	if (c.too_large)
		raise_own(t, SIGXFSZ);
	regs.rax = (uint64_t)r;
	if (t->about)
		procfs_about(t, NULL);
	finish(t, &regs);
	t->signals.orig_rax = SIGNALS_NO_CALL;
}

void serve_kick(struct thread *t)
{
	struct hv_regs regs;

	vcpu_get_regs(t->vcpu, &regs);
	finish(t, &regs);
}

void serve_signal(struct thread *t, const struct hv_call_signal *sig)
{
	const struct signal_info info = {
		.sig = sig->sig,
		.code = sig->code,
		.fault = true,
		.addr = sig->addr,
		.trapno = sig->trapno,
		.err = sig->err,
		.pkey = sig->pkey,
	};
	struct hv_regs regs;
	struct call c = call_of(t, &regs);

	if (sig->sig < 1 || sig->sig > SIGNALS)
		return;
	vcpu_get_regs(t->vcpu, &regs);
	if (!vsyscall_serve(&c, sig))
		signals_force(&t->signals, &info);
	finish(t, &regs);
}
