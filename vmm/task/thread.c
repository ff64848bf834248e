/*
 * thread.c: see thread.h.
 */
#include "thread.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

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

void thread_init(struct thread *t, struct process *p)
{
	*t = (struct thread){.process = p, .tid = p->pid};
	signals_init(&t->signals, &p->signals);
	t->is_first = true;
	t->next = p->threads;
	p->threads = t;
	p->nr_threads++;
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

static int64_t us(struct timeval t)
{
	return t.tv_sec * 1000000l + t.tv_usec;
}

/* Of this host thread, since it began. */
static void usage_now(struct task_usage *u)
{
	struct rusage r = {0};

	getrusage(RUSAGE_THREAD, &r);
	*u = (struct task_usage){
		.user_us = us(r.ru_utime),
		.system_us = us(r.ru_stime),
		.minflt = r.ru_minflt,
		.majflt = r.ru_majflt,
		.inblock = r.ru_inblock,
		.oublock = r.ru_oublock,
		.nvcsw = r.ru_nvcsw,
		.nivcsw = r.ru_nivcsw,
	};
	for (int i = 0; i < CPU_CLOCKS; i++)
		u->cpu_ns[i] = cpu_clock_read(gettid(), i);
}

void thread_usage_begin(struct thread *t)
{
	usage_now(&t->usage_base);
}

void thread_usage(const struct thread *t, struct task_usage *u)
{
	const struct task_usage *b = &t->usage_base;

	usage_now(u);
	u->user_us -= b->user_us;
	u->system_us -= b->system_us;
	for (int i = 0; i < CPU_CLOCKS; i++)
		u->cpu_ns[i] -= b->cpu_ns[i];
	u->minflt -= b->minflt;
	u->majflt -= b->majflt;
	u->inblock -= b->inblock;
	u->oublock -= b->oublock;
	u->nvcsw -= b->nvcsw;
	u->nivcsw -= b->nivcsw;
}
