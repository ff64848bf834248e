/*
 * process.c: who the program is, its limits, its end, and what a C library
 * registers with the kernel when it starts.
 *
 * The program's pid is the VMM's, so that tools on the host agree with it; it
 * has one thread, whose tid is the same.
 */
#include <asm/prctl.h>
#include <errno.h>
#include <linux/capability.h>
#include <linux/rseq.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capable.h"
#include "describe.h"
#include "families.h"
#include "mdwe.h"
#include "memlock.h"
#include "procfs.h"
#include "vm_setting.h"

int64_t process_getpid(struct call *c)
{
	(void)c;
	return getpid();
}

/* Times are the host's, faults and memory the guest's. */
int64_t process_getrusage(struct call *c)
{
	int who = (int)c->arg[0];
	struct hv_desc_mm mm;
	struct rusage usage;

	if (getrusage(who, &usage) < 0)
		return -errno;
	if (who != RUSAGE_CHILDREN &&
	    !describe_one(c->v, HV_DESCRIBE_MM, 0, &mm, sizeof(mm))) {
		usage.ru_majflt = (long)procfs_major(c->m, &mm);
		usage.ru_minflt = (long)mm.faults - usage.ru_majflt;
		usage.ru_maxrss = (long)(mm.hiwater_rss * HV_PAGE_SIZE >> 10);
	}
	return call_put(c, c->arg[1], &usage, sizeof(usage));
}

/* Load and times are the host's, memory is the guest's. */
int64_t process_sysinfo(struct call *c)
{
	struct sysinfo info;
	int64_t r = host_call(SYS_sysinfo, &info);

	if (r < 0)
		return r;
	procfs_sysinfo(c->v, &info);
	return call_put(c, c->arg[0], &info, sizeof(info));
}

/* The VMM has no children either: the host says what is wrong. */
int64_t process_wait4(struct call *c)
{
	return host_call(SYS_wait4, c->arg[0], NULL, c->arg[2], NULL);
}

int64_t process_waitid(struct call *c)
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

int64_t process_exit(struct call *c)
{
	c->p->signals.dead = true;
	vcpu_stop(c->v, (int)(c->arg[0] & 0xff) << 8);
	return 0;
}

static bool is_self(uint64_t pid)
{
	return (int)pid == 0 || (int)pid == getpid();
}

/* ---- Limits ------------------------------------------------------------ */

static void set_limit(struct call *c, int what, const struct rlimit *limit)
{
	struct process *p = c->p;

	p->limits.of[what] = *limit;
	process_pass_limits(c->p, c->v);
	if (what == RLIMIT_NOFILE)
		fdtable_set_limit(&p->fds, limit->rlim_cur);
}

static int64_t check_limit(const struct process *p, int what,
			   const struct rlimit *limit)
{
	if (limit->rlim_cur > limit->rlim_max)
		return -EINVAL;
	return limit->rlim_max > p->limits.of[what].rlim_max ? -EPERM : 0;
}

int64_t process_prlimit64(struct call *c)
{
	int what = (int)c->arg[1];
	struct rlimit next, old;
	int64_t r = 0;

	if (c->arg[2] && call_get(c, c->arg[2], &next, sizeof(next)) < 0)
		return -EFAULT;
	if (!is_self(c->arg[0]))
		return -ESRCH;
	if (what < 0 || what >= RLIM_NLIMITS)
		return -EINVAL;
	old = c->p->limits.of[what];
	if (c->arg[2])
		r = check_limit(c->p, what, &next);
	if (r < 0)
		return r;
	if (c->arg[2])
		set_limit(c, what, &next);
	return call_put_opt(c, c->arg[3], &old, sizeof(old));
}

int64_t process_getrlimit(struct call *c)
{
	unsigned what = (unsigned)c->arg[0];

	if (what >= RLIM_NLIMITS)
		return -EINVAL;
	return call_put(c, c->arg[1], &c->p->limits.of[what],
			sizeof(struct rlimit));
}

