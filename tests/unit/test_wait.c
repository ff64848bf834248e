/*
 * While a call of one thread waits, do others go on, and what do they change
 * for it? A second host thread is the other one.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/ucontext.h>
#include <time.h>
#include <unistd.h>

#include "restart.h"
#include "serve.h"
#include "sys_fixture.h"
#include "wait.h"

TestSuite(wait, .init = sys_setup, .fini = sys_teardown, .timeout = 30);

#define HANDLER 0x401000ull
#define START	(FAKE_BASE + 0x100)
#define STACK	(FAKE_BASE + 0x1f0000)

static void handle(int sig, uint64_t flags)
{
	process.signals.action[sig] = (struct signal_action){
		.handler = HANDLER,
		.flags = flags | 0x04000000u, /* SA_RESTORER */
		.restorer = HANDLER,
	};
	cpu.regs.rip = START;
	cpu.regs.rsp = STACK;
}

/* What the handler will go back to. */
static const greg_t *interrupted(void)
{
	cr_assert_eq(cpu.regs.rip, HANDLER);
	return ((ucontext_t *)fake_at(&cpu, cpu.regs.rdx))->uc_mcontext.gregs;
}

static int64_t ms_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int fds[2]; /* of a pipe or of sockets, the program's */

static void guest_pipe(void)
{
	cr_assert_eq(call(SYS_pipe2, VA2, 0), 0);
	memcpy(fds, fake_at(&cpu, VA2), sizeof(fds));
}

/* ---- Descriptors -------------------------------------------------------- */

/* The number goes to another file, in which nobody must read. */
static void replace_and_write(struct thread *t)
{
	until_it_waits(&thread);
	cr_assert_eq(call_of(t, SYS_close, (uint64_t)fds[0]), 0);
	path_at(VA1, "ro/file");
	cr_assert_eq(call_of(t, SYS_openat, (uint64_t)AT_FDCWD, VA1, O_RDONLY),
		     fds[0]);
	fake_str(&cpu, VA1, "pipe");
	cr_assert_eq(call_of(t, SYS_write, (uint64_t)fds[1], VA1, 4), 4);
}

Test(wait, a_read_goes_on_with_the_file_that_it_began_with)
{
	unsigned open_before;

	guest_pipe();
	open_before = host_fds();
	other_start(replace_and_write);
	cr_assert_eq(call(SYS_read, (uint64_t)fds[0], VA0, 8), 4);
	other_join();
	cr_assert_eq(memcmp(fake_at(&cpu, VA0), "pipe", 4), 0);
	cr_assert_eq(host_fds(), open_before, "and then that one is closed");
}

static void close_and_raise(struct thread *t)
{
	until_it_waits(&thread);
	call_of(t, SYS_close, (uint64_t)fds[0]);
	thread_lock(t);
	raise_in(&thread, SIGUSR1);
	thread_unlock(t);
}

/* poll of one descriptor twice: it is held twice, and closed once. */
Test(wait, what_poll_waits_for_is_closed_when_it_ends)
{
	struct pollfd p[2];
	unsigned before;

	handle(SIGUSR1, 0);
	guest_pipe();
	before = host_fds();
	for (int i = 0; i < 2; i++)
		p[i] = (struct pollfd){.fd = fds[0], .events = POLLIN};
	fake_put(&cpu, VA0, p, sizeof(p));
	other_start(close_and_raise);
	call(SYS_poll, VA0, 2, (uint64_t)-1);
	other_join();
	cr_assert_eq(interrupted()[REG_RAX], -EINTR);
	cr_assert_eq(host_fds(), before - 1);
}

/* Another thread changes what it waits for: that is not overwritten. */
static void change_events(struct thread *t)
{
	struct pollfd *p = fake_at(&cpu, VA0);

	until_it_waits(&thread);
	p->events = POLLOUT | POLLPRI;
	fake_str(&cpu, VA1, "x");
	call_of(t, SYS_write, (uint64_t)fds[1], VA1, 1);
}

