#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include "families.h"

int64_t clone_gettid(struct call *c)
{
	return c->t->tid;
}

int64_t clone_clone(struct call *c)
{
	static int next;
	uint64_t flags = c->arg[0];
	struct thread *t = calloc(1, sizeof(*t));
	struct start_args args = {
		.share_mm = flags & CLONE_VM,
		.has_tls = flags & CLONE_SETTLS,
		.stack = c->arg[1],
		.tls = c->arg[4],
	};
	int r;

	if (!(flags & CLONE_THREAD)) {
		struct process *p = calloc(1, sizeof(*p));

		*p = *c->p;
		p->threads = NULL;
		p->nr_threads = 0;
		if (!next)
			next = c->p->pid;
		p->pid = ++next;
		thread_init(t, p);
		t->signals.mask = c->t->signals.mask;
		if (flags & CLONE_CHILD_SETTID)
			t->clear_tid = 0;
		p->fds.entry = calloc(p->fds.size, sizeof(*p->fds.entry));
		for (unsigned i = 0; i < p->fds.size; i++) {
			p->fds.entry[i] = c->p->fds.entry[i];
			if (p->fds.entry[i].host >= 0)
				p->fds.entry[i].host = fcntl(p->fds.entry[i].host, F_DUPFD_CLOEXEC, 0);
		}
		r = c->m->start(c->t, t, &args);
		return r ? r : p->pid;
	}
	if (!next)
		next = c->p->pid;
	thread_init(t, c->p);
	t->tid = ++next;
	t->signals.mask = c->t->signals.mask;
	if (flags & CLONE_CHILD_CLEARTID)
		t->clear_tid = c->arg[3];
	if (flags & CLONE_PARENT_SETTID)
		call_put(c, c->arg[2], &t->tid, 4);
	if (flags & CLONE_CHILD_SETTID)
		call_put(c, c->arg[3], &t->tid, 4);
	r = c->m->start(c->t, t, &args);
	return r ? r : t->tid;
}
