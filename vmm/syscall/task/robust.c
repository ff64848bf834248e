/*
 * robust.c: what a thread leaves behind in memory that others share with it:
 * locks that it held, and the word that says that it is there (Linux
 * kernel/futex/core.c, exit_robust_list; kernel/fork.c, mm_release).
 */
#include <linux/futex.h>

#include "futex.h"
#include "futexes.h"
#include "process.h"
#include "thread.h"
#include "usermem.h"

#define LOCKS_MAX 2048 /* ROBUST_LIST_LIMIT */

/* Linux struct robust_list_head. An entry's lowest bit: it is a PI lock. */
struct head {
	uint64_t first;
	int64_t offset; /* from an entry to its word */
	uint64_t pending;
};

static void wake_one(struct thread *t, uint64_t va)
{
	const struct futex_key key = {
		.space = usermem_space(t->vcpu),
		.va = va,
		.gpa = usermem_where(t->vcpu, va),
	};

	futexes_wake(&key, 1, FUTEX_BITSET_MATCH_ANY);
}

/* The owner has died: whoever waits for it is told. */
static void give_up(struct thread *t, uint64_t entry, int64_t offset,
		    bool pending)
{
	uint64_t va = (entry & ~1ull) + (uint64_t)offset;
	uint32_t value, seen;

	if (va % 4 || usermem_read(t->vcpu, va, &value, 4) < 0)
		return;
	if (pending && !(entry & 1) && !value) {
		wake_one(t, va);
		return;
	}
	if ((value & FUTEX_TID_MASK) != (uint32_t)t->tid)
		return;
	do {
		seen = value;
		if (usermem_cmpxchg32(t->vcpu, va, seen,
				      (seen & FUTEX_WAITERS) | FUTEX_OWNER_DIED,
				      &value) < 0)
			return;
	} while (value != seen);
	if (!(entry & 1) && seen & FUTEX_WAITERS)
		wake_one(t, va);
}

static void walk(struct thread *t)
{
	uint64_t head_va = t->robust_list, entry, next;
	struct head head;

	if (usermem_read(t->vcpu, head_va, &head, sizeof(head)) < 0)
		return;
	entry = head.first;
	for (unsigned n = 0; (entry & ~1ull) != head_va && n < LOCKS_MAX; n++) {
		if (usermem_read(t->vcpu, entry & ~1ull, &next, 8) < 0)
			return;
		if (entry != head.pending)
			give_up(t, entry, head.offset, false);
		entry = next;
	}
	if (head.pending)
		give_up(t, head.pending, head.offset, true);
}

void futex_thread_end(struct thread *t)
{
	const struct process *p = t->process;
	const uint32_t none = 0;
	uint64_t tid = t->clear_tid;

	if (t->robust_list)
		walk(t);
	t->robust_list = t->clear_tid = 0;
	if (!tid || (p->nr_threads == 1 && !p->has_parents_space))
		return;
	usermem_write(t->vcpu, tid, &none, sizeof(none));
	wake_one(t, tid);
}
