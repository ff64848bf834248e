/*
 * copy.c: data that come from elsewhere than read: copies from one descriptor
 * to another, directories, random bytes.
 */
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "families.h"
#include "procfs.h"
#include "stop.h"

/* ---- Copies that the host makes ---------------------------------------- */

/*
 * sendfile, splice, copy_file_range. Linux cannot do it from most files of a
 * process in /proc, and programs that try copy by hand then.
 */
int64_t io_copy(struct call *c)
{
	int from = (int)c->arg[c->nr == SYS_sendfile];
	int to = (int)c->arg[c->nr == SYS_sendfile ? 0 : 2];
	const struct fd_entry *e = fdtable_entry(&c->s->fds, from);
	const struct fd_entry *t = fdtable_entry(&c->s->fds, to);

	if ((e && procfs_is_own(e->proc)) || (t && procfs_is_own(t->proc)))
		return c->nr == SYS_copy_file_range ? -EXDEV : -EINVAL;
	return call_forward(c, call_row(c->nr));
}

/* ---- Buffers that are only filled -------------------------------------- */

/* getdents and getdents64: a buffer may come back shorter than asked for. */
int64_t io_getdents(struct call *c)
{
	uint64_t len = (unsigned)c->arg[2];
	const struct fd_entry *e = fdtable_entry(&c->s->fds, (int)c->arg[0]);
	uint8_t *chunk = io_buffer();
	int64_t r;

	if (!e)
		return -EBADF;
	if (len > IO_CHUNK)
		len = IO_CHUNK;
	if (!procfs_is_dir(e->proc))
		r = host_call((long)c->nr, e->host, chunk, len);
	else if (c->nr == SYS_getdents64)
		r = procfs_getdents(c->s, e->proc, e->host, chunk, len);
	else
		r = -EINVAL;
	if (r > 0 && call_put(c, c->arg[1], chunk, (size_t)r) < 0)
		return -EFAULT;
	return r;
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
