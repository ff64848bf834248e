/*
 * locks.c: flock, and fcntl's locks. On a file that the program may not change
 * they would only hinder those who may; so there they count among the program's
 * own descriptors alone. Locks that others have are respected as far as one can
 * ask for them: fcntl's, and those not against what comes later.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "families.h"
#include "opening.h"
#include "path.h"
#include "wait.h"

#define ASK_AGAIN_NS 10000000

static bool is_virtual(struct call *c, int host)
{
	int mode = fcntl(host, F_GETFL);

	return mode >= 0 && !(mode & O_PATH) &&
	       (mode & O_ACCMODE) == O_RDONLY &&
	       !path_is_changeable(c->p, host);
}

/* ---- flock -------------------------------------------------------------- */

/* Does another opening of the same file have a lock that excludes `kind`? */
static bool conflicts(struct call *c, const struct fd_entry *own, int kind)
{
	const struct fdtable *t = &c->p->fds;

	for (unsigned i = 0; i < t->size; i++) {
		const struct fd_entry *e = &t->entry[i];

		if (e->host >= 0 && e->lock && e->dev == own->dev &&
		    e->ino == own->ino &&
		    (kind == LOCK_EX || e->lock == LOCK_EX) &&
		    opening_of(&c->p->fds, (int)i) != own->opened)
			return true;
	}
	return false;
}

/* By all descriptors that are copies of one another: they share the lock. */
static void set_lock(struct call *c, const struct fd_entry *own, int kind)
{
	struct fdtable *t = &c->p->fds;

	for (unsigned i = 0; i < t->size; i++)
		if (t->entry[i].host >= 0 && t->entry[i].dev == own->dev &&
		    t->entry[i].ino == own->ino &&
		    opening_of(&c->p->fds, (int)i) == own->opened)
			t->entry[i].lock = (uint8_t)kind;
}

/* Who gives it back does not say so: we ask again. */
static int64_t wait_a_little(struct call *c)
{
	const struct timespec little = {.tv_nsec = ASK_AGAIN_NS};
	struct timespec until;
	int64_t r = time_deadline(CLOCK_MONOTONIC, &little, &until);

	if (r == 0)
		r = wait_sleep(c->t, CLOCK_MONOTONIC, &until);
	return r == -EINTR ? -ERESTARTSYS : 0;
}

/* Linux fs/locks.c, flock_lock_inode: the old one goes first. */
static int64_t flock_virtual(struct call *c, int op)
{
	int fd = (int)c->arg[0], kind = op & ~LOCK_NB;
	const struct fd_entry *own = fdtable_entry(&c->p->fds, fd);
	uint32_t opened;
	int64_t r;

	if (op & LOCK_MAND) /* Linux has it no more, and says 0 */
		return 0;
	if (kind != LOCK_SH && kind != LOCK_EX && kind != LOCK_UN)
		return -EINVAL;
	opened = opening_of(&c->p->fds, fd);
	if (own->lock == kind)
		return 0;
	set_lock(c, own, 0);
	if (kind == LOCK_UN)
		return 0;
	while (conflicts(c, own, kind)) {
		if (op & LOCK_NB)
			return -EWOULDBLOCK;
		r = wait_a_little(c);
		if (r < 0)
			return r;
		own = fdtable_entry(&c->p->fds, fd);
		if (!own || opening_of(&c->p->fds, fd) != opened)
			return 0; /* closed meanwhile, and the lock with it */
	}
	set_lock(c, own, kind);
	return 0;
}

int64_t locks_flock(struct call *c)
{
	int host = call_host_fd(c, 0);

	if (host >= 0 && is_virtual(c, host))
		return flock_virtual(c, (int)c->arg[1]);
	return call_forward(c, call_row(c->nr));
}

/* ---- fcntl -------------------------------------------------------------- */

static bool is_ofd(int cmd)
{
	return cmd == F_OFD_GETLK || cmd == F_OFD_SETLK || cmd == F_OFD_SETLKW;
}

/* All the program's locks are one process's, and none of them is for writing.
 */
static int64_t set_virtual(struct call *c, int host, int cmd,
			   const struct flock *lock)
{
	bool waits = cmd == F_SETLKW || cmd == F_OFD_SETLKW;
	struct flock other;
	int64_t r;

	for (;;) {
		other = *lock;
		if (other.l_type == F_UNLCK)
			other.l_type = F_RDLCK;
		r = host_call(SYS_fcntl, host,
			      is_ofd(cmd) ? F_OFD_GETLK : F_GETLK, &other);
		if (r < 0 || lock->l_type == F_UNLCK)
			return r;
		if (lock->l_type == F_WRLCK)
			return -EBADF;
		if (other.l_type == F_UNLCK)
			return 0;
		if (!waits)
			return -EAGAIN;
		r = wait_a_little(c);
		if (r < 0)
			return r;
	}
}

int64_t locks_fcntl(struct call *c, int host, int cmd)
{
	bool gets = cmd == F_GETLK || cmd == F_OFD_GETLK;
	struct fd_hold hold;
	struct flock lock;
	int64_t r;

	if (call_get(c, c->arg[2], &lock, sizeof(lock)) < 0)
		return -EFAULT;
	fdtable_hold(&c->p->fds, host, &hold);
	if (!gets && is_virtual(c, host))
		r = set_virtual(c, host, cmd, &lock);
	else if (cmd == F_SETLKW || cmd == F_OFD_SETLKW)
		r = call_wait(c, SYS_fcntl, (uint64_t)host, (uint64_t)cmd,
			      (uint64_t)&lock);
	else
		r = host_call(SYS_fcntl, host, cmd, &lock);
	call_release(c, &hold);
	if (r == 0 && gets)
		return call_put(c, c->arg[2], &lock, sizeof(lock));
	return r;
}
