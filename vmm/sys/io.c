/*
 * io.c: read and write and their kin. Data pass through a bounce buffer, so a
 * read of a regular file is made in pieces and still gives the full count; a
 * stream gives what one host call gave. If memory turns bad half-way, the count
 * so far is the answer, and EFAULT if there is none.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "families.h"
#include "fsize.h"
#include "procfs.h"
#include "stop.h"

#define RW_COUNT_MAX  0x7ffff000ull /* Linux MAX_RW_COUNT */
#define NO_OFFSET     (-1ll)	    /* the descriptor's own position */
#define IOV_MAX_LINUX 1024

static _Thread_local uint8_t chunk[IO_CHUNK] __attribute__((aligned(4096)));

uint8_t *io_buffer(void)
{
	return chunk;
}

/* One transfer: the descriptor, and where in the file. */
struct io {
	struct call *c;
	int host;
	bool bulk;
	int64_t offset; /* or NO_OFFSET */
	int flags;	/* RWF_* */
	unsigned proc;	/* procfs.h */
	struct fd_entry *e;
};

typedef int64_t (*io_fn)(const struct io *io, uint64_t va, uint64_t len);

/*
 * Bytes up to the first that is not there; `put`: to the program's memory. Page
 * by page, so that a bad page is touched once, as by Linux.
 */
static size_t copy_some(struct call *c, uint64_t va, uint8_t *buf, size_t len,
			bool put)
{
	size_t done = 0;

	while (done < len) {
		uint64_t at = va + done;
		size_t n = HV_PAGE_SIZE - at % HV_PAGE_SIZE;

		if (n > len - done)
			n = len - done;
		if (put ? call_put(c, at, buf + done, n)
			: call_get(c, at, buf + done, n))
			break;
		done += n;
	}
	return done;
}

size_t io_put_some(struct call *c, uint64_t va, uint8_t *src, size_t len)
{
	return copy_some(c, va, src, len, true);
}

static size_t get_some(struct call *c, uint64_t va, void *dst, size_t len)
{
	return copy_some(c, va, dst, len, false);
}

/* The same of a file of /proc that has no bytes of its own. */
static int64_t transfer_proc(const struct io *io, bool writes, uint8_t *buf,
			     size_t len, uint64_t done)
{
	int64_t at = io->offset == NO_OFFSET ? NO_OFFSET
					     : io->offset + (int64_t)done;

	return writes ? procfs_write(io->c->s, io->c->v, io->proc, io->host,
				     buf, len, at)
		      : procfs_read(io->c->s, io->c->v, io->proc, io->host, buf,
				    len, at);
}

/* The host call for one piece, `done` bytes after the start. */
static int64_t transfer(const struct io *io, bool writes, uint8_t *buf,
			size_t len, uint64_t done)
{
	struct iovec iov = {buf, len};
	uint64_t at = io->offset == NO_OFFSET ? 0 : (uint64_t)io->offset + done;
	int64_t r;

	if (procfs_is_live(io->proc, writes))
		return transfer_proc(io, writes, buf, len, done);
	fsize_begin(io->c);
	do {
		if (io->flags)
			r = host_call(writes ? SYS_pwritev2 : SYS_preadv2,
				      io->host, &iov, 1,
				      io->offset == NO_OFFSET ? -1 : (long)at,
				      0, io->flags);
		else if (io->offset == NO_OFFSET)
			r = host_call(writes ? SYS_write : SYS_read, io->host,
				      buf, len);
		else
			r = host_call(writes ? SYS_pwrite64 : SYS_pread64,
				      io->host, buf, len, at);
	} while (r == -EINTR && !stop_signal());
	fsize_end(io->c, r);
	if (r == -EPIPE && writes)
		io->c->broken_pipe = true;
	return r;
}