int64_t process_setrlimit(struct call *c)
{
	unsigned what = (unsigned)c->arg[0];
	struct rlimit next;
	int64_t r;

	if (call_get(c, c->arg[1], &next, sizeof(next)) < 0)
		return -EFAULT;
	if (what >= RLIM_NLIMITS)
		return -EINVAL;
	r = check_limit(c->p, (int)what, &next);
	if (r == 0)
		set_limit(c, (int)what, &next);
	return r;
}

/* ---- The thread -------------------------------------------------------- */

int64_t process_arch_prctl(struct call *c)
{
	uint64_t base;
	int r;

	switch (c->arg[0]) {
	case ARCH_SET_FS:
	case ARCH_SET_GS:
		if (c->arg[1] >= HV_VA_USER_END)
			return -EPERM;
		return c->arg[0] == ARCH_SET_FS
			       ? vcpu_set_fs_base(c->v, c->arg[1])
			       : vcpu_set_gs_base(c->v, c->arg[1]);
	case ARCH_GET_FS:
	case ARCH_GET_GS:
		r = c->arg[0] == ARCH_GET_FS ? vcpu_get_fs_base(c->v, &base)
					     : vcpu_get_gs_base(c->v, &base);
		return r < 0 ? r : call_put(c, c->arg[1], &base, sizeof(base));
	default:
		return -EINVAL;
	}
}

int64_t process_set_tid_address(struct call *c)
{
	c->t->clear_tid = c->arg[0];
	return getpid();
}

#define ROBUST_LIST_SIZE 24

int64_t process_set_robust_list(struct call *c)
{
	if (c->arg[1] != ROBUST_LIST_SIZE)
		return -EINVAL;
	c->t->robust_list = c->arg[0];
	return 0;
}

