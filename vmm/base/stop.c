/*
 * stop.c: see stop.h.
 *
 * A signal that comes just before a blocking call would not end it; so after
 * the first one an alarm comes each second, until vmm has ended.
 */
#include "stop.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SIGNALS 64

/* Of the kernel's sigset_t: what the C library keeps for itself counts too. */
typedef uint64_t mask_t;
#define BIT(sig)  (1ull << ((sig)-1))
#define MASK_SIZE sizeof(mask_t)

/* signal(7): what does not end a process; and what others catch. */
static const mask_t not_ours = BIT(SIGKILL) | BIT(SIGSTOP) | BIT(SIGCHLD) |
			       BIT(SIGCONT) | BIT(SIGURG) | BIT(SIGWINCH) |
			       BIT(SIGTSTP) | BIT(SIGTTIN) | BIT(SIGTTOU) |
			       BIT(SIGPIPE) | BIT(SIGXFSZ) | BIT(STOP_KICK);
static const mask_t faults = BIT(SIGSEGV) | BIT(SIGBUS) | BIT(SIGILL) |
			     BIT(SIGFPE) | BIT(SIGTRAP) | BIT(SIGSYS);

/* The kernel's struct sigaction; asm/signal.h and signal.h exclude each other.
 */
struct action {
	uint64_t handler, flags, restorer;
	mask_t mask;
};

static volatile sig_atomic_t came;
static volatile uint8_t nowhere;
static volatile uint8_t *volatile exit_flag = &nowhere;
static bool alarm_is_ignored;

void stop_by(int sig)
{
	if (!came)
		came = sig;
	*exit_flag = 1;
	alarm(1);
}

/* ---- Those that are the program's ---------------------------------------- */

static stop_taker *take;
static volatile mask_t arrived;
static siginfo_t infos[SIGNALS + 1];
static struct timespec last[SIGNALS + 1];

void stop_hand_over(stop_taker *taker)
{
	take = taker;
}

bool stop_is_terminals(int sig)
{
	return sig == SIGINT || sig == SIGQUIT || sig == SIGTSTP ||
	       sig == SIGWINCH;
}

bool stop_arrived(void)
{
	return arrived;
}

int stop_take(siginfo_t *info)
{
	mask_t set = __atomic_load_n(&arrived, __ATOMIC_ACQUIRE);
	int sig = set ? __builtin_ctzll(set) + 1 : 0;

	if (!sig)
		return 0;
	*info = infos[sig];
	__atomic_and_fetch(&arrived, ~BIT(sig), __ATOMIC_ACQ_REL);
	return sig;
}

/* Who asks twice within a second means vmm itself. */
static bool is_insistent(int sig)
{
	struct timespec now, *before = &last[sig];
	int64_t ms;

	if (sig != SIGINT && sig != SIGQUIT)
		return false;
	clock_gettime(CLOCK_MONOTONIC, &now);
	ms = (now.tv_sec - before->tv_sec) * 1000 +
	     (now.tv_nsec - before->tv_nsec) / 1000000;
	*before = now;
	return ms < 1000;
}

/* A second one of a number is lost, as natively. */
static bool is_taken(int sig, const siginfo_t *info, void *context)
{
	if (!take || came || is_insistent(sig) || !take(sig, info, context))
		return false;
	infos[sig] = *info;
	__atomic_or_fetch(&arrived, BIT(sig), __ATOMIC_ACQ_REL);
	return true;
}

static void set_default(int sig)
{
	const struct action action = {0};

	syscall(SYS_rt_sigaction, sig, &action, NULL, MASK_SIZE);
}

/* As if it had not been caught: whoever waits sees which signal it was. */
static void stop_by_default(void)
{
	const mask_t one = BIT(SIGTSTP);
	struct action own;

	syscall(SYS_rt_sigaction, SIGTSTP, NULL, &own, MASK_SIZE);
	set_default(SIGTSTP);
	kill(getpid(), SIGTSTP);
	syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, &one, NULL, MASK_SIZE);
	/* Somebody has continued us. */
	syscall(SYS_rt_sigaction, SIGTSTP, &own, NULL, MASK_SIZE);
}

static void on_signal(int sig, siginfo_t *info, void *context)
{
	if (BIT(sig) & faults && info->si_code > 0)
		set_default(sig); /* our own: the instruction ends us */
	else if (is_taken(sig, info, context) || sig == SIGWINCH)
		return;
	else if (sig == SIGTSTP)
		stop_by_default();
	else if (sig != SIGALRM || !alarm_is_ignored || came)
		stop_by(sig);
}

static bool is_ignored(int sig)
{
	struct action action;

	return !syscall(SYS_rt_sigaction, sig, NULL, &action, MASK_SIZE) &&
	       action.handler == (uint64_t)SIG_IGN;
}

/* Those that end nobody only for the program. */
static bool is_ours(int sig)
{
	if (take && (sig == SIGTSTP || sig == SIGWINCH))
		return true;
	return !(BIT(sig) & not_ours);
}

void stop_init(volatile uint8_t *immediate_exit)
{
	const struct sigaction action = {
		.sa_sigaction = on_signal,
		.sa_flags = SA_SIGINFO,
	};
	struct action own;

	exit_flag = immediate_exit;
	alarm_is_ignored = is_ignored(SIGALRM);
	sigaction(SIGALRM, &action, NULL);
	/* As the C library has set it: its sigaction refuses 32 and 33. */
	syscall(SYS_rt_sigaction, SIGALRM, NULL, &own, MASK_SIZE);
	for (int sig = 1; sig <= SIGNALS; sig++)
		if (is_ours(sig) && !is_ignored(sig))
			syscall(SYS_rt_sigaction, sig, &own, NULL, MASK_SIZE);
}

void stop_fini(void)
{
	const mask_t all = ~(BIT(SIGTSTP) | BIT(SIGTTIN) | BIT(SIGTTOU));

	exit_flag = &nowhere;
	syscall(SYS_rt_sigprocmask, SIG_BLOCK, &all, NULL, MASK_SIZE);
}

int stop_signal(void)
{
	return came;
}

void stop_self(void)
{
	kill(getpid(), SIGSTOP);
}

void stop_end_by(int sig)
{
	const mask_t one = BIT(sig);

	set_default(sig);
	syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, &one, NULL, MASK_SIZE);
	kill(getpid(), sig);
}