static int64_t read_into(const struct io *io, uint64_t va, uint64_t len)
{
	uint64_t done = 0;

	do {
		size_t want = len - done < IO_CHUNK ? len - done : IO_CHUNK;
		int64_t n = transfer(io, false, chunk, want, done);
		size_t put;

		if (n < 0)
			return done ? (int64_t)done : n;
		put = io_put_some(io->c, va + done, chunk, (size_t)n);
		done += put;
		if (put < (size_t)n) {
			/* Only a file can be told to take bytes back. */
			if (io->offset == NO_OFFSET && io->bulk)
				lseek(io->host, (off_t)put - (off_t)n,
				      SEEK_CUR);
			return done ? (int64_t)done : -EFAULT;
		}
		if (!io->bulk || (size_t)n < want)
			break;
	} while (done < len);
	return (int64_t)done;
}

/*
 * All of the buffer: a short write may be due to a signal of the VMM's own, so
 * it goes on until the host says why not. Returns the count, or an error if
 * nothing was written.
 */
static int64_t write_chunk(const struct io *io, size_t len, uint64_t at)
{
	size_t done = 0;

	do {
		int64_t n =
			transfer(io, true, chunk + done, len - done, at + done);

		if (n < 0)
			return done ? (int64_t)done : n;
		if (n == 0)
			break;
		done += (size_t)n;
	} while (done < len && !fsize_limited(io->c->s));
	return (int64_t)done;
}

/*
 * Of memory that is bad behind `got` bytes: a file takes these, a pipe whole
 * pages of them (Linux pipe_write), any other stream nothing.
 */
static size_t taken(const struct io *io, size_t got)
{
	struct stat st;

	if (io->bulk)
		return got;
	if (fstat(io->host, &st) < 0 || !S_ISFIFO(st.st_mode))
		return 0;
	return got - got % HV_PAGE_SIZE;
}

static int64_t write_from(const struct io *io, uint64_t va, uint64_t len)
{
	uint64_t done = 0;

	do {
		size_t want = len - done < IO_CHUNK ? len - done : IO_CHUNK;
		size_t got = get_some(io->c, va + done, chunk, want);
		int64_t n;

		if (got < want)
			got = taken(io, got);
		if (!got && want)
			return done ? (int64_t)done : -EFAULT;
		n = write_chunk(io, got, done);
		if (n < 0)
			return done ? (int64_t)done : n;
		done += (uint64_t)n;
		if ((size_t)n < want)
			break;
	} while (done < len);
	return (int64_t)done;
}

/* Linux writes what the limit allows in one piece: that is not a failure yet.
 */
static int64_t in_pieces(struct call *c, int64_t r)
{
	if (r >= 0)
		c->too_large = false;
	return r;
}

static int start(struct call *c, struct io *io, int64_t offset)
{
	struct fd_entry *e = fdtable_entry(&c->s->fds, (int)c->arg[0]);

	if (!e)
		return -EBADF;
	*io = (struct io){c, e->host, e->bulk, offset, 0, e->proc, e};
	return 0;
}

/* A file that is made when it is read. */
static int refresh(const struct io *io, uint64_t len)
{
	if (!io->proc || procfs_is_dir(io->proc) ||
	    procfs_is_live(io->proc, false))
		return 0;
	return procfs_refresh(io->c->s, io->c->v, io->e, io->offset, len);
}

/* From `offset` on (NO_OFFSET: up to the position), `n` bytes were read. */
static int64_t note_read(const struct io *io, int64_t offset, int64_t n)
{
	if (!io->proc || n < 0)
		return n;
	procfs_note_read(io->c->s, io->e,
			 offset == NO_OFFSET
				 ? (uint64_t)lseek(io->host, 0, SEEK_CUR)
				 : (uint64_t)(offset + n));
	return n;
}

/* ---- One buffer -------------------------------------------------------- */

/* The host says what is wrong with the descriptor before we touch memory. */
static int check_mode(const struct io *io, bool writes)
{
	int mode = fcntl(io->host, F_GETFL);

	if (mode < 0 || (mode & O_PATH))
		return -EBADF;
	mode &= O_ACCMODE;
	return mode == (writes ? O_RDONLY : O_WRONLY) ? -EBADF : 0;
}

