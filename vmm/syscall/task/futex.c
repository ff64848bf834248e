/*
 * futex.c: the calls on futexes (Linux kernel/futex/); who waits is in
 * task/futexes.c. A lock with priority inheritance is handed over by whoever
 * lets go of it to the first who waits; nobody's priority changes.
 */
#include <errno.h>
#include <linux/futex.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "families.h"
#include "futex.h"
#include "futexes.h"
#include "hv_map.h"
#include "tasks.h"
#include "wait.h"

#define OP_PRIVATE FUTEX_PRIVATE_FLAG

/* Linux get_futex_key: the page of a futex that is shared is looked up. */
static int64_t check_word(struct call *c, uint64_t va, uint32_t op)
{
	uint32_t value;

	if (va % sizeof(value))
		return -EINVAL;
	if (!call_access_ok(va, 0)) /* of a word Linux asks its start only */
		return -EFAULT;
	return op & OP_PRIVATE ? 0 : call_get(c, va, &value, sizeof(value));
}

static int64_t get_word(struct call *c, uint64_t va, uint32_t op,
			uint32_t *value)
{
	int64_t r = check_word(c, va, op);

	return r < 0 ? r : call_get(c, va, value, sizeof(*value));
}

/* ---- Waiting ----------------------------------------------------------- */

/* Until when, or for how long; NULL: for ever. */
struct limit {
	const struct timespec *time;
	clockid_t clock;
	bool relative;
};

/* The time at va, if that is not null. */
static int get_time(struct call *c, uint64_t va, struct timespec *t,
		    struct limit *limit)
{
	if (!va)
		return 0;
	if (call_get(c, va, t, sizeof(*t)) < 0)
		return -EFAULT;
	limit->time = t;
	return time_is_valid(t) ? 0 : -EINVAL;
}

/* The word at va, which was looked at already. */
static struct futex_key key_of(struct call *c, uint64_t va, uint32_t op)
{
	return (struct futex_key){
		.space = usermem_space(c->v),
		.va = va,
		.gpa = op & OP_PRIVATE ? 0 : usermem_where(c->v, va),
	};
}

/* Until one of n waiters is woken: 0, -ETIMEDOUT or -ERESTARTSYS. */
static int64_t sleep_for(struct call *c, struct futex_waiter *w, unsigned n,
			 const struct limit *limit)
{
	struct timespec until;
	int64_t r = 0;

	if (limit->time)
		until = *limit->time;
	if (limit->time && limit->relative)
		r = time_deadline(limit->clock, limit->time, &until);
	while (r == 0) {
		for (unsigned i = 0; i < n; i++)
			if (!w[i].queued)
				return 0;
		r = wait_sleep(c->t, limit->clock, limit->time ? &until : NULL);
	}
	for (unsigned i = 0; i < n; i++)
		if (!w[i].queued)
			return 0;
	return r == -EINTR ? -ERESTARTSYS : r;
}

static int64_t sleep_on(struct call *c, struct futex_waiter *w,
			const struct limit *limit)
{
	int64_t r;

	w->thread = c->t;
	futexes_queue(w);
	r = sleep_for(c, w, 1, limit);
	futexes_leave(w);
	return r;
}

static int64_t wait_restartable(struct call *c, uint32_t op,
				const struct limit *limit);

static int64_t wait_on(struct call *c, uint64_t va, uint32_t op, uint32_t want,
		       const struct limit *limit, uint32_t bitset)
{
	struct futex_waiter w = {.bitset = bitset};
	uint32_t value;
	int64_t r = get_word(c, va, op, &value);

	if (r < 0)
		return r;
	if (value != want)
		return -EAGAIN;
	w.key = key_of(c, va, op);
	return sleep_on(c, &w, limit);
}

/* Of FUTEX_WAIT and FUTEX_WAKE, or what the _BITSET ones say. */
static uint32_t bitset_of(const struct call *c, uint32_t op)
{
	const uint32_t cmd = op & FUTEX_CMD_MASK;

	return cmd == FUTEX_WAIT_BITSET || cmd == FUTEX_WAKE_BITSET
		       ? (uint32_t)c->arg[5]
		       : FUTEX_BITSET_MATCH_ANY;
}

