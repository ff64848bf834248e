/*
 * futexes.h: threads that wait for a word of memory to change (Linux
 * kernel/futex/). Under the machine's lock: who queues itself and then finds
 * the word as it was misses no one who changes it and wakes.
 */
#ifndef FUTEXES_H
#define FUTEXES_H

#include <stdbool.h>
#include <stdint.h>

struct thread;

/*
 * Which word. A private one is an address of an address space. One that may be
 * shared is also that, or wherever its page is: in memory that is private
 * after all, the page may change by a copy on write, the address does not.
 */
struct futex_key {
	uint64_t space, va;
	uint64_t gpa; /* 0: private */
};

struct futex_waiter {
	struct futex_key key;
	uint32_t bitset;
	struct thread *thread;
	bool queued; /* else it was woken */
	bool pi;     /* it is to get a lock: woken by its hand-over alone */
	struct futex_waiter *next;
};

void futexes_queue(struct futex_waiter *w);
/* It gives up; does nothing if it was woken. */
void futexes_leave(struct futex_waiter *w);

/* Wake n at most, of those whose bitset has a bit of this. Returns how many. */
int futexes_wake(const struct futex_key *key, int n, uint32_t bitset);
/* Have n at most wait for another word instead. Returns how many. */
int futexes_move(const struct futex_key *from, const struct futex_key *to,
		 int n, bool pi);
/* The first that waits for it, or NULL; pi: those alone. */
struct futex_waiter *futexes_first(const struct futex_key *key, bool pi);
/* Wake this one. */
void futexes_release(struct futex_waiter *w);

#endif
