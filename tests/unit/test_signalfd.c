/*
 * Is a signalfd readable while a signal of its set waits, and only then, and
 * does reading take signals as Linux's does? Scripts run natively, too
 * (two_worlds.h).
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>

#include "signalfd.h"
#include "task_signal.h"
#include "two_worlds.h"
#include "wait.h"

TestSuite(signalfd, .init = sys_setup, .fini = sys_teardown, .timeout = 60);

#define MS	1000000l
#define SET	VA0
#define RECORD	VA1
#define POLL	VA2
#define VEC	(VA2 + 256)
#define VALUE	(VA2 + 512)
#define HANDLER 0x1000
#define SIZE	sizeof(struct signalfd_siginfo)

static uint64_t bit(int sig)
{
	return 1ull << (sig - 1);
}

static void block_all(const struct world *w)
{
	CALL(w, SYS_rt_sigprocmask, SIG_SETMASK, PUT(w, SET, ~0ull), 0, 8);
}

static uint64_t make(const struct world *w, uint64_t set, int flags)
{
	int64_t fd = CALL(w, SYS_signalfd4, (uint64_t)-1, PUT(w, SET, set), 8,
			  (uint64_t)flags);

	SAY(w, fd >= 0); /* numbers differ, as here the test has some */
	return (uint64_t)fd;
}

/* Sent to the process. */
static void send(const struct world *w, int sig)
{
	DO(w, SYS_kill, (uint64_t)CALL(w, SYS_getpid), (uint64_t)sig);
}

static void say_ready(const struct world *w, uint64_t fd)
{
	const struct pollfd p = {(int)fd, POLLIN, 0};

	DO(w, SYS_poll, PUT(w, POLL, p), 1, 0);
	SAY(w, GET(w, POLL, struct pollfd).revents);
}

static void say_record(const struct world *w, unsigned n)
{
	struct signalfd_siginfo r =
		GET(w, RECORD + n * SIZE, struct signalfd_siginfo);

	if (r.ssi_pid)
		r.ssi_pid = r.ssi_pid == (uint32_t)CALL(w, SYS_getpid);
	for (unsigned i = 0; i < SIZE / 4; i++)
		SAY(w, ((uint32_t *)&r)[i]);
}

/* ---- Errors -------------------------------------------------------------- */

static void errors(const struct world *w)
{
	uint64_t fd, other;

	block_all(w);
	DO(w, SYS_signalfd4, (uint64_t)-1, PUT(w, SET, bit(SIGUSR1)), 4, 0);
	DO(w, SYS_signalfd4, (uint64_t)-1, BAD, 8, 0);
	DO(w, SYS_signalfd4, (uint64_t)-1, BAD, 8, 1);
	DO(w, SYS_signalfd4, (uint64_t)-1, SET, 8, 1);
	DO(w, SYS_signalfd4, (uint64_t)-2, SET, 8, 0);
	DO(w, SYS_signalfd4, 999, SET, 8, 0);
	fd = make(w, bit(SIGUSR1), SFD_NONBLOCK);
	SAY(w, CALL(w, SYS_signalfd4, fd, SET, 8, SFD_CLOEXEC) == (int64_t)fd);
	DO(w, SYS_fcntl, fd, F_GETFD);
	DO(w, SYS_fcntl, fd, F_GETFL);
	other = (uint64_t)CALL(w, SYS_eventfd2, 0, 0);
	DO(w, SYS_signalfd4, other, SET, 8, 0);
	DO(w, SYS_read, fd, RECORD, SIZE);
	DO(w, SYS_read, fd, RECORD, SIZE - 1);
	DO(w, SYS_read, fd, RECORD, 0);
	DO(w, SYS_read, fd, ~0ull, SIZE);
	DO(w, SYS_write, fd, RECORD, 8);
	DO(w, SYS_write, fd, ~0ull, 8);
	DO(w, SYS_pread64, fd, RECORD, SIZE, 0);
	DO(w, SYS_pwrite64, fd, RECORD, SIZE, 0);
	send(w, SIGUSR1);
	DO(w, SYS_read, fd, RECORD, SIZE - 1);
	DO(w, SYS_read, fd, BAD, SIZE);
	DO(w, SYS_read, fd, RECORD, SIZE);
	fd = make(w, bit(SIGUSR1), SFD_CLOEXEC);
	DO(w, SYS_fcntl, fd, F_GETFD);
	fd = (uint64_t)CALL(w, SYS_signalfd, (uint64_t)-1, PUT(w, SET, 0ul), 8);
	DO(w, SYS_fcntl, fd, F_GETFD);
}

