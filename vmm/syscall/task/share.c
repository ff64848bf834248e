/*
 * share.c: what processes share: all that one has with itself, and nothing with
 * others.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "families.h"
#include "opening.h"
#include "pidfd.h"

/*
 * What one thread alone has is not shared. Namespaces would be the VMM's, too,
 * and are for the privileged.
 */
int64_t share_unshare(struct call *c)
{
	const uint64_t shared = CLONE_VM | CLONE_FS | CLONE_FILES |
				CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
	const uint64_t namespaces =
		CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
		CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWTIME;

	if (c->arg[0] & ~(shared | namespaces))
		return -EINVAL;
	return c->arg[0] & namespaces ? -EPERM : 0;
}

/* Of a process, by the kinds that are meant; others cannot be opened. */
int64_t share_setns(struct call *c)
{
	const uint64_t kinds = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS |
			       CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |
			       CLONE_NEWNET | CLONE_NEWTIME;
	uint32_t which = (uint32_t)c->arg[1];
	int host = call_host_fd(c, 0);

	if (host < 0 || fcntl(host, F_GETFL) & O_PATH)
		return -EBADF;
	if (pidfd_pid(c->p, (int)c->arg[0]) == -EBADF)
		return -EINVAL;
	return which && !(which & ~kinds) ? -EPERM : -EINVAL;
}

/* A descriptor against what an epoll set has under a number. */
static int64_t compare_target(struct call *c, int host)
{
	struct kcmp_epoll_slot slot;
	int set, target;

	if (call_get(c, c->arg[4], &slot, sizeof(slot)) < 0)
		return -EFAULT;
	set = fdtable_host(&c->p->fds, (int)slot.efd);
	target = fdtable_host(&c->p->fds, (int)slot.tfd);
	if (set < 0)
		return -EBADF;
	slot.efd = (uint32_t)set;
	slot.tfd = target < 0 ? UINT32_MAX : (uint32_t)target;
	return host_compare(KCMP_EPOLL_TFD, host, &slot);
}

/*
 * What two processes share: here there is one, which shares all with itself.
 * Files are compared by their descriptors.
 */
int64_t share_kcmp(struct call *c)
{
	int type = (int)c->arg[2], a, b;

	for (int i = 0; i < 2; i++)
		if ((int)c->arg[i] <= 0 || ids_other(c->arg[i]) == -ESRCH)
			return -ESRCH;
	if (!call_is_self(c, c->arg[0]) || !call_is_self(c, c->arg[1]))
		return -EPERM;
	if (type < 0 || type >= KCMP_TYPES)
		return -EINVAL;
	if (type != KCMP_FILE && type != KCMP_EPOLL_TFD)
		return 0;
	a = call_host_fd(c, 3);
	if (a >= 0 && type == KCMP_EPOLL_TFD)
		return compare_target(c, a);
	b = call_host_fd(c, 4);
	if (a < 0 || b < 0)
		return -EBADF;
	return host_compare(KCMP_FILE, a, b);
}
