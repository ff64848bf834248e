/*
 * Processes that come and go (tasks.h, clone.c, exit.c), without a vCPU each:
 * what they hear of each other's ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "call.h"
#include "exec.h"
#include "sys_fixture.h"
#include "task_signal.h"
#include "tasks.h"

static struct vcpu cpus[8];
static unsigned nr_cpus;

static int start(struct thread *parent, struct thread *child,
		 const struct start_args *args)
{
	(void)args;
	child->vcpu = &cpus[nr_cpus];
	cpus[nr_cpus] = *parent->vcpu;
	nr_cpus++;
	return 0;
}

static int start_fails(struct thread *parent, struct thread *child,
		       const struct start_args *args)
{
	(void)parent, (void)child, (void)args;
	return -EAGAIN;
}

static void release(struct process *p)
{
	(void)p;
}

static struct exec exec;

static void setup(void)
{
	sys_setup();
	nr_cpus = 0;
	machine.start = start;
	machine.tasks.release = release;
	exec.refs = 1;
	process.exec = &exec; /* nothing is put of it */
}

static void teardown(void)
{
	tasks_kill(&machine.tasks);
	for (struct process *p = process.next, *next; p; p = next) {
		next = p->next;
		process.signals.action[SIGCHLD].flags = SA_NOCLDWAIT;
		if (p->threads)
			task_exit_thread(p->threads);
	}
	process.exec = NULL;
	sys_teardown();
}

TestSuite(tasks, .init = setup, .fini = teardown);

/* The fixture's process, or a child of it, forks by this call. */
static struct process *fork_by(struct thread *t, uint64_t exit_signal)
{
	int64_t pid = call_of(t, SYS_clone, exit_signal, 0, 0, 0, 0);

	cr_assert_gt(pid, 0, "clone: %ld", (long)pid);
	return tasks_process(&machine.tasks, (int)pid);
}

static void end(struct process *p, int status)
{
	task_end_process(p, status);
	task_exit_thread(p->threads);
}

static struct signal_info *pending(struct process *p, int sig)
{
	return p->signals.pending.set & signal_bit(sig)
		       ? &p->signals.pending.info[sig]
		       : NULL;
}

static void ignore(struct process *p, int sig)
{
	p->signals.action[sig].handler = (uint64_t)SIG_IGN;
}

static void block_all(struct process *p)
{
	p->threads->signals.mask = signal_mask_allowed(UINT64_MAX);
}

static int wait_for(int pid, int *status)
{
	int64_t r = call(SYS_wait4, (uint64_t)pid, VA0, WNOHANG | __WALL, 0);

	*status = *(int *)fake_at(&cpu, VA0);
	return (int)r;
}

Test(tasks, a_child_is_waited_for)
{
	struct process *c = fork_by(&thread, SIGCHLD);
	int pid = c->pid, status;

	block_all(&process);
	cr_assert_eq(wait_for(-1, &status), 0);
	end(c, 3 << 8);
	cr_assert_not_null(pending(&process, SIGCHLD));
	cr_assert_eq(pending(&process, SIGCHLD)->status, 3);
	cr_assert_eq(wait_for(-1, &status), pid);
	cr_assert_eq(status, 3 << 8);
	cr_assert_eq(wait_for(-1, &status), -ECHILD);
}

/* clone(2) takes any low byte; what is no signal is not sent. */
Test(tasks, numbers_beyond_the_signals_send_none)
{
	int status;

	block_all(&process);
	for (unsigned sig = 65; sig < 256; sig += 38) {
		struct process *c = fork_by(&thread, sig);
		int pid = c->pid;

		end(c, SIGTERM);
		cr_assert_eq(process.signals.pending.set, 0, "%u", sig);
		cr_assert_eq(wait_for(pid, &status), pid);
		cr_assert_eq(status, SIGTERM);
	}
}

/* Natively: what SIGCHLD's action says is of those that send SIGCHLD. */
Test(tasks, ignoring_sigchld_is_not_ignoring_others)
{
	struct process *c;
	int pid, status;

	block_all(&process);
	ignore(&process, SIGCHLD);
	c = fork_by(&thread, SIGUSR1);
	pid = c->pid;
	end(c, 0);
	cr_assert_not_null(pending(&process, SIGUSR1));
	cr_assert_eq(wait_for(pid, &status), pid);
	c = fork_by(&thread, SIGCHLD);
	pid = c->pid;
	end(c, 0);
	cr_assert_null(pending(&process, SIGCHLD));
	cr_assert_eq(wait_for(pid, &status), -ECHILD);
}

