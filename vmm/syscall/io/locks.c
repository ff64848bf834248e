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
#include "poslocks.h"
#include "tasks.h"
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

/* Linux flock64_to_posix_lock. False: the host says what is wrong. */
static bool range_of(const struct call *c, int host, const struct flock *lock,
		     struct poslock_file *file, struct poslock *out)
{
	off_t base = 0, last;
	struct stat st;

	if (fstat(host, &st) < 0)
		return false;
	if (lock->l_whence == SEEK_CUR)
		base = lseek(host, 0, SEEK_CUR);
	else if (lock->l_whence == SEEK_END)
		base = st.st_size;
	*file = (struct poslock_file){st.st_dev, st.st_ino};
	*out = (struct poslock){.pid = c->p->pid, .type = lock->l_type};
	if (__builtin_add_overflow(base, lock->l_start, &out->start) ||
	    out->start < 0)
		return false;
	out->end = INT64_MAX;
	if (!lock->l_len)
		return true;
	if (__builtin_add_overflow(out->start, lock->l_len, &last))
		return false;
	out->end = lock->l_len > 0 ? last - 1 : out->start - 1;
	out->start = lock->l_len > 0 ? out->start : last;
	return out->start >= 0;
}

static struct flock flock_of(const struct poslock *l)
{
	return (struct flock){
		.l_type = l->type,
		.l_whence = SEEK_SET,
		.l_start = l->start,
		.l_len = l->end == INT64_MAX ? 0 : l->end - l->start + 1,
	};
}

/* To the host all locks are vmm's: what others of the guest have stays. */
static void restore_others(int host, const struct poslock_file *file,
			   const struct poslock *range)
{
	const void *at = NULL;
	struct poslock other;
	struct flock lock;

	while (poslocks_next(file, range, &at, &other)) {
		lock = flock_of(&other);
		host_call(SYS_fcntl, host, F_SETLK, &lock);
	}
}

/* Others of the guest first, then those of the host. */
static int64_t try_posix(int host, const struct poslock_file *file,
			 const struct poslock *want, const struct flock *lock)
{
	struct poslock other;
	int mode = fcntl(host, F_GETFL) & O_ACCMODE;

	if ((want->type == F_RDLCK && mode == O_WRONLY) ||
	    (want->type == F_WRLCK && mode == O_RDONLY))
		return -EBADF;
	if (want->type != F_UNLCK && poslocks_conflict(file, want, &other))
		return -EAGAIN;
	return host_call(SYS_fcntl, host, F_SETLK, lock);
}

/* Who is alone can leave the waiting to the host. */
static bool is_alone(const struct call *c)
{
	const struct tasks *all = c->p->tasks;

	return all->last_id == all->first->pid;
}

static int64_t set_posix(struct call *c, int host, int cmd,
			 const struct flock *lock)
{
	struct poslock_file file;
	struct poslock want;
	int64_t r;

	if (!range_of(c, host, lock, &file, &want))
		return host_call(SYS_fcntl, host, F_SETLK, lock);
	if (cmd == F_SETLKW && is_alone(c)) {
		r = call_wait(c, SYS_fcntl, (uint64_t)host, (uint64_t)cmd,
			      (uint64_t)lock);
		return r < 0 ? r : poslocks_set(&file, &want);
	}
	for (;;) {
		r = try_posix(host, &file, &want, lock);
		if (cmd != F_SETLKW || (r != -EAGAIN && r != -EACCES))
			break;
		r = wait_a_little(c);
		if (r < 0)
			return r;
	}
	if (r < 0)
		return r;
	r = poslocks_set(&file, &want);
	if (want.type == F_UNLCK)
		restore_others(host, &file, &want);
	return r;
}

static int64_t get_posix(struct call *c, int host, struct flock *lock)
{
	struct poslock_file file;
	struct poslock want, other;

	if (!range_of(c, host, lock, &file, &want) ||
	    !poslocks_conflict(&file, &want, &other))
		return host_call(SYS_fcntl, host, F_GETLK, lock);
	*lock = flock_of(&other);
	lock->l_pid = other.pid;
	return 0;
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
	else if (cmd == F_SETLK || cmd == F_SETLKW)
		r = set_posix(c, host, cmd, &lock);
	else if (cmd == F_GETLK)
		r = get_posix(c, host, &lock);
	else if (cmd == F_OFD_SETLKW)
		r = call_wait(c, SYS_fcntl, (uint64_t)host, (uint64_t)cmd,
			      (uint64_t)&lock);
	else
		r = host_call(SYS_fcntl, host, cmd, &lock);
	call_release(c, &hold);
	if (r == 0 && gets)
		return call_put(c, c->arg[2], &lock, sizeof(lock));
	return r;
}
