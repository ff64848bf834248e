/*
 * transfer.c: bytes between a host descriptor and the program's memory, by way
 * of a buffer.
 *
 * Files can take bytes back, and take what they are given: they are read and
 * written in pieces of the buffer's size. What a stream has handed over is
 * gone, and what it takes, it alone knows. So where memory is not there yet, or
 * bad, the host's own call finds out: the bytes that are there lie at the end
 * of the buffer, and behind them is nothing, as in the program's memory.
 *
 * If memory turns bad half-way, the count so far is the answer, and EFAULT if
 * there is none.
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "families.h"
#include "hv_map.h"
#include "io.h"
#include "procfs.h"
#include "stop.h"

static _Thread_local uint8_t *chunk;

/*
 * Shared, for RLIMIT_DATA does not count that. A child that forgets to make its
 * own has none, and not its parent's.
 */
int io_buffer_make(void)
{
	void *p = mmap(NULL, IO_CHUNK, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return -errno;
	madvise(p, IO_CHUNK, MADV_DONTFORK);
	chunk = p;
	return 0;
}

void io_buffer_drop(void)
{
	munmap(chunk, IO_CHUNK);
	chunk = NULL;
}

uint8_t *io_buffer(void)
{
	return chunk;
}

/* ---- The program's memory ---------------------------------------------- */

/* A place in a vector. */
struct place {
	const struct iovec *iov;
	uint64_t skip; /* bytes of it that are behind us */
};

typedef size_t (*part_fn)(struct call *c, uint64_t va, uint8_t *buf,
			  size_t len);

static void advance(struct place *at, uint64_t len)
{
	for (uint64_t n; len; len -= n) {
		while (at->skip == at->iov->iov_len)
			*at = (struct place){at->iov + 1, 0};
		n = at->iov->iov_len - at->skip;
		if (n > len)
			n = len;
		at->skip += n;
	}
}

/* Up to the first byte that `fn` does not do. */
static size_t each_part(struct call *c, struct place at, uint8_t *buf,
			size_t len, part_fn fn)
{
	size_t done = 0;

	while (done < len) {
		size_t n = at.iov->iov_len - at.skip, did;

		if (n > len - done)
			n = len - done;
		did = fn(c, (uint64_t)at.iov->iov_base + at.skip, buf + done,
			 n);
		done += did;
		if (did < n)
			break;
		at = (struct place){at.iov + 1, 0};
	}
	return done;
}

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

size_t io_get_some(struct call *c, uint64_t va, uint8_t *dst, size_t len)
{
	return copy_some(c, va, dst, len, false);
}

static size_t ready_to_put(struct call *c, uint64_t va, uint8_t *buf,
			   size_t len)
{
	(void)buf;
	return usermem_ready(c->v, va, len, USERMEM_WRITE);
}

static size_t make_ready_to_put(struct call *c, uint64_t va, uint8_t *buf,
				size_t len)
{
	(void)buf;
	return usermem_ready(c->v, va, len, USERMEM_WRITE | USERMEM_ASK);
}

static size_t get_ready(struct call *c, uint64_t va, uint8_t *buf, size_t len)
{
	return io_get_some(c, va, buf, usermem_ready(c->v, va, len, 0));
}

/* ---- The host's call --------------------------------------------------- */

/* Of a file of /proc that has no bytes of its own. */
static int64_t transfer_proc(const struct io *io, bool writes,
			     const struct iovec *iov, uint64_t done)
{
	int64_t at = io->offset == NO_OFFSET ? NO_OFFSET
					     : io->offset + (int64_t)done;

	return writes ? procfs_write(io->c->t, io->proc, io->host,
				     iov->iov_base, iov->iov_len, at)
		      : procfs_read(io->c->t, io->proc, io->host, iov->iov_base,
				    iov->iov_len, at);
}

/* A host call of this transfer, in the way that it asks for. */
static int64_t host_do(const struct io *io, bool writes, long nr,
		       const uint64_t arg[6])
{
	if (!io->unlocks || (io->nonblock && !io->e.bulk))
		return host_call(nr, arg[0], arg[1], arg[2], arg[3], arg[4],
				 arg[5]);
	return io->e.bulk ? call_long_args(io->c, nr, arg)
			  : call_wait_fd_args(io->c, io->host, writes, nr, arg);
}
#define HOST_DO(io, writes, nr, ...)                                           \
	host_do((io), (writes), (nr), (const uint64_t[6]){__VA_ARGS__})

static int64_t host_transfer(const struct io *io, bool writes,
			     const struct iovec *iov, int n, uint64_t done)
{
	uint64_t at = io->offset == NO_OFFSET ? (uint64_t)-1
					      : (uint64_t)io->offset + done;
	uint64_t fd = (uint64_t)io->host;

	if (io->flags || n > 1)
		return HOST_DO(io, writes, writes ? SYS_pwritev2 : SYS_preadv2,
			       fd, (uint64_t)iov, (uint64_t)n, at, 0,
			       (uint64_t)io->flags);
	if (io->offset == NO_OFFSET)
		return HOST_DO(io, writes, writes ? SYS_write : SYS_read, fd,
			       (uint64_t)iov->iov_base, iov->iov_len);
	return HOST_DO(io, writes, writes ? SYS_pwrite64 : SYS_pread64, fd,
		       (uint64_t)iov->iov_base, iov->iov_len, at);
}

int64_t io_transfer(const struct io *io, bool writes, const struct iovec *iov,
		    int n, uint64_t done)
{
	int64_t r = host_transfer(io, writes, iov, n, done);

	if (r == -EPIPE && writes)
		io->c->broken_pipe = true;
	return r;
}

/*
 * One piece, `done` bytes after the start: `good` bytes of the buffer, and
 * `bad` bytes where nothing is.
 */
static int64_t transfer(const struct io *io, bool writes, size_t good,
			uint64_t bad, uint64_t done)
{
	/* mmap_min_addr: nothing is ever mapped there. */
	const struct iovec iov[2] = {{chunk, good}, {NULL, bad}};

	if (procfs_is_live(io->proc, writes))
		return transfer_proc(io, writes, iov, done);
	return io_transfer(io, writes, iov, bad ? 2 : 1, done);
}

static size_t piece(uint64_t len)
{
	return len < IO_CHUNK ? len : IO_CHUNK;
}

/* ---- Reading ----------------------------------------------------------- */

static int64_t read_file(const struct io *io, struct place at, uint64_t total)
{
	uint64_t done = 0;

	do {
		size_t want = piece(total - done), put;
		int64_t n = transfer(io, false, want, 0, done);

		if (n < 0)
			return done ? (int64_t)done : n;
		put = each_part(io->c, at, chunk, (size_t)n, io_put_some);
		done += put;
		if (put < (size_t)n) {
			if (io->offset == NO_OFFSET)
				lseek(io->host, (off_t)put - (off_t)n,
				      SEEK_CUR);
			return done ? (int64_t)done : -EFAULT;
		}
		if ((size_t)n < want)
			break;
		advance(&at, put);
	} while (done < total && !stop_signal());
	return (int64_t)done;
}

#define UNKNOWN INT64_MAX

/*
 * A pipe keeps what it cannot hand over: EFAULT says that there is something,
 * as soon as there is.
 */
static int64_t pipe_readable(const struct io *io, size_t want)
{
	int64_t r;
	int n = 0;

	if (ioctl(io->host, FIONREAD, &n) < 0)
		return UNKNOWN;
	if (n)
		return n;
	r = transfer(io, false, 0, want, 0);
	if (r != -EFAULT)
		return r;
	ioctl(io->host, FIONREAD, &n);
	return n;
}

/*
 * How many bytes a read of `want` will give, which waits for them; or UNKNOWN,
 * of what loses on Linux, too, what it cannot hand over. More than it will
 * give: of a pipe of packets, and of a terminal with several lines.
 */
static int64_t readable(const struct io *io, size_t want)
{
	struct stat st;
	int n = 0;

	if (fstat(io->host, &st) < 0)
		return UNKNOWN;
	if (S_ISFIFO(st.st_mode))
		return pipe_readable(io, want);
	if (S_ISCHR(st.st_mode) && ioctl(io->host, FIONREAD, &n) == 0 && n)
		return n;
	if (!S_ISSOCK(st.st_mode))
		return UNKNOWN;
	return HOST_DO(io, false, SYS_recvfrom, (uint64_t)io->host,
		       (uint64_t)chunk, want, MSG_PEEK);
}

/*
 * Linux has stored up to the bad byte when it finds that what it holds does not
 * fit, and keeps that for the next read.
 */
static int64_t read_partly(const struct io *io, struct place at, size_t good,
			   size_t want)
{
	int64_t r;

	each_part(io->c, at, chunk, good, io_get_some);
	r = transfer(io, false, good, want - good, 0);
	if (r >= 0 || r == -EFAULT)
		each_part(io->c, at, chunk, good, io_put_some);
	return r;
}

/* In one piece, so that a message is not torn. */
static int64_t read_stream(const struct io *io, struct place at, uint64_t total)
{
	size_t want = piece(total), good;
	int64_t n = UNKNOWN;

	if (each_part(io->c, at, chunk, want, ready_to_put) < want)
		n = readable(io, want);
	if (n < 0)
		return n;
	if (n && n != UNKNOWN) {
		want = (size_t)n < want ? (size_t)n : want;
		good = each_part(io->c, at, chunk, want, make_ready_to_put);
		if (good < want)
			return read_partly(io, at, good, want);
	}
	n = transfer(io, false, want, 0, 0);
	if (n <= 0)
		return n;
	good = each_part(io->c, at, chunk, (size_t)n, io_put_some);
	if (good < (size_t)n && !(good && io->e.streams))
		return -EFAULT;
	return (int64_t)good;
}

int64_t io_receive(const struct io *io, const struct iovec *iov, uint64_t total)
{
	const struct place at = {iov, 0};

	return io->e.bulk ? read_file(io, at, total)
			  : read_stream(io, at, total);
}

/* ---- Writing ----------------------------------------------------------- */

/* The host wants more than the `good` bytes that were there: one page more. */
static int fetch_more(const struct io *io, struct place at, size_t good)
{
	uint8_t byte;

	if (good == IO_CHUNK)
		return -EMSGSIZE;
	advance(&at, good);
	return each_part(io->c, at, &byte, 1, io_get_some) ? 0 : -EFAULT;
}

/* Asks the guest for a page when the host has asked for it. */
static int64_t write_stream(const struct io *io, struct place at, uint64_t left,
			    uint64_t done)
{
	for (;;) {
		size_t good =
			each_part(io->c, at, chunk, piece(left), get_ready);
		int64_t r = transfer(io, true, good, left - good, done);

		if (r != -EFAULT || good == left)
			return r;
		r = fetch_more(io, at, good);
		if (r < 0)
			return r;
	}
}

static int64_t write_file(const struct io *io, struct place at, uint64_t left,
			  uint64_t done)
{
	size_t want = piece(left);
	size_t good = each_part(io->c, at, chunk, want, io_get_some);

	if (good == want || (good && io->e.bulk))
		return transfer(io, true, good, 0, done);
	if (io->e.bulk || io->e.proc)
		return -EFAULT;
	/* All or nothing, of a length that the host looks at first: eventfd. */
	return io_transfer(io, true, &(const struct iovec){NULL, left}, 1,
			   done);
}

int64_t io_send(const struct io *io, const struct iovec *iov, uint64_t total)
{
	struct place at = {iov, 0};
	uint64_t done = 0, left;
	int64_t r;

	do {
		left = total - done;
		r = io->e.streams ? write_stream(io, at, left, done)
				  : write_file(io, at, left, done);
		if (r < 0)
			return done ? (int64_t)done : r;
		done += (uint64_t)r;
		advance(&at, (uint64_t)r);
		/* Of a stream it may have been broken off for nothing. */
	} while (r && done < total && !stop_signal() &&
		 (io->e.streams || (uint64_t)r == piece(left)));
	return (int64_t)done;
}
