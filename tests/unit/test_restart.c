/*
 * What becomes of each call that a signal breaks off: with a handler, with one
 * that has SA_RESTART, and without (the process was stopped and goes on)? Each
 * is made twice, natively by a child and here, and must end alike: signal(7),
 * "Interruption of system calls and library functions by signal handlers".
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/ucontext.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "host_call.h"
#include "sys_fixture.h"
#include "wait.h"

TestSuite(restart, .init = sys_setup, .fini = sys_teardown, .timeout = 120);

/* ---- The two worlds ----------------------------------------------------- */

/* Memory is at the same addresses in both: FAKE_BASE on. */
struct world {
	int64_t (*make)(long nr, const uint64_t arg[6]);
	void *(*at)(uint64_t va);
	/* The number of a descriptor that the test has made. */
	uint64_t (*give)(int host);
};
#define CALL(w, nr, ...) (w)->make((nr), (const uint64_t[6]){__VA_ARGS__})

static uint64_t put(const struct world *w, uint64_t va, const void *src,
		    size_t len)
{
	memcpy(w->at(va), src, len);
	return va;
}
#define PUT(w, va, value)                                                      \
	({                                                                     \
		__typeof__(value) copy_ = (value);                             \
		put((w), (va), &copy_, sizeof(copy_));                         \
	})

