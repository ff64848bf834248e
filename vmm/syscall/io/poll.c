/*
 * poll.c: poll, ppoll, select, pselect6; the last two by way of poll.
 *
 * Waits are measured against a deadline, so being broken off for nothing does
 * not lengthen them.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "families.h"
#include "wait.h"

/* A wait: for ever, or until a time of CLOCK_MONOTONIC. */
struct wait {
	bool forever;
	bool never; /* one look is all */
	struct timespec until;
};

static void wait_start(struct wait *w, const struct timespec *time)
{
	*w = (struct wait){.forever = !time};
	if (!time)
		return;
	w->never = !time->tv_sec && !time->tv_nsec;
	time_deadline(CLOCK_MONOTONIC, time, &w->until);
}

/* Host descriptors: held, as the program may close its own meanwhile. */
struct watch {
	struct pollfd *fds;
	struct fd_hold *holds;
	unsigned n;
};

static void watch_free(struct call *c, struct watch *w)
{
	for (unsigned i = 0; i < w->n && w->holds; i++)
		call_release(c, &w->holds[i]);
	free(w->fds);
	free(w->holds);
}

/* Room for `max` of them. watch_free in any case. */
static int watch_make(struct watch *w, size_t max)
{
	*w = (struct watch){
		.fds = calloc(max + 1, sizeof(*w->fds)),
		.holds = calloc(max + 1, sizeof(*w->holds)),
	};
	return w->fds && w->holds ? 0 : -ENOMEM;
}

/* The program's fd; the host's, or -EBADF. */
static int watch_add(struct call *c, struct watch *w, int fd, short events)
{
	int host = fd < 0 ? -1 : call_hold_fd(c, fd, &w->holds[w->n]);

	if (fd < 0)
		w->holds[w->n].host = -1;
	w->fds[w->n++] = (struct pollfd){.fd = host, .events = events};
	return host;
}

/*
 * Linux do_poll, do_select: what is ready is seen before a signal is, even if
 * there is no time to wait. A signal that nobody would see is none.
 */
static int64_t wait_for(struct call *c, const struct watch *w,
			const struct wait *wait)
{
	struct timespec left = {0};
	int64_t r;

	do {
		if (!wait->forever && !wait->never)
			left = time_left(CLOCK_MONOTONIC, &wait->until);
		r = wait_host(c->t, SYS_ppoll, (uint64_t)w->fds, w->n,
			      wait->forever ? 0 : (uint64_t)&left);
		if (r != -EINTR)
			return r;
	} while (!wait_due(c->t));
	left = (struct timespec){0};
	r = host_call(SYS_ppoll, w->fds, w->n, &left, NULL, 0);
	return r ? r : -ERESTARTNOHAND;
}

/* ---- poll -------------------------------------------------------------- */

static int64_t poll_array(struct call *c, struct pollfd *guest,
			  struct watch *watch, unsigned n,
			  const struct wait *wait)
{
	struct wait now = {.never = true};
	unsigned bad = 0;
	int64_t r;

	for (unsigned i = 0; i < n; i++)
		bad += watch_add(c, watch, guest[i].fd, guest[i].events) < 0 &&
		       guest[i].fd >= 0;
	r = wait_for(c, watch, bad ? &now : wait);
	if (r < 0 && r != -ERESTARTNOHAND)
		return r;
	for (unsigned i = 0; i < n; i++) {
		bool nval = guest[i].fd >= 0 && watch->fds[i].fd < 0;

		guest[i].revents = nval ? POLLNVAL : watch->fds[i].revents;
	}
	return bad ? (r < 0 ? 0 : r) + bad : r;
}

/* Linux do_sys_poll: nothing but revents is written, whatever came of it. */
static int put_revents(struct call *c, uint64_t va, const struct pollfd *guest,
		       unsigned n)
{
	va += offsetof(struct pollfd, revents);
	for (unsigned i = 0; i < n; i++)
		if (call_put(c, va + i * sizeof(*guest), &guest[i].revents,
			     sizeof(guest[i].revents)) < 0)
			return -EFAULT;
	return 0;
}

