/*
 * sigcalls.c: the system calls on signals; what signals do is proc/signal.c.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "families.h"
#include "pidfd.h"
#include "task_signal.h"
#include "tasks.h"
#include "timers.h"
#include "wait.h"

#define SIGSET_SIZE  8
#define ALTSTACK_MIN 2048 /* the kernel's MINSIGSTKSZ */

/* Flags that Linux keeps; others are cleared, so programs can probe. */
#define SA_KNOWN                                                               \
	(SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_ONSTACK | SA_RESTART |  \
	 SA_NODEFER | SA_RESETHAND | 0x04000000u /* RESTORER */ |              \
	 0x800u /* EXPOSE_TAGBITS */)

static void set_action(struct signals *g, int sig,
		       const struct signal_action *next)
{
	g->shared->action[sig] = *next;
	g->shared->action[sig].flags &= SA_KNOWN;
	g->shared->action[sig].mask = signal_mask_allowed(next->mask);
	/* POSIX 3.3.1.3: what is pending and now ignored is thrown away. */
	if (next->handler == 1 ||
	    (next->handler == 0 && (sig == SIGCHLD || sig == SIGCONT ||
				    sig == SIGURG || sig == SIGWINCH)))
		signals_forget(g, sig);
}

int64_t sig_action(struct call *c)
{
	struct signals *g = &c->t->signals;
	struct signal_action next, old;
	int sig = (int)c->arg[0];

	if (c->arg[3] != SIGSET_SIZE)
		return -EINVAL;
	if (c->arg[1] && call_get(c, c->arg[1], &next, sizeof(next)) < 0)
		return -EFAULT;
	if (sig < 1 || sig > SIGNALS ||
	    (c->arg[1] && (sig == SIGKILL || sig == SIGSTOP)))
		return -EINVAL;
	old = g->shared->action[sig];
	if (c->arg[1])
		set_action(g, sig, &next);
	if (c->arg[1] && old.handler == (uint64_t)SIG_IGN)
		timers_unignore(c->p, sig);
	return call_put_opt(c, c->arg[2], &old, sizeof(old));
}

int64_t sig_procmask(struct call *c)
{
	struct signals *g = &c->t->signals;
	uint64_t old = g->mask, set;

	if (c->arg[3] != SIGSET_SIZE)
		return -EINVAL;
	if (c->arg[1]) {
		if (call_get(c, c->arg[1], &set, sizeof(set)) < 0)
			return -EFAULT;
		set = signal_mask_allowed(set);
		switch ((int)c->arg[0]) {
		case SIG_BLOCK:
			g->mask |= set;
			break;
		case SIG_UNBLOCK:
			g->mask &= ~set;
			break;
		case SIG_SETMASK:
			g->mask = set;
			break;
		default:
			return -EINVAL;
		}
	}
	return call_put_opt(c, c->arg[2], &old, sizeof(old));
}

int64_t sig_pending(struct call *c)
{
	struct signals *g = &c->t->signals;
	uint64_t set = signals_pending(g) & g->mask;

	if (c->arg[1] > SIGSET_SIZE)
		return -EINVAL;
	return call_put(c, c->arg[0], &set, c->arg[1]);
}

int64_t sig_return(struct call *c)
{
	struct signals *g = &c->t->signals;

	/* Whatever rax will be, it is no call's result (restore_sigcontext). */
	g->orig_rax = SIGNALS_NO_CALL;
	c->t->restart.fn = NULL;
	if (sigframe_pop(g, c->v, c->regs) < 0) {
		signals_force_segv(g);
		return 0;
	}
	return (int64_t)c->regs->rax;
}

#define SS_AUTODISARM_BIT (1u << 31)

