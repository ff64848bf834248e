/*
 * clone.c: clone, clone3, fork, vfork (Linux kernel/fork.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <string.h>

#include "exec.h"
#include "families.h"
#include "pidfd.h"
#include "tasks.h"
#include "wait.h"

#define CLONE_ARGS_FIRST 64 /* CLONE_ARGS_SIZE_VER0 */
#define NAMESPACES                                                             \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |         \
	 CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWTIME)
/* In the low byte, of clone3 alone. */
#define CLONE3_ONLY (CLONE_CLEAR_SIGHAND | CLONE_INTO_CGROUP)

/* Linux kernel_clone: of clone(2) both are the same argument. */
static int check_places(const struct clone_args *a)
{
	const uint64_t both = CLONE_PIDFD | CLONE_PARENT_SETTID;

	return (a->flags & both) == both && a->pidfd == a->parent_tid ? -EINVAL
								      : 0;
}

/* Linux copy_process: what contradicts itself. */
static int check_flags(uint64_t flags)
{
	if ((flags & (CLONE_NEWNS | CLONE_FS)) == (CLONE_NEWNS | CLONE_FS) ||
	    (flags & (CLONE_NEWUSER | CLONE_FS)) == (CLONE_NEWUSER | CLONE_FS))
		return -EINVAL;
	if (flags & CLONE_THREAD && !(flags & CLONE_SIGHAND))
		return -EINVAL;
	if (flags & CLONE_SIGHAND && !(flags & CLONE_VM))
		return -EINVAL;
	if (flags & CLONE_THREAD && flags & (CLONE_NEWUSER | CLONE_NEWPID))
		return -EINVAL;
	if (flags & CLONE_PIDFD && flags & CLONE_DETACHED)
		return -EINVAL;
	return flags & NAMESPACES ? -EPERM : 0;
}

static struct thread *make_thread(struct call *c, const struct clone_args *a)
{
	struct process *parent = c->p, *p;

	if (a->flags & CLONE_THREAD)
		return task_clone(c->t);
	if (a->flags & CLONE_PARENT && c->p->parent)
		parent = c->p->parent;
	p = task_fork(c->t, parent,
		      a->flags & CLONE_PARENT ? c->p->exit_signal
					      : (int)a->exit_signal);
	if (!p)
		return NULL;
	exec_get(p->exec);
	p->aslr_seed = exec_seed_split(&c->p->aslr_seed);
	if (a->flags & CLONE_CLEAR_SIGHAND)
		signal_shared_exec(&p->signals);
	return p->threads;
}

/* Linux kernel_clone, copy_process: a null pointer is not looked at. */
static void set_tids(struct call *c, struct thread *t,
		     const struct clone_args *a)
{
	if (a->flags & CLONE_CHILD_CLEARTID)
		t->clear_tid = a->child_tid;
	if (a->flags & CLONE_CHILD_SETTID)
		t->set_tid = a->child_tid;
	if (a->flags & CLONE_PARENT_SETTID)
		call_put_opt(c, a->parent_tid, &t->tid, 4);
	if (a->flags & CLONE_THREAD)
		rseq_share(c);
	if (a->flags & CLONE_VM)
		t->rseq = 0;
}

/*
 * CHILD_SETTID is the child's own store on Linux. With the same memory it can
 * be made here; a copy is made after it, and the parent's is put back.
 */
static int start(struct call *c, struct thread *t, const struct clone_args *a)
{
	const struct start_args args = {
		.share_mm = a->flags & CLONE_VM,
		.has_tls = a->flags & CLONE_SETTLS,
		.stack = a->stack ? a->stack + a->stack_size : 0,
		.tls = a->tls,
	};
	uint64_t va = t->set_tid;
	int32_t old = 0;
	bool set = va && call_get(c, va, &old, 4) == 0 &&
		   call_put(c, va, &t->tid, 4) == 0;
	int r = c->m->start(c->t, t, &args);

	if (set && !args.share_mm)
		call_put(c, va, &old, 4);
	return r;
}

static int give_pidfd(struct call *c, struct process *p, uint64_t va)
{
	int32_t fd = (int32_t)pidfd_of(c, p, 0);

	if (fd < 0)
		return fd;
	if (call_put(c, va, &fd, sizeof(fd)) == 0)
		return 0;
	fdtable_close(&c->p->fds, fd);
	return -EFAULT;
}

