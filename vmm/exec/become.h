/*
 * become.h: what a process keeps, and what it loses, when it becomes another
 * program: the host's part of Linux fs/exec.c, begin_new_exec to finalize_exec.
 */
#ifndef BECOME_H
#define BECOME_H

struct exec;
struct process;
struct thread;

/*
 * The point of no return: p runs e, which it takes a reference of, and t is its
 * only thread. To be called in the thread's host thread, whose credentials are
 * the process's; its other threads have ended, the descriptors and the signal
 * actions are shared with nobody.
 *
 * Before: what needs the old address space (robust list, clear_tid, the parent
 * of a vfork), as t forgets its addresses here. After: process_pass_limits, for
 * the new one.
 *
 * Kept are ids, parent, cwd, umask, limits, pending signals and masks, timers
 * of setitimer, locks, THP_DISABLE and MDWE.
 */
void process_exec(struct process *p, struct thread *t, struct exec *e);

/* /proc/PID/auxv, as the plan has it: of the first program, too. */
void process_set_auxv(struct process *p, const struct exec *e);

#endif
