/*
 * signalfd.c: see signalfd.h.
 */
#include "signalfd.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "process.h"
#include "thread.h"

static uint64_t waiting(const struct process *p)
{
	uint64_t set = p->signals.pending.set;

	for (const struct thread *t = p->threads; t; t = t->next)
		set |= t->signals.pending.set;
	return set;
}

static bool is_readable(int host)
{
	struct pollfd fd = {host, POLLIN, 0};

	return poll(&fd, 1, 0) == 1;
}

/* Each write tells those who wait for an edge. */
static void set_level(int host, bool high, bool again)
{
	uint64_t count = 1;
	bool is_high = is_readable(host);

	if (high && (!is_high || again)) {
		if (write(host, &count, sizeof(count)) < 0)
			return; /* after 2^64 signals */
	} else if (!high && is_high) {
		if (read(host, &count, sizeof(count)) < 0)
			return;
	}
}

static void changed(struct signal_shared *s, uint64_t raised)
{
	struct process *p =
		(struct process *)((char *)s -
				   offsetof(struct process, signals));
	uint64_t set = waiting(p);
	bool any = false;

	for (unsigned fd = 0; fd < p->fds.size; fd++) {
		const struct fd_entry *e = &p->fds.entry[fd];

		if (e->host < 0 || !e->signalfd)
			continue;
		any = true;
		set_level(e->host, set & e->signals, raised & e->signals);
	}
	if (!any)
		s->changed = NULL;
}

int signalfd_new(struct process *p, uint64_t set, bool cloexec, bool nonblock)
{
	static uint32_t last;
	int host = eventfd(0, EFD_CLOEXEC | (nonblock ? EFD_NONBLOCK : 0)), fd;
	struct fd_entry *e;

	if (host < 0)
		return -errno;
	fd = fdtable_install(&p->fds, host, cloexec, 0);
	if (fd < 0)
		return fd;
	e = fdtable_entry(&p->fds, fd);
	e->signalfd = ++last ? last : ++last;
	e->signals = set;
	p->signals.changed = changed;
	changed(&p->signals, 0);
	return fd;
}

void signalfd_change(struct process *p, int fd, uint64_t set)
{
	uint32_t number = fdtable_entry(&p->fds, fd)->signalfd;

	for (unsigned i = 0; i < p->fds.size; i++) {
		struct fd_entry *e = &p->fds.entry[i];

		if (e->host >= 0 && e->signalfd == number)
			e->signals = set;
	}
	changed(&p->signals, set);
}
