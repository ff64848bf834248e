/*
 * wait.h: how a thread of the guest waits in the host: in a host call that may
 * block, or for a thread of its own kind. The machine's lock is not held while
 * it waits, so whatever other threads can change must be looked at again.
 *
 * What ends a wait early is due: a signal that the thread does not block, its
 * own end, or the end of vmm (stop.h). All is called with the lock held.
 */
#ifndef WAIT_H
#define WAIT_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct thread;

/* Once, before the first thread. 0 or -errno. */
int wait_init(void);
/* This host thread is the thread's, from now on. */
void wait_begin(struct thread *t);

/*
 * The thread whose host thread gets the host's signals (NULL: it has ended),
 * and who makes them pending where they belong, with the lock held (stop_take);
 * and one has come, in whose handler this is called, with its context.
 */
typedef void wait_taker(struct thread *t);
void wait_first(struct thread *t, wait_taker *taker);
void wait_attend(void *context);

/* Something asks for the thread's attention: it must give up waiting. */
bool wait_due(struct thread *t);

/*
 * A host call that may block: a value or -errno, -EINTR if it was broken off.
 * That need not be for what is due: if nothing is, call again.
 */
int64_t wait_call(struct thread *t, long nr, const uint64_t arg[6]);
#define wait_host(t, nr, ...)                                                  \
	wait_call((t), (nr), (const uint64_t[6]){__VA_ARGS__})

/*
 * Sleep until wait_wake, or until the absolute time of CLOCK_MONOTONIC or
 * CLOCK_REALTIME (NULL: for ever). 0: woken, perhaps for nothing; -ETIMEDOUT;
 * -EINTR: something is due.
 */
int wait_sleep(struct thread *t, clockid_t clock, const struct timespec *until);

/* Likewise for ever, but signals do not matter. -EINTR: t or vmm is to end. */
int wait_killable(struct thread *t);

/* Wake it if it sleeps, or will do so next. */
void wait_wake(struct thread *t);
/* Something is due for it: break off whatever it does, computing too. */
void wait_kick(struct thread *t);

#endif
