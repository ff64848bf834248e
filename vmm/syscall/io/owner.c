/*
 * owner.c: fcntl(2) on who is told of a file: its owner, and leases.
 *
 * An owner is the program itself or nobody: others are not the program's to
 * signal. The host keeps it with the open file, and sends no signal by it: it
 * is never told of O_ASYNC. A lease is asked of the host, which says whether it
 * may be had, and given back at once: else its breaking would signal the VMM
 * and keep others on the host waiting. The program keeps it for as long as it
 * likes.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "families.h"
#include "opening.h"

/* ---- Owners ------------------------------------------------------------ */

static int64_t set_owner(const struct call *c, int host,
			 const struct f_owner_ex *owner)
{
	if (owner->type < F_OWNER_TID || owner->type > F_OWNER_PGRP)
		return -EINVAL;
	if (owner->pid && owner->pid != c->p->pid)
		return kill(owner->type == F_OWNER_PGRP ? -owner->pid
							: owner->pid,
			    0) < 0 && errno == ESRCH
			       ? -ESRCH
			       : -EPERM;
	return host_call(SYS_fcntl, host, F_SETOWN_EX, owner);
}

/* F_SETOWN: a negative number is a process group's. */
static int64_t set_own(const struct call *c, int host, int who)
{
	if (who == INT_MIN)
		return -EINVAL;
	return set_owner(c, host,
			 &(struct f_owner_ex){
				 .type = who < 0 ? F_OWNER_PGRP : F_OWNER_PID,
				 .pid = who < 0 ? -who : who,
			 });
}

int64_t owner_fcntl(struct call *c, int host)
{
	struct f_owner_ex owner;
	int64_t r;

	switch ((int)c->arg[1]) {
	case F_SETOWN:
		return set_own(c, host, (int)c->arg[2]);
	case F_SETOWN_EX:
		if (call_get(c, c->arg[2], &owner, sizeof(owner)) < 0)
			return -EFAULT;
		return set_owner(c, host, &owner);
	default:
		r = host_call(SYS_fcntl, host, F_GETOWN_EX, &owner);
	}
	if (r < 0)
		return r;
	if ((int)c->arg[1] == F_GETOWN_EX)
		return call_put(c, c->arg[2], &owner, sizeof(owner));
	return owner.type == F_OWNER_PGRP ? -owner.pid : owner.pid;
}

/* ---- Leases ------------------------------------------------------------ */

/*
 * Should it be broken before it is given back: by a signal that does nothing.
 * Who has no lease to give back is told so by the host.
 */
static int64_t try_lease(int host, int type)
{
	int64_t sig = host_call(SYS_fcntl, host, F_GETSIG), r;

	if (sig < 0)
		return sig;
	host_call(SYS_fcntl, host, F_SETSIG, SIGURG);
	r = host_call(SYS_fcntl, host, F_SETLEASE, type);
	if (r == 0)
		host_call(SYS_fcntl, host, F_SETLEASE, F_UNLCK);
	host_call(SYS_fcntl, host, F_SETSIG, sig);
	return r;
}

/* All descriptors of one opening have the same. */
static void note_lease(struct process *p, int fd, uint8_t lease)
{
	uint32_t opening = opening_of(&p->fds, fd);

	for (unsigned i = 0; i < p->fds.size; i++)
		if (opening_of(&p->fds, (int)i) == opening)
			p->fds.entry[i].lease = lease;
}

int64_t lease_fcntl(struct call *c, int host)
{
	const struct fd_entry *e = fdtable_entry(&c->p->fds, (int)c->arg[0]);
	int type = (int)c->arg[2];
	int64_t r;

	if ((int)c->arg[1] == F_GETLEASE)
		return e->lease ? e->lease - 1
				: host_call(SYS_fcntl, host, F_GETLEASE);
	r = type == F_UNLCK && e->lease ? 0 : try_lease(host, type);
	if (r == 0)
		note_lease(c->p, (int)c->arg[0],
			   type == F_UNLCK ? 0 : (uint8_t)(type + 1));
	return r;
}