/* Linux kernel/signal.c, do_sigaltstack. */
static int64_t set_stack(struct signals *g, const struct signal_stack *next,
			 uint64_t sp)
{
	unsigned mode = (unsigned)next->flags & ~SS_AUTODISARM_BIT;

	if (signal_stack_flags(g, sp) == SS_ONSTACK)
		return -EPERM;
	if (mode != SS_DISABLE && mode != SS_ONSTACK && mode != 0)
		return -EINVAL;
	if (mode == SS_DISABLE) {
		g->stack = (struct signal_stack){.flags = next->flags};
		return 0;
	}
	if (next->size < ALTSTACK_MIN)
		return -ENOMEM;
	g->stack = *next;
	g->stack.pad = 0;
	return 0;
}

int64_t sig_altstack(struct call *c)
{
	struct signals *g = &c->t->signals;
	struct signal_stack old = g->stack, next;
	int64_t r = 0;

	old.flags = signal_stack_flags(g, c->regs->rsp) |
		    (int)((unsigned)g->stack.flags & SS_AUTODISARM_BIT);
	if (c->arg[0]) {
		if (call_get(c, c->arg[0], &next, sizeof(next)) < 0)
			return -EFAULT;
		r = set_stack(g, &next, c->regs->rsp);
	}
	return r < 0 ? r : call_put_opt(c, c->arg[1], &old, sizeof(old));
}

/* ---- Sending ------------------------------------------------------------- */

static struct signal_info info_of(const struct call *c, int sig, int code)
{
	return (struct signal_info){
		.sig = sig,
		.code = code,
		.pid = c->p->pid,
		.uid = getuid(),
	};
}

/* Who is none of the guest's is there or not, but never to be signalled. */
static int64_t send_other(const struct call *c, int pid, int sig)
{
	if (tasks_was_ours(c->p->tasks, pid < 0 ? -pid : pid))
		return sig < 0 || sig > SIGNALS ? -EINVAL : -ESRCH;
	if (kill(pid, 0) < 0 && errno == ESRCH)
		return -ESRCH;
	return sig < 0 || sig > SIGNALS ? -EINVAL : -EPERM;
}

static int64_t send_process(struct process *p, const struct signal_info *info)
{
	if (info->sig < 0 || info->sig > SIGNALS)
		return -EINVAL;
	if (info->sig)
		task_signal(p, info);
	return 0;
}

static int64_t send_thread(struct thread *t, const struct signal_info *info)
{
	if (info->sig < 0 || info->sig > SIGNALS)
		return -EINVAL;
	if (info->sig)
		task_signal_thread(t, info);
	return 0;
}

/* To all that fit: pgid, or 0: all but the first process and the caller's. */
static int64_t send_many(struct call *c, int pgid, int sig)
{
	const struct signal_info info = info_of(c, sig, SI_USER);
	int64_t r = -ESRCH;

	for (struct process *p = c->p->tasks->all, *next; p; p = next) {
		next = p->next;
		if (pgid ? p->pgid != pgid
			 : p == c->p || p == c->p->tasks->first)
			continue;
		if (p != c->p)
			r = send_process(p, &info);
	}
	/* The caller last: it may end by it. */
	if (pgid && c->p->pgid == pgid)
		r = send_process(c->p, &info);
	return r;
}

int64_t sig_kill(struct call *c)
{
	int pid = (int)c->arg[0], sig = (int)c->arg[1];
	const struct signal_info info = info_of(c, sig, SI_USER);
	struct process *p;
	int64_t r;

	if (pid == INT_MIN)
		return -ESRCH;
	if (pid > 0) {
		p = ids_process(c, pid);
		return p ? send_process(p, &info) : send_other(c, pid, sig);
	}
	r = send_many(c, pid == 0 ? c->p->pgid : pid == -1 ? 0 : -pid, sig);
	return r == -ESRCH && pid < -1 ? send_other(c, pid, sig) : r;
}

