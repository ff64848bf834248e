/*
 * io.c: read and write and their kin: what the arguments mean, and which error
 * comes first. What is moved, and how much of it, is transfer.c's.
 */
#include "io.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "families.h"
#include "hv_map.h"
#include "procfs.h"

#define IOV_MAX_LINUX  1024
#define LONG_MIN_BYTES (16u << 10) /* of a file: may take long */
#define ASK_AGAIN_US   100

/* finish in any case. */
static int start(struct call *c, struct io *io, int64_t offset)
{
	const struct fd_entry *e = fdtable_entry(&c->p->fds, (int)c->arg[0]);

	*io = (struct io){.c = c, .offset = offset, .host = -EBADF};
	if (e) {
		io->host = e->host;
		io->proc = e->proc;
		io->e = *e;
	}
	fdtable_hold(&c->p->fds, io->host, &io->hold);
	return io->host < 0 ? io->host : 0;
}

static int64_t finish(struct io *io, int64_t r)
{
	call_release(io->c, &io->hold);
	return r;
}

/* A file that is made when it is read. */
static int refresh(const struct io *io, uint64_t len)
{
	if (!io->proc || procfs_is_dir(io->proc) ||
	    procfs_is_live(io->proc, false))
		return 0;
	return procfs_refresh(io->c->t, &io->e, io->offset, len);
}

/* From `offset` on (NO_OFFSET: up to the position), `n` bytes were read. */
static int64_t note_read(const struct io *io, int64_t offset, int64_t n)
{
	if (!io->proc || n < 0)
		return n;
	procfs_note_read(io->c->m, &io->e,
			 offset == NO_OFFSET
				 ? (uint64_t)lseek(io->host, 0, SEEK_CUR)
				 : (uint64_t)(offset + n));
	return n;
}

/*
 * `r`, but for what Linux says of a file before it looks at the vector or the
 * memory: that it has no positions, or that one cannot read it at all. A vector
 * of nothing is enough to ask, and does nothing.
 */
static int64_t at_first(const struct io *io, bool writes, int64_t r)
{
	int64_t first;

	if (io->offset == NO_OFFSET)
		first = host_call(writes ? SYS_writev : SYS_readv, io->host,
				  NULL, 0);
	else
		first = host_call(writes ? SYS_pwritev : SYS_preadv, io->host,
				  NULL, 0, 0, 0);
	return first < 0 ? first : r;
}

/* A file answers soon if it is asked for little. */
static bool unlocks(const struct io *io, uint64_t total)
{
	return !io->e.bulk || io->direct || total >= LONG_MIN_BYTES;
}

/* ---- Positions ---------------------------------------------------------- */

/*
 * A file that some thread goes through by its position, in several pieces:
 * others wait (Linux fdget_pos). Openings are not told apart.
 */
struct machine_moving {
	struct machine_moving *next;
	dev_t dev;
	ino_t ino;
};

static bool is_moving(const struct io *io)
{
	const struct machine_moving *m = io->c->m->moving;

	while (m && (m->dev != io->e.dev || m->ino != io->e.ino))
		m = m->next;
	return m;
}

static bool has_position(const struct io *io)
{
	return io->e.bulk && io->offset == NO_OFFSET;
}

static void position_take(const struct io *io, uint64_t total,
			  struct machine_moving *mine)
{
	struct machine *m = io->c->m;

	*mine = (struct machine_moving){0};
	while (m->moving && has_position(io) && is_moving(io)) {
		thread_unlock(io->c->t);
		usleep(ASK_AGAIN_US);
		thread_lock(io->c->t);
	}
	if (!has_position(io) || total <= IO_CHUNK)
		return;
	*mine = (struct machine_moving){m->moving, io->e.dev, io->e.ino};
	m->moving = mine;
}

static void position_give(const struct io *io,
			  const struct machine_moving *mine)
{
	struct machine_moving **at = &io->c->m->moving;

	if (!mine->ino)
		return;
	while (*at != mine)
		at = &(*at)->next;
	*at = mine->next;
}

/* ---- Moving ------------------------------------------------------------- */

static int64_t move_limited(struct io *io, const struct iovec *iov,
			    uint64_t total, bool writes)
{
	bool streams = io->offset != NO_OFFSET && !io->e.bulk;
	int64_t r = streams ? at_first(io, writes, 0) : 0;

	if (r == 0 && writes) {
		r = call_size_write(io->c, io->host, io->offset, io->appends,
				    total);
		total = (uint64_t)r;
	}
	if (r < 0)
		return r;
	io->unlocks = unlocks(io, total);
	if (io->e.signalfd)
		return io_read_signals(io, iov, total);
	if (io->direct && total)
		r = io_direct(io, iov, total, writes);
	else if (writes)
		r = io_send(io, iov, total);
	else
		r = io_receive(io, iov, total);
	if (r == -EFAULT)
		r = at_first(io, writes, r);
	return writes ? r : note_read(io, io->offset, r);
}

static int64_t move(struct io *io, const struct iovec *iov, uint64_t total,
		    bool writes)
{
	struct machine_moving mine;
	int64_t r;

	position_take(io, total, &mine);
	r = move_limited(io, iov, total, writes);
	position_give(io, &mine);
	return r;
}

/* ---- One buffer -------------------------------------------------------- */

