/*
 * copy.c: data that come from elsewhere than read: copies from one descriptor
 * to another, directories, random bytes.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/param.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "families.h"
#include "procfs.h"
#include "wait.h"

#define SPLICE_FLAGS                                                           \
	(SPLICE_F_MOVE | SPLICE_F_NONBLOCK | SPLICE_F_MORE | SPLICE_F_GIFT)

/* ---- Copies that the host makes ---------------------------------------- */

/* Where the arguments of a copy are. */
struct copy_args {
	unsigned from, from_offset, to, to_offset, len;
};
#define NO_ARG 6u

static const struct copy_args *args_of(const struct call *c)
{
	static const struct copy_args sendfile = {1, 2, 0, NO_ARG, 3};
	static const struct copy_args others = {0, 1, 2, 3, 4};

	return c->nr == SYS_sendfile ? &sendfile : &others;
}

/* Where in the file it begins; CALL_POSITION: at its position. */
static int64_t offset_of(struct call *c, unsigned arg)
{
	int64_t offset;

	if (arg == NO_ARG || !c->arg[arg] ||
	    call_get(c, c->arg[arg], &offset, sizeof(offset)) < 0)
		return CALL_POSITION;
	return offset;
}

/* There is nothing behind that point of a file: nothing will be written. */
static bool is_at_end(int host, int64_t offset)
{
	struct stat st;

	if (fstat(host, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	if (offset == CALL_POSITION)
		offset = lseek(host, 0, SEEK_CUR);
	return offset >= st.st_size;
}

/* RLIMIT_FSIZE of what is written to; the length may become *less. */
static int64_t limit_copy(struct call *c, const struct copy_args *at,
			  bool *less)
{
	int from = call_host_fd(c, at->from), to = call_host_fd(c, at->to);
	int64_t n;

	if (to < 0 || (fcntl(to, F_GETFL) & O_ACCMODE) == O_RDONLY ||
	    is_at_end(from, offset_of(c, at->from_offset)))
		return 0;
	n = call_size_write(c, to, offset_of(c, at->to_offset), false,
			    c->arg[at->len]);
	*less = n >= 0 && (uint64_t)n < c->arg[at->len];
	if (*less)
		c->arg[at->len] = (uint64_t)n;
	return n < 0 ? n : 0;
}

/* There is more where it came from: Linux goes on, and meets the limit. */
static void meet_limit(struct call *c, const struct copy_args *at)
{
	int from = call_host_fd(c, at->from), n = 0;

	if (c->nr == SYS_copy_file_range)
		return;
	if (ioctl(from, FIONREAD, &n) < 0 || c->nr == SYS_sendfile)
		n = !is_at_end(from, offset_of(c, at->from_offset));
	c->too_large = n;
}

/*
 * sendfile, splice, copy_file_range. Linux cannot do it from most files of a
 * process in /proc, and programs that try copy by hand then.
 */
int64_t io_copy(struct call *c)
{
	const struct copy_args *at = args_of(c);
	const struct fd_entry *e =
		fdtable_entry(&c->p->fds, (int)c->arg[at->from]);
	const struct fd_entry *t =
		fdtable_entry(&c->p->fds, (int)c->arg[at->to]);
	uint64_t va = c->nr == SYS_sendfile ? c->arg[2] : 0, offset;
	bool less = false;
	int64_t r;

	if ((e && procfs_is_own(e->proc)) || (t && procfs_is_own(t->proc)))
		return c->nr == SYS_copy_file_range ? -EXDEV : -EINVAL;
	r = limit_copy(c, at, &less);
	if (r == 0)
		r = call_forward(c, call_row(c->nr));
	if (less && r == (int64_t)c->arg[at->len])
		meet_limit(c, at);
	r = call_wait_socket(call_host_fd(c, at->to), true, r);
	/* sendfile stores the offset, whatever came of it. */
	if (r < 0 && va &&
	    (call_get(c, va, &offset, sizeof(offset)) < 0 ||
	     call_put(c, va, &offset, sizeof(offset)) < 0))
		return -EFAULT;
	return r;
}

/* ---- Sizes ------------------------------------------------------------- */

static bool may_write(int host)
{
	int mode = host < 0 ? O_PATH : fcntl(host, F_GETFL);

	return !(mode & O_PATH) && (mode & O_ACCMODE) != O_RDONLY;
}

int64_t io_ftruncate(struct call *c)
{
	int host = call_host_fd(c, 0);
	int r = (int64_t)c->arg[1] >= 0 && may_write(host)
			? call_size_grow(c, host, c->arg[1])
			: 0;

	return r < 0 ? r : call_forward(c, call_row(c->nr));
}

int64_t io_fallocate(struct call *c)
{
	const int sized = FALLOC_FL_ZERO_RANGE | FALLOC_FL_UNSHARE_RANGE;
	int host = call_host_fd(c, 0), mode = (int)c->arg[1], r = 0;
	int64_t start = (int64_t)c->arg[2], len = (int64_t)c->arg[3], end;

	if (!(mode & ~sized) && start >= 0 && len > 0 && may_write(host) &&
	    !__builtin_add_overflow(start, len, &end))
		r = call_size_grow(c, host, (uint64_t)end);
	return r < 0 ? r : call_forward(c, call_row(c->nr));
}

/* ---- Splicing ---------------------------------------------------------- */

/* Linux splice: what is looked at before the memory of the offsets. */
int64_t io_splice(struct call *c)
{
	struct stat st;

	if (!c->arg[4])
		return 0;
	if ((uint32_t)c->arg[5] & ~(uint32_t)SPLICE_FLAGS)
		return -EINVAL;
	for (unsigned i = 0; i <= 2; i += 2)
		if (call_host_fd(c, i) < 0 ||
		    fcntl(call_host_fd(c, i), F_GETFL) & O_PATH)
			return -EBADF;
	for (unsigned i = 0; i <= 2; i += 2)
		if (c->arg[i + 1] && fstat(call_host_fd(c, i), &st) == 0 &&
		    S_ISFIFO(st.st_mode))
			return -ESPIPE;
	return io_copy(c);
}

/* ---- Buffers that are only filled -------------------------------------- */

/* How an entry begins, of either call: struct linux_dirent, linux_dirent64. */
struct dirent_head {
	uint64_t ino;
	int64_t next; /* where the one behind it is */
	uint16_t len;
} __attribute__((packed));

static int64_t read_dir(struct call *c, const struct fd_entry *e, size_t len)
{
	uint8_t *chunk = io_buffer();

	if (!procfs_is_dir(e->proc))
		return host_call((long)c->nr, e->host, chunk, len);
	return c->nr == SYS_getdents64
		       ? procfs_getdents(c->t, e->proc, e->host, chunk, len)
		       : -EINVAL;
}

/*
 * The entries in the first `good` of the bytes that were to be stored: as many
 * as Linux gives before a bad address. The next call begins behind them.
 */
static int64_t cut_entries(int host, off_t start, size_t good)
{
	const uint8_t *chunk = io_buffer();
	const struct dirent_head *d = (const struct dirent_head *)chunk;
	size_t done = 0;

	while (done + sizeof(*d) <= good && done + d->len <= good) {
		done += d->len;
		start = d->next;
		d = (const struct dirent_head *)(chunk + done);
	}
	lseek(host, start, SEEK_SET);
	return done ? (int64_t)done : -EFAULT;
}

/* getdents and getdents64: a buffer may come back shorter than asked for. */
int64_t io_getdents(struct call *c)
{
	/* To Linux it is an int in the end: nothing fits in less than 0. */
	int len = (int)c->arg[2], host;
	const struct fd_entry *e = fdtable_entry(&c->p->fds, (int)c->arg[0]);
	size_t put;
	off_t start;
	int64_t r;

	if (!e)
		return -EBADF;
	host = e->host;
	start = lseek(host, 0, SEEK_CUR);
	r = read_dir(c, e, len < 0 ? 0 : MIN((size_t)len, IO_CHUNK));
	if (r <= 0)
		return r;
	put = io_put_some(c, c->arg[1], io_buffer(), (size_t)r);
	return put < (size_t)r ? cut_entries(host, start, put) : r;
}

int64_t io_getrandom(struct call *c)
{
	uint64_t va = c->arg[0], len = c->arg[1], done = 0;
	uint8_t *chunk = io_buffer();

	if (len > INT32_MAX)
		len = INT32_MAX;
	do {
		size_t want = len - done < IO_CHUNK ? len - done : IO_CHUNK;
		int64_t n = call_wait(c, SYS_getrandom, (uint64_t)chunk, want,
				      c->arg[2]);
		size_t put;

		if (n < 0)
			return done ? (int64_t)done : n;
		put = io_put_some(c, va + done, chunk, (size_t)n);
		done += put;
		if (put < (size_t)n)
			return done ? (int64_t)done : -EFAULT;
	} while (done < len && !wait_due(c->t));
	return (int64_t)done;
}
