/*
 * rseq.c: what a C library registers with the kernel when a thread starts.
 */
#include <errno.h>
#include <linux/rseq.h>
#include <sys/syscall.h>

#include "families.h"

int64_t rseq_set_tid_address(struct call *c)
{
	c->t->clear_tid = c->arg[0];
	return c->t->tid;
}

#define ROBUST_LIST_SIZE 24

int64_t rseq_set_robust_list(struct call *c)
{
	if (c->arg[1] != ROBUST_LIST_SIZE)
		return -EINVAL;
	c->t->robust_list = c->arg[0];
	return 0;
}

int64_t rseq_get_robust_list(struct call *c)
{
	const uint64_t size = ROBUST_LIST_SIZE;

	if (!call_is_self(c, c->arg[0]))
		return -ESRCH;
	if (call_put(c, c->arg[2], &size, sizeof(size)) < 0)
		return -EFAULT;
	return call_put(c, c->arg[1], &c->t->robust_list, 8);
}

#define RSEQ_SIZE_MIN 32
#define RSEQ_NO_CPU   0xffffffffu

/* The start of struct rseq, up to and with mm_cid. */
struct rseq_head {
	uint32_t cpu_id_start, cpu_id;
	uint64_t rseq_cs;
	uint32_t flags, node_id, mm_cid;
};

static int64_t rseq_write(struct call *c, uint64_t va, uint32_t cpu_id)
{
	const uint32_t start = cpu_id == RSEQ_NO_CPU ? 0 : cpu_id;
	const uint32_t cpus[2] = {start, cpu_id}, ids[2] = {0, 0};

	if (call_put(c, va, cpus, sizeof(cpus)) < 0)
		return -EFAULT;
	return call_put(c, va + offsetof(struct rseq_head, node_id), ids,
			sizeof(ids));
}

/* The first that the program may run on: 0 on most days. */
static uint32_t rseq_cpu(void)
{
	uint8_t mask[8192] = {0};
	int64_t n = host_call(SYS_sched_getaffinity, 0, sizeof(mask), mask);

	for (uint32_t cpu = 0; n > 0 && cpu < (uint64_t)n * 8; cpu++)
		if (mask[cpu / 8] >> cpu % 8 & 1)
			return cpu;
	return 0;
}

static uint32_t rseq_cpu_of(const struct call *c)
{
	return c->p->nr_threads > 1 ? RSEQ_NO_CPU : rseq_cpu();
}

void rseq_moved(struct call *c)
{
	if (c->t->rseq)
		rseq_write(c, c->t->rseq, rseq_cpu_of(c));
}

static int64_t rseq_unregister(struct call *c)
{
	struct thread *t = c->t;
	int64_t r;

	if ((uint32_t)c->arg[2] & ~RSEQ_FLAG_UNREGISTER)
		return -EINVAL;
	if (!t->rseq || c->arg[0] != t->rseq ||
	    (uint32_t)c->arg[1] != t->rseq_len)
		return -EINVAL;
	if ((uint32_t)c->arg[3] != t->rseq_sig)
		return -EPERM;
	r = rseq_write(c, t->rseq, RSEQ_NO_CPU);
	if (r == 0)
		t->rseq = 0;
	return r;
}

/*
 * Linux kernel/rseq.c. A process of one thread always runs on one CPU, of those
 * that it has asked for: that is never wrong, but when a signal interrupts a
 * critical section. Of several threads nobody here knows where they are, or
 * that they are moved: they are on none, which means that such sections are not
 * to be entered.
 */
int64_t rseq_rseq(struct call *c)
{
	uint32_t len = (uint32_t)c->arg[1], sig = (uint32_t)c->arg[3];
	struct thread *t = c->t;
	int64_t r;

	if ((uint32_t)c->arg[2] & RSEQ_FLAG_UNREGISTER)
		return rseq_unregister(c);
	if ((uint32_t)c->arg[2])
		return -EINVAL;
	if (t->rseq) {
		if (t->rseq != c->arg[0] || t->rseq_len != len)
			return -EINVAL;
		return t->rseq_sig != sig ? -EPERM : -EBUSY;
	}
	if (len < RSEQ_SIZE_MIN || c->arg[0] % RSEQ_SIZE_MIN)
		return -EINVAL;
	r = rseq_write(c, c->arg[0], rseq_cpu_of(c));
	if (r < 0)
		return r;
	t->rseq = c->arg[0];
	t->rseq_len = len;
	t->rseq_sig = sig;
	return 0;
}

void rseq_share(struct call *c)
{
	if (c->t->rseq)
		rseq_write(c, c->t->rseq, RSEQ_NO_CPU);
}
