/*
 * signals.h: the program's signals: handlers, mask, alternate stack, pending
 * set, and the frame that starts a handler (Linux arch/x86/kernel/signal_64.c).
 *
 * Here is what one thread does about its signals; who sends them to whom is
 * task_signal.h's. sigset: bit n - 1 is signal n, as in the kernel.
 */
#ifndef SIGNALS_H
#define SIGNALS_H

#include <stdbool.h>
#include <stdint.h>

#include "hv_vcpu.h"

#define SIGNALS 64

/* struct sigaction of rt_sigaction(2), as the kernel has it on x86-64. */
struct signal_action {
	uint64_t handler; /* 0 default, 1 ignore */
	uint64_t flags;
	uint64_t restorer;
	uint64_t mask;
};
_Static_assert(sizeof(struct signal_action) == 32, "kernel ABI");

/* stack_t. */
struct signal_stack {
	uint64_t sp;
	int32_t flags;
	uint32_t pad;
	uint64_t size;
};
_Static_assert(sizeof(struct signal_stack) == 24, "kernel ABI");

/* What siginfo_t says of a signal, and what sigcontext says of a trap. */
struct signal_info {
	int sig, code;
	bool process; /* sent to the process, not to the thread */
	bool timer;   /* of timer_create: pid is its number, uid its overruns */
	bool fault;   /* addr, trapno, err mean something; else pid and uid */
	uint64_t addr;
	uint32_t trapno, err;
	uint32_t pkey; /* of SEGV_PKUERR */
	int pid;
	uint32_t uid;
	uint64_t value; /* si_value of rt_sigqueueinfo */
	bool child;	/* of a child: status, and times in ticks */
	int status;
	uint64_t user_ticks, system_ticks;
};

/*
 * A signal waits at most once for the thread and once for the process; but
 * real-time ones as often as they were sent, in this order.
 */
struct signal_more {
	struct signal_info info;
	struct signal_more *next;
};
struct signal_queue {
	uint64_t set;
	struct signal_info info[SIGNALS + 1];
	struct signal_more *more; /* those behind the first of a number */
};

/* How a process ended by a signal: for the closing line. */
struct signal_death {
	int sig, code; /* si_code; sig is 0 if it did not */
	uint64_t addr; /* si_addr */
	uint64_t ip;   /* instruction pointer */
};

struct signals;

/* Of a process (Linux sighand_struct, signal_struct). */
struct signal_shared {
	struct signal_action action[SIGNALS + 1];
	struct signal_queue pending;
	bool dead; /* vcpu_stop was called */
	struct signal_death death;
	/* The default actions, of a process that is not alone; or NULL. */
	void (*end)(struct signals *g, int sig);
	void (*stop)(struct signals *g, int sig);
	/*
	 * Of a process with timers (timers.h), or NULL. Taken: what has been
	 * taken from the queues; false: it is not to be delivered. Dropped: one
	 * with `timer` will not be.
	 */
	bool (*taken)(struct signal_shared *s, struct signal_info *info);
	void (*dropped)(struct signal_shared *s,
			const struct signal_info *info);
	/* Likewise, with signalfds: these may wait now, or no more. */
	void (*changed)(struct signal_shared *s, uint64_t raised);
	unsigned more,
		more_max; /* of signal_more, at most: RLIMIT_SIGPENDING */
};

#define SIGNALS_NO_CALL UINT64_MAX

/* Of a thread. */
struct signals {
	struct signal_shared *shared;
	uint64_t mask;
	struct signal_queue pending;
	/* rt_sigsuspend: the mask to go back to, and for the next frame. */
	uint64_t saved_mask;
	bool has_saved;
	/* rt_sigtimedwait: what else is blocked, but waited for. */
	uint64_t awaited;
	/*
	 * rax of the call that is about to end, to make it again (Linux
	 * orig_ax); SIGNALS_NO_CALL: it is none, or not to be made again.
	 */
	uint64_t orig_rax;
	struct signal_stack stack;
	/* Of the last trap; every frame's sigcontext has them. */
	uint64_t cr2;
	uint32_t trapno, err;
};

struct vcpu;

/* As execve leaves them: what this process ignores, this thread blocks, stays
 * so.
 */
void signal_shared_init(struct signal_shared *s);
void signals_init(struct signals *g, struct signal_shared *s);
/*
 * The program that had handlers is gone (Linux flush_signal_handlers); what
 * waits, and the mask, stay.
 */
void signal_shared_exec(struct signal_shared *s);

/* As fork has it, and when the process has ended. */
void signal_shared_copy(struct signal_shared *to,
			const struct signal_shared *from);
void signal_shared_fini(struct signal_shared *s);
void signals_fini(struct signals *g);

/*
 * Make a signal pending; one that is ignored is dropped. One of a timer waits
 * even if one of its number does.
 */
void signals_raise(struct signals *g, const struct signal_info *info);
/* One waits that is not blocked. */
static inline bool signals_ready(const struct signals *g)
{
	return (g->pending.set | g->shared->pending.set) & ~g->mask;
}
/* All that wait, and forgetting one. */
uint64_t signals_pending(const struct signals *g);
void signals_forget(struct signals *g, int sig);
/*
 * Take the next of `set` that waits: the thread's before the process's, as
 * Linux dequeue_signal. Returns its number and fills info, or 0.
 */
int signals_take(struct signals *g, uint64_t set, struct signal_info *info);
/*
 * A signal that cannot be put off: if it is blocked or ignored, it takes the
 * default action (Linux kernel/signal.c, force_sig_info_to_task).
 */
void signals_force(struct signals *g, const struct signal_info *info);
void signals_force_segv(struct signals *g);

/*
 * Act on all pending signals that are not blocked: start handlers by changing
 * regs and the user's stack, or end the guest. A call that was broken off
 * (orig_rax, restart.h) fails, or will be made again, as its result and the
 * handler say.
 */
void signals_deliver(struct signals *g, struct vcpu *v, struct hv_regs *regs);

/* Wait with another mask: the next signals_deliver acts, then restores `old`.
 */
void signals_suspend(struct signals *g, uint64_t set, uint64_t old);
/* No signal has ended that wait: back to the mask of before, now. */
void signals_resume(struct signals *g);

/* Numbers for masks. */
static inline uint64_t signal_bit(int sig)
{
	return 1ull << (sig - 1);
}
/* A mask as the program may set it: KILL and STOP cannot be blocked. */
uint64_t signal_mask_allowed(uint64_t mask);
/* SS_ONSTACK, SS_DISABLE or 0 for this stack pointer. */
int signal_stack_flags(const struct signals *g, uint64_t sp);

/* sigframe.c: build a frame, and take it back. Return 0 or -errno. */
int sigframe_push(struct signals *g, struct vcpu *v, struct hv_regs *regs,
		  const struct signal_action *act,
		  const struct signal_info *info);
int sigframe_pop(struct signals *g, struct vcpu *v, struct hv_regs *regs);
/* The FPU as a program finds it first, and a handler. 0 or -errno. */
int sigframe_reset_fpu(struct vcpu *v);
/* siginfo_t, 128 bytes. */
void sigframe_info(const struct signal_info *info, uint8_t out[128]);

#endif
