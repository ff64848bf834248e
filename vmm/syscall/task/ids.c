/*
 * ids.c: numbers of processes, threads, groups and sessions. The first process
 * has those that vmm has on the host, so that tools there agree with it; all
 * others are given by tasks.c. Who is none of the guest's is the host's, and
 * may be asked for.
 */
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "families.h"
#include "tasks.h"

int64_t ids_getpid(struct call *c)
{
	return c->p->pid;
}

int64_t ids_gettid(struct call *c)
{
	return c->t->tid;
}

int64_t ids_getppid(struct call *c)
{
	return c->p->parent ? c->p->parent->pid : getppid();
}

/* By the number of a thread, too. NULL: none of the guest's. */
struct process *ids_process(const struct call *c, int pid)
{
	struct process *p = pid ? tasks_process(c->p->tasks, pid) : c->p;
	struct thread *t = p ? NULL : tasks_thread(c->p->tasks, pid);

	return t ? t->process : p;
}

int64_t ids_getpgrp(struct call *c)
{
	return c->p->pgid;
}

int64_t ids_getpgid(struct call *c)
{
	const struct process *p = ids_process(c, (int)c->arg[0]);

	return p ? p->pgid : host_call(SYS_getpgid, (int)c->arg[0]);
}

int64_t ids_getsid(struct call *c)
{
	const struct process *p = ids_process(c, (int)c->arg[0]);

	return p ? p->sid : host_call(SYS_getsid, (int)c->arg[0]);
}

static bool group_is_of_session(const struct tasks *all, int pgid, int sid)
{
	for (const struct process *p = all->all; p; p = p->next)
		if (p->pgid == pgid && p->sid == sid)
			return true;
	return false;
}

/* Linux kernel/sys.c, setpgid. */
int64_t ids_setpgid(struct call *c)
{
	int pid = (int)c->arg[0] ? (int)c->arg[0] : c->p->pid;
	int pgid = (int)c->arg[1] ? (int)c->arg[1] : pid;
	struct process *p;

	if (pgid < 0)
		return -EINVAL;
	p = tasks_process(c->p->tasks, pid);
	if (!p)
		return tasks_thread(c->p->tasks, pid) ? -EINVAL : -ESRCH;
	if (p->parent == c->p) {
		if (p->sid != c->p->sid)
			return -EPERM;
		if (p->has_execed)
			return -EACCES;
	} else if (p != c->p) {
		return -ESRCH;
	}
	if (p->sid == p->pid)
		return -EPERM;
	if (pgid != pid && !group_is_of_session(c->p->tasks, pgid, c->p->sid))
		return -EPERM;
	p->pgid = pgid;
	return 0;
}

int64_t ids_setsid(struct call *c)
{
	struct process *p = c->p;

	if (p->sid == p->pid || tasks_has_group(p->tasks, p->pid))
		return -EPERM;
	p->sid = p->pgid = p->pid;
	p->has_no_terminal = true;
	return p->pid;
}

int ids_host(const struct call *c, uint64_t pid)
{
	const struct thread *t = tasks_thread(c->p->tasks, (int)pid);
	const struct process *p = tasks_process(c->p->tasks, (int)pid);

	if (!(int)pid || t == c->t)
		return 0;
	if (!t && p)
		t = p->threads;
	return t ? t->host_tid : -1;
}

int64_t ids_other(uint64_t pid)
{
	int64_t r = host_call(SYS_getpgid, (int)pid);

	return r < 0 ? -ESRCH : -EPERM;
}