Test(wait, poll_writes_nothing_but_what_has_come)
{
	const struct pollfd *p = fake_at(&cpu, VA0);
	struct pollfd first;

	guest_pipe();
	first = (struct pollfd){.fd = fds[0], .events = POLLIN, .revents = -1};
	fake_put(&cpu, VA0, &first, sizeof(first));
	other_start(change_events);
	cr_assert_eq(call(SYS_poll, VA0, 1, (uint64_t)-1), 1);
	other_join();
	cr_assert_eq(p->revents, POLLIN);
	cr_assert_eq(p->events, POLLOUT | POLLPRI);
}

/* Reads by the position that the threads share, each of several pieces. */
#define PIECE  (128u * 1024)
#define PIECES 3
#define READS  20 /* of each thread */

/* The n-th piece of the file is full of n. */
static void make_pieces(void)
{
	static uint8_t piece[PIECE];
	int fd = open(in_scratch("rw/file"), O_RDWR | O_TRUNC);

	for (int n = 0; n < 2 * READS * PIECES; n++) {
		memset(piece, n, sizeof(piece));
		cr_assert_eq(write(fd, piece, sizeof(piece)), sizeof(piece));
	}
	close(fd);
}

static void read_pieces(struct thread *t, uint64_t va)
{
	const uint8_t *p = fake_at(&cpu, va);

	for (int i = 0; i < READS; i++) {
		cr_assert_eq(call_of(t, SYS_read, (uint64_t)fds[0], va,
				     PIECES * PIECE),
			     PIECES * PIECE);
		for (int n = 1; n < PIECES; n++)
			cr_assert_eq(p[n * PIECE], p[0] + n);
	}
}

static void read_too(struct thread *t)
{
	read_pieces(t, BIG + PIECES * PIECE);
}

Test(wait, reads_by_one_position_do_not_mix)
{
	make_pieces();
	fds[0] = (int)guest_open("rw/file", O_RDONLY);
	other_start(read_too);
	read_pieces(&thread, BIG);
	other_join();
	cr_assert_eq(call(SYS_lseek, (uint64_t)fds[0], 0, SEEK_CUR),
		     2 * READS * PIECES * PIECE);
	cr_assert_null(machine.moving);
}

/* ---- Signals ------------------------------------------------------------ */

/* It came before the call: the handler first, and then the call. */
Test(wait, a_signal_that_was_there_before_a_read_breaks_nothing_off)
{
	guest_pipe();
	fake_str(&cpu, VA1, "x");
	call(SYS_write, (uint64_t)fds[1], VA1, 1);
	handle(SIGUSR1, 0);
	raise_in(&thread, SIGUSR1);
	call(SYS_read, (uint64_t)fds[0], VA0, 8);
	cr_assert_eq(interrupted()[REG_RIP], START - 2);
	cr_assert_eq(interrupted()[REG_RAX], SYS_read);
}

static void raise_two(struct thread *t)
{
	until_it_waits(&thread);
	thread_lock(t);
	raise_in(&thread, SIGUSR1);
	raise_in(&thread, SIGUSR2);
	thread_unlock(t);
}

/* Only the first handler is in the place of the call. */
Test(wait, of_two_handlers_one_decides)
{
	const ucontext_t *uc;

	guest_pipe();
	handle(SIGUSR2, SA_RESTART);
	process.signals.action[SIGUSR2].handler = HANDLER + 64;
	handle(SIGUSR1, 0);
	other_start(raise_two);
	call(SYS_read, (uint64_t)fds[0], VA0, 8);
	other_join();
	cr_assert_eq(cpu.regs.rip, HANDLER + 64);
	uc = fake_at(&cpu, cpu.regs.rdx);
	cr_assert_eq(uc->uc_mcontext.gregs[REG_RIP], HANDLER);
	uc = fake_at(&cpu, (uint64_t)uc->uc_mcontext.gregs[REG_RDX]);
	cr_assert_eq(uc->uc_mcontext.gregs[REG_RIP], START);
	cr_assert_eq(uc->uc_mcontext.gregs[REG_RAX], -EINTR);
}