static int64_t clone_by(struct call *c, const struct clone_args *a)
{
	int r = check_places(a);
	struct thread *t;
	int id;

	r = r ? r : check_flags(a->flags);
	if (r < 0)
		return r;
	if (a->flags & CLONE_PIDFD && a->flags & CLONE_THREAD)
		return -EINVAL;
	/* Linux too: whoever is to end must leave nobody behind who is not. */
	if (wait_due(c->t))
		return -ERESTARTNOINTR;
	t = make_thread(c, a);
	if (!t)
		return -errno;
	id = t->tid;
	r = a->flags & CLONE_PIDFD ? give_pidfd(c, t->process, a->pidfd) : 0;
	if (r < 0) {
		task_undo(t);
		return r;
	}
	if (!(a->flags & CLONE_VM) || a->flags & CLONE_VFORK)
		t->signals.stack = c->t->signals.stack;
	else
		t->signals.stack = (struct signal_stack){.flags = SS_DISABLE};
	set_tids(c, t, a);
	t->process->has_parents_space = a->flags & CLONE_VFORK;
	r = start(c, t, a);
	if (r < 0) {
		task_undo(t);
		return r == -ENOMEM ? -ENOMEM : -EAGAIN;
	}
	if (a->flags & CLONE_VFORK)
		task_wait_vfork(c->t, id);
	return id;
}

int64_t clone_clone(struct call *c)
{
	const struct clone_args a = {
		.flags = (uint32_t)c->arg[0] & ~(uint64_t)CSIGNAL,
		.pidfd = c->arg[2],
		.child_tid = c->arg[3],
		.parent_tid = c->arg[2],
		.exit_signal = c->arg[0] & CSIGNAL,
		.stack = c->arg[1],
		.tls = c->arg[4],
	};

	return clone_by(c, &a);
}

int64_t clone_fork(struct call *c)
{
	const struct clone_args a = {.exit_signal = SIGCHLD};

	return clone_by(c, &a);
}

int64_t clone_vfork(struct call *c)
{
	const struct clone_args a = {
		.flags = CLONE_VFORK | CLONE_VM,
		.exit_signal = SIGCHLD,
	};

	return clone_by(c, &a);
}

/* Linux copy_struct_from_user: what is longer than we know must be zero. */
static int get_args(struct call *c, struct clone_args *a)
{
	uint64_t size = c->arg[1], n = size < sizeof(*a) ? size : sizeof(*a);
	uint8_t byte;

	if (size > 4096)
		return -E2BIG;
	if (size < CLONE_ARGS_FIRST)
		return -EINVAL;
	memset(a, 0, sizeof(*a));
	if (call_get(c, c->arg[0], a, n) < 0)
		return -EFAULT;
	for (; n < size; n++) {
		if (call_get(c, c->arg[0] + n, &byte, 1) < 0)
			return -EFAULT;
		if (byte)
			return -E2BIG;
	}
	return 0;
}

/* Linux clone3_args_valid. */
static int check_args(const struct clone_args *a)
{
	const uint64_t known = (uint32_t)~CSIGNAL | CLONE3_ONLY | CLONE_NEWTIME;

	if (a->set_tid_size > 32 || (!a->set_tid != !a->set_tid_size))
		return -EINVAL;
	if (a->exit_signal > SIGNALS || a->flags & ~known ||
	    a->flags & CLONE_DETACHED)
		return -EINVAL;
	if ((a->flags & (CLONE_SIGHAND | CLONE_CLEAR_SIGHAND)) ==
	    (CLONE_SIGHAND | CLONE_CLEAR_SIGHAND))
		return -EINVAL;
	if (a->flags & (CLONE_THREAD | CLONE_PARENT) && a->exit_signal)
		return -EINVAL;
	if (!a->stack != !a->stack_size ||
	    (a->stack && !call_access_ok(a->stack, a->stack_size)))
		return -EINVAL;
	if (a->set_tid_size || a->flags & CLONE_INTO_CGROUP)
		return -EPERM;
	return 0;
}

int64_t clone_clone3(struct call *c)
{
	struct clone_args a;
	int r = get_args(c, &a);

	r = r ? r : check_args(&a);
	return r ? r : clone_by(c, &a);
}