/* restart_syscall: the arguments of FUTEX_WAIT, and its time goes on. */
static int64_t wait_again(struct call *c)
{
	const struct restart r = c->t->restart;
	const struct limit limit = {&r.until, r.clock, false};

	return wait_restartable(c, (uint32_t)c->arg[1], &limit);
}

/* Linux futex_wait: one that has a time is not started anew. */
static int64_t wait_restartable(struct call *c, uint32_t op,
				const struct limit *limit)
{
	struct limit until = *limit;
	struct timespec t;
	int64_t r;

	if (limit->time && limit->relative) {
		r = time_deadline(limit->clock, limit->time, &t);
		if (r < 0)
			return r;
		until = (struct limit){&t, limit->clock, false};
	}
	r = wait_on(c, c->arg[0], op, (uint32_t)c->arg[2], &until,
		    bitset_of(c, op));
	if (r != -ERESTARTSYS || !until.time)
		return r;
	c->t->restart = (struct restart){
		.fn = wait_again,
		.arg = {c->arg[0], c->arg[1], c->arg[2], 0, 0, c->arg[5]},
		.clock = until.clock,
		.until = *until.time,
	};
	return -ERESTART_RESTARTBLOCK;
}

/* Whoever is moved to the lock gets it when its owner lets go. */
static int64_t wait_requeued(struct call *c, uint32_t op,
			     const struct limit *limit)
{
	struct futex_waiter w = {.bitset = FUTEX_BITSET_MATCH_ANY};
	uint32_t value;
	int64_t r = get_word(c, c->arg[0], op, &value);

	if (r < 0)
		return r;
	if (value != (uint32_t)c->arg[2])
		return -EAGAIN;
	w.key = key_of(c, c->arg[0], op);
	return sleep_on(c, &w, limit);
}

static int64_t wait_requeue_pi(struct call *c, uint32_t op,
			       const struct limit *limit)
{
	int64_t r;

	if (c->arg[0] == c->arg[4])
		return -EINVAL;
	r = check_word(c, c->arg[4], op);
	if (r == 0)
		r = wait_requeued(c, op, limit);
	return r == -ERESTARTSYS ? -ERESTARTNOINTR : r;
}

/* ---- Waking ------------------------------------------------------------ */

static int64_t wake(struct call *c, uint64_t va, uint32_t op, int n,
		    uint32_t bitset)
{
	int64_t r = check_word(c, va, op);
	struct futex_key key;

	if (r < 0)
		return r;
	key = key_of(c, va, op);
	/* Linux futex_wake: at least one, whatever was asked for. */
	return futexes_wake(&key, n < 1 ? 1 : n, bitset);
}

static int64_t move(struct call *c, uint32_t op)
{
	const struct futex_key from = key_of(c, c->arg[0], op);
	const struct futex_key to = key_of(c, c->arg[4], op);
	int woken = 0;

	if ((int32_t)c->arg[2] > 0)
		woken = futexes_wake(&from, (int32_t)c->arg[2],
				     FUTEX_BITSET_MATCH_ANY);
	return woken + futexes_move(&from, &to, (int32_t)c->arg[3], false);
}

static int64_t move_to_lock(struct call *c, uint32_t op);

static int64_t requeue(struct call *c, uint32_t op, const uint32_t *want,
		       bool pi)
{
	uint32_t value;
	int64_t r;

	if ((int32_t)c->arg[2] < 0 || (int32_t)c->arg[3] < 0)
		return -EINVAL;
	if (pi && (c->arg[0] == c->arg[4] || (int32_t)c->arg[2] != 1))
		return -EINVAL;
	r = check_word(c, c->arg[0], op);
	if (r == 0)
		r = check_word(c, c->arg[4], op);
	if (r < 0)
		return r;
	if (want && call_get(c, c->arg[0], &value, sizeof(value)) < 0)
		return -EFAULT;
	if (want && value != *want)
		return -EAGAIN;
	return pi ? move_to_lock(c, op) : move(c, op);
}

