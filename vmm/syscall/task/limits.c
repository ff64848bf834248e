/*
 * limits.c: RLIMIT_*: kept for the program alone; the VMM's own are others.
 */
#include <errno.h>

#include "families.h"

static void set_limit(struct call *c, int what, const struct rlimit *limit)
{
	struct process *p = c->p;

	p->limits.of[what] = *limit;
	process_pass_limits(c->p, c->v);
	if (what == RLIMIT_NOFILE)
		fdtable_set_limit(&p->fds, limit->rlim_cur);
}

static int64_t check_limit(const struct process *p, int what,
			   const struct rlimit *limit)
{
	if (limit->rlim_cur > limit->rlim_max)
		return -EINVAL;
	return limit->rlim_max > p->limits.of[what].rlim_max ? -EPERM : 0;
}

int64_t limits_prlimit64(struct call *c)
{
	int what = (int)c->arg[1];
	struct rlimit next, old;
	int64_t r = 0;

	if (c->arg[2] && call_get(c, c->arg[2], &next, sizeof(next)) < 0)
		return -EFAULT;
	if (!call_is_self(c, c->arg[0]))
		return -ESRCH;
	if (what < 0 || what >= RLIM_NLIMITS)
		return -EINVAL;
	old = c->p->limits.of[what];
	if (c->arg[2])
		r = check_limit(c->p, what, &next);
	if (r < 0)
		return r;
	if (c->arg[2])
		set_limit(c, what, &next);
	return call_put_opt(c, c->arg[3], &old, sizeof(old));
}

int64_t limits_getrlimit(struct call *c)
{
	unsigned what = (unsigned)c->arg[0];

	if (what >= RLIM_NLIMITS)
		return -EINVAL;
	return call_put(c, c->arg[1], &c->p->limits.of[what],
			sizeof(struct rlimit));
}

int64_t limits_setrlimit(struct call *c)
{
	unsigned what = (unsigned)c->arg[0];
	struct rlimit next;
	int64_t r;

	if (call_get(c, c->arg[1], &next, sizeof(next)) < 0)
		return -EFAULT;
	if (what >= RLIM_NLIMITS)
		return -EINVAL;
	r = check_limit(c->p, (int)what, &next);
	if (r == 0)
		set_limit(c, (int)what, &next);
	return r;
}
