/*
 * forward.c: calls whose arguments only need translation: descriptors become
 * the host's, structures are copied in before and out after.
 *
 * A bad descriptor goes to the host as -1, which says whether something else is
 * wrong before that. Where memory is bad, too, most calls of Linux would have
 * looked at the descriptor first; the row says which do not.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "call.h"

struct copies {
	uint64_t host[6]; /* arguments of the host call */
	uint8_t buf[6][FORWARD_MAX] __attribute__((aligned(16)));
};

static bool is_null(const struct call_arg *arg, uint64_t value)
{
	return (arg->kind & ARG_NULL) && !value;
}

static void translate_fds(struct call *c, const struct call_row *row,
			  struct copies *k)
{
	for (unsigned i = 0; i < 6; i++) {
		int fd = row->arg[i].kind == ARG_FD ? call_host_fd(c, i) : 0;

		k->host[i] = row->arg[i].kind != ARG_FD ? c->arg[i]
			     : fd < 0			? (uint64_t)-1
							: (uint64_t)fd;
	}
}

/* Memory was bad: which error is it? O_PATH counts as no descriptor. */
static int first_error(const struct call_row *row, const struct copies *k)
{
	for (unsigned i = 0; i < 6 && !row->memory_first; i++)
		if (row->arg[i].kind == ARG_FD &&
		    fcntl((int)k->host[i], F_GETFL) & O_PATH) /* or -1 */
			return -EBADF;
	return -EFAULT;
}

static int copy_in(struct call *c, const struct call_row *row, struct copies *k)
{
	for (int i = 0; i < 6; i++) {
		const struct call_arg *arg = &row->arg[i];
		int kind = arg->kind & ~ARG_NULL;

		if (kind < ARG_IN || is_null(arg, c->arg[i]))
			continue;
		k->host[i] = (uint64_t)k->buf[i];
		if (kind == ARG_OUT)
			memset(k->buf[i], 0, arg->size);
		else if (call_get(c, c->arg[i], k->buf[i], arg->size) < 0)
			return -EFAULT;
	}
	return 0;
}

static int copy_out(struct call *c, const struct call_row *row,
		    const struct copies *k)
{
	for (int i = 0; i < 6; i++) {
		const struct call_arg *arg = &row->arg[i];
		int kind = arg->kind & ~ARG_NULL;

		if (kind < ARG_OUT || is_null(arg, c->arg[i]))
			continue;
		if (call_put(c, c->arg[i], k->buf[i], arg->size) < 0)
			return -EFAULT;
	}
	return 0;
}

static int64_t host_forward(struct call *c, const struct call_row *row,
			    const struct copies *k)
{
	const uint64_t *arg = k->host;

	switch (row->blocks) {
	case CALL_WAIT:
		return call_wait_args(c, (long)c->nr, arg);
	case CALL_LONG:
		return call_long_args(c, (long)c->nr, arg);
	default:
		return host_call((long)c->nr, arg[0], arg[1], arg[2], arg[3],
				 arg[4], arg[5]);
	}
}

/* Descriptors that the call has are held: it may block. */
static void hold_fds(struct call *c, const struct call_row *row,
		     const struct copies *k, struct fd_hold hold[6])
{
	for (unsigned i = 0; i < 6; i++)
		fdtable_hold(&c->p->fds,
			     row->arg[i].kind == ARG_FD ? (int)k->host[i] : -1,
			     &hold[i]);
}

static void release_fds(struct call *c, struct fd_hold hold[6])
{
	for (unsigned i = 0; i < 6; i++)
		call_release(c, &hold[i]);
}

int64_t call_forward(struct call *c, const struct call_row *row)
{
	struct fd_hold hold[6];
	struct copies k;
	int64_t r;
	int err;

	translate_fds(c, row, &k);
	if (copy_in(c, row, &k) < 0)
		return first_error(row, &k);
	hold_fds(c, row, &k, hold);
	r = host_forward(c, row, &k);
	release_fds(c, hold);
	c->broken_pipe = r == -EPIPE; /* sendfile, splice */
	if (r < 0)
		return r;
	err = copy_out(c, row, &k);
	return err < 0 ? err : r;
}