/* rax of a program that makes no call, and that of a handler's return. */
Test(wait, numbers_that_look_like_a_broken_call_are_left_alone)
{
	const struct hv_call_signal fault = {.sig = SIGSEGV, .code = 1};
	greg_t *gregs;

	handle(SIGSEGV, SA_RESTART);
	cpu.regs.rax = (uint64_t)-ERESTARTSYS;
	serve_signal(&thread, &fault);
	cr_assert_eq(interrupted()[REG_RIP], START);
	cr_assert_eq(interrupted()[REG_RAX], -ERESTARTSYS);
	gregs = (greg_t *)interrupted();
	gregs[REG_RAX] = -ERESTARTNOINTR;
	cpu.regs.rsp += 8;
	call(SYS_rt_sigreturn, 0);
	cr_assert_eq(cpu.regs.rip, START);
	cr_assert_eq((int64_t)cpu.regs.rax, -ERESTARTNOINTR);
}

static void raise_usr1(struct thread *t)
{
	until_it_waits(&thread);
	thread_lock(t);
	raise_in(&thread, SIGUSR1);
	thread_unlock(t);
}

Test(wait, sigtimedwait_gets_what_comes_while_it_waits)
{
	const uint64_t set = signal_bit(SIGUSR1);

	handle(SIGUSR1, 0);
	thread.signals.mask = set | signal_bit(SIGHUP);
	fake_put(&cpu, VA0, &set, sizeof(set));
	other_start(raise_usr1);
	cr_assert_eq(call(SYS_rt_sigtimedwait, VA0, VA1, 0, 8), SIGUSR1);
	other_join();
	cr_assert_eq(*(int *)fake_at(&cpu, VA1), SIGUSR1);
	cr_assert_eq(cpu.regs.rip, START, "its handler is not started");
	cr_assert_eq(thread.signals.mask, set | signal_bit(SIGHUP));
}

/* What is blocked is not thrown away (Linux sig_ignored, real_blocked). */
Test(wait, sigtimedwait_gets_what_is_ignored)
{
	const uint64_t set = signal_bit(SIGUSR1);

	process.signals.action[SIGUSR1].handler = 1;
	thread.signals.mask = set;
	fake_put(&cpu, VA0, &set, sizeof(set));
	other_start(raise_usr1);
	cr_assert_eq(call(SYS_rt_sigtimedwait, VA0, 0, 0, 8), SIGUSR1);
	other_join();
}

/* ---- Time --------------------------------------------------------------- */

#define LONG_MS 300

/* As signals do that are ignored by the time they are acted on. */
static void raise_ignored(struct thread *t)
{
	until_it_waits(&thread);
	usleep(LONG_MS * 1000 / 3);
	thread_lock(t);
	raise_in(&thread, SIGUSR1);
	process.signals.action[SIGUSR1].handler = 1;
	thread_unlock(t);
}

/* Broken off, the call is made again by restart_syscall: in all this long. */
static void check_restart(int64_t start, int64_t want)
{
	int64_t took;

	other_join();
	cr_assert_eq(cpu.regs.rip, START - 2);
	cr_assert_eq(cpu.regs.rax, SYS_restart_syscall);
	cr_assert_lt(ms_now() - start, LONG_MS);
	cr_assert_eq(call(SYS_restart_syscall, 0), want);
	took = ms_now() - start;
	cr_assert(took >= LONG_MS && took < 2 * LONG_MS, "%ld ms", took);
}

static uint64_t put_long(uint64_t va)
{
	const struct timespec t = {.tv_nsec = LONG_MS * 1000000l};

	return fake_put(&cpu, va, &t, sizeof(t));
}

Test(wait, nanosleep_goes_on_for_what_is_left)
{
	const struct timespec *left = fake_at(&cpu, VA1);
	int64_t start = ms_now();

	handle(SIGUSR1, 0);
	other_start(raise_ignored);
	call(SYS_nanosleep, put_long(VA0), VA1);
	cr_assert(left->tv_nsec > 0 && left->tv_nsec < LONG_MS * 1000000l);
	check_restart(start, 0);
}