/* The host says what is wrong with the descriptor before we touch memory. */
static int check_mode(struct io *io, bool writes)
{
	int mode = fcntl(io->host, F_GETFL);

	if (mode < 0 || (mode & O_PATH))
		return -EBADF;
	io->direct = mode & O_DIRECT && io->e.bulk;
	io->nonblock = mode & O_NONBLOCK || io->flags & RWF_NOWAIT;
	io->appends = mode & O_APPEND || io->flags & RWF_APPEND;
	mode &= O_ACCMODE;
	if (io->e.signalfd && writes)
		return -EINVAL; /* it cannot be written at all */
	return mode == (writes ? O_RDONLY : O_WRONLY) ? -EBADF : 0;
}

static int64_t move_buffer(struct io *io, bool writes)
{
	uint64_t va = io->c->arg[1], len = io->c->arg[2];
	int r = check_mode(io, writes);

	/* access_ok() comes before any other look at the file. */
	if (r == 0 && !call_access_ok(va, len))
		r = -EFAULT;
	if (r < 0)
		return at_first(io, writes, r);
	if (len > RW_COUNT_MAX)
		len = RW_COUNT_MAX;
	if (!writes)
		r = refresh(io, len);
	if (r < 0)
		return r;
	return move(io, &(struct iovec){(void *)va, len}, len, writes);
}

static int64_t one_buffer(struct call *c, int64_t offset, bool writes)
{
	struct io io;
	int r = start(c, &io, offset);

	return finish(&io, r < 0 ? r : move_buffer(&io, writes));
}

int64_t io_read(struct call *c)
{
	return one_buffer(c, NO_OFFSET, false);
}

int64_t io_write(struct call *c)
{
	return one_buffer(c, NO_OFFSET, true);
}

int64_t io_pread64(struct call *c)
{
	if ((int64_t)c->arg[3] < 0)
		return -EINVAL;
	return one_buffer(c, (int64_t)c->arg[3], false);
}

int64_t io_pwrite64(struct call *c)
{
	if ((int64_t)c->arg[3] < 0)
		return -EINVAL;
	return one_buffer(c, (int64_t)c->arg[3], true);
}

/* ---- Vectors ----------------------------------------------------------- */

/* Linux iovec_from_user: in order, up to what is bad. */
static int64_t copy_vector(struct call *c, struct iovec *iov, uint64_t n)
{
	uint64_t va = c->arg[1], len = n * sizeof(*iov);
	size_t got;

	if (va > HV_VA_USER_END || len > HV_VA_USER_END - va)
		return -EFAULT;
	got = io_get_some(c, va, (uint8_t *)iov, len);
	for (uint64_t i = 0; i < got / sizeof(*iov); i++)
		if ((int64_t)iov[i].iov_len < 0)
			return -EINVAL;
	return got < len ? -EFAULT : 0;
}

/* Linux import_iovec: all are checked before any is used. */
static int64_t get_vector(struct call *c, struct iovec iov[IOV_MAX_LINUX])
{
	uint64_t n = (uint32_t)c->arg[2], total = 0;
	int64_t r;

	if (n > IOV_MAX_LINUX)
		return -EINVAL;
	r = n ? copy_vector(c, iov, n) : 0;
	if (r < 0)
		return r;
	for (uint64_t i = 0; i < n; i++) {
		uint64_t base = (uint64_t)iov[i].iov_base;
		uint64_t rest = RW_COUNT_MAX - total;

		if (n == 1 && iov[i].iov_len > rest)
			iov[i].iov_len = rest;
		if (!call_access_ok(base, iov[i].iov_len))
			return -EFAULT;
		if (iov[i].iov_len > rest)
			iov[i].iov_len = rest;
		total += iov[i].iov_len;
	}
	return (int64_t)total;
}

static int64_t move_vector(struct io *io, bool writes)
{
	struct iovec iov[IOV_MAX_LINUX];
	int r = check_mode(io, writes);
	int64_t total = r < 0 ? r : get_vector(io->c, iov);

	if (total <= 0)
		return at_first(io, writes, total);
	if (!writes)
		r = refresh(io, (uint64_t)total);
	if (r < 0)
		return r;
	return move(io, iov, (uint64_t)total, writes);
}

static int64_t vector(struct call *c, int64_t offset, int flags, bool writes)
{
	struct io io;
	int r = start(c, &io, offset);

	io.flags = flags;
	return finish(&io, r < 0 ? r : move_vector(&io, writes));
}

int64_t io_readv(struct call *c)
{
	return vector(c, NO_OFFSET, 0, false);
}

int64_t io_writev(struct call *c)
{
	return vector(c, NO_OFFSET, 0, true);
}

int64_t io_preadv(struct call *c)
{
	if ((int64_t)c->arg[3] < 0)
		return -EINVAL;
	return vector(c, (int64_t)c->arg[3], 0, false);
}

int64_t io_pwritev(struct call *c)
{
	if ((int64_t)c->arg[3] < 0)
		return -EINVAL;
	return vector(c, (int64_t)c->arg[3], 0, true);
}

/* Offset -1 means the descriptor's position. */
static int64_t vector2(struct call *c, bool writes)
{
	int64_t offset = (int64_t)c->arg[3];

	if (offset < -1)
		return -EINVAL;
	return vector(c, offset == -1 ? NO_OFFSET : offset, (int)c->arg[5],
		      writes);
}

int64_t io_preadv2(struct call *c)
{
	return vector2(c, false);
}

int64_t io_pwritev2(struct call *c)
{
	return vector2(c, true);
}
