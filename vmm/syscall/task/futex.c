/*
 * futex.c: futexes of a program with one thread (Linux kernel/futex/). Nobody
 * waits when it wakes, and nobody wakes it: a wait ends with its time, or
 * never. A lock with priority inheritance is free, its own, or of a process
 * outside, which will not let go.
 */
#include <errno.h>
#include <linux/futex.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "families.h"
#include "hv_map.h"
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

/* Nobody will wake it: -ETIMEDOUT, or -ERESTARTSYS. */
static int64_t sleep_all(struct call *c, const struct limit *limit)
{
	struct timespec until;
	int64_t r = 0;

	if (limit->time)
		until = *limit->time;
	if (limit->time && limit->relative)
		r = time_deadline(limit->clock, limit->time, &until);
	while (r == 0)
		r = wait_sleep(c->t, limit->clock, limit->time ? &until : NULL);
	return r == -EINTR ? -ERESTARTSYS : r;
}

static int64_t wait_restartable(struct call *c, uint32_t op,
				const struct limit *limit);

static int64_t wait_on(struct call *c, uint64_t va, uint32_t op, uint32_t want,
		       const struct limit *limit)
{
	uint32_t value;
	int64_t r = get_word(c, va, op, &value);

	if (r < 0)
		return r;
	return value == want ? sleep_all(c, limit) : -EAGAIN;
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
	r = wait_on(c, c->arg[0], op, (uint32_t)c->arg[2], &until);
	if (r != -ERESTARTSYS || !until.time)
		return r;
	c->t->restart = (struct restart){
		.fn = wait_again,
		.arg = {c->arg[0], c->arg[1], c->arg[2]},
		.clock = until.clock,
		.until = *until.time,
	};
	return -ERESTART_RESTARTBLOCK;
}

static int64_t wait_requeue_pi(struct call *c, uint32_t op,
			       const struct limit *limit)
{
	int64_t r;

	if (c->arg[0] == c->arg[4])
		return -EINVAL;
	r = check_word(c, c->arg[4], op);
	if (r == 0)
		r = wait_on(c, c->arg[0], op, (uint32_t)c->arg[2], limit);
	return r == -ERESTARTSYS ? -ERESTARTNOINTR : r;
}

/* ---- Waking ------------------------------------------------------------ */

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
	if (r < 0 || !want)
		return r;
	if (call_get(c, c->arg[0], &value, sizeof(value)) < 0)
		return -EFAULT;
	if (value != *want)
		return -EAGAIN;
	return pi ? call_get(c, c->arg[4], &value, sizeof(value)) : 0;
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
	operate(how >> 28 & 7, with, &value);
	if (call_put(c, c->arg[4], &value, sizeof(value)) < 0)
		return -EFAULT;
	return (how >> 24 & 15) <= FUTEX_OP_CMP_GE ? 0 : -ENOSYS;
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

/* Linux futex_lock_pi_atomic. */
static int64_t lock_pi(struct call *c, uint32_t op, const struct limit *limit)
{
	uint64_t va = c->arg[0];
	uint32_t value, next, owner;
	int64_t r = get_word(c, va, op, &value);

	if (r < 0)
		return r;
	owner = value & FUTEX_TID_MASK;
	if (owner == (uint32_t)c->t->tid)
		return -EDEADLK;
	next = owner ? value | FUTEX_WAITERS
		     : (value & FUTEX_OWNER_DIED) | (uint32_t)c->t->tid;
	if (call_put(c, va, &next, sizeof(next)) < 0)
		return -EFAULT;
	if (!owner)
		return 0;
	r = check_owner((int)owner);
	if (r < 0)
		return r;
	if ((op & FUTEX_CMD_MASK) == FUTEX_TRYLOCK_PI)
		return -EAGAIN;
	r = sleep_all(c, limit);
	return r == -ERESTARTSYS ? -ERESTARTNOINTR : r; /* futex_lock_pi */
}

static int64_t unlock_pi(struct call *c, uint32_t op)
{
	const uint32_t none = 0;
	uint32_t value;
	int64_t r;

	if (call_get(c, c->arg[0], &value, sizeof(value)) < 0)
		return -EFAULT;
	if ((value & FUTEX_TID_MASK) != (uint32_t)c->t->tid)
		return -EPERM;
	r = check_word(c, c->arg[0], op);
	return r < 0 ? r : call_put(c, c->arg[0], &none, sizeof(none));
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
		return check_word(c, c->arg[0], op);
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
	return r < 0 ? r : sleep_all(c, &limit);
}

int64_t futex_wake2(struct call *c)
{
	uint32_t flags = (uint32_t)c->arg[3];

	if (!are_known(flags) || c->arg[1] > UINT32_MAX || !c->arg[1])
		return -EINVAL;
	return check_word(c, c->arg[0], flags);
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
	return wait_on(c, c->arg[0], flags, (uint32_t)c->arg[1], &limit);
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
	return r == 0 && value != (uint32_t)w[0].value ? -EAGAIN : r;
}