static int64_t one_buffer(struct call *c, int64_t offset, bool writes)
{
	uint64_t va = c->arg[1], len = c->arg[2];
	struct io io;
	int r = start(c, &io, offset);

	if (r == 0)
		r = check_mode(&io, writes);
	if (r < 0)
		return r;
	/* access_ok() comes before any other look at the file. */
	if (va > HV_VA_USER_END || len > HV_VA_USER_END - va)
		return -EFAULT;
	if (len > RW_COUNT_MAX)
		len = RW_COUNT_MAX;
	if (!writes)
		r = refresh(&io, len);
	if (r < 0)
		return r;
	return in_pieces(
		c, writes ? write_from(&io, va, len)
			  : note_read(&io, offset, read_into(&io, va, len)));
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
	got = get_some(c, va, iov, len);
	for (uint64_t i = 0; i < got / sizeof(*iov); i++)
		if ((int64_t)iov[i].iov_len < 0)
			return -EINVAL;
	return got < len ? -EFAULT : 0;
}

/* Linux import_iovec: all are checked before any is used. */
static int64_t get_vector(struct call *c, struct iovec iov[IOV_MAX_LINUX])
{
	uint64_t n = c->arg[2], total = 0;
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
		if (base > HV_VA_USER_END ||
		    iov[i].iov_len > HV_VA_USER_END - base)
			return -EFAULT;
		if (iov[i].iov_len > rest)
			iov[i].iov_len = rest;
		total += iov[i].iov_len;
	}
	return (int64_t)total;
}

/*
 * A stream takes all that fits our buffer in one piece, so that a message is
 * not torn; a file, and what is larger, goes buffer by buffer.
 */
static int64_t write_at_once(struct io *io, const struct iovec *iov, uint64_t n)
{
	size_t len = 0;

	for (uint64_t i = 0; i < n; i++) {
		size_t got = get_some(io->c, (uint64_t)iov[i].iov_base,
				      chunk + len, iov[i].iov_len);

		len += got;
		if (got < iov[i].iov_len) {
			len = taken(io, len);
			if (!len)
				return -EFAULT;
			break;
		}
	}
	return write_chunk(io, len, 0);
}

static int64_t read_at_once(struct io *io, const struct iovec *iov, uint64_t n,
			    size_t total)
{
	size_t done = 0;
	int64_t got = transfer(io, false, chunk, total, 0);

	if (got < 0)
		return got;
	for (uint64_t i = 0; i < n && done < (size_t)got; i++) {
		size_t len = (size_t)got - done < iov[i].iov_len
				     ? (size_t)got - done
				     : iov[i].iov_len;
		size_t put = io_put_some(io->c, (uint64_t)iov[i].iov_base,
					 chunk + done, len);

		done += put;
		if (put < len)
			break;
	}
	if (done < (size_t)got && io->offset == NO_OFFSET && io->bulk)
		lseek(io->host, (off_t)done - (off_t)got, SEEK_CUR);
	return done || !got ? (int64_t)done : -EFAULT;
}

static int64_t gather(struct io *io, const struct iovec *iov, uint64_t n,
		      bool writes)
{
	uint64_t done = 0;

	for (uint64_t i = 0; i < n; i++) {
		uint64_t va = (uint64_t)iov[i].iov_base, len = iov[i].iov_len;
		int64_t r;

		if (!len)
			continue;
		r = writes ? write_from(io, va, len) : read_into(io, va, len);
		if (r < 0)
			return done ? (int64_t)done : r;
		done += (uint64_t)r;
		if (io->offset != NO_OFFSET)
			io->offset += r;
		if ((uint64_t)r < len)
			break;
	}
	return (int64_t)done;
}

static int64_t vector(struct call *c, int64_t offset, int flags, bool writes)
{
	struct iovec iov[IOV_MAX_LINUX];
	int64_t total;
	struct io io;
	int r = start(c, &io, offset);

	if (r == 0)
		r = check_mode(&io, writes);
	if (r < 0)
		return r;
	io.flags = flags;
	total = get_vector(c, iov);
	if (total < 0)
		return total;
	if (!writes)
		r = refresh(&io, (uint64_t)total);
	if (r < 0)
		return r;
	if ((uint64_t)total > IO_CHUNK)
		total = gather(&io, iov, c->arg[2], writes);
	else if (writes)
		total = write_at_once(&io, iov, c->arg[2]);
	else
		total = read_at_once(&io, iov, c->arg[2], (size_t)total);
	return in_pieces(c, writes ? total : note_read(&io, offset, total));
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
