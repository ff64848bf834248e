/*
 * tasks.c: see tasks.h.
 */
#include "tasks.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "signals.h"
#include "stop.h"
#include "task_signal.h"
#include "wait.h"

#define PID_MAX	   4194304 /* Linux PID_MAX_LIMIT on 64 bits */
#define PIDS_AFTER 300	   /* RESERVED_PIDS: where it begins anew */

static struct thread *thread_of(struct signals *g)
{
	return (struct thread *)((char *)g - offsetof(struct thread, signals));
}

static void end_by_signal(struct signals *g, int sig)
{
	task_end_process(thread_of(g)->process, sig);
}

/* Whoever controls vmm's job stops the first process with it. */
static void stop_by_signal(struct signals *g, int sig)
{
	struct thread *t = thread_of(g);

	if (t->process->parent)
		task_stop(t, sig);
	else
		stop_self();
}

void tasks_init(struct tasks *all, struct process *first)
{
	*all = (struct tasks){
		.first = first,
		.all = first,
		.nr_threads = 1,
		.last_id = first->pid,
		.foreground = first->pgid,
	};
	first->tasks = all;
	first->signals.end = end_by_signal;
	first->signals.stop = stop_by_signal;
	first->signals.more_max =
		(unsigned)first->limits.of[RLIMIT_SIGPENDING].rlim_cur;
}

/* ---- Who there is -------------------------------------------------------- */

struct process *tasks_process(const struct tasks *all, int pid)
{
	struct process *p = all->all;

	while (p && p->pid != pid)
		p = p->next;
	return p;
}

struct thread *tasks_thread(const struct tasks *all, int tid)
{
	for (struct process *p = all->all; p; p = p->next)
		for (struct thread *t = p->threads; t; t = t->next)
			if (t->tid == tid)
				return t;
	return NULL;
}

bool tasks_has_group(const struct tasks *all, int pgid)
{
	for (const struct process *p = all->all; p; p = p->next)
		if (p->pgid == pgid)
			return true;
	return false;
}

static bool id_is_used(const struct tasks *all, int id)
{
	for (const struct process *p = all->all; p; p = p->next)
		if (p->pid == id || p->pgid == id || p->sid == id)
			return true;
	return tasks_thread(all, id);
}

static int new_id(struct tasks *all)
{
	do
		all->last_id = all->last_id + 1 < PID_MAX ? all->last_id + 1
							  : PIDS_AFTER;
	while (id_is_used(all, all->last_id));
	return all->last_id;
}

/* ---- Coming -------------------------------------------------------------- */

static bool has_room(const struct thread *t)
{
	const struct tasks *all = t->process->tasks;

	if (all->nr_threads < TASKS_THREADS_MAX &&
	    all->nr_threads < t->process->limits.of[RLIMIT_NPROC].rlim_cur)
		return true;
	errno = EAGAIN;
	return false;
}

/* What every new thread has of the one that made it. */
static struct thread *thread_like(const struct thread *t, struct process *p,
				  int tid)
{
	struct thread *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	n->process = p;
	n->tid = tid;
	memcpy(n->name, t->name, sizeof(n->name));
	n->signals.shared = &p->signals;
	n->signals.mask = t->signals.mask;
	n->policy = t->policy;
	n->next = p->threads;
	p->threads = n;
	p->nr_threads++;
	p->tasks->nr_threads++;
	return n;
}

struct thread *task_clone(struct thread *t)
{
	if (!has_room(t))
		return NULL;
	return thread_like(t, t->process, new_id(t->process->tasks));
}

struct process *task_fork(struct thread *t, struct process *parent,
			  int exit_signal)
{
	struct process *from = t->process, *p;
	struct tasks *all = from->tasks;
	struct thread *n;

	if (!has_room(t))
		return NULL;
	p = process_copy(from);
	if (!p)
		return NULL;
	p->pid = p->fds.owner = new_id(all);
	p->parent = parent;
	p->adopted = parent != from && from->adopted;
	p->exit_signal = exit_signal;
	n = thread_like(t, p, p->pid);
	if (!n) {
		process_free(p);
		errno = ENOMEM;
		return NULL;
	}
	n->signals.stack = t->signals.stack;
	n->rseq = t->rseq;
	n->rseq_len = t->rseq_len;
	n->rseq_sig = t->rseq_sig;
	p->next = all->all->next;
	all->all->next = p;
	return p;
}