int64_t sig_tkill(struct call *c)
{
	int tid = (int)c->arg[0], sig = (int)c->arg[1];
	const struct signal_info info = info_of(c, sig, SI_TKILL);
	struct thread *t;

	if (tid <= 0)
		return -EINVAL;
	t = tasks_thread(c->p->tasks, tid);
	return t ? send_thread(t, &info) : send_other(c, tid, sig);
}

int64_t sig_tgkill(struct call *c)
{
	int tgid = (int)c->arg[0], tid = (int)c->arg[1], sig = (int)c->arg[2];
	const struct signal_info info = info_of(c, sig, SI_TKILL);
	struct thread *t;

	if (tgid <= 0 || tid <= 0)
		return -EINVAL;
	t = tasks_thread(c->p->tasks, tid);
	if (t)
		return t->process->pid == tgid ? send_thread(t, &info) : -ESRCH;
	return tasks_process(c->p->tasks, tgid) ? -ESRCH
						: send_other(c, tgid, sig);
}

/* siginfo_t as the caller made it; Linux copy_siginfo_from_user. */
static int get_info(struct call *c, uint64_t va, int sig,
		    struct signal_info *to)
{
	int32_t info[32];

	if (call_get(c, va, info, sizeof(info)) < 0)
		return -EFAULT;
	*to = (struct signal_info){
		.sig = sig,
		.code = info[2],
		.pid = info[4],
		.uid = (uint32_t)info[5],
	};
	memcpy(&to->value, &info[6], sizeof(to->value));
	return 0;
}

/* Only the kernel and kill(2) may say that they have sent it. */
static bool is_forged(const struct call *c, const struct signal_info *i,
		      const struct process *p)
{
	return (i->code >= 0 || i->code == SI_TKILL) && p != c->p;
}

int64_t sig_queueinfo(struct call *c)
{
	struct process *p = ids_process(c, (int)c->arg[0]);
	struct signal_info info;
	int r = get_info(c, c->arg[2], (int)c->arg[1], &info);

	if (r < 0)
		return r;
	if (is_forged(c, &info, p))
		return -EPERM;
	return p ? send_process(p, &info)
		 : send_other(c, (int)c->arg[0], (int)c->arg[1]);
}

int64_t sig_tgqueueinfo(struct call *c)
{
	struct thread *t = tasks_thread(c->p->tasks, (int)c->arg[1]);
	struct signal_info info;
	int r = get_info(c, c->arg[3], (int)c->arg[2], &info);

	if (r < 0)
		return r;
	if ((int)c->arg[0] <= 0 || (int)c->arg[1] <= 0)
		return -EINVAL;
	if (is_forged(c, &info, t ? t->process : NULL))
		return -EPERM;
	if (!t || t->process->pid != (int)c->arg[0])
		return -ESRCH;
	return send_thread(t, &info);
}

#define PIDFD_SELF_FIRST (-10001) /* Linux <linux/pidfd.h> */
#define PIDFD_SELF_LAST	 (-10000)

int64_t sig_pidfd(struct call *c)
{
	int fd = (int)c->arg[0], sig = (int)c->arg[1], pid = c->p->pid;
	uint32_t flags = (uint32_t)c->arg[3];
	bool process = fd != PIDFD_SELF_LAST && !(flags & 1);
	struct signal_info info = info_of(c, sig, process ? SI_USER : SI_TKILL);
	struct process *p;
	int32_t given;

	if (flags & ~7u || flags & (flags - 1))
		return -EINVAL;
	if (fd < PIDFD_SELF_FIRST || fd > PIDFD_SELF_LAST)
		pid = pidfd_pid(c->p, fd);
	if (pid < 0)
		return pid == -1 ? -ESRCH : pid;
	if (c->arg[2] && (call_get(c, c->arg[2], &given, sizeof(given)) < 0 ||
			  get_info(c, c->arg[2], sig, &info) < 0))
		return -EFAULT;
	if (c->arg[2] && given != sig)
		return -EINVAL;
	p = tasks_process(c->p->tasks, pid);
	if (!p)
		return send_other(c, pid, sig);
	if (c->arg[2] && is_forged(c, &info, p))
		return -EPERM;
	return p == c->p && !process ? send_thread(c->t, &info)
				     : send_process(p, &info);
}

