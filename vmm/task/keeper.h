/*
 * keeper.h: the rights that the VMM was started with, kept while the program
 * gives up its own.
 *
 * In Linux's kernel credentials belong to a thread. Those of the thread that
 * serves the program's calls are the program's own, so the host judges what it
 * does as it would natively. Before they change for the first time, a second
 * thread is started: it keeps what was, sleeps, and in the end does the work
 * that needs it.
 */
#ifndef KEEPER_H
#define KEEPER_H

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>

typedef void keeper_fn(void *arg);

struct keeper { /* all zero: not started */
	bool started;
	pthread_t thread;
	sem_t end;
	keeper_fn *work;
	void *arg;
};

/* Call it from the thread whose rights are to be kept. 0 or -errno. */
int keeper_start(struct keeper *k);
/* Have it do the work and end; not started: the caller's thread does it. */
void keeper_end(struct keeper *k, keeper_fn *work, void *arg);

#endif