static void unlink_thread(struct thread *t)
{
	struct process *p = t->process;
	struct thread **at = &p->threads;

	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	p->nr_threads--;
	p->tasks->nr_threads--;
	signals_fini(&t->signals);
	if (!t->is_first)
		free(t);
}

static void unlink_process(struct process *p)
{
	struct process **at = &p->tasks->all;

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	process_free(p);
}

void task_undo(struct thread *t)
{
	struct process *p = t->process;

	unlink_thread(t);
	if (p->nr_threads)
		return;
	p->tasks->release(p);
	unlink_process(p);
}

/* ---- Going --------------------------------------------------------------- */

void tasks_kill(struct tasks *all)
{
	for (struct process *p = all->all; p; p = p->next)
		if (p != all->first)
			task_end_process(p, SIGKILL);
}

int task_end_others(struct thread *t)
{
	struct process *p = t->process;

	for (struct thread *o = p->threads; o; o = o->next)
		if (o != t)
			task_end_thread(o);
	while (p->nr_threads > 1)
		if (wait_sleep(t, CLOCK_MONOTONIC, NULL) == -EINTR && t->ending)
			return -EINTR;
	return 0;
}

static void wake_all(struct process *p)
{
	for (struct thread *t = p ? p->threads : NULL; t; t = t->next)
		wait_wake(t);
}

void task_release_parent(struct process *p)
{
	if (!p->has_parents_space)
		return;
	p->has_parents_space = false;
	wake_all(p->parent);
}

int task_wait_vfork(struct thread *t, int child)
{
	const struct process *p;

	for (;;) {
		p = tasks_process(t->process->tasks, child);
		if (!p || !p->has_parents_space)
			return 0;
		if (wait_killable(t))
			return -EINTR;
	}
}

static void add_usage(struct task_usage *to, const struct task_usage *u)
{
	to->user_us += u->user_us;
	to->system_us += u->system_us;
	for (int i = 0; i < CPU_CLOCKS; i++)
		to->cpu_ns[i] += u->cpu_ns[i];
	to->minflt += u->minflt;
	to->majflt += u->majflt;
	to->inblock += u->inblock;
	to->oublock += u->oublock;
	to->nvcsw += u->nvcsw;
	to->nivcsw += u->nivcsw;
	if (u->maxrss > to->maxrss)
		to->maxrss = u->maxrss;
}

/* Linux forget_original_parent, find_new_reaper. */
static struct process *reaper_of(const struct process *p)
{
	struct process *r = p->parent;

	while (r && (r->zombie || !r->subreaper))
		r = r->parent;
	return r ? r : p->tasks->first;
}

/* Linux will_become_orphaned_pgrp: the reaper is no shell of theirs. */
static bool is_orphaned(const struct tasks *all, int pgid,
			const struct process *but)
{
	for (const struct process *p = all->all; p; p = p->next)
		if (p->pgid == pgid && p != but && !p->zombie && p->parent &&
		    !p->adopted && p->parent->pgid != pgid &&
		    p->parent->sid == p->sid)
			return false;
	return true;
}

/*
 * Linux kill_orphaned_pgrp: p has ended, or its parent has; nobody is left who
 * could continue the stopped ones of its group. `but`: who does not count.
 */
static void wake_orphans(struct process *p, const struct process *parent,
			 const struct process *but)
{
	struct tasks *all = p->tasks;
	bool stopped = false;

	if (!parent || parent->pgid == p->pgid || parent->sid != p->sid)
		return;
	for (struct process *o = all->all; o; o = o->next)
		stopped |= o->pgid == p->pgid && o != but && o->stopped;
	if (!stopped || !is_orphaned(all, p->pgid, but))
		return;
	for (struct process *o = all->all; o; o = o->next)
		if (o->pgid == p->pgid && o != but) {
			task_signal_self(o, SIGHUP);
			task_signal_self(o, SIGCONT);
		}
}