Test(tasks, who_is_adopted_sends_sigchld)
{
	struct process *c, *g;

	block_all(&process);
	c = fork_by(&thread, SIGCHLD);
	g = fork_by(c->threads, SIGUSR2);
	cr_assert_eq(g->parent, c);
	end(c, 0);
	cr_assert_eq(g->parent, &process);
	cr_assert_eq(g->exit_signal, SIGCHLD);
	process.signals.pending.set = 0;
	end(g, 0);
	cr_assert_null(pending(&process, SIGUSR2));
	cr_assert_not_null(pending(&process, SIGCHLD));
}

/* A shell ends, its stopped job in a group of its own goes on. */
Test(tasks, stopped_jobs_of_a_shell_that_ends_go_on)
{
	struct process *shell, *job;

	shell = fork_by(&thread, SIGCHLD);
	cr_assert_eq(call_of(shell->threads, SYS_setpgid, 0, 0), 0);
	job = fork_by(shell->threads, SIGCHLD);
	cr_assert_eq(call_of(job->threads, SYS_setpgid, 0, 0), 0);
	block_all(job);
	job->stopped = SIGTSTP;
	end(shell, 0);
	cr_assert_eq(job->stopped, 0);
	cr_assert_not_null(pending(job, SIGHUP));
	cr_assert_not_null(pending(job, SIGCONT));
}

/* ... not if somebody of its session can still continue it. */
Test(tasks, a_subreaper_keeps_its_jobs_stopped)
{
	struct process *shell, *job;

	process.subreaper = 1;
	shell = fork_by(&thread, SIGCHLD);
	job = fork_by(shell->threads, SIGCHLD);
	cr_assert_eq(call_of(job->threads, SYS_setpgid, 0, 0), 0);
	job->stopped = SIGTSTP;
	end(shell, 0);
	cr_assert_eq(job->stopped, SIGTSTP);
}

static int64_t clone_of(uint64_t flags)
{
	return call(SYS_clone, flags, 0, VA0, VA1, 0);
}

/* What Linux says to contradictions, by a child that could come. */
Test(tasks, contradictions_are_refused_as_natively)
{
	static const uint64_t flags[] = {
		CLONE_THREAD,
		CLONE_THREAD | CLONE_SIGHAND,
		CLONE_SIGHAND,
		CLONE_NEWNS | CLONE_FS,
		CLONE_NEWUSER | CLONE_FS,
		CLONE_PIDFD | CLONE_PARENT_SETTID | SIGCHLD,
		CLONE_PIDFD | CLONE_DETACHED,
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
		int place;
		long host = syscall(SYS_clone, flags[i], 0, &place, &place, 0);

		if (!host)
			_exit(0);
		cr_assert_lt(host, 0, "%#lx", (long)flags[i]);
		cr_assert_eq(clone_of(flags[i]), -errno, "%#lx",
			     (long)flags[i]);
	}
	cr_assert_eq(machine.tasks.all, &process);
	cr_assert_null(process.next);
}

Test(tasks, what_could_not_start_was_never_there)
{
	unsigned fds = host_fds(), nr = machine.tasks.nr_threads;
	int status;

	machine.start = start_fails;
	cr_assert_eq(call(SYS_fork), -EAGAIN);
	cr_assert_eq(wait_for(-1, &status), -ECHILD);
	cr_assert_eq(host_fds(), fds);
	cr_assert_eq(machine.tasks.nr_threads, nr);
}

/* Else it would be without its end, or its process without one. */
Test(tasks, who_is_to_end_starts_nobody)
{
	unsigned nr = machine.tasks.nr_threads;

	thread.ending = true;
	/* To be made again, which it will not live to do. */
	cr_assert_eq(call(SYS_fork), SYS_fork);
	cr_assert_eq(clone_of(CLONE_THREAD | CLONE_SIGHAND | CLONE_VM),
		     SYS_clone);
	cr_assert_eq(machine.tasks.nr_threads, nr);
}
