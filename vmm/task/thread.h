/*
 * thread.h: a thread of a process of the guest: one vCPU, one host thread.
 */
#ifndef THREAD_H
#define THREAD_H

#include <stdbool.h>
#include <stdint.h>

#include "restart.h"
#include "signals.h"

struct process;
struct vcpu;

#define THREAD_NAME_SIZE 16 /* Linux TASK_COMM_LEN */

struct thread {
	struct process *process;
	struct vcpu *vcpu; /* NULL until it is made */
	int tid;
	int host_tid;	 /* wait.h; 0: not yet */
	uint32_t kicked; /* wait.h: a word to sleep on */
	bool ending;	 /* it is to end at its next look */
	struct thread *next;
	struct signals signals;
	struct restart restart;
	char name[THREAD_NAME_SIZE]; /* PR_SET_NAME, comm */
	uint64_t clear_tid, robust_list;
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

bool thread_end(struct thread *t);
void thread_free(struct thread *t);

/* The machine's lock (biglock.h), by the thread's vCPU. */
void thread_lock(struct thread *t);
void thread_unlock(struct thread *t);

/* The first thread of a process: with the mask of this one. */
void thread_init(struct thread *t, struct process *p);
/* Take the last part of a path for its name, as execve does. */
void thread_set_name(struct thread *t, const char *path);

#endif