/* Linux reparent_leader; true: nobody will wait for it. */
static bool give_to(struct process *c, struct process *reaper)
{
	struct process *gone = c->parent;

	c->parent = reaper;
	c->adopted = !reaper->subreaper;
	if (c->pdeathsig && !c->zombie)
		task_signal_self(c, c->pdeathsig);
	c->exit_signal = SIGCHLD;
	if (c->zombie && !task_tell_parent(c))
		return true;
	wake_orphans(c, gone, NULL);
	return false;
}

static void leave_children(struct process *p)
{
	struct process *reaper = reaper_of(p), *next;

	for (struct process *c = p->tasks->all; c; c = next) {
		next = c->next;
		if (c->parent == p && give_to(c, reaper))
			unlink_process(c);
	}
}

static void end_process(struct process *p)
{
	p->zombie = true;
	if (p->exit_event >= 0)
		eventfd_write(p->exit_event, 1);
	task_release_parent(p);
	process_close(p);
	if (p->parent)
		p->tasks->release(p);
	leave_children(p);
	wake_orphans(p, p->parent, p);
	if (p->parent && !task_tell_parent(p))
		unlink_process(p);
}

void task_exit_thread(struct thread *t)
{
	struct process *p = t->process;
	struct task_usage own;

	thread_usage(t, &own);
	add_usage(p->usage, &own);
	unlink_thread(t);
	if (!p->nr_threads)
		end_process(p);
	else
		wake_all(p); /* exec waits for the others */
}

/* ---- Waiting ------------------------------------------------------------- */

static bool is_meant(const struct process *me, const struct process *c,
		     const struct task_wait *what)
{
	bool clone = c->exit_signal != SIGCHLD;

	if (c->parent != me)
		return false;
	if (!(what->options & __WALL) && clone != !!(what->options & __WCLONE))
		return false;
	switch (what->which) {
	case P_PID:
		return c->pid == what->id;
	case P_PGID:
		return c->pgid == what->id;
	default:
		return true;
	}
}

static void tell(struct process *c, int status, struct task_status *out)
{
	*out = (struct task_status){
		.pid = c->pid,
		.uid = getuid(),
		.status = status,
		.usage = *c->usage,
	};
	add_usage(&out->usage, c->children);
}

static bool take_zombie(struct process *me, struct process *c,
			const struct task_wait *what, struct task_status *out)
{
	if (!c->zombie || !(what->options & WEXITED))
		return false;
	tell(c, c->status, out);
	if (what->options & WNOWAIT)
		return true;
	add_usage(me->children, &out->usage);
	unlink_process(c);
	return true;
}

static bool take_state(struct process *c, const struct task_wait *what,
		       struct task_status *out)
{
	bool keep = what->options & WNOWAIT;

	if (c->tell_stopped && what->options & WSTOPPED) {
		tell(c, c->stopped << 8 | 0x7f, out);
		c->tell_stopped = keep;
		return true;
	}
	if (c->tell_continued && what->options & WCONTINUED) {
		tell(c, 0xffff, out);
		c->tell_continued = keep;
		return true;
	}
	return false;
}

/* -ECHILD: nobody is meant. 0: nobody has anything to tell. */
static int look(struct process *me, const struct task_wait *what,
		struct task_status *out)
{
	int ret = -ECHILD;

	for (struct process *c = me->tasks->all, *next; c; c = next) {
		next = c->next;
		if (!is_meant(me, c, what))
			continue;
		if (take_zombie(me, c, what, out) || take_state(c, what, out))
			return 1;
		ret = 0;
	}
	return ret;
}

int task_wait(struct thread *t, const struct task_wait *what,
	      struct task_status *out)
{
	for (;;) {
		int ret = look(t->process, what, out);

		if (ret || what->options & WNOHANG)
			return ret;
		ret = wait_sleep(t, CLOCK_MONOTONIC, NULL);
		if (ret == -EINTR)
			return ret;
	}
}

/* ---- Stopping ------------------------------------------------------------ */

void task_stop(struct thread *t, int sig)
{
	struct process *p = t->process;

	if (!p->stopped) {
		p->stopped = sig;
		p->tell_stopped = true;
		p->tell_continued = false;
		task_tell_stopped(p, true);
		for (struct thread *o = p->threads; o; o = o->next)
			if (o != t)
				wait_kick(o);
	}
	while (p->stopped && !wait_killable(t))
		;
}
