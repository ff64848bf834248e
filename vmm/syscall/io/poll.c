/*
 * poll.c: poll, ppoll, select, pselect6; the last two by way of poll.
 *
 * Waits are measured against a deadline, so an interruption by a signal of the
 * VMM's own does not lengthen them. A temporary signal mask is checked and
 * otherwise without effect: no signal comes from outside yet.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "families.h"
#include "stop.h"

#define NSEC 1000000000ll

/* A wait: for ever, or until a time of CLOCK_MONOTONIC. */
struct wait {
	bool forever;
	struct timespec until;
};

static void wait_start(struct wait *w, const struct timespec *time)
{
	w->forever = !time;
	if (!time)
		return;
	clock_gettime(CLOCK_MONOTONIC, &w->until);
	if (__builtin_add_overflow(w->until.tv_sec, time->tv_sec,
				   &w->until.tv_sec)) {
		w->forever = true;
		return;
	}
	w->until.tv_nsec += time->tv_nsec;
	if (w->until.tv_nsec >= NSEC) {
		w->until.tv_nsec -= NSEC;
		w->until.tv_sec++;
	}
}

static struct timespec wait_left(const struct wait *w)
{
	struct timespec now, left;

	clock_gettime(CLOCK_MONOTONIC, &now);
	left.tv_sec = w->until.tv_sec - now.tv_sec;
	left.tv_nsec = w->until.tv_nsec - now.tv_nsec;
	if (left.tv_nsec < 0) {
		left.tv_nsec += NSEC;
		left.tv_sec--;
	}
	if (left.tv_sec < 0)
		left = (struct timespec){0};
	return left;
}

static int64_t wait_for(struct pollfd *p, unsigned n, const struct wait *w)
{
	int64_t r;

	do {
		struct timespec left;

		if (!w->forever)
			left = wait_left(w);
		/* glibc's ppoll keeps `left` as it is; the call would not. */
		r = host_result(ppoll(p, n, w->forever ? NULL : &left, NULL));
	} while (r == -EINTR && !stop_signal());
	return r;
}

static bool is_valid(const struct timespec *t)
{
	return t->tv_sec >= 0 && t->tv_nsec >= 0 && t->tv_nsec < NSEC;
}

/* ---- poll -------------------------------------------------------------- */

/* Swap in host descriptors; returns how many numbers are bad. */
static unsigned to_host(struct call *c, const struct pollfd *guest,
			struct pollfd *host, unsigned n)
{
	unsigned bad = 0;

	for (unsigned i = 0; i < n; i++) {
		host[i] = guest[i];
		if (guest[i].fd < 0)
			continue;
		host[i].fd = fdtable_host(&c->p->fds, guest[i].fd);
		bad += host[i].fd < 0;
	}
	return bad;
}

static int64_t poll_array(struct call *c, struct pollfd *guest,
			  struct pollfd *host, unsigned n, struct wait *w)
{
	unsigned bad = to_host(c, guest, host, n);
	const struct timespec now = {0};
	int64_t r;

	if (bad)
		wait_start(w, &now);
	r = wait_for(host, n, w);
	if (r < 0)
		return r;
	for (unsigned i = 0; i < n; i++) {
		bool nval = guest[i].fd >= 0 && host[i].fd < 0;

		guest[i].revents = nval ? POLLNVAL : host[i].revents;
		if (guest[i].fd < 0)
			guest[i].revents = 0;
	}
	return r + bad;
}

static int64_t poll_user(struct call *c, struct wait *w)
{
	uint64_t n = (unsigned)c->arg[1];
	struct pollfd *guest, *host;
	int64_t r = -EFAULT;

	if (n > c->p->limits.of[RLIMIT_NOFILE].rlim_cur)
		return -EINVAL;
	if (!call_access_ok(c->arg[0], n * sizeof(*guest)))
		return -EFAULT;
	guest = calloc(2 * n + 1, sizeof(*guest));
	if (!guest)
		return -ENOMEM;
	host = guest + n;
	if (call_get(c, c->arg[0], guest, n * sizeof(*guest)) == 0)
		r = poll_array(c, guest, host, (unsigned)n, w);
	if (r >= 0 && call_put(c, c->arg[0], guest, n * sizeof(*guest)) < 0)
		r = -EFAULT;
	free(guest);
	return r;
}

