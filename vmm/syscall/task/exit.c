/*
 * exit.c: the end of the program, and of children, which it has none of yet.
 */
#include <errno.h>
#include <limits.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "families.h"
#include "wait.h"

/* The VMM has no children either: the host says what is wrong. */
int64_t exit_wait4(struct call *c)
{
	return host_call(SYS_wait4, c->arg[0], NULL, c->arg[2], NULL);
}

int64_t exit_waitid(struct call *c)
{
	static const uint8_t none[12]; /* si_signo to si_code, and the rest */
	uint64_t id = c->arg[1], va = c->arg[2];
	int64_t r;

	if ((int)c->arg[0] == P_PIDFD && (int)id >= 0)
		id = call_host_fd(c, 1) < 0 ? INT_MAX /* is none of ours */
					    : (uint64_t)call_host_fd(c, 1);
	r = host_call(SYS_waitid, c->arg[0], id, NULL, c->arg[3], NULL);
	/* Of nobody is told, whatever is wrong. */
	if (va && (call_put(c, va, none, sizeof(none)) < 0 ||
		   call_put(c, va + 16, none, sizeof(none)) < 0))
		return -EFAULT;
	return r;
}

int64_t exit_exit(struct call *c)
{
	uint32_t zero = 0;

	c->p->status = (int)(c->arg[0] & 0xff) << 8;
	c->t->ending = true;
	if (c->t->clear_tid && c->p->nr_threads > 1) {
		call_put(c, c->t->clear_tid, &zero, 4);
		for (struct thread *t = c->p->threads; t; t = t->next)
			wait_wake(t);
	}
	return 0;
}

int64_t exit_group(struct call *c)
{
	c->p->status = (int)(c->arg[0] & 0xff) << 8;
	c->p->signals.dead = true;
	for (struct thread *t = c->p->threads; t; t = t->next) {
		t->ending = true;
		wait_kick(t);
	}
	return 0;
}
