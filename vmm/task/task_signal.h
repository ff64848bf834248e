/*
 * task_signal.h: signals from one process or thread to another, and which
 * thread takes them (Linux kernel/signal.c).
 */
#ifndef TASK_SIGNAL_H
#define TASK_SIGNAL_H

#include <stdbool.h>

#include "signals.h"

struct process;
struct thread;

/* It is to end at its next look, and looks now. */
void task_end_thread(struct thread *t);
/* All its threads are to end; wait status as of wait(2). The first one counts.
 */
void task_end_process(struct process *p, int wait_status);

/* To the process: one of its threads that does not block it acts. */
void task_signal(struct process *p, const struct signal_info *info);
/* To this thread. */
void task_signal_thread(struct thread *t, const struct signal_info *info);
/* As the kernel sends it. */
void task_signal_self(struct process *p, int sig);

/*
 * A child has ended: false: nobody will wait for it, by SIGCHLD's action. The
 * parent's threads that wait are woken.
 */
bool task_tell_parent(struct process *child);
/* ... has stopped, or gone on. */
void task_tell_stopped(struct process *child, bool stopped);

#endif
