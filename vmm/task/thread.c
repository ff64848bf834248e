/*
 * thread.c: see thread.h.
 */
#include "thread.h"

#include <string.h>

#include "process.h"

void thread_init(struct thread *t, struct process *p)
{
	*t = (struct thread){.process = p, .tid = p->pid};
	signals_init(&t->signals, &p->signals);
}

void thread_set_name(struct thread *t, const char *path)
{
	const char *slash = strrchr(path, '/');

	thread_set_comm(t, slash ? slash + 1 : path);
}

void thread_set_comm(struct thread *t, const char *name)
{
	memset(t->name, 0, sizeof(t->name));
	strncpy(t->name, name, sizeof(t->name) - 1);
}
