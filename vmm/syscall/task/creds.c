/*
 * creds.c: who the program is and what it may do. The credentials of the thread
 * that serves its calls are the program's, changed by raw system calls, which
 * change one thread (keeper.h says who keeps the VMM's own): so the host's
 * kernel says what can be given up, that nothing can be gained, and what the
 * program may do to files with what is left.
 */
#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "capable.h"
#include "families.h"

#define GROUPS_MAX 65536 /* NGROUPS_MAX */

/* What makes a process one that others may not look into, if it changes. */
struct identity {
	uid_t euid, fsuid;
	gid_t egid, fsgid;
};

static struct identity identity_now(void)
{
	return (struct identity){
		.euid = geteuid(),
		.fsuid = (uid_t)syscall(SYS_setfsuid, -1),
		.egid = getegid(),
		.fsgid = (gid_t)syscall(SYS_setfsgid, -1),
	};
}

/* Linux commit_creds: what the kernel has done to this process, too. */
static void note_change(struct call *c, const struct identity *before)
{
	const struct identity now = identity_now();

	process_pass_limits(
		c->p, c->v); /* CAP_IPC_LOCK: RLIMIT_MEMLOCK counts or not */
	if (!memcmp(&now, before, sizeof(now)))
		return;
	c->p->dumpable = prctl(PR_GET_DUMPABLE);
	c->p->pdeathsig = 0;
}

int64_t creds_apply(struct call *c, const uint64_t arg[5])
{
	const struct identity before = identity_now();
	int64_t r = keeper_start(&c->m->keeper);

	if (r < 0)
		return r;
	r = host_call((long)c->nr, arg[0], arg[1], arg[2], arg[3], arg[4]);
	note_change(c, &before);
	return r;
}

int64_t creds_change(struct call *c)
{
	return creds_apply(c, c->arg);
}

int64_t creds_getgroups(struct call *c)
{
	gid_t *list;
	int64_t n = host_call(SYS_getgroups, 0, NULL);

	if ((int)c->arg[0] < 0)
		return -EINVAL;
	if (n <= 0 || !(int)c->arg[0])
		return n;
	if (n > (int)c->arg[0])
		return -EINVAL;
	list = calloc((size_t)n, sizeof(*list));
	if (!list)
		return -ENOMEM;
	n = host_call(SYS_getgroups, n, list);
	if (n > 0 && call_put(c, c->arg[1], list, (size_t)n * sizeof(*list)))
		n = -EFAULT;
	free(list);
	return n;
}

int64_t creds_setgroups(struct call *c)
{
	uint64_t arg[5] = {c->arg[0]};
	uint32_t n = (uint32_t)c->arg[0];
	gid_t *list;
	int64_t r;

	if (!capable(CAP_SETGID))
		return -EPERM;
	if (n > GROUPS_MAX)
		return -EINVAL;
	list = calloc(n + 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	arg[1] = (uint64_t)list;
	r = call_get(c, c->arg[1], list, n * sizeof(*list));
	if (r == 0)
		r = creds_apply(c, arg);
	free(list);
	return r;
}
