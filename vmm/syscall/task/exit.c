/*
 * exit.c: the end of threads and processes, and waiting for it.
 */
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "families.h"
#include "pidfd.h"
#include "task_signal.h"
#include "tasks.h"
#include "wait.h"

int64_t exit_exit(struct call *c)
{
	if (task_is_last(c->t))
		return exit_group(c);
	c->t->ending = true;
	return 0;
}

int64_t exit_group(struct call *c)
{
	task_end_process(c->p, (int)(c->arg[0] & 0xff) << 8);
	return 0;
}

/* ---- Waiting ------------------------------------------------------------- */

static int put_rusage(struct call *c, uint64_t va, const struct task_usage *u)
{
	struct rusage r;

	usage_fill(u, &r);
	return call_put_opt(c, va, &r, sizeof(r));
}

/* Linux kernel_wait4: 0 is the own group, below that a group's number. */
static void name_children(const struct process *p, int id,
			  struct task_wait *what)
{
	what->id = id > 0 ? id : id == 0 ? p->pgid : -id;
	what->which = id > 0 ? P_PID : id == -1 ? P_ALL : P_PGID;
}

int64_t exit_wait4(struct call *c)
{
	int id = (int)c->arg[0], options = (int)c->arg[2];
	struct task_wait what = {.options = options | WEXITED};
	struct task_status status;
	int r;

	if (options & ~(WNOHANG | WUNTRACED | WCONTINUED | __WNOTHREAD |
			__WCLONE | __WALL))
		return -EINVAL;
	if (id == INT_MIN)
		return -ESRCH;
	name_children(c->p, id, &what);
	r = task_wait(c->t, &what, &status);
	if (r <= 0)
		return r == -EINTR ? -ERESTARTSYS : r;
	if (call_put_opt(c, c->arg[1], &status.status, 4) < 0 ||
	    put_rusage(c, c->arg[3], &status.usage) < 0)
		return -EFAULT;
	return status.pid;
}

static int child_code(int status)
{
	return WIFEXITED(status)      ? CLD_EXITED
	       : WIFSTOPPED(status)   ? CLD_STOPPED
	       : WIFCONTINUED(status) ? CLD_CONTINUED
	       : WCOREDUMP(status)    ? CLD_DUMPED
				      : CLD_KILLED;
}

static int child_value(int status)
{
	return WIFEXITED(status)      ? WEXITSTATUS(status)
	       : WIFSTOPPED(status)   ? WSTOPSIG(status)
	       : WIFCONTINUED(status) ? SIGCONT
				      : WTERMSIG(status);
}

/* si_signo, si_errno, si_code; then si_pid, si_uid, si_status. */
static int put_info(struct call *c, uint64_t va, int found,
		    const struct task_status *s)
{
	const int32_t head[3] = {found ? SIGCHLD : 0, 0,
				 found ? child_code(s->status) : 0};
	const int32_t rest[3] = {found ? s->pid : 0,
				 found ? (int32_t)s->uid : 0,
				 found ? child_value(s->status) : 0};

	if (!va)
		return 0;
	if (call_put(c, va, head, sizeof(head)) < 0)
		return -EFAULT;
	return call_put(c, va + 16, rest, sizeof(rest));
}

/* Linux kernel_waitid: whom it is for. */
static int name_by_type(struct call *c, struct task_wait *what)
{
	int id = (int)c->arg[1];

	what->id = id;
	what->which = (int)c->arg[0];
	switch (what->which) {
	case P_ALL:
		return 0;
	case P_PID:
		return id <= 0 ? -EINVAL : 0;
	case P_PGID:
		if (id < 0)
			return -EINVAL;
		what->id = id ? id : c->p->pgid;
		return 0;
	case P_PIDFD:
		if (id < 0)
			return -EINVAL;
		what->which = P_PID;
		what->id = pidfd_pid(c->p, id);
		return what->id == -EBADF ? -EBADF : 0;
	default:
		return -EINVAL;
	}
}

static int wait_by_type(struct call *c, struct task_status *status)
{
	int options = (int)c->arg[3], r;
	struct task_wait what = {.options = options};

	if (options & ~(WNOHANG | WNOWAIT | WEXITED | WSTOPPED | WCONTINUED |
			__WNOTHREAD | __WCLONE | __WALL) ||
	    !(options & (WEXITED | WSTOPPED | WCONTINUED)))
		return -EINVAL;
	r = name_by_type(c, &what);
	r = r ? r : task_wait(c->t, &what, status);
	return r == -EINTR ? -ERESTARTSYS : r;
}

/* Of nobody is told, whatever is wrong. */
int64_t exit_waitid(struct call *c)
{
	struct task_status status = {0};
	int r = wait_by_type(c, &status);

	if (r > 0 && put_rusage(c, c->arg[4], &status.usage) < 0)
		return -EFAULT;
	if (put_info(c, c->arg[2], r > 0, &status) < 0)
		return -EFAULT;
	return r < 0 ? r : 0;
}
