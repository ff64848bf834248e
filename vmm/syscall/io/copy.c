/*
 * copy.c: data that come from elsewhere than read: copies from one descriptor
 * to another, directories, random bytes.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/param.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "families.h"
#include "procfs.h"
#include "stop.h"

#define SPLICE_FLAGS                                                           \
	(SPLICE_F_MOVE | SPLICE_F_NONBLOCK | SPLICE_F_MORE | SPLICE_F_GIFT)

/* ---- Copies that the host makes ---------------------------------------- */

/*
 * sendfile, splice, copy_file_range. Linux cannot do it from most files of a
 * process in /proc, and programs that try copy by hand then.
 */
int64_t io_copy(struct call *c)
{
	uint64_t va = c->nr == SYS_sendfile ? c->arg[2] : 0, offset;
	int64_t r;
	int from = (int)c->arg[c->nr == SYS_sendfile];
	int to = (int)c->arg[c->nr == SYS_sendfile ? 0 : 2];
	const struct fd_entry *e = fdtable_entry(&c->p->fds, from);
	const struct fd_entry *t = fdtable_entry(&c->p->fds, to);

	if ((e && procfs_is_own(e->proc)) || (t && procfs_is_own(t->proc)))
		return c->nr == SYS_copy_file_range ? -EXDEV : -EINVAL;
	r = call_forward(c, call_row(c->nr));
	/* sendfile stores the offset, whatever came of it. */
	if (r < 0 && va &&
	    (call_get(c, va, &offset, sizeof(offset)) < 0 ||
	     call_put(c, va, &offset, sizeof(offset)) < 0))
		return -EFAULT;
	return r;
}

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
		int64_t n = host_call(SYS_getrandom, chunk, want, c->arg[2]);
		size_t put;

		if (n < 0)
			return done ? (int64_t)done : n;
		put = io_put_some(c, va + done, chunk, (size_t)n);
		done += put;
		if (put < (size_t)n)
			return done ? (int64_t)done : -EFAULT;
	} while (done < len && !stop_signal());
	return (int64_t)done;
}