Test(signalfd, errors)
{
	same_in_both(errors);
}

/* ---- Reading ------------------------------------------------------------- */

static void records(const struct world *w)
{
	struct sigevent e = {.sigev_notify = SIGEV_SIGNAL,
			     .sigev_signo = 40,
			     .sigev_value.sival_ptr = (void *)0x123456789ul};
	const struct itimerspec soon = {.it_value = {0, 1 * MS}};
	const struct timespec wait = {0, 20 * MS};
	uint64_t fd;

	block_all(w);
	fd = make(w, bit(SIGUSR1) | bit(SIGUSR2) | bit(40), SFD_NONBLOCK);
	say_ready(w, fd);
	send(w, SIGUSR2);
	say_ready(w, fd);
	send(w, SIGUSR1);
	DO(w, SYS_tgkill, (uint64_t)CALL(w, SYS_getpid),
	   (uint64_t)CALL(w, SYS_gettid), SIGUSR1);
	DO(w, SYS_timer_create, CLOCK_MONOTONIC, PUT(w, VALUE, e), POLL);
	DO(w, SYS_timer_settime, 0, 0, PUT(w, VALUE, soon), 0);
	CALL(w, SYS_nanosleep, PUT(w, VALUE, wait), 0);
	/* Two, then all that are left, of ten. */
	DO(w, SYS_read, fd, RECORD, 2 * SIZE + 5);
	say_record(w, 0);
	say_record(w, 1);
	say_ready(w, fd);
	DO(w, SYS_read, fd, RECORD, 10 * SIZE);
	say_record(w, 0);
	say_record(w, 1);
	say_ready(w, fd);
	DO(w, SYS_read, fd, RECORD, SIZE);
}

Test(signalfd, a_read_takes_as_many_as_there_is_room_for)
{
	same_in_both(records);
}

static void pieces(const struct world *w)
{
	const struct iovec vec[3] = {{(void *)RECORD, 100},
				     {(void *)(RECORD + 1000), 100},
				     {(void *)(RECORD + 2000), 100}};
	uint64_t fd;

	block_all(w);
	fd = make(w, bit(SIGUSR1) | bit(SIGUSR2), SFD_NONBLOCK);
	send(w, SIGUSR1);
	send(w, SIGUSR2);
	memcpy(w->at(VEC), vec, sizeof(vec));
	DO(w, SYS_readv, fd, VEC, 3);
	SAY(w, GET(w, RECORD, uint32_t));
	SAY(w, GET(w, RECORD + 1028, uint32_t));
	DO(w, SYS_readv, fd, VEC, 3);
	DO(w, SYS_readv, fd, VEC, 0);
	DO(w, SYS_readv, fd, VEC, 1);
}

Test(signalfd, records_lie_across_the_pieces_of_a_vector)
{
	same_in_both(pieces);
}

/* Several that differ, copies, and another set. */
static void sets(const struct world *w)
{
	uint64_t a, b, copy;

	block_all(w);
	send(w, SIGUSR1);
	a = make(w, bit(SIGUSR1), SFD_NONBLOCK);
	b = make(w, bit(SIGUSR1) | bit(SIGTERM), SFD_NONBLOCK);
	copy = (uint64_t)CALL(w, SYS_dup, a);
	say_ready(w, a);
	say_ready(w, b);
	say_ready(w, copy);
	DO(w, SYS_read, copy, RECORD, SIZE);
	say_ready(w, a);
	say_ready(w, b);
	send(w, SIGTERM);
	say_ready(w, a);
	say_ready(w, b);
	SAY(w, CALL(w, SYS_signalfd4, a, PUT(w, SET, bit(SIGTERM)), 8, 0) ==
		       (int64_t)a);
	say_ready(w, a);
	say_ready(w, copy);
	DO(w, SYS_read, copy, RECORD, SIZE);
	DO(w, SYS_close, a);
	send(w, SIGTERM);
	say_ready(w, copy);
	/* Taken by others, or thrown away. */
	DO(w, SYS_rt_sigtimedwait, PUT(w, SET, bit(SIGTERM)), 0,
	   PUT(w, VALUE, (struct timespec){0}), 8);
	say_ready(w, copy);
	send(w, SIGTERM);
	DO(w, SYS_rt_sigaction, SIGTERM,
	   PUT(w, VALUE, (struct signal_action){.handler = 1}), 0, 8);
	say_ready(w, b);
}