int64_t process_get_robust_list(struct call *c)
{
	const uint64_t size = ROBUST_LIST_SIZE;

	if (!is_self(c->arg[0]))
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

void process_rseq_moved(struct call *c)
{
	if (c->t->rseq)
		rseq_write(c, c->t->rseq, rseq_cpu());
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
 * Linux kernel/rseq.c. The program always runs on one CPU, of those that it has
 * asked for: that is never wrong as long as a signal does not interrupt a
 * critical section, and none does.
 */
int64_t process_rseq(struct call *c)
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
	r = rseq_write(c, c->arg[0], rseq_cpu());
	if (r < 0)
		return r;
	t->rseq = c->arg[0];
	t->rseq_len = len;
	t->rseq_sig = sig;
	return 0;
}

/* The bytes that the host's mask has, at most what the program asks for. */
int64_t process_sched_getaffinity(struct call *c)
{
	uint8_t mask[8192];
	uint64_t len = (unsigned)c->arg[1];
	int64_t r;

	/* Linux reckons in 32 bits, and so do we where our mask is too short.
	 */
	if (len > sizeof(mask) && !(len % 8) && (uint32_t)(len * 8) > len)
		len = sizeof(mask);
	if (len > sizeof(mask))
		return -EINVAL;
	r = host_call(SYS_sched_getaffinity, 0, len, mask);
	if (r > 0 && !is_self(c->arg[0]))
		return -ESRCH;
	if (r > 0 && call_put(c, c->arg[2], mask, (size_t)r) < 0)
		return -EFAULT;
	return r;
}

/* ---- prctl ------------------------------------------------------------- */

static int64_t prctl_set_name(struct call *c)
{
	char name[16] = {0};

	for (int i = 0; i < 15; i++) {
		if (call_get(c, c->arg[1] + (uint64_t)i, &name[i], 1) < 0)
			return -EFAULT;
		if (!name[i])
			break;
	}
	memcpy(c->t->name, name, sizeof(name));
	return 0;
}

static int64_t prctl_set_small(int *value, uint64_t arg, uint64_t max)
{
	if (arg > max)
		return -EINVAL;
	*value = (int)arg;
	return 0;
}

/* Linux 6.18 prctl_set_thp_disable. */
static int64_t prctl_set_thp(struct call *c)
{
	bool disable = c->arg[1] != 0;
	uint64_t flags = c->arg[2];

	if (c->arg[3] || c->arg[4] ||
	    flags & ~(disable ? (uint64_t)HV_THP_DISABLE_UNADVISED : 0))
		return -EINVAL;
	if (disable)
		c->p->thp_disabled =
			flags ? HV_THP_DISABLE_UNADVISED : HV_THP_DISABLE_ALL;
	else
		c->p->thp_disabled = 0;
	process_pass_limits(c->p, c->v);
	return 0;
}

static int64_t prctl_get_thp(const struct call *c)
{
	if (c->arg[1] || c->arg[2] || c->arg[3] || c->arg[4])
		return -EINVAL;
	if (c->p->thp_disabled == HV_THP_DISABLE_UNADVISED)
		return 1 | HV_THP_DISABLE_UNADVISED;
	return (int64_t)c->p->thp_disabled;
}

/* Linux prctl_set_mdwe. */
static int64_t prctl_set_mdwe(struct call *c)
{
	uint64_t bits = c->arg[1];

	if (c->arg[2] || c->arg[3] || c->arg[4] ||
	    bits & ~(uint64_t)(PR_MDWE_REFUSE_EXEC_GAIN | PR_MDWE_NO_INHERIT) ||
	    bits == PR_MDWE_NO_INHERIT)
		return -EINVAL;
	if (c->p->mdwe && c->p->mdwe != bits)
		return -EPERM; /* once and for all */
	c->p->mdwe = bits;
	process_pass_limits(c->p, c->v);
	return 0;
}

static int64_t prctl_get_mdwe(const struct call *c)
{
	return c->arg[1] || c->arg[2] || c->arg[3] || c->arg[4]
		       ? -EINVAL
		       : (int64_t)c->p->mdwe;
}

int64_t process_prctl(struct call *c)
{
	struct process *p = c->p;

	switch ((int)c->arg[0]) {
	case PR_SET_NAME:
		return prctl_set_name(c);
	case PR_GET_NAME:
		return call_put(c, c->arg[1], c->t->name, sizeof(c->t->name));
	case PR_SET_DUMPABLE:
		return prctl_set_small(&p->dumpable, c->arg[1], 1);
	case PR_GET_DUMPABLE:
		return p->dumpable;
	case PR_SET_PDEATHSIG:
		return prctl_set_small(&p->pdeathsig, c->arg[1], SIGNALS);
	case PR_GET_PDEATHSIG:
		return call_put(c, c->arg[1], &p->pdeathsig, 4);
	case PR_SET_NO_NEW_PRIVS:
		if (c->arg[1] != 1 || c->arg[2] || c->arg[3] || c->arg[4])
			return -EINVAL;
		p->no_new_privs = 1;
		return 0;
	case PR_GET_NO_NEW_PRIVS:
		return c->arg[1] || c->arg[2] || c->arg[3] || c->arg[4]
			       ? -EINVAL
			       : p->no_new_privs;
	case PR_SET_CHILD_SUBREAPER:
		p->subreaper = c->arg[1] != 0;
		return 0;
	case PR_GET_CHILD_SUBREAPER:
		return call_put(c, c->arg[1], &p->subreaper,
				sizeof(p->subreaper));
	case PR_SET_MM:
		return setmm_prctl(c);
	case PR_SET_THP_DISABLE:
		return prctl_set_thp(c);
	case PR_GET_THP_DISABLE:
		return prctl_get_thp(c);
	case PR_SET_MDWE:
		return prctl_set_mdwe(c);
	case PR_GET_MDWE:
		return prctl_get_mdwe(c);
	case PR_SET_KEEPCAPS:
	case PR_SET_SECUREBITS:
	case PR_CAPBSET_DROP:
	case PR_CAP_AMBIENT:
		return creds_change(c);
	case PR_CAPBSET_READ:
	case PR_GET_KEEPCAPS:
	case PR_GET_SECUREBITS:
	case PR_GET_TIMERSLACK:
	case PR_SET_TIMERSLACK: /* the thread is the program's */
		return host_call(SYS_prctl, c->arg[0], c->arg[1], 0, 0, 0);
	default:
		return -EINVAL;
	}
}