static int64_t native_call(long nr, const uint64_t arg[6])
{
	return host_call(nr, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
}

static void *native_at(uint64_t va)
{
	return (void *)va;
}

static uint64_t native_give(int host)
{
	return (uint64_t)host;
}

static void *our_at(uint64_t va)
{
	return fake_at(&cpu, va);
}

static uint64_t our_give(int host)
{
	return (uint64_t)fdtable_install(&process.fds, dup(host), false, 0);
}

static const struct world native = {native_call, native_at, native_give};
static const struct world ours = {sys_call, our_at, our_give};

/* ---- The calls ---------------------------------------------------------- */

/* Pipes: an empty one, and one that is full. */
static void make_pipe(int p[2], bool full)
{
	char page[4096] = {0};

	cr_assert_eq(pipe2(p, O_CLOEXEC), 0);
	fcntl(p[1], F_SETPIPE_SZ, 4096);
	if (full)
		cr_assert_eq(write(p[1], page, sizeof(page)), 4096);
}

static int64_t read_of(const struct world *w, int host)
{
	return CALL(w, SYS_read, w->give(host), VA0, 8);
}

static int64_t read_pipe(const struct world *w)
{
	int p[2];

	make_pipe(p, false);
	return read_of(w, p[0]);
}

static int64_t readv_pipe(const struct world *w)
{
	int p[2];

	make_pipe(p, false);
	PUT(w, VA1, (uint64_t)VA0);
	PUT(w, VA1 + 8, (uint64_t)1);
	return CALL(w, SYS_readv, w->give(p[0]), VA1, 1);
}

static int64_t write_pipe(const struct world *w)
{
	int p[2];

	make_pipe(p, true);
	return CALL(w, SYS_write, w->give(p[1]), VA0, 1);
}

/* The count is the answer, whatever the handler has. */
static int64_t write_too_much(const struct world *w)
{
	int p[2];

	make_pipe(p, false);
	return CALL(w, SYS_write, w->give(p[1]), BIG, 9000);
}

static int64_t read_eventfd(const struct world *w)
{
	return read_of(w, eventfd(0, 0));
}

static int64_t write_eventfd(const struct world *w)
{
	int fd = eventfd(0, 0);

	cr_assert_eq(eventfd_write(fd, UINT64_MAX - 1), 0);
	PUT(w, VA0, (uint64_t)1);
	return CALL(w, SYS_write, w->give(fd), VA0, 8);
}

static int64_t read_timerfd(const struct world *w)
{
	return read_of(w, timerfd_create(CLOCK_MONOTONIC, 0));
}

static int64_t read_inotify(const struct world *w)
{
	return CALL(w, SYS_read, w->give(inotify_init()), BIG, 4096);
}

static void make_tty(int *master, int *slave)
{
	cr_assert_eq(openpty(master, slave, NULL, NULL, NULL), 0);
}

static int64_t read_tty(const struct world *w)
{
	int master, slave;

	make_tty(&master, &slave);
	return read_of(w, slave);
}

static int64_t write_tty(const struct world *w)
{
	char page[4096] = {0};
	int master, slave;

	make_tty(&master, &slave);
	fcntl(slave, F_SETFL, O_NONBLOCK);
	/* The kernel moves on what it has a little later. */
	for (int i = 0; i < 5; i++, usleep(10000))
		while (write(slave, page, sizeof(page)) > 0 ||
		       write(slave, page, 1) > 0)
			;
	fcntl(slave, F_SETFL, 0);
	return CALL(w, SYS_write, w->give(slave), BIG, 1);
}

static void make_sockets(int s[2], int timeout)
{
	const struct timeval tv = {.tv_sec = 100};

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
	if (timeout)
		setsockopt(s[0], SOL_SOCKET, timeout, &tv, sizeof(tv));
}

static int64_t read_socket(const struct world *w)
{
	int s[2];

	make_sockets(s, 0);
	return read_of(w, s[0]);
}

static int64_t read_socket_timed(const struct world *w)
{
	int s[2];

	make_sockets(s, SO_RCVTIMEO);
	return read_of(w, s[0]);
}

static int64_t write_socket(const struct world *w, int timeout)
{
	char page[4096] = {0};
	int s[2];

	make_sockets(s, timeout);
	fcntl(s[0], F_SETFL, O_NONBLOCK);
	while (write(s[0], page, sizeof(page)) > 0)
		;
	fcntl(s[0], F_SETFL, 0);
	return CALL(w, SYS_write, w->give(s[0]), BIG, 4096);
}

static int64_t write_socket_plain(const struct world *w)
{
	return write_socket(w, 0);
}

static int64_t write_socket_timed(const struct world *w)
{
	return write_socket(w, SO_SNDTIMEO);
}

static int64_t open_fifo(const struct world *w, int flags)
{
	const char *path = in_scratch("rw/fifo");

	unlink(path);
	cr_assert_eq(mkfifo(path, 0600), 0);
	put(w, VA0, path, strlen(path) + 1);
	return CALL(w, SYS_openat, (uint64_t)AT_FDCWD, VA0, (uint64_t)flags);
}

static int64_t open_fifo_read(const struct world *w)
{
	return open_fifo(w, O_RDONLY);
}

static int64_t open_fifo_write(const struct world *w)
{
	return open_fifo(w, O_WRONLY);
}

static int64_t splice_pipe(const struct world *w)
{
	int p[2], q[2];

	make_pipe(p, false);
	make_pipe(q, false);
	return CALL(w, SYS_splice, w->give(p[0]), 0, w->give(q[1]), 0, 10, 0);
}

static int64_t tee_pipe(const struct world *w)
{
	int p[2], q[2];

	make_pipe(p, false);
	make_pipe(q, false);
	return CALL(w, SYS_tee, w->give(p[0]), w->give(q[1]), 10, 0);
}

static int64_t sendfile_pipe(const struct world *w)
{
	int p[2], fd = open(in_scratch("rw/file"), O_RDONLY);

	make_pipe(p, true);
	return CALL(w, SYS_sendfile, w->give(p[1]), w->give(fd), 0, 8);
}

/* ---- Waiting for descriptors ---- */

static uint64_t put_pollfd(const struct world *w)
{
	int p[2];

	make_pipe(p, false);
	return PUT(w, VA0, ((struct pollfd){(int)w->give(p[0]), POLLIN, -1}));
}

static int64_t poll_ever(const struct world *w)
{
	return CALL(w, SYS_poll, put_pollfd(w), 1, (uint64_t)-1);
}

static int64_t poll_timed(const struct world *w)
{
	return CALL(w, SYS_poll, put_pollfd(w), 1, 100000);
}

static uint64_t put_time(const struct world *w, uint64_t va)
{
	return PUT(w, va, ((struct timespec){.tv_sec = 100}));
}

static int64_t ppoll_timed(const struct world *w)
{
	return CALL(w, SYS_ppoll, put_pollfd(w), 1, put_time(w, VA1), 0, 0);
}

static int64_t ppoll_masked(const struct world *w)
{
	PUT(w, VA2, (uint64_t)0);
	return CALL(w, SYS_ppoll, put_pollfd(w), 1, 0, VA2, 8);
}

/* Descriptor 0 to 63 of a set. */
static uint64_t put_set(const struct world *w, int *n)
{
	int p[2];
	uint64_t fd;

	make_pipe(p, false);
	fd = w->give(p[0]);
	*n = (int)fd + 1;
	cr_assert_lt(fd, 1024);
	memset(w->at(VA0), 0, 128);
	((uint64_t *)w->at(VA0))[fd / 64] = 1ull << fd % 64;
	return VA0;
}

static int64_t select_ever(const struct world *w)
{
	int n;
	uint64_t set = put_set(w, &n);

	return CALL(w, SYS_select, (uint64_t)n, set, 0, 0, 0);
}

static int64_t select_timed(const struct world *w)
{
	int n;
	uint64_t set = put_set(w, &n);

	return CALL(w, SYS_select, (uint64_t)n, set, 0, 0, put_time(w, VA1));
}

static int64_t pselect_timed(const struct world *w)
{
	int n;
	uint64_t set = put_set(w, &n);

	return CALL(w, SYS_pselect6, (uint64_t)n, set, 0, 0, put_time(w, VA1),
		    0);
}

static uint64_t make_epoll(const struct world *w)
{
	struct epoll_event event = {.events = EPOLLIN};
	int p[2], set = epoll_create1(0);

	make_pipe(p, false);
	cr_assert_eq(epoll_ctl(set, EPOLL_CTL_ADD, p[0], &event), 0);
	return w->give(set);
}

static int64_t epoll_wait_ever(const struct world *w)
{
	return CALL(w, SYS_epoll_wait, make_epoll(w), VA0, 1, (uint64_t)-1);
}

static int64_t epoll_pwait_timed(const struct world *w)
{
	PUT(w, VA2, (uint64_t)0);
	return CALL(w, SYS_epoll_pwait, make_epoll(w), VA0, 1, 100000, VA2, 8);
}

static int64_t epoll_pwait2_timed(const struct world *w)
{
	return CALL(w, SYS_epoll_pwait2, make_epoll(w), VA0, 1,
		    put_time(w, VA1), 0, 0);
}

/* ---- Waiting for time, locks, signals ---- */

static int64_t nanosleep_left(const struct world *w)
{
	return CALL(w, SYS_nanosleep, put_time(w, VA0), VA1);
}

static int64_t nanosleep_bad(const struct world *w)
{
	return CALL(w, SYS_nanosleep, put_time(w, VA0), BAD);
}

static int64_t clock_nanosleep_for(const struct world *w)
{
	return CALL(w, SYS_clock_nanosleep, CLOCK_REALTIME, 0, put_time(w, VA0),
		    VA1);
}

static int64_t clock_nanosleep_until(const struct world *w)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	now.tv_sec += 100;
	return CALL(w, SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME,
		    PUT(w, VA0, now), VA1);
}

