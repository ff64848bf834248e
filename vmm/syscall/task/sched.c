/*
 * sched.c: priority, class and processors. To the host's scheduler a thread of
 * the guest is its host thread, so what is changed of it is changed there; of
 * those that are none of the guest's one may only ask.
 */
#include <errno.h>
#include <linux/ioprio.h>
#include <linux/sched.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "families.h"
#include "hv_map.h"

/* A group, or all of a user: more than the program, unless there is none. */
static int64_t group_or_user(long get, int which, uint64_t who)
{
	return host_call(get, which, who) == -ESRCH ? -ESRCH : -EPERM;
}

/* Which of the arguments names a thread; -1: none does. */
static int named(const struct call *c)
{
	if (c->nr == SYS_getpriority)
		return c->arg[0] == PRIO_PROCESS ? 1 : -1;
	if (c->nr == SYS_ioprio_get)
		return c->arg[0] == IOPRIO_WHO_PROCESS ? 1 : -1;
	return 0;
}

/* What the host's scheduler says of a thread. */
int64_t sched_ask(struct call *c)
{
	int i = named(c), host = i < 0 ? -1 : ids_host(c, c->arg[i]);

	if (host >= 0)
		c->arg[i] = (uint64_t)host;
	return call_forward(c, call_row(c->nr));
}

int64_t sched_priority_set(struct call *c)
{
	int which = (int)c->arg[0], host;

	if (which < PRIO_PROCESS || which > PRIO_USER)
		return -EINVAL;
	if (which != PRIO_PROCESS)
		return group_or_user(SYS_getpriority, which, c->arg[1]);
	if (ids_host(c, c->arg[1]) < 0)
		return ids_other(c->arg[1]);
	host = ids_host(c, c->arg[1]);
	/* Down only, as for all without privilege. */
	if ((int)c->arg[2] < getpriority(PRIO_PROCESS, (id_t)host))
		return -EACCES;
	return host_call(SYS_setpriority, which, host, (int)c->arg[2]);
}

/*
 * Smaller is more: by class, then by level. Without a class of its own the
 * program has what its niceness gives (Linux task_nice_ioprio).
 */
static int ioprio_rank(int value)
{
	/* Between them are hints, which are no priority. */
	int class = IOPRIO_PRIO_CLASS(value), level = value & 7;

	if (class == IOPRIO_CLASS_NONE) {
		class = IOPRIO_CLASS_BE;
		level = (getpriority(PRIO_PROCESS, 0) + 20) / 5;
	}
	return IOPRIO_PRIO_VALUE(class, level);
}

int64_t sched_ioprio_set(struct call *c)
{
	int which = (int)c->arg[0], value = (int)c->arg[2];
	int now = (int)host_call(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 0);

	if (IOPRIO_PRIO_CLASS(value) == IOPRIO_CLASS_RT)
		return -EPERM;
	/* The host has an error for what is none of these. */
	if (which == IOPRIO_WHO_PGRP || which == IOPRIO_WHO_USER)
		return group_or_user(SYS_ioprio_get, which, c->arg[1]);
	if (which == IOPRIO_WHO_PROCESS && ids_host(c, c->arg[1]) < 0)
		return ids_other(c->arg[1]);
	if (now >= 0 && ioprio_rank(value) < ioprio_rank(now))
		return -EPERM;
	return host_call(SYS_ioprio_set, which, ids_host(c, c->arg[1]), value);
}

/*
 * Scheduling classes that can starve the host are not for the program, and none
 * but SCHED_IDLE are for who has gone there: as for all without privilege.
 */
static bool class_is_forbidden(int policy)
{
	if (policy == SCHED_FIFO || policy == SCHED_RR)
		return true;
	return policy != SCHED_IDLE && sched_getscheduler(0) == SCHED_IDLE;
}

/* Linux __sched_setscheduler: what is wrong comes before what is forbidden. */
static bool fits_class(int policy, int priority)
{
	bool real_time = policy == SCHED_FIFO || policy == SCHED_RR;

	return priority >= 0 && priority < 100 && real_time == (priority != 0);
}

int64_t sched_class_set(struct call *c)
{
	int policy = (int)c->arg[1], class = policy & ~SCHED_RESET_ON_FORK;
	int priority;

	if ((int)c->arg[0] < 0 || policy < 0 || !c->arg[2])
		return -EINVAL;
	if (call_get(c, c->arg[2], &priority, sizeof(priority)) < 0)
		return -EFAULT;
	if (ids_host(c, c->arg[0]) < 0)
		return ids_other(c->arg[0]);
	if (!fits_class(class, priority) || sched_get_priority_max(class) < 0)
		return -EINVAL;
	if (class_is_forbidden(class))
		return -EPERM;
	return host_call(SYS_sched_setscheduler, ids_host(c, c->arg[0]), policy,
			 &priority);
}