Test(wait, poll_goes_on_for_what_is_left)
{
	int64_t start = ms_now();

	handle(SIGUSR1, 0);
	other_start(raise_ignored);
	call(SYS_poll, 0, 0, LONG_MS);
	check_restart(start, 0);
}

Test(wait, a_futex_goes_on_for_what_is_left)
{
	const uint32_t word = 7;
	int64_t start = ms_now();

	handle(SIGUSR1, 0);
	fake_put(&cpu, VA0, &word, sizeof(word));
	other_start(raise_ignored);
	call(SYS_futex, VA0, FUTEX_WAIT, word, put_long(VA1));
	check_restart(start, -ETIMEDOUT);
}

Test(wait, restart_syscall_has_nothing_to_do_at_first)
{
	cr_assert_eq(call(SYS_restart_syscall, 0), -EINTR);
}

/* Ten kicks for nothing, in all as long as the call waits. */
static void kick_often(struct thread *t)
{
	for (int i = 0; i < 10; i++) {
		usleep(LONG_MS * 100);
		thread_lock(t);
		wait_kick(&thread);
		thread_unlock(t);
	}
}

Test(wait, kicks_for_nothing_lengthen_no_time_limit_of_a_socket)
{
	const struct timeval tv = {.tv_usec = LONG_MS * 1000};
	int64_t start, took;

	cr_assert_eq(call(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, VA2), 0);
	memcpy(fds, fake_at(&cpu, VA2), sizeof(fds));
	fake_put(&cpu, VA0, &tv, sizeof(tv));
	cr_assert_eq(call(SYS_setsockopt, (uint64_t)fds[0], SOL_SOCKET,
			  SO_RCVTIMEO, VA0, sizeof(tv)),
		     0);
	other_start(kick_often);
	start = ms_now();
	cr_assert_eq(call(SYS_read, (uint64_t)fds[0], VA0, 8), -EAGAIN);
	took = ms_now() - start;
	other_join();
	cr_assert(took >= LONG_MS - 20 && took < LONG_MS + 100, "%ld ms", took);
}

Test(wait, kicks_for_nothing_lengthen_no_sleep)
{
	int64_t start, took;

	other_start(kick_often);
	start = ms_now();
	cr_assert_eq(call(SYS_nanosleep, put_long(VA0), 0), 0);
	took = ms_now() - start;
	other_join();
	cr_assert(took >= LONG_MS && took < LONG_MS + 100, "%ld ms", took);
}

/* ---- Locks -------------------------------------------------------------- */

static void unlock_it(struct thread *t)
{
	until_it_waits(&thread);
	cr_assert_eq(call_of(t, SYS_flock, (uint64_t)fds[0], LOCK_UN), 0);
}

/* One that counts among the program's descriptors alone, and the host's. */
static void check_flock(const char *name, int flags)
{
	for (int i = 0; i < 2; i++)
		fds[i] = (int)guest_open(name, flags);
	cr_assert_eq(call(SYS_flock, (uint64_t)fds[0], LOCK_EX), 0);
	cr_assert_eq(call(SYS_flock, (uint64_t)fds[1], LOCK_EX | LOCK_NB),
		     -EWOULDBLOCK);
	other_start(unlock_it);
	cr_assert_eq(call(SYS_flock, (uint64_t)fds[1], LOCK_EX), 0);
	other_join();
	cr_assert_eq(call(SYS_flock, (uint64_t)fds[0], LOCK_EX | LOCK_NB),
		     -EWOULDBLOCK);
}

Test(wait, flock_gets_the_lock_that_another_thread_gives_back)
{
	check_flock("rw/file", O_RDWR);
}

Test(wait, flock_of_what_may_not_be_changed_does_so_too)
{
	check_flock("ro/file", O_RDONLY);
}