static int64_t flock_taken(const struct world *w)
{
	int fd = open(in_scratch("rw/file"), O_RDWR);
	int other = open(in_scratch("rw/file"), O_RDWR);

	cr_assert_eq(flock(other, LOCK_EX), 0);
	return CALL(w, SYS_flock, w->give(fd), LOCK_EX);
}

/* A lock on what may not be changed is the program's alone. */
static int64_t flock_read_only(const struct world *w)
{
	uint64_t fd[2];

	for (int i = 0; i < 2; i++)
		fd[i] = w->give(open(in_scratch("ro/file"), O_RDONLY));
	cr_assert_eq(CALL(w, SYS_flock, fd[0], LOCK_EX), 0);
	return CALL(w, SYS_flock, fd[1], LOCK_EX);
}

static int64_t lock_taken(const struct world *w, int cmd)
{
	struct flock lock = {.l_type = F_WRLCK};
	int fd = open(in_scratch("rw/file"), O_RDWR);
	int other = open(in_scratch("rw/file"), O_RDWR);

	cr_assert_eq(fcntl(other, F_OFD_SETLK, &lock), 0);
	return CALL(w, SYS_fcntl, w->give(fd), (uint64_t)cmd,
		    PUT(w, VA0, lock));
}

static int64_t setlkw(const struct world *w)
{
	return lock_taken(w, F_SETLKW);
}

