/*
 * keeper.c: see keeper.h.
 */
#include "keeper.h"

#include <signal.h>

#define STACK_SIZE (256u << 10) /* whatever the limit of stacks is */

static void *keep(void *arg)
{
	struct keeper *k = arg;

	while (sem_wait(&k->end))
		;
	k->work(k->arg);
	return NULL;
}

/* Signals are for the thread that serves calls: they interrupt what it does. */
static int start_deaf(struct keeper *k, const pthread_attr_t *attr)
{
	sigset_t all, old;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&k->thread, attr, keep, k);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return err;
}

int keeper_start(struct keeper *k)
{
	pthread_attr_t attr;
	int err;

	if (k->started)
		return 0;
	sem_init(&k->end, 0, 0);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	err = start_deaf(k, &attr);
	pthread_attr_destroy(&attr);
	k->started = !err;
	return -err;
}

void keeper_end(struct keeper *k, keeper_fn *work, void *arg)
{
	if (!k->started) {
		work(arg);
		return;
	}
	k->work = work;
	k->arg = arg;
	sem_post(&k->end);
	pthread_join(k->thread, NULL);
	sem_destroy(&k->end);
	k->started = false;
}
