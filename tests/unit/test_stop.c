/*
 * Does whatever ends a process end the guest, and only that, at any moment?
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stop.h"

/*
 * Whoever runs the tests may block or ignore some: posix_spawn of the C library
 * does so with 32 and 33, which its own sigprocmask and sigaction leave out.
 */
static void reset_signals(void)
{
	const uint64_t none = 0, action[4] = {0};

	for (int sig = 1; sig <= 64; sig++)
		syscall(SYS_rt_sigaction, sig, action, NULL, sizeof(none));
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof(none));
}

/* Run `body` in a child; how it ended. */
static int in_child(void (*body)(int sig), int sig)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		reset_signals();
		body(sig);
		_exit(0);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	return status;
}

static void send(int sig)
{
	kill(getpid(), sig);
}

static int default_end(int sig)
{
	return in_child(send, sig);
}

static void be_stopped(int sig)
{
	uint8_t flag = 0;

	stop_init(&flag);
	send(sig);
	if (stop_signal() != sig || flag != 1)
		_exit(1);
	stop_end_by(sig);
	_exit(2);
}

/* Does a signal end a process? 9 and 19 cannot be caught. */
static bool ends(int sig)
{
	static const int others[] = {SIGKILL, SIGSTOP, SIGCHLD,
				     SIGCONT, SIGURG,  SIGWINCH,
				     SIGTSTP, SIGTTIN, SIGTTOU};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (others[i] == sig)
			return false;
	return true;
}

Test(stop, every_signal_that_ends_a_process_is_caught_and_ends_it_later)
{
	for (int sig = 1; sig <= 64; sig++) {
		int status;

		/* sys.c and fsize.c have these. */
		if (!ends(sig) || sig == SIGPIPE || sig == SIGXFSZ)
			continue;
		status = in_child(be_stopped, sig);
		cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == sig,
			  "signal %d: status %#x", sig, status);
	}
}

static void be_left_alone(int sig)
{
	uint8_t flag = 0;

	stop_init(&flag);
	send(sig);
	_exit(stop_signal() || flag);
}

Test(stop, what_does_nothing_by_default_still_does_nothing)
{
	static const int signals[] = {SIGCHLD, SIGCONT, SIGURG, SIGWINCH};

	for (size_t i = 0; i < 4; i++) {
		cr_assert_eq(default_end(signals[i]), 0);
		cr_assert_eq(in_child(be_left_alone, signals[i]), 0);
	}
}

static void be_ignorant(int sig)
{
	signal(sig, SIG_IGN);
	be_left_alone(sig);
}

Test(stop, what_was_ignored_stays_ignored)
{
	static const int signals[] = {SIGTERM, SIGHUP, SIGALRM, SIGXCPU,
				      SIGSEGV};

	for (size_t i = 0; i < 5; i++)
		cr_assert_eq(in_child(be_ignorant, signals[i]), 0);
}

/* The alarm that follows a signal comes even then. */
static void be_alarmed(int sig)
{
	uint8_t flag = 0;

	signal(SIGALRM, SIG_IGN);
	stop_init(&flag);
	send(sig);
	flag = 0;
	_exit(pause() != -1 || !flag || stop_signal() != sig);
}

Test(stop, it_goes_on_knocking_where_alarms_are_ignored)
{
	cr_assert_eq(in_child(be_alarmed, SIGTERM), 0);
}

/* As vmm's end: the flag's page is gone when the second one comes. */
static void be_stopped_twice(int sig)
{
	uint8_t *flag = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	stop_init(flag);
	send(sig);
	stop_fini();
	munmap(flag, 4096);
	send(SIGALRM);
	send(SIGUSR1);
	send(sig);
	stop_end_by(sig);
	_exit(2);
}

Test(stop, a_second_signal_is_harmless_at_the_end)
{
	int status = in_child(be_stopped_twice, SIGTERM);

	cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM, "%#x",
		  status);
}

static void crash(int sig)
{
	uint8_t flag;
	volatile int *nothing =
		mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)sig;
	stop_init(&flag);
	_exit(*nothing);
}

Test(stop, a_fault_of_our_own_ends_us)
{
	int status = in_child(crash, 0);

	cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, "%#x",
		  status);
}