static int64_t ofd_setlkw(const struct world *w)
{
	return lock_taken(w, F_OFD_SETLKW);
}

static int64_t just_pause(const struct world *w)
{
	return CALL(w, SYS_pause, 0);
}

static int64_t sigsuspend_open(const struct world *w)
{
	return CALL(w, SYS_rt_sigsuspend, PUT(w, VA0, (uint64_t)0), 8);
}

/* For another one. */
static int64_t sigtimedwait_ever(const struct world *w)
{
	uint64_t set = 1ull << (SIGUSR2 - 1);

	return CALL(w, SYS_rt_sigtimedwait, PUT(w, VA0, set), 0, 0, 8);
}

static int64_t sigtimedwait_timed(const struct world *w)
{
	uint64_t set = 1ull << (SIGUSR2 - 1);

	return CALL(w, SYS_rt_sigtimedwait, PUT(w, VA0, set), 0,
		    put_time(w, VA1), 8);
}

static int64_t futex_ever(const struct world *w)
{
	return CALL(w, SYS_futex, PUT(w, VA0, (uint32_t)7),
		    FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 7, 0);
}

static int64_t futex_timed(const struct world *w)
{
	return CALL(w, SYS_futex, PUT(w, VA0, (uint32_t)7),
		    FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 7, put_time(w, VA1));
}

#define ROW(name)                                                              \
	{                                                                      \
#name, name                                                    \
	}
static const struct row {
	const char *name;
	int64_t (*run)(const struct world *w);
} rows[] = {
	ROW(read_pipe),
	ROW(readv_pipe),
	ROW(write_pipe),
	ROW(write_too_much),
	ROW(read_eventfd),
	ROW(write_eventfd),
	ROW(read_timerfd),
	ROW(read_inotify),
	ROW(read_tty),
	ROW(write_tty),
	ROW(read_socket),
	ROW(read_socket_timed),
	ROW(write_socket_plain),
	ROW(write_socket_timed),
	ROW(open_fifo_read),
	ROW(open_fifo_write),
	ROW(splice_pipe),
	ROW(tee_pipe),
	ROW(sendfile_pipe),
	ROW(poll_ever),
	ROW(poll_timed),
	ROW(ppoll_timed),
	ROW(ppoll_masked),
	ROW(select_ever),
	ROW(select_timed),
	ROW(pselect_timed),
	ROW(epoll_wait_ever),
	ROW(epoll_pwait_timed),
	ROW(epoll_pwait2_timed),
	ROW(nanosleep_left),
	ROW(nanosleep_bad),
	ROW(clock_nanosleep_for),
	ROW(clock_nanosleep_until),
	ROW(flock_taken),
	ROW(flock_read_only),
	ROW(setlkw),
	ROW(ofd_setlkw),
	ROW(just_pause),
	ROW(sigsuspend_open),
	ROW(sigtimedwait_ever),
	ROW(sigtimedwait_timed),
	ROW(futex_ever),
	ROW(futex_timed),
};
#define NR_ROWS (sizeof(rows) / sizeof(rows[0]))

enum mode { PLAIN_HANDLER, RESTART_HANDLER, NO_HANDLER, NR_MODES };
static const char *const mode_names[] = {"a handler", "SA_RESTART",
					 "no handler"};

/* How it ended: the result, or it was made again. */
#define AGAIN INT64_MIN

/* ---- Natively ----------------------------------------------------------- */

struct shared {
	volatile int handled, returned;
	volatile int64_t result;
};
static struct shared *shared;

