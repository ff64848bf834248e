/*
 * thread.h: a thread of a process of the guest: one vCPU, one host thread.
 */
#ifndef THREAD_H
#define THREAD_H

#include <stdbool.h>
#include <stdint.h>

#include "signals.h"

struct process;
struct vcpu;

#define THREAD_NAME_SIZE 16 /* Linux TASK_COMM_LEN */

struct thread {
	struct process *process;
	struct vcpu *vcpu; /* NULL until it is made */
	int tid;
	struct signals signals;
	char name[THREAD_NAME_SIZE]; /* PR_SET_NAME, comm */
	uint64_t clear_tid, robust_list;
	uint64_t rseq;
	uint32_t rseq_len, rseq_sig;
	struct {
		uint32_t mode; /* MPOL_*, with its flags */
		bool node;     /* the mask names node 0 */
	} policy;
};

/* The first thread of a process: with the mask of this one. */
void thread_init(struct thread *t, struct process *p);
/* Take the last part of a path for its name, as execve does. */
void thread_set_name(struct thread *t, const char *path);
/* The same from a name that is no path, to be cut. */
void thread_set_comm(struct thread *t, const char *name);

#endif