/* Linux futex_atomic_op_inuser. False: no such operation. */
static bool operate(uint32_t op, uint32_t with, uint32_t *value)
{
	switch (op) {
	case FUTEX_OP_SET:
		*value = with;
		return true;
	case FUTEX_OP_ADD:
		*value += with;
		return true;
	case FUTEX_OP_OR:
		*value |= with;
		return true;
	case FUTEX_OP_ANDN:
		*value &= ~with;
		return true;
	case FUTEX_OP_XOR:
		*value ^= with;
		return true;
	default:
		return false;
	}
}

/* At once for all processors; *was: what the word had. */
static int operate_on(struct call *c, uint64_t va, uint32_t op, uint32_t with,
		      uint32_t *was)
{
	uint32_t next, seen = *was;

	do {
		*was = next = seen;
		operate(op, with, &next);
		if (usermem_cmpxchg32(c->v, va, *was, next, &seen) < 0)
			return -EFAULT;
	} while (seen != *was);
	return 0;
}

static bool compares(uint32_t how, int32_t was, int32_t with)
{
	switch (how) {
	case FUTEX_OP_CMP_EQ:
		return was == with;
	case FUTEX_OP_CMP_NE:
		return was != with;
	case FUTEX_OP_CMP_LT:
		return was < with;
	case FUTEX_OP_CMP_LE:
		return was <= with;
	case FUTEX_OP_CMP_GT:
		return was > with;
	default:
		return was >= with;
	}
}

/* What the comparison says is whether to wake others. */
static int64_t wake_op(struct call *c, uint32_t op)
{
	uint32_t how = (uint32_t)c->arg[5], value;
	uint32_t with = (uint32_t)((int32_t)(how << 8) >> 20);
	int64_t r = check_word(c, c->arg[0], op);

	if (r == 0)
		r = check_word(c, c->arg[4], op);
	if (r < 0)
		return r;
	if (how >> 28 & FUTEX_OP_OPARG_SHIFT)
		with = 1u << (with & 31);
	if (!operate(how >> 28 & 7, with, &(uint32_t){0}))
		return -ENOSYS;
	if (call_get(c, c->arg[4], &value, sizeof(value)) < 0)
		return -EFAULT;
	r = operate_on(c, c->arg[4], how >> 28 & 7, with, &value);
	if (r < 0)
		return r;
	if ((how >> 24 & 15) > FUTEX_OP_CMP_GE)
		return -ENOSYS;
	r = wake(c, c->arg[0], op, (int32_t)c->arg[2], FUTEX_BITSET_MATCH_ANY);
	if (r < 0 || !compares(how >> 24 & 15, (int32_t)value,
			       (int32_t)(how << 20) >> 20))
		return r;
	return r + wake(c, c->arg[4], op, (int32_t)c->arg[3],
			FUTEX_BITSET_MATCH_ANY);
}

/* ---- Priority inheritance ---------------------------------------------- */