static void on_usr1(int sig)
{
	(void)sig;
	shared->handled = 1;
}

static void native_child(const struct row *row, enum mode mode)
{
	const struct sigaction act = {
		.sa_handler = on_usr1,
		.sa_flags = mode == RESTART_HANDLER ? SA_RESTART : 0,
	};

	if (mmap((void *)FAKE_BASE, FAKE_SIZE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
		 0) != (void *)FAKE_BASE)
		_exit(1);
	munmap((void *)FAKE_HOLE, 4096);
	sigaction(SIGUSR1, &act, NULL);
	shared->result = row->run(&native);
	shared->returned = 1;
	pause();
	_exit(0);
}

/* It sleeps in the kernel, twice seen. */
static void until_child_sleeps(pid_t pid)
{
	char path[64], state;
	unsigned seen = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	for (unsigned i = 0; seen < 3 && i < 10000; i++) {
		FILE *f = fopen(path, "re");

		state = 0;
		cr_assert(f);
		if (fscanf(f, "%*[^)]) %c", &state) != 1)
			state = 0;
		fclose(f);
		seen = state == 'S' ? seen + 1 : 0;
		usleep(1500);
	}
	cr_assert_geq(seen, 3);
}

static int64_t native_end(const struct row *row, enum mode mode)
{
	int status;
	pid_t pid;

	*shared = (struct shared){0};
	pid = fork();
	if (!pid)
		native_child(row, mode);
	until_child_sleeps(pid);
	cr_assert_not(shared->returned, "%s does not block", row->name);
	if (mode == NO_HANDLER) {
		kill(pid, SIGSTOP);
		cr_assert_eq(waitpid(pid, &status, WUNTRACED), pid);
		kill(pid, SIGCONT);
	} else {
		kill(pid, SIGUSR1);
		for (int i = 0; i < 5000 && !shared->handled; i++)
			usleep(1000);
		cr_assert(shared->handled, "%s: no signal", row->name);
	}
	until_child_sleeps(pid);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return shared->returned ? shared->result : AGAIN;
}

/* ---- Here --------------------------------------------------------------- */

#define HANDLER 0x401000ull
#define START	(FAKE_BASE + 0x100)
#define STACK	(FAKE_BASE + 0x1f0000)

static enum mode mode_now;

/*
 * First kicks for nothing, which must not be seen; then the signal. Without a
 * handler: by the time that it is acted on, it is ignored.
 */
static void interrupter(struct thread *t)
{
	for (int i = 0; i < 3; i++) {
		until_it_waits(&thread);
		thread_lock(t);
		if (i < 2)
			wait_kick(&thread);
		else
			raise_in(&thread, SIGUSR1);
		if (i == 2 && mode_now == NO_HANDLER)
			process.signals.action[SIGUSR1].handler = 1;
		thread_unlock(t);
	}
}

/* What a row has opened. */
static void close_from(int first)
{
	for (unsigned fd = 3; fd < process.fds.size; fd++)
		fdtable_close(&process.fds, (int)fd);
	close_range((unsigned)first, ~0u, 0);
}

static int64_t our_end(const struct row *row, enum mode mode)
{
	const struct signal_action act = {
		.handler = HANDLER,
		.flags = 0x04000000u | /* SA_RESTORER */
			 (mode == RESTART_HANDLER ? SA_RESTART : 0),
		.restorer = HANDLER,
	};
	const greg_t *gregs;
	int64_t rax, rip;
	int first = dup(0);

	process.signals.action[SIGUSR1] = act;
	process.signals.pending.set = thread.signals.pending.set = 0;
	thread.signals.mask = 0;
	mode_now = mode;
	cpu.regs.rip = START;
	cpu.regs.rsp = STACK;
	other_start(interrupter);
	row->run(&ours);
	other_join();
	close_from(first);
	rax = (int64_t)cpu.regs.rax;
	rip = (int64_t)cpu.regs.rip;
	if (mode != NO_HANDLER) {
		cr_assert_eq(rip, HANDLER, "%s: no handler, %ld", row->name,
			     rax);
		gregs = ((ucontext_t *)fake_at(&cpu, cpu.regs.rdx))
				->uc_mcontext.gregs;
		rax = gregs[REG_RAX];
		rip = gregs[REG_RIP];
	}
	return rip == START - 2 ? AGAIN : rip == START ? rax : 1234567;
}

