/*
 * tasks.h: the processes and threads of the machine (Linux kernel/fork.c,
 * exit.c, signal.c): who is whose child, group and session, how one comes, and
 * what is left of it when it has ended. All under the machine's lock.
 *
 * One space of numbers is for processes, threads, groups and sessions: none is
 * given anew while anybody has it. A process exists from task_fork until it is
 * waited for; its threads leave it one by one, by task_exit_thread.
 */
#ifndef TASKS_H
#define TASKS_H

#include <stdbool.h>
#include <stdint.h>

#include "process.h"
#include "thread.h"

#define TASKS_THREADS_MAX 511 /* at once: as many vCPUs are left */

struct tasks {
	struct process *first; /* the machine ends with it */
	struct process *all;   /* struct process.next */
	unsigned nr_threads;
	int last_id;
	int foreground; /* the terminal's process group */
	/* A process has ended, or could not begin: put its exec. */
	void (*release)(struct process *p);
};

/* The machine's first process, whose first thread is there. */
void tasks_init(struct tasks *all, struct process *first);

struct process *tasks_process(const struct tasks *all, int pid);
struct thread *tasks_thread(const struct tasks *all, int tid);
/* The number is, or was, one of the guest's: nobody of the host is meant. */
static inline bool tasks_was_ours(const struct tasks *all, int id)
{
	return id > all->first->pid && id <= all->last_id;
}
bool tasks_has_group(const struct tasks *all, int pgid);

/* ---- Coming ------------------------------------------------------------- */

/*
 * A child of `parent`, with one thread like t, not started. It has copies of
 * all that fork copies. NULL: errno.
 */
struct process *task_fork(struct thread *t, struct process *parent,
			  int exit_signal);
/* A further thread of t's process. NULL: errno. */
struct thread *task_clone(struct thread *t);
/* It could not be started. */
void task_undo(struct thread *t);

/* ---- Going -------------------------------------------------------------- */

/* All but t are to end, for exec; they are gone when it returns. -EINTR: t is
 * to end itself. */
int task_end_others(struct thread *t);
/*
 * t is off its vCPU. With the last of a process that becomes a zombie, or
 * nothing, and its parent is told. t is freed.
 */
void task_exit_thread(struct thread *t);
/* Is t the last one of its process? */
static inline bool task_is_last(const struct thread *t)
{
	return t->process->nr_threads == 1;
}
/* All processes but the first are to end. */
void tasks_kill(struct tasks *all);

/* The address space that a vfork has lent comes back. */
void task_release_parent(struct process *p);
/* Until it does; -EINTR: t is to end. */
int task_wait_vfork(struct thread *t, int child);

/* ---- Waiting ------------------------------------------------------------ */

struct task_wait {
	int which; /* P_ALL, P_PID, P_PGID */
	int id;
	int options; /* WEXITED, WSTOPPED, WCONTINUED, WNOHANG, WNOWAIT, ... */
};

struct task_status {
	int pid;
	uint32_t uid;
	int status; /* as of wait4(2) */
	struct task_usage usage;
};

/* 1 and *out, 0: WNOHANG, and none yet; or -ECHILD, -EINTR. */
int task_wait(struct thread *t, const struct task_wait *what,
	      struct task_status *out);

/* ---- Stopping ----------------------------------------------------------- */

/* Stop by this signal, until somebody continues it, or ends it. */
void task_stop(struct thread *t, int sig);

#endif
