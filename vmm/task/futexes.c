/*
 * futexes.c: see futexes.h. One list, in the order in which they came: it is
 * short, as there are a few hundred threads at most.
 */
#include "futexes.h"

#include <stddef.h>

#include "wait.h"

static struct futex_waiter *waiters;

static bool is_same(const struct futex_key *a, const struct futex_key *b)
{
	if (a->space == b->space && a->va == b->va)
		return true;
	return a->gpa && a->gpa == b->gpa;
}

void futexes_queue(struct futex_waiter *w)
{
	struct futex_waiter **last = &waiters;

	while (*last)
		last = &(*last)->next;
	w->next = NULL;
	w->queued = true;
	*last = w;
}

void futexes_leave(struct futex_waiter *w)
{
	struct futex_waiter **at = &waiters;

	if (!w->queued)
		return;
	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	w->queued = false;
}

void futexes_release(struct futex_waiter *w)
{
	futexes_leave(w);
	wait_wake(w->thread);
}

int futexes_wake(const struct futex_key *key, int n, uint32_t bitset)
{
	int woken = 0;

	for (struct futex_waiter *w = waiters, *next; w && woken < n;
	     w = next) {
		next = w->next;
		if (w->pi || !(w->bitset & bitset) || !is_same(&w->key, key))
			continue;
		futexes_release(w);
		woken++;
	}
	return woken;
}

int futexes_move(const struct futex_key *from, const struct futex_key *to,
		 int n, bool pi)
{
	int moved = 0;

	for (struct futex_waiter *w = waiters; w && moved < n; w = w->next) {
		if (w->pi || !is_same(&w->key, from))
			continue;
		w->key = *to;
		w->pi = pi;
		moved++;
	}
	return moved;
}

struct futex_waiter *futexes_first(const struct futex_key *key, bool pi)
{
	for (struct futex_waiter *w = waiters; w; w = w->next)
		if (w->pi == pi && is_same(&w->key, key))
			return w;
	return NULL;
}