static void compare(size_t first, size_t last)
{
	int failed = 0;

	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (size_t i = first; i < last && i < NR_ROWS; i++)
		for (enum mode mode = 0; mode < NR_MODES; mode++) {
			int64_t want = native_end(&rows[i], mode);
			int64_t got = our_end(&rows[i], mode);

			if (got == want)
				continue;
			failed++;
			cr_log_error("%s, %s: %ld, natively %ld", rows[i].name,
				     mode_names[mode], got, want);
		}
	cr_assert_eq(failed, 0);
}

#define PART 15

Test(restart, calls_on_descriptors_end_as_natively)
{
	compare(0, PART);
}

Test(restart, calls_that_wait_for_descriptors_end_as_natively)
{
	compare(PART, 2 * PART);
}

Test(restart, calls_that_wait_for_else_end_as_natively)
{
	compare(2 * PART, NR_ROWS);
}

/* ---- Temporary masks ---------------------------------------------------- */

/*
 * SIGUSR1 waits, blocked, and the call's mask lets it in. Is it seen, though
 * there is something ready, or no time to wait?
 */
#define BLOCKED (1ull << (SIGUSR1 - 1))

static uint64_t ready_pipe(const struct world *w)
{
	int p[2];

	make_pipe(p, true);
	return w->give(p[0]);
}

static uint64_t empty_pipe(const struct world *w)
{
	int p[2];

	make_pipe(p, false);
	return w->give(p[0]);
}

static int64_t ppoll_of(const struct world *w, uint64_t fd, int64_t seconds)
{
	PUT(w, VA0, ((struct pollfd){(int)fd, POLLIN, -1}));
	PUT(w, VA1, ((struct timespec){.tv_sec = seconds}));
	PUT(w, VA2, (uint64_t)0);
	return CALL(w, SYS_ppoll, VA0, 1, VA1, VA2, 8);
}

static int64_t ppoll_ready(const struct world *w)
{
	return ppoll_of(w, ready_pipe(w), 0);
}

static int64_t ppoll_nothing(const struct world *w)
{
	return ppoll_of(w, empty_pipe(w), 0);
}

static int64_t ppoll_waits(const struct world *w)
{
	return ppoll_of(w, empty_pipe(w), 100);
}

/* What was left is told even so, and revents. */
static int64_t ppoll_writes(const struct world *w)
{
	const struct pollfd *fd = w->at(VA0);
	const struct timespec *left = w->at(VA1);

	ppoll_of(w, empty_pipe(w), 100);
	return fd->revents * 1000 + left->tv_sec;
}

static int64_t ppoll_bad_number(const struct world *w)
{
	return ppoll_of(w, 999, 100);
}

static int64_t pselect_of(const struct world *w, uint64_t fd, int64_t seconds)
{
	memset(w->at(VA0), 0, 128);
	((uint64_t *)w->at(VA0))[fd / 64] = 1ull << fd % 64;
	PUT(w, VA1, ((struct timespec){.tv_sec = seconds}));
	PUT(w, VA2, (uint64_t)0);
	PUT(w, VA2 + 64, (uint64_t)VA2);
	PUT(w, VA2 + 72, (uint64_t)8);
	return CALL(w, SYS_pselect6, fd + 1, VA0, 0, 0, VA1, VA2 + 64);
}

static int64_t pselect_ready(const struct world *w)
{
	return pselect_of(w, ready_pipe(w), 0);
}

static int64_t pselect_nothing(const struct world *w)
{
	return pselect_of(w, empty_pipe(w), 0);
}

static int64_t pselect_waits(const struct world *w)
{
	return pselect_of(w, empty_pipe(w), 100);
}

