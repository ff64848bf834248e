/*
 * ids.c: who the program is. Its pid is the VMM's, so that tools on the host
 * agree with it; it has one thread, whose tid is the same.
 */
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "families.h"

int64_t ids_getpid(struct call *c)
{
	return c->p->pid;
}

int64_t ids_setpgid(struct call *c)
{
	int pgid = (int)c->arg[1] ? (int)c->arg[1] : (int)c->arg[0];

	if (pgid < 0)
		return -EINVAL;
	if (!call_is_self(c, c->arg[0]))
		return -ESRCH; /* no child */
	return host_call(SYS_setpgid, 0, (int)c->arg[1]);
}

int64_t ids_other(uint64_t pid)
{
	int64_t r = host_call(SYS_getpgid, (int)pid);

	return r < 0 ? -ESRCH : -EPERM;
}