/* The host says whether the priority fits the class, which is none of those. */
int64_t sched_param_set(struct call *c)
{
	int priority;

	if ((int)c->arg[0] < 0 || !c->arg[1])
		return -EINVAL;
	if (call_get(c, c->arg[1], &priority, sizeof(priority)) < 0)
		return -EFAULT;
	if (ids_host(c, c->arg[0]) < 0)
		return ids_other(c->arg[0]);
	return host_call(SYS_sched_setparam, ids_host(c, c->arg[0]), &priority);
}

#define ATTR_SIZE_MIN 48 /* SCHED_ATTR_SIZE_VER0 */

int64_t sched_attr_get(struct call *c)
{
	uint8_t attr[HV_PAGE_SIZE] = {0};
	uint32_t size = (uint32_t)c->arg[2];
	int64_t r;
	int host;

	if (!c->arg[1] || (int)c->arg[0] < 0 || size > sizeof(attr) ||
	    size < ATTR_SIZE_MIN || (uint32_t)c->arg[3])
		return -EINVAL;
	host = ids_host(c, c->arg[0]);
	r = host_call(SYS_sched_getattr, host < 0 ? (int)c->arg[0] : host, attr,
		      size, 0);
	/* Linux copy_struct_to_user: zeros behind what it knows. */
	return r < 0 ? r : call_put(c, c->arg[1], attr, size);
}

/* struct sched_attr as far as it is judged: Linux <linux/sched/types.h>. */
struct attr_head {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
};

/* What setscheduler and setpriority forbid. */
static int attr_check(const void *attr)
{
	int now = getpriority(PRIO_PROCESS, 0), policy;
	struct attr_head head;

	memcpy(&head, attr, sizeof(head));
	policy = head.flags & SCHED_FLAG_KEEP_POLICY ? sched_getscheduler(0)
						     : (int)head.policy;
	if (!(head.flags & SCHED_FLAG_KEEP_POLICY) &&
	    sched_get_priority_max(policy) < 0)
		return -EINVAL;
	if (policy == SCHED_DEADLINE)
		return -EPERM;
	if (!fits_class(policy, (int)head.priority))
		return -EINVAL;
	if (class_is_forbidden(policy))
		return -EPERM;
	/* All that is left but SCHED_IDLE heeds it. */
	return policy != SCHED_IDLE && head.nice < now &&
			       !(head.flags & SCHED_FLAG_KEEP_PARAMS)
		       ? -EPERM
		       : 0;
}

/* Linux sched_copy_attr: a size that is not known is answered with one. */
int64_t sched_attr_set(struct call *c)
{
	uint32_t attr[HV_PAGE_SIZE / 4] = {0}, size;
	bool fits;
	int64_t r;

	if ((int)c->arg[0] < 0 || !c->arg[1] || (uint32_t)c->arg[2])
		return -EINVAL;
	if (call_get(c, c->arg[1], &size, sizeof(size)) < 0)
		return -EFAULT;
	if (!size)
		size = ATTR_SIZE_MIN;
	fits = size >= ATTR_SIZE_MIN && size <= sizeof(attr);
	if (fits && call_get(c, c->arg[1], attr, size) < 0)
		return -EFAULT;
	attr[0] = size;
	if (fits && ids_host(c, c->arg[0]) < 0)
		return ids_other(c->arg[0]);
	r = fits ? attr_check(attr) : 0;
	if (r < 0)
		return r;
	r = host_call(SYS_sched_setattr, ids_host(c, c->arg[0]), attr, 0);
	if (r == -E2BIG)
		call_put(c, c->arg[1], attr, sizeof(size));
	return r;
}

/* The bytes that the host's mask has, at most what the program asks for. */
int64_t sched_affinity_get(struct call *c)
{
	uint8_t mask[8192];
	uint64_t len = (unsigned)c->arg[1];
	int64_t r;
	int host;

	/* Linux reckons in 32 bits, and so do we where our mask is too short.
	 */
	if (len > sizeof(mask) && !(len % 8) && (uint32_t)(len * 8) > len)
		len = sizeof(mask);
	if (len > sizeof(mask))
		return -EINVAL;
	host = ids_host(c, c->arg[0]);
	r = host_call(SYS_sched_getaffinity, host < 0 ? 0 : host, len, mask);
	if (r > 0 && host < 0)
		return -ESRCH;
	if (r > 0 && call_put(c, c->arg[2], mask, (size_t)r) < 0)
		return -EFAULT;
	return r;
}

/* All processors that the program has; a mask of fewer bytes is padded. */
int64_t sched_affinity_set(struct call *c)
{
	uint8_t mask[8192] = {0};
	uint64_t len = (unsigned)c->arg[1];
	int64_t r = host_call(SYS_sched_getaffinity, 0, sizeof(mask), mask);

	if (r > 0 && len > (uint64_t)r)
		len = (uint64_t)r; /* as long as the host's */
	memset(mask, 0, sizeof(mask));
	if (call_get(c, c->arg[2], mask, len) < 0)
		return -EFAULT;
	if (ids_host(c, c->arg[0]) < 0)
		return ids_other(c->arg[0]);
	r = host_call(SYS_sched_setaffinity, ids_host(c, c->arg[0]), len, mask);
	if (r == 0 && ids_host(c, c->arg[0]) == 0)
		rseq_moved(c);
	return r;
}