static int64_t poll_user(struct call *c, const struct wait *wait)
{
	uint64_t va = c->arg[0], n = (unsigned)c->arg[1];
	struct pollfd *guest;
	struct watch watch;
	int64_t r;

	if (n > c->p->limits.of[RLIMIT_NOFILE].rlim_cur)
		return -EINVAL;
	if (!call_access_ok(va, n * sizeof(*guest)))
		return -EFAULT;
	guest = calloc(n + 1, sizeof(*guest));
	r = watch_make(&watch, n);
	if (!guest)
		r = -ENOMEM;
	if (r == 0 && call_get(c, va, guest, n * sizeof(*guest)) < 0)
		r = -EFAULT;
	if (r == 0) {
		r = poll_array(c, guest, &watch, (unsigned)n, wait);
		if ((r >= 0 || r == -ERESTARTNOHAND) &&
		    put_revents(c, va, guest, (unsigned)n) < 0)
			r = -EFAULT;
	}
	watch_free(c, &watch);
	free(guest);
	return r;
}

static int64_t poll_until(struct call *c, const struct wait *wait);

/* restart_syscall: the time goes on. */
static int64_t poll_on(struct call *c)
{
	const struct restart *r = &c->t->restart;
	const struct wait wait = {.forever = r->forever, .until = r->until};

	return poll_until(c, &wait);
}

static int64_t poll_until(struct call *c, const struct wait *wait)
{
	int64_t r = poll_user(c, wait);

	if (r != -ERESTARTNOHAND)
		return r;
	c->t->restart = (struct restart){
		.fn = poll_on,
		.arg = {c->arg[0], c->arg[1]},
		.forever = wait->forever,
		.until = wait->until,
	};
	return -ERESTART_RESTARTBLOCK;
}

int64_t poll_poll(struct call *c)
{
	int ms = (int)c->arg[2];
	struct timespec t = {ms / 1000, ms % 1000 * 1000000l};
	struct wait wait;

	wait_start(&wait, ms < 0 ? NULL : &t);
	return poll_until(c, &wait);
}

/*
 * Linux poll_select_finish: what was left of the time is told, for the call to
 * be made again with it; where that is not possible, it is not made again.
 */
static int64_t finish(struct call *c, uint64_t va, const struct wait *wait,
		      bool micro, int64_t r)
{
	struct timespec left;

	sig_mask_end(c, r == -ERESTARTNOHAND);
	if (!va)
		return r;
	if (!(c->p->personality & STICKY_TIMEOUTS)) {
		if (wait->never)
			return r;
		left = time_left(CLOCK_MONOTONIC, &wait->until);
		if (micro)
			left.tv_nsec /= 1000; /* timeval is like timespec */
		if (call_put(c, va, &left, sizeof(left)) == 0)
			return r;
	}
	return r == -ERESTARTNOHAND ? -EINTR : r;
}

int64_t poll_ppoll(struct call *c)
{
	uint64_t va = c->arg[2];
	struct timespec t;
	struct wait wait;
	int64_t r;

	if (va && call_get(c, va, &t, sizeof(t)) < 0)
		return -EFAULT;
	if (va && !time_is_valid(&t))
		return -EINVAL;
	wait_start(&wait, va ? &t : NULL);
	r = sig_mask_begin(c, c->arg[3], c->arg[4]);
	if (r < 0)
		return r;
	return finish(c, va, &wait, false, poll_user(c, &wait));
}

/* ---- select ------------------------------------------------------------ */

#define SETS 3

/* What each set asks of poll and takes from it: Linux fs/select.c. */
static const struct {
	short ask, take;
} set_events[SETS] = {
	{POLLIN | POLLRDNORM | POLLRDBAND,
	 POLLIN | POLLRDNORM | POLLRDBAND | POLLHUP | POLLERR},
	{POLLOUT | POLLWRNORM | POLLWRBAND,
	 POLLOUT | POLLWRNORM | POLLWRBAND | POLLERR},
	{POLLPRI, POLLPRI},
};