int64_t poll_poll(struct call *c)
{
	int ms = (int)c->arg[2];
	struct timespec t = {ms / 1000, ms % 1000 * 1000000l};
	struct wait w;

	wait_start(&w, ms < 0 ? NULL : &t);
	return poll_user(c, &w);
}

static int check_mask(struct call *c, uint64_t va, uint64_t size)
{
	uint64_t mask;

	if (!va)
		return 0;
	if (size != sizeof(mask))
		return -EINVAL;
	return call_get(c, va, &mask, sizeof(mask));
}

/* Linux tells what was left of the time; a bad address is passed over. */
static void put_left(struct call *c, uint64_t va, const struct wait *w)
{
	struct timespec left = wait_left(w);

	call_put(c, va, &left, sizeof(left));
}

int64_t poll_ppoll(struct call *c)
{
	uint64_t va = c->arg[2];
	struct timespec t;
	struct wait w;
	int64_t r;

	if (va && call_get(c, va, &t, sizeof(t)) < 0)
		return -EFAULT;
	if (va && !is_valid(&t))
		return -EINVAL;
	r = check_mask(c, c->arg[3], c->arg[4]);
	if (r < 0)
		return r;
	wait_start(&w, va ? &t : NULL);
	r = poll_user(c, &w);
	if (va)
		put_left(c, va, &w);
	return r;
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
	struct pollfd *poll;
	unsigned nr_poll;
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
		struct pollfd *p = &x->poll[x->nr_poll];

		p->events = 0;
		for (int i = 0; i < SETS; i++)
			if (has_bit(x->set[i], fd))
				p->events |= set_events[i].ask;
		if (!p->events)
			continue;
		p->fd = fdtable_host(&c->p->fds, (int)fd);
		if (p->fd < 0)
			return -EBADF;
		x->nr_poll++;
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
		got = x->poll[next++].revents;
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

static int64_t select_user(struct call *c, const struct wait *w)
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
	x.poll = calloc(x.n + 1, sizeof(*x.poll));
	for (size_t i = 0; sets && i < SETS; i++)
		x.set[i] = sets + i * x.words;
	r = sets && x.poll ? select_read(c, &x) : -ENOMEM;
	if (r == 0)
		r = wait_for(x.poll, x.nr_poll, w);
	if (r >= 0)
		r = select_write(c, &x);
	free(x.poll);
	free(sets);
	return r;
}

int64_t poll_select(struct call *c)
{
	uint64_t va = c->arg[4];
	struct timeval tv;
	struct timespec t;
	struct wait w;
	int64_t r;

	if (va && call_get(c, va, &tv, sizeof(tv)) < 0)
		return -EFAULT;
	if (va) {
		/* Too many microseconds are carried over, unlike nanoseconds.
		 */
		t.tv_sec = tv.tv_sec + tv.tv_usec / 1000000;
		t.tv_nsec = tv.tv_usec % 1000000 * 1000;
		if (!is_valid(&t))
			return -EINVAL;
	}
	wait_start(&w, va ? &t : NULL);
	r = select_user(c, &w);
	if (va) {
		t = wait_left(&w);
		tv = (struct timeval){t.tv_sec, t.tv_nsec / 1000};
		call_put(c, va, &tv, sizeof(tv));
	}
	return r;
}

int64_t poll_pselect6(struct call *c)
{
	uint64_t va = c->arg[4], mask[2] = {0, 0};
	struct timespec t;
	struct wait w;
	int64_t r;

	if (c->arg[5] && call_get(c, c->arg[5], mask, sizeof(mask)) < 0)
		return -EFAULT;
	if (va && call_get(c, va, &t, sizeof(t)) < 0)
		return -EFAULT;
	if (va && !is_valid(&t))
		return -EINVAL;
	r = check_mask(c, mask[0], mask[1]);
	if (r < 0)
		return r;
	wait_start(&w, va ? &t : NULL);
	r = select_user(c, &w);
	if (va)
		put_left(c, va, &w);
	return r;
}