/* ---- Waiting ----------------------------------------------------------- */

int sig_mask_begin(struct call *c, uint64_t va, uint64_t size)
{
	struct signals *g = &c->t->signals;
	uint64_t set;

	if (!va)
		return 0;
	if (size != SIGSET_SIZE)
		return -EINVAL;
	if (call_get(c, va, &set, sizeof(set)) < 0)
		return -EFAULT;
	signals_suspend(g, signal_mask_allowed(set), g->mask);
	return 0;
}

/* Linux restore_saved_sigmask_unless. */
void sig_mask_end(struct call *c, bool broken_off)
{
	if (!broken_off)
		signals_resume(&c->t->signals);
}

/* Until something is due, or the time has come: -EINTR or -ETIMEDOUT. */
static int wait_for_signal(struct thread *t, const struct timespec *until)
{
	int r;

	do {
		r = wait_sleep(t, CLOCK_MONOTONIC, until);
	} while (!r);
	return r;
}

int64_t sig_pause(struct call *c)
{
	wait_for_signal(c->t, NULL);
	return -ERESTARTNOHAND;
}

/*
 * The handler's frame is to hold the old mask, but what is pending must get
 * through the new one: signals_deliver acts by that.
 */
int64_t sig_suspend(struct call *c)
{
	struct signals *g = &c->t->signals;
	uint64_t set, old = g->mask;

	if (c->arg[1] != SIGSET_SIZE)
		return -EINVAL;
	if (call_get(c, c->arg[0], &set, sizeof(set)) < 0)
		return -EFAULT;
	signals_suspend(g, signal_mask_allowed(set), old);
	wait_for_signal(c->t, NULL);
	return -ERESTARTNOHAND;
}

/* Linux do_sigtimedwait: what is waited for is not blocked meanwhile. */
static int wait_for_set(struct thread *t, uint64_t set,
			const struct timespec *until, struct signal_info *taken)
{
	struct signals *g = &t->signals;
	const uint64_t mask = g->mask;
	int sig, r;

	g->awaited = mask;
	g->mask = mask & ~set;
	r = wait_for_signal(t, until);
	g->mask = mask;
	g->awaited = 0;
	sig = signals_take(g, set, taken);
	if (sig)
		return sig;
	return r == -ETIMEDOUT ? -EAGAIN : -EINTR;
}

static int64_t put_info(struct call *c, uint64_t va,
			const struct signal_info *taken)
{
	uint8_t info[128];

	if (!va)
		return 0;
	sigframe_info(taken, info);
	return call_put(c, va, info, sizeof(info));
}

int64_t sig_timedwait(struct call *c)
{
	struct signals *g = &c->t->signals;
	struct signal_info taken;
	struct timespec t, until;
	uint64_t set;
	int sig;

	if (c->arg[3] != SIGSET_SIZE)
		return -EINVAL;
	if (call_get(c, c->arg[0], &set, sizeof(set)) < 0 ||
	    (c->arg[2] && call_get(c, c->arg[2], &t, sizeof(t)) < 0))
		return -EFAULT;
	if (c->arg[2] && !time_is_valid(&t))
		return -EINVAL;
	set = signal_mask_allowed(set);
	sig = signals_take(g, set, &taken);
	if (!sig && c->arg[2] && !t.tv_sec && !t.tv_nsec)
		return -EAGAIN;
	if (!sig && c->arg[2])
		time_deadline(CLOCK_MONOTONIC, &t, &until);
	if (!sig)
		sig = wait_for_set(c->t, set, c->arg[2] ? &until : NULL,
				   &taken);
	return sig > 0 && put_info(c, c->arg[1], &taken) < 0 ? -EFAULT : sig;
}
