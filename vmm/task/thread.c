/*
 * thread.c: see thread.h.
 */
#include "thread.h"

#include <stdlib.h>
#include <string.h>


#include "process.h"
#include "vcpu.h"

void thread_lock(struct thread *t)
{
	if (t->vcpu)
		vcpu_lock(t->vcpu);
}

void thread_unlock(struct thread *t)
{
	if (t->vcpu)
		vcpu_unlock(t->vcpu);
}

bool thread_end(struct thread *t)
{
	struct thread **at = &t->process->threads;
	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	return !--t->process->nr_threads;
}

void thread_free(struct thread *t)
{
	if (t->tid != t->process->pid)
		free(t);
}

void thread_init(struct thread *t, struct process *p)
{
	*t = (struct thread){.process = p, .tid = p->pid};
	signals_init(&t->signals, &p->signals);
	t->next = p->threads;
	p->threads = t;
	p->nr_threads++;
}

void thread_set_name(struct thread *t, const char *path)
{
	const char *slash = strrchr(path, '/');

	memset(t->name, 0, sizeof(t->name));
	strncpy(t->name, slash ? slash + 1 : path, sizeof(t->name) - 1);
}