/* Linux attach_to_pi_owner: may `tid` own a lock? */
static int64_t check_owner(int tid)
{
	const unsigned kthread = 0x00200000; /* PF_KTHREAD */
	unsigned flags = 0;
	char path[64];
	FILE *f;

	if (host_call(SYS_sched_getscheduler, tid) == -ESRCH)
		return -ESRCH;
	snprintf(path, sizeof(path), "/proc/%d/stat", tid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	if (fscanf(f, "%*[^)]) %*c %*d %*d %*d %*d %*d %u", &flags) != 1)
		flags = 0;
	fclose(f);
	return flags & kthread ? -EPERM : 0;
}

/* It may be a thread of the guest, or of the host, which will not let go. */
static int64_t check_any_owner(const struct call *c, int tid)
{
	return tasks_thread(c->p->tasks, tid) ? 0 : check_owner(tid);
}

/* One that waits for the lock is among others: whoever owns it must ask us. */
static uint32_t waiters_bit(const struct futex_key *key)
{
	return futexes_first(key, true) ? FUTEX_WAITERS : 0;
}

/*
 * Linux futex_lock_pi_atomic, for t. 1: it has the lock. 0: it has to wait, and
 * the owner knows.
 */
static int64_t try_lock(struct call *c, uint64_t va, uint32_t op,
			const struct thread *t)
{
	const struct futex_key key = key_of(c, va, op);
	uint32_t value, next, owner, seen;
	int64_t r = get_word(c, va, op, &value);

	for (; r == 0; value = seen) {
		owner = value & FUTEX_TID_MASK;
		if (owner == (uint32_t)t->tid)
			return -EDEADLK;
		next = owner ? value | FUTEX_WAITERS
			     : (value & FUTEX_OWNER_DIED) | (uint32_t)t->tid |
				       waiters_bit(&key);
		if (usermem_cmpxchg32(c->v, va, value, next, &seen) < 0)
			return -EFAULT;
		if (seen == value)
			return owner ? check_any_owner(c, (int)owner) : 1;
	}
	return r;
}

static int64_t lock_pi(struct call *c, uint32_t op, const struct limit *limit)
{
	struct futex_waiter w = {.bitset = FUTEX_BITSET_MATCH_ANY, .pi = true};
	int64_t r = try_lock(c, c->arg[0], op, c->t);

	if (r)
		return r < 0 ? r : 0;
	if ((op & FUTEX_CMD_MASK) == FUTEX_TRYLOCK_PI)
		return -EAGAIN;
	w.key = key_of(c, c->arg[0], op);
	r = sleep_on(c, &w, limit);
	return r == -ERESTARTSYS ? -ERESTARTNOINTR : r; /* futex_lock_pi */
}

/* The first who waits has it now, and is told. */
static int64_t unlock_pi(struct call *c, uint32_t op)
{
	struct futex_waiter *w;
	struct futex_key key;
	uint32_t value, next, seen;
	int64_t r;

	if (call_get(c, c->arg[0], &value, sizeof(value)) < 0)
		return -EFAULT;
	if ((value & FUTEX_TID_MASK) != (uint32_t)c->t->tid)
		return -EPERM;
	r = check_word(c, c->arg[0], op);
	if (r < 0)
		return r;
	key = key_of(c, c->arg[0], op);
	w = futexes_first(&key, true);
	if (w)
		futexes_leave(w);
	next = w ? (uint32_t)w->thread->tid | waiters_bit(&key) : 0;
	for (;; value = seen) {
		if (usermem_cmpxchg32(c->v, c->arg[0], value, next, &seen) < 0)
			return -EFAULT;
		if (seen == value)
			break;
	}
	if (w)
		futexes_release(w);
	return 0;
}

/* FUTEX_CMP_REQUEUE_PI: the first gets the lock, if it is free. */
static int64_t move_to_lock(struct call *c, uint32_t op)
{
	const struct futex_key from = key_of(c, c->arg[0], op);
	const struct futex_key to = key_of(c, c->arg[4], op);
	struct futex_waiter *w = futexes_first(&from, false);
	int64_t r;

	if (!w)
		return 0;
	r = try_lock(c, c->arg[4], op, w->thread);
	if (r < 0)
		return r;
	if (r)
		futexes_release(w);
	return r +
	       futexes_move(&from, &to, 1 - (int)r + (int32_t)c->arg[3], true);
}

/* ---- futex ------------------------------------------------------------- */

/* Linux futex_cmd_has_timeout, futex_init_timeout. */
static int get_limit(struct call *c, uint32_t op, struct timespec *t,
		     struct limit *limit)
{
	uint32_t cmd = op & FUTEX_CMD_MASK;

	*limit = (struct limit){NULL, CLOCK_MONOTONIC, cmd == FUTEX_WAIT};
	if (cmd == FUTEX_LOCK_PI || op & FUTEX_CLOCK_REALTIME)
		limit->clock = CLOCK_REALTIME;
	switch (cmd) {
	case FUTEX_WAIT:
	case FUTEX_WAIT_BITSET:
	case FUTEX_LOCK_PI:
	case FUTEX_LOCK_PI2:
	case FUTEX_WAIT_REQUEUE_PI:
		return get_time(c, c->arg[3], t, limit);
	default:
		return 0;
	}
}

static int64_t futex_pi(struct call *c, uint32_t op, const struct limit *limit)
{
	const uint32_t want = (uint32_t)c->arg[5];

	switch (op & FUTEX_CMD_MASK) {
	case FUTEX_LOCK_PI:
	case FUTEX_LOCK_PI2:
	case FUTEX_TRYLOCK_PI:
		return lock_pi(c, op, limit);
	case FUTEX_UNLOCK_PI:
		return unlock_pi(c, op);
	case FUTEX_WAIT_REQUEUE_PI:
		return wait_requeue_pi(c, op, limit);
	case FUTEX_CMP_REQUEUE_PI:
		return requeue(c, op, &want, true);
	default:
		return -ENOSYS;
	}
}

int64_t futex_futex(struct call *c)
{
	const uint32_t op = (uint32_t)c->arg[1], last = (uint32_t)c->arg[5];
	const uint32_t cmd = op & FUTEX_CMD_MASK;
	struct limit limit;
	struct timespec t;
	int r = get_limit(c, op, &t, &limit);

	if (r < 0)
		return r;
	if (op & FUTEX_CLOCK_REALTIME && cmd != FUTEX_WAIT_BITSET &&
	    cmd != FUTEX_WAIT_REQUEUE_PI && cmd != FUTEX_LOCK_PI2)
		return -ENOSYS;
	if ((cmd == FUTEX_WAIT_BITSET || cmd == FUTEX_WAKE_BITSET) && !last)
		return -EINVAL;
	switch (cmd) {
	case FUTEX_WAIT:
	case FUTEX_WAIT_BITSET:
		return wait_restartable(c, op, &limit);
	case FUTEX_WAKE:
	case FUTEX_WAKE_BITSET:
		return wake(c, c->arg[0], op, (int32_t)c->arg[2],
			    bitset_of(c, op));
	case FUTEX_REQUEUE:
		return requeue(c, op, NULL, false);
	case FUTEX_CMP_REQUEUE:
		return requeue(c, op, &last, false);
	case FUTEX_WAKE_OP:
		return wake_op(c, op);
	default:
		return futex_pi(c, op, &limit);
	}
}

/* ---- The calls of Linux 5.16 and 6.7 ----------------------------------- */

#define WAITV_MAX     128
#define WAITV_U32     2u
#define WAITV_PRIVATE 128u

/* Linux <linux/futex.h>, struct futex_waitv. */
struct waiter {
	uint64_t value, address;
	uint32_t flags, reserved;
};

/* Linux futex_flags_valid; there is one node, and nothing to say of it. */
static bool are_known(uint32_t flags)
{
	return (flags & ~WAITV_PRIVATE) == WAITV_U32;
}

static int64_t get_waiter(struct call *c, uint64_t i, struct waiter *w)
{
	if (call_get(c, c->arg[0] + i * sizeof(*w), w, sizeof(*w)) < 0)
		return -EFAULT;
	if (!are_known(w->flags) || w->reserved || w->value > UINT32_MAX)
		return -EINVAL;
	return 0;
}

/* 0 if the program would have to sleep for all of them. */
static int64_t check_waiters(struct call *c, uint64_t n)
{
	struct waiter w;
	uint32_t value;
	int64_t r = 0;

	for (uint64_t i = 0; i < n && r == 0; i++)
		r = get_waiter(c, i, &w);
	for (uint64_t i = 0; i < n && r == 0; i++) {
		r = get_waiter(c, i, &w);
		if (r == 0 && w.address % sizeof(value))
			r = -EINVAL;
		if (r == 0)
			r = call_get(c, w.address, &value, sizeof(value));
		if (r == 0 && value != (uint32_t)w.value)
			r = -EAGAIN;
	}
	return r;
}

/* A point in time, at va if that is not null. */
static int64_t get_point(struct call *c, uint64_t va, clockid_t clock,
			 struct timespec *t, struct limit *limit)
{
	*limit = (struct limit){NULL, clock, false};
	if (va && clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)
		return -EINVAL;
	return get_time(c, va, t, limit);
}

/* Which of them was woken: the last, as Linux looks from the end. */
static int64_t wait_for_any(struct call *c, unsigned n,
			    const struct limit *limit)
{
	struct futex_waiter w[WAITV_MAX];
	struct waiter given;
	int64_t r = 0, woken = -1;

	for (unsigned i = 0; i < n; i++) {
		if (get_waiter(c, i, &given) < 0)
			return -EFAULT;
		w[i] = (struct futex_waiter){
			.key = key_of(c, given.address, given.flags),
			.bitset = FUTEX_BITSET_MATCH_ANY,
			.thread = c->t,
		};
	}
	for (unsigned i = 0; i < n; i++)
		futexes_queue(&w[i]);
	r = sleep_for(c, w, n, limit);
	for (unsigned i = 0; i < n; i++) {
		if (!w[i].queued)
			woken = i;
		futexes_leave(&w[i]);
	}
	return woken >= 0 ? woken : r;
}

int64_t futex_waitv(struct call *c)
{
	uint32_t n = (uint32_t)c->arg[1];
	struct limit limit;
	struct timespec t;
	int64_t r;

	if ((uint32_t)c->arg[2] || !n || n > WAITV_MAX || !c->arg[0])
		return -EINVAL;
	r = get_point(c, c->arg[3], (clockid_t)c->arg[4], &t, &limit);
	if (r == 0)
		r = check_waiters(c, n);
	return r < 0 ? r : wait_for_any(c, n, &limit);
}

int64_t futex_wake2(struct call *c)
{
	uint32_t flags = (uint32_t)c->arg[3];

	if (!are_known(flags) || c->arg[1] > UINT32_MAX || !c->arg[1])
		return -EINVAL;
	return wake(c, c->arg[0], flags, (int32_t)c->arg[2],
		    (uint32_t)c->arg[1]);
}

int64_t futex_wait2(struct call *c)
{
	uint32_t flags = (uint32_t)c->arg[3];
	struct limit limit;
	struct timespec t;
	int64_t r;

	if (!are_known(flags) || c->arg[1] > UINT32_MAX ||
	    c->arg[2] > UINT32_MAX)
		return -EINVAL;
	r = get_point(c, c->arg[4], (clockid_t)c->arg[5], &t, &limit);
	if (r < 0)
		return r;
	if (!c->arg[2])
		return -EINVAL;
	return wait_on(c, c->arg[0], flags, (uint32_t)c->arg[1], &limit,
		       (uint32_t)c->arg[2]);
}

static int64_t move_between(struct call *c, const struct waiter w[2])
{
	const struct futex_key from = key_of(c, w[0].address, w[0].flags);
	const struct futex_key to = key_of(c, w[1].address, w[1].flags);
	int woken = 0;

	if ((int32_t)c->arg[2] > 0)
		woken = futexes_wake(&from, (int32_t)c->arg[2],
				     FUTEX_BITSET_MATCH_ANY);
	return woken + futexes_move(&from, &to, (int32_t)c->arg[3], false);
}

int64_t futex_requeue2(struct call *c)
{
	struct waiter w[2];
	uint32_t value;
	int64_t r;

	if ((uint32_t)c->arg[1] || !c->arg[0])
		return -EINVAL;
	r = get_waiter(c, 0, &w[0]);
	if (r == 0)
		r = get_waiter(c, 1, &w[1]);
	if (r == 0 && ((int32_t)c->arg[2] < 0 || (int32_t)c->arg[3] < 0))
		r = -EINVAL;
	for (int i = 0; i < 2 && r == 0; i++)
		r = check_word(c, w[i].address, w[i].flags);
	if (r == 0)
		r = call_get(c, w[0].address, &value, sizeof(value));
	if (r == 0 && value != (uint32_t)w[0].value)
		r = -EAGAIN;
	return r < 0 ? r : move_between(c, w);
}