Test(signalfd, each_has_its_set_and_copies_have_one)
{
	same_in_both(sets);
}

static void edges(const struct world *w)
{
	struct epoll_event ev = {.events = EPOLLIN | EPOLLET};
	uint64_t fd, set;

	block_all(w);
	fd = make(w, bit(40), SFD_NONBLOCK);
	set = (uint64_t)CALL(w, SYS_epoll_create1, 0);
	DO(w, SYS_epoll_ctl, set, EPOLL_CTL_ADD, fd, PUT(w, VALUE, ev));
	DO(w, SYS_epoll_wait, set, RECORD, 4, 0);
	for (int i = 0; i < 3; i++) {
		send(w, 40);
		DO(w, SYS_epoll_wait, set, RECORD, 4, 0);
		DO(w, SYS_epoll_wait, set, RECORD, 4, 0);
	}
	DO(w, SYS_read, fd, RECORD, 4 * SIZE);
	DO(w, SYS_epoll_wait, set, RECORD, 4, 0);
}

Test(signalfd, epoll_sees_each_signal_come)
{
	same_in_both(edges);
}

/* ---- Waiting ------------------------------------------------------------- */

static void read_one(struct thread *t)
{
	cr_assert_eq(call_of(t, SYS_read, 0, RECORD, SIZE), (int64_t)SIZE);
	call_of(t, SYS_read, 0, RECORD + SIZE, SIZE); /* its handler starts */
	cr_assert_eq(t->vcpu->regs.rip, HANDLER);
}

Test(signalfd, a_reader_waits_for_a_blocked_signal)
{
	const struct signal_info info = {.sig = SIGUSR1, .code = SI_USER};
	struct thread *t;
	uint64_t fd;

	fake_put(&cpu, SET, &(uint64_t){bit(SIGUSR1)}, 8);
	fd = (uint64_t)call(SYS_signalfd4, (uint64_t)-1, SET, 8, 0);
	call(SYS_dup2, fd, 0);
	thread.signals.mask = ~0ull;
	process.signals.action[SIGTERM] = (struct signal_action){
		.handler = HANDLER, .flags = 0x04000000, /* SA_RESTORER */
	};
	other_start(read_one);
	t = process.threads;
	thread_lock(&thread);
	t->signals.mask = ~bit(SIGTERM);
	thread_unlock(&thread);
	until_it_waits(t);
	thread_lock(&thread);
	task_signal(&process, &info);
	thread_unlock(&thread);
	until_it_waits(t);
	cr_assert_eq(*(uint32_t *)fake_at(&cpu, RECORD), SIGUSR1);
	thread_lock(&thread);
	raise_in(t, SIGTERM);
	thread_unlock(&thread);
	other_join();
}

Test(signalfd, a_child_has_the_descriptor_and_not_the_signals)
{
	struct pollfd p = {.events = POLLIN};
	struct process *child;
	uint64_t fd, copy;

	thread.signals.mask = ~0ull;
	fake_put(&cpu, SET, &(uint64_t){bit(SIGUSR1)}, 8);
	fd = (uint64_t)call(SYS_signalfd4, (uint64_t)-1, SET, 8, SFD_NONBLOCK);
	copy = (uint64_t)call(SYS_dup, fd);
	call(SYS_kill, (uint64_t)process.pid, SIGUSR1);
	child = process_copy(&process);
	cr_assert(child);
	p.fd = fdtable_host(&child->fds, (int)fd);
	cr_assert_eq(poll(&p, 1, 0), 0);
	/* Its copies are still copies of one. */
	signalfd_change(child, (int)copy, bit(SIGTERM));
	cr_assert_eq(fdtable_entry(&child->fds, (int)fd)->signals,
		     bit(SIGTERM));
	cr_assert_eq(fdtable_entry(&process.fds, (int)fd)->signals,
		     bit(SIGUSR1));
	child->signals.pending.set = bit(SIGTERM);
	child->signals.changed(&child->signals, bit(SIGTERM));
	cr_assert_eq(poll(&p, 1, 0), 1);
	p.fd = fdtable_host(&child->fds, (int)copy);
	cr_assert_eq(poll(&p, 1, 0), 1);
	cr_assert_eq(call(SYS_read, fd, RECORD, SIZE), (int64_t)SIZE);
	child->tasks = &machine.tasks;
	child->signals.pending.set = 0;
	process_free(child);
}