static int64_t epoll_of(const struct world *w, bool ready, int ms)
{
	struct epoll_event event = {.events = EPOLLIN};
	int p[2], set = epoll_create1(0);

	make_pipe(p, ready);
	cr_assert_eq(epoll_ctl(set, EPOLL_CTL_ADD, p[0], &event), 0);
	PUT(w, VA2, (uint64_t)0);
	return CALL(w, SYS_epoll_pwait, w->give(set), VA0, 1, (uint64_t)ms, VA2,
		    8);
}

static int64_t epoll_ready(const struct world *w)
{
	return epoll_of(w, true, -1);
}

static int64_t epoll_nothing(const struct world *w)
{
	return epoll_of(w, false, 0);
}

static int64_t epoll_waits(const struct world *w)
{
	return epoll_of(w, false, -1);
}

static int64_t suspended(const struct world *w)
{
	return CALL(w, SYS_rt_sigsuspend, PUT(w, VA0, (uint64_t)0), 8);
}

/* The mask is another's: it does not let it in. */
static int64_t ppoll_other_mask(const struct world *w)
{
	PUT(w, VA0, ((struct pollfd){-1, POLLIN, -1}));
	PUT(w, VA1, ((struct timespec){.tv_nsec = 1000000}));
	PUT(w, VA2, (uint64_t)BLOCKED);
	return CALL(w, SYS_ppoll, VA0, 1, VA1, VA2, 8);
}

static const struct row masked_rows[] = {
	ROW(ppoll_ready),   ROW(ppoll_nothing),	   ROW(ppoll_waits),
	ROW(ppoll_writes),  ROW(ppoll_bad_number), ROW(ppoll_other_mask),
	ROW(pselect_ready), ROW(pselect_nothing),  ROW(pselect_waits),
	ROW(epoll_ready),   ROW(epoll_nothing),	   ROW(epoll_waits),
	ROW(suspended),
};

static void masked_child(const struct row *row)
{
	const struct sigaction act = {.sa_handler = on_usr1};
	sigset_t set, now;

	mmap((void *)FAKE_BASE, FAKE_SIZE, PROT_READ | PROT_WRITE,
	     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	sigaction(SIGUSR1, &act, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_SETMASK, &set, NULL);
	raise(SIGUSR1);
	shared->result = row->run(&native);
	sigprocmask(SIG_SETMASK, NULL, &now);
	shared->returned = 1 + !sigismember(&now, SIGUSR1);
	_exit(0);
}

static void check_masked(const struct row *row)
{
	int first = dup(0), status;
	int64_t r;

	*shared = (struct shared){0};
	if (!fork())
		masked_child(row);
	wait(&status);
	cr_assert_eq(shared->returned, 1, "%s: the mask is back", row->name);
	process.signals.action[SIGUSR1] = (struct signal_action){
		.handler = HANDLER,
		.flags = 0x04000000u,
		.restorer = HANDLER,
	};
	thread.signals.mask = BLOCKED;
	process.signals.pending.set = thread.signals.pending.set = 0;
	raise_in(&thread, SIGUSR1);
	cpu.regs.rip = START;
	cpu.regs.rsp = STACK;
	r = row->run(&ours);
	if (shared->handled) {
		const ucontext_t *uc = fake_at(&cpu, cpu.regs.rdx);

		cr_assert_eq(cpu.regs.rip, HANDLER, "%s", row->name);
		cr_assert_eq(*(uint64_t *)&uc->uc_sigmask, BLOCKED);
		if (row->run != ppoll_writes)
			r = uc->uc_mcontext.gregs[REG_RAX];
	} else {
		cr_assert_eq(cpu.regs.rip, START, "%s", row->name);
		cr_assert_eq(thread.signals.mask, BLOCKED);
		cr_assert_eq(signals_pending(&thread.signals), BLOCKED);
	}
	cr_assert_eq(r, shared->result, "%s: %ld, natively %ld", row->name, r,
		     shared->result);
	close_from(first);
}

Test(restart, a_mask_for_the_wait_lets_in_what_it_does_natively)
{
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (size_t i = 0; i < sizeof(masked_rows) / sizeof(*masked_rows); i++)
		check_masked(&masked_rows[i]);
}
