/*
 * wait.c: see wait.h.
 *
 * A kick is a word of the thread and a signal to its host thread, in this
 * order. The thread clears the word before it looks at what is due, so that
 * what comes later breaks its wait off, whatever it is about to do.
 */
#include "wait.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "biglock.h"
#include "host_call.h"
#include "stop.h"
#include "thread.h"
#include "vcpu.h"

/*
 * A system call that a kick before it prevents: the signal handler sends a
 * thread that is between wait_enter_begin and wait_enter_call back to the
 * former, so that it sees the word. There is no moment between looking and
 * blocking.
 */
int64_t wait_enter(const volatile uint32_t *kicked, long nr,
		   const uint64_t arg[6]);
extern const char wait_enter_begin[], wait_enter_call[];
__asm__(".text\n"
	"wait_enter:\n"
	"	mov %rsi, %rax\n"
	"	mov %rdi, %r11\n"
	"	mov %rdx, %rcx\n"
	"	mov 0(%rcx), %rdi\n"
	"	mov 8(%rcx), %rsi\n"
	"	mov 16(%rcx), %rdx\n"
	"	mov 24(%rcx), %r10\n"
	"	mov 32(%rcx), %r8\n"
	"	mov 40(%rcx), %r9\n"
	"wait_enter_begin:\n"
	"	cmpl $0, (%r11)\n"
	"	jne 1f\n"
	"wait_enter_call:\n"
	"	syscall\n"
	"	ret\n"
	"1:	mov $-4, %rax\n" /* -EINTR */
	"	ret\n");

static struct thread *first; /* whose host thread gets the host's signals */
static wait_taker *take;     /* what becomes of them */

static void rewind_call(void *context)
{
	ucontext_t *at = context;
	greg_t *rip = &at->uc_mcontext.gregs[REG_RIP];

	if (*rip >= (greg_t)wait_enter_begin && *rip <= (greg_t)wait_enter_call)
		*rip = (greg_t)wait_enter_begin;
}

static void on_kick(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)info;
	rewind_call(context);
}

void wait_first(struct thread *t, wait_taker *taker)
{
	first = t;
	take = taker;
}

void wait_attend(void *context)
{
	__atomic_store_n(&first->kicked, 1, __ATOMIC_SEQ_CST);
	vcpu_interrupt(first->vcpu);
	rewind_call(context);
}

int wait_init(void)
{
	const struct sigaction action = {
		.sa_sigaction = on_kick,
		.sa_flags = SA_SIGINFO,
	};
	sigset_t kick;

	sigemptyset(&kick);
	sigaddset(&kick, STOP_KICK);
	if (sigaction(STOP_KICK, &action, NULL) ||
	    sigprocmask(SIG_UNBLOCK, &kick, NULL))
		return -errno;
	return 0;
}

void wait_begin(struct thread *t)
{
	t->host_tid = gettid();
	thread_usage_begin(t);
}

/* What came from outside may be blocked, or somebody else's: then go on. */
bool wait_due(struct thread *t)
{
	if (t == first && stop_arrived())
		take(t);
	return stop_signal() || t->ending || signals_ready(&t->signals);
}

static void forget_kick(struct thread *t)
{
	__atomic_store_n(&t->kicked, 0, __ATOMIC_SEQ_CST);
}

int64_t wait_call(struct thread *t, long nr, const uint64_t arg[6])
{
	int64_t r;

	forget_kick(t);
	if (wait_due(t))
		return -EINTR;
	thread_unlock(t);
	r = wait_enter(&t->kicked, nr, arg);
	thread_lock(t);
	return r;
}

int wait_sleep(struct thread *t, clockid_t clock, const struct timespec *until)
{
	int op = FUTEX_WAIT_BITSET_PRIVATE;
	int64_t r;

	if (wait_due(t))
		return -EINTR;
	if (clock == CLOCK_REALTIME)
		op |= FUTEX_CLOCK_REALTIME;
	thread_unlock(t);
	r = host_call(SYS_futex, &t->kicked, op, 0, until, NULL,
		      FUTEX_BITSET_MATCH_ANY);
	thread_lock(t);
	forget_kick(t);
	if (wait_due(t))
		return -EINTR;
	return r == -ETIMEDOUT ? -ETIMEDOUT : 0;
}

int wait_killable(struct thread *t)
{
	if (stop_signal() || t->ending)
		return -EINTR;
	thread_unlock(t);
	host_call(SYS_futex, &t->kicked, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
	thread_lock(t);
	forget_kick(t);
	return stop_signal() || t->ending ? -EINTR : 0;
}

void wait_wake(struct thread *t)
{
	__atomic_store_n(&t->kicked, 1, __ATOMIC_SEQ_CST);
	host_call(SYS_futex, &t->kicked, FUTEX_WAKE_PRIVATE, INT_MAX, NULL,
		  NULL, 0);
}

void wait_kick(struct thread *t)
{
	wait_wake(t);
	if (t->vcpu)
		vcpu_interrupt(t->vcpu);
	if (t->host_tid && t->host_tid != gettid())
		syscall(SYS_tgkill, getpid(), t->host_tid, STOP_KICK);
}