struct selection {
	unsigned n;   /* numbers */
	size_t words; /* in a set */
	uint64_t *set[SETS];
	struct watch watch;
};

static bool has_bit(const uint64_t *set, unsigned fd)
{
	return set[fd / 64] & 1ull << fd % 64;
}

static int select_read(struct call *c, struct selection *x)
{
	for (int i = 0; i < SETS; i++) {
		uint64_t va = c->arg[1 + i];

		if (va && call_get(c, va, x->set[i], x->words * 8) < 0)
			return -EFAULT;
	}
	for (unsigned fd = 0; fd < x->n; fd++) {
		short events = 0;

		for (int i = 0; i < SETS; i++)
			if (has_bit(x->set[i], fd))
				events |= set_events[i].ask;
		if (events && watch_add(c, &x->watch, (int)fd, events) < 0)
			return -EBADF;
	}
	return 0;
}

static int64_t select_write(struct call *c, struct selection *x)
{
	int64_t count = 0;
	unsigned next = 0;

	for (unsigned fd = 0; fd < x->n; fd++) {
		uint64_t bit = 1ull << fd % 64;
		short got;

		if (!((x->set[0][fd / 64] | x->set[1][fd / 64] |
		       x->set[2][fd / 64]) &
		      bit))
			continue;
		got = x->watch.fds[next++].revents;
		for (int i = 0; i < SETS; i++) {
			if (!has_bit(x->set[i], fd))
				continue;
			if (got & set_events[i].take)
				count++;
			else
				x->set[i][fd / 64] &= ~bit;
		}
	}
	for (int i = 0; i < SETS; i++)
		if (call_put_opt(c, c->arg[1 + i], x->set[i], x->words * 8) < 0)
			return -EFAULT;
	return count;
}

static int64_t select_user(struct call *c, const struct wait *wait)
{
	struct selection x = {.n = (unsigned)c->arg[0]};
	uint64_t *sets;
	int64_t r;

	if ((int)c->arg[0] < 0)
		return -EINVAL;
	if (x.n > c->p->fds.size)
		x.n = c->p->fds.size;
	x.words = (x.n + 63) / 64;
	sets = calloc(SETS * x.words + 1, sizeof(*sets));
	for (size_t i = 0; sets && i < SETS; i++)
		x.set[i] = sets + i * x.words;
	r = watch_make(&x.watch, x.n);
	if (r == 0)
		r = sets ? select_read(c, &x) : -ENOMEM;
	if (r == 0)
		r = wait_for(c, &x.watch, wait);
	if (r >= 0)
		r = select_write(c, &x);
	watch_free(c, &x.watch);
	free(sets);
	return r;
}

int64_t poll_select(struct call *c)
{
	uint64_t va = c->arg[4];
	struct timeval tv;
	struct timespec t;
	struct wait wait;

	if (va && call_get(c, va, &tv, sizeof(tv)) < 0)
		return -EFAULT;
	if (va) {
		/* Too many microseconds are carried over, unlike nanoseconds.
		 */
		t.tv_sec = tv.tv_sec + tv.tv_usec / 1000000;
		t.tv_nsec = tv.tv_usec % 1000000 * 1000;
		if (!time_is_valid(&t))
			return -EINVAL;
	}
	wait_start(&wait, va ? &t : NULL);
	return finish(c, va, &wait, true, select_user(c, &wait));
}

int64_t poll_pselect6(struct call *c)
{
	uint64_t va = c->arg[4], mask[2] = {0, 0};
	struct timespec t;
	struct wait wait;
	int64_t r;

	if (c->arg[5] && call_get(c, c->arg[5], mask, sizeof(mask)) < 0)
		return -EFAULT;
	if (va && call_get(c, va, &t, sizeof(t)) < 0)
		return -EFAULT;
	if (va && !time_is_valid(&t))
		return -EINVAL;
	wait_start(&wait, va ? &t : NULL);
	r = sig_mask_begin(c, mask[0], mask[1]);
	if (r < 0)
		return r;
	return finish(c, va, &wait, false, select_user(c, &wait));
}
