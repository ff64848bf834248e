/*
 * commit.c: execve, from the point where it cannot fail any more (exec.h).
 */
#include <errno.h>
#include <signal.h>

#include "become.h"
#include "boot.h"
#include "call.h"
#include "exec.h"
#include "faultlog.h"
#include "futex.h"
#include "owner.h"
#include "task_signal.h"
#include "tasks.h"
#include "timers.h"
#include "trace.h"

/* What needs the old address space (Linux exec_mm_release). */
static void leave_space(struct thread *t)
{
	futex_thread_end(t);
	timers_exec(t->process);
	task_release_parent(t->process);
}

/* Memory that the new program needs at once is not there: Linux's SIGSEGV. */
static void fail(struct thread *t)
{
	task_end_process(t->process, SIGSEGV);
}

int64_t call_exec_commit(struct call *c, struct exec *e)
{
	struct process *p = c->p;
	struct thread *t = c->t;

	if (task_end_others(t))
		return -EINTR;
	exec_describe(e, &p->limits, p->pid, boot_exec(c->v->vm));
	leave_space(t);
	if (vcpu_mm_upcall(c->v, HV_MM_EXEC, c->v, (uint32_t)p->pid,
			   (uint32_t)p->pid)) {
		fail(t);
		return -ENOMEM;
	}
	faultlog_event(c->v, "exec: %s", e->program.path);
	if (c->m->trace && p->is_first)
		trace_forget_symbols(c->m->trace);
	t->tid = p->pid;
	p->has_execed = true;
	p->exit_signal = SIGCHLD;
	process_exec(p, t, e);
	process_pass_limits(p, c->v);
	if (!exec_is_promised(e, &boot_info(c->v->vm)->commit) ||
	    exec_reset_cpu(c->v) || exec_finish(e, c->v))
		fail(t);
	vcpu_get_regs(c->v, c->regs);
	return 0;
}
