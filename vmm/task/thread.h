/*
 * thread.h: a thread of a process of the guest: one vCPU, one host thread.
 */
#ifndef THREAD_H
#define THREAD_H

#include <stdbool.h>
#include <stdint.h>

#include "restart.h"
#include "signals.h"
#include "task_usage.h"

struct process;
struct vcpu;

#define THREAD_NAME_SIZE 16 /* Linux TASK_COMM_LEN */

struct thread {
	struct process *process;
	struct vcpu *vcpu; /* NULL until it is made */
	int tid;
	int host_tid;	      /* wait.h; 0: not yet */
	uint32_t kicked;      /* wait.h: a word to sleep on */
	bool ending;	      /* it is to end at its next look */
	struct thread *about; /* whose /proc it is at; NULL: its own */
	bool is_first;	      /* of the machine; not to be freed */
	struct thread *next;  /* of the process */
	struct task_usage usage_base;
	struct signals signals;
	struct restart restart;
	char name[THREAD_NAME_SIZE]; /* PR_SET_NAME, comm */
	uint64_t clear_tid, set_tid, robust_list;
	uint64_t rseq;
	uint32_t rseq_len, rseq_sig;
	struct {
		uint32_t mode; /* MPOL_*, with its flags */
		bool node;     /* the mask names node 0 */
	} policy;
};

/* How a thread starts: clone(2). */
struct start_args {
	bool share_mm;	/* CLONE_VM, else a copy */
	bool has_tls;	/* CLONE_SETTLS */
	uint64_t stack; /* 0: the parent's */
	uint64_t tls;
};

/* What its host thread has used for it; called by that one. */
void thread_usage_begin(struct thread *t);
void thread_usage(const struct thread *t, struct task_usage *u);

/* The machine's lock (biglock.h), by the thread's vCPU. */
void thread_lock(struct thread *t);
void thread_unlock(struct thread *t);

/* The first thread of a process: with the mask of this one. */
void thread_init(struct thread *t, struct process *p);
/* Take the last part of a path for its name, as execve does. */
void thread_set_name(struct thread *t, const char *path);
/* The same from a name that is no path, to be cut. */
void thread_set_comm(struct thread *t, const char *name);

#endif
