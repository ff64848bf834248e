/*
 * threads.c: see threads.h. Each thread of the guest has a host thread, made by
 * its parent's; its vCPU is one that is idle, as KVM cannot take one away. All
 * of it is under the machine's lock.
 */
#include "threads.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "biglock.h"
#include "boot.h"
#include "call.h"
#include "exec.h"
#include "faultlog.h"
#include "futex.h"
#include "message.h"
#include "owner.h"
#include "serve.h"
#include "stop.h"
#include "timers.h"
#include "wait.h"

struct worker {
	struct vcpu vcpu;
	pthread_t host;
	bool has_host; /* host is to be joined */
	bool busy;     /* it has not come to its end */
	struct worker *next;
};

static struct {
	struct vcpu *first;
	struct tasks *tasks;
	struct worker *workers;
	unsigned nr_workers;
	uint32_t ended; /* a word to wait on: threads that have ended */
	uint32_t over;	/* a word to wait on: 1: the machine has ended */
	int status;
} threads;

static void word_set(uint32_t *word)
{
	__atomic_store_n(word, 1, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

/* The first who says how it ended is right. */
static void machine_over(int status)
{
	if (threads.over)
		return;
	threads.status = status;
	word_set(&threads.over);
}

/* ---- Starting ----------------------------------------------------------- */

static struct worker *idle_worker(void)
{
	for (struct worker *w = threads.workers; w; w = w->next)
		if (!__atomic_load_n(&w->busy, __ATOMIC_ACQUIRE))
			return w;
	return NULL;
}

/* All signals are the first host thread's, but for kicks. */
static void mask_signals(sigset_t *old)
{
	sigset_t set;

	sigfillset(&set);
	sigdelset(&set, STOP_KICK);
	pthread_sigmask(SIG_SETMASK, &set, old);
}

/* One thread of the guest, from its start to its end. */
static void *work(void *arg)
{
	struct worker *w = arg;

	wait_begin(w->vcpu.thread);
	if (io_buffer_make())
		vcpu_abort(&w->vcpu);
	vcpu_run(&w->vcpu);
	if (w->vcpu.done)
		machine_over(w->vcpu.wait_status);
	io_buffer_drop();
	__atomic_store_n(&w->busy, false, __ATOMIC_RELEASE);
	return NULL;
}

/*
 * A host thread like the parent's, which calls: with its credentials,
 * processors and priority, as Linux has it.
 */
static int start_host_thread(struct worker *w)
{
	sigset_t old;
	int ret;

	if (w->has_host)
		pthread_join(w->host, NULL);
	w->busy = true;
	mask_signals(&old);
	ret = pthread_create(&w->host, NULL, work, w);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	w->has_host = !ret;
	w->busy = !ret;
	return -ret;
}

static struct worker *new_worker(struct vm *vm)
{
	struct worker *w = calloc(1, sizeof(*w));

	if (!w || vcpu_create_more(&w->vcpu, vm, threads.nr_workers + 1)) {
		free(w);
		return NULL;
	}
	threads.nr_workers++;
	w->vcpu.idle = true;
	w->next = threads.workers;
	threads.workers = w;
	return w;
}

/* FS base is where the C library has its thread's data. */
static int fs_base(const struct vcpu *v, const struct start_args *args,
		   uint64_t *base)
{
	*base = args->tls;
	return args->has_tls ? 0 : vcpu_get_fs_base((struct vcpu *)v, base);
}

static void set_up_registers(const struct vcpu *parent,
			     const struct start_args *args, struct vcpu *v)
{
	v->area->regs = parent->area->regs;
	v->area->regs.rax = 0;
	if (args->stack)
		v->area->regs.rsp = args->stack;
}

static int give_space(struct vcpu *parent, struct vcpu *v,
		      const struct start_args *args)
{
	const struct thread *t = v->thread;

	return vcpu_mm_upcall(parent, args->share_mm ? HV_MM_SHARE : HV_MM_DUP,
			      v, (uint32_t)t->process->pid, (uint32_t)t->tid);
}

static int start_on(struct worker *w, struct thread *parent,
		    struct thread *child, const struct start_args *args)
{
	struct vcpu *v = &w->vcpu;
	uint64_t base;
	int ret = fs_base(parent->vcpu, args, &base);

	v->thread = child;
	child->vcpu = v;
	ret = ret ? ret : give_space(parent->vcpu, v, args);
	if (ret) {
		v->thread = NULL;
		return ret;
	}
	set_up_registers(parent->vcpu, args, v);
	process_pass_limits(child->process, v);
	ret = vcpu_start(v, parent->vcpu, base);
	ret = ret ? ret : start_host_thread(w);
	if (ret) {
		vcpu_mm_upcall(parent->vcpu, HV_MM_LEAVE, v, 0, 0);
		v->idle = true;
		v->thread = NULL;
	}
	return ret;
}

static int start(struct thread *parent, struct thread *child,
		 const struct start_args *args)
{
	struct worker *w = idle_worker();
	int ret = -EAGAIN;

	if (!w && threads.nr_workers + 1 < HV_VCPUS_MAX)
		w = new_worker(parent->vcpu->vm);
	if (w) {
		biglock_begin(parent->vcpu->lock);
		vdso_forget_cpu(&parent->process->machine->exec_host->vdso);
		ret = start_on(w, parent, child, args);
	}
	if (ret) {
		child->vcpu = NULL;
		return ret;
	}
	faultlog_event(parent->vcpu, "%s %d",
		       args->share_mm ? "clone, with this memory:" : "fork:",
		       child->tid);
	return 0;
}

/* ---- Interrupting ------------------------------------------------------- */

/* Soon after, for it could not be now. */
#define RETRY_NS 200000

static void kick_again(struct thread *t)
{
	struct sigevent event = {
		.sigev_notify = SIGEV_THREAD_ID,
		.sigev_signo = STOP_KICK,
		._sigev_un._tid = gettid(),
	};
	const struct itimerspec when = {.it_value.tv_nsec = RETRY_NS};
	static __thread timer_t timer;
	static __thread bool made;

	(void)t;
	if (!made && timer_create(CLOCK_MONOTONIC, &event, &timer))
		return;
	made = true;
	timer_settime(timer, 0, &when, NULL);
}

void threads_kicked(struct vcpu *v)
{
	struct thread *t = v->thread;

	if (!__atomic_load_n(&t->kicked, __ATOMIC_SEQ_CST))
		return; /* it was for the TLB, or a tick */
	if (!vcpu_capture(v)) {
		kick_again(t);
		return;
	}
	__atomic_store_n(&t->kicked, 0, __ATOMIC_SEQ_CST);
	serve_kick(t);
	if (!threads_end(v))
		vcpu_release(v);
}

void threads_flush(struct vcpu *v, hv_gpa_t root)
{
	struct vcpu *first = threads.first;

	if (first != v && !first->idle &&
	    first->area->call.user_root.v == root.v)
		vcpu_flush_remote(first, first->thread->host_tid);
	for (struct worker *w = threads.workers; w; w = w->next)
		if (&w->vcpu != v && !w->vcpu.idle &&
		    w->vcpu.area->call.user_root.v == root.v)
			vcpu_flush_remote(&w->vcpu, w->vcpu.thread->host_tid);
}

/* ---- Ending ------------------------------------------------------------- */

/* Somebody waits for all others: each that ends wakes it. */
static void wait_alone(struct thread *t)
{
	const struct tasks *all = t->process->tasks;
	uint32_t seen;

	tasks_kill(t->process->tasks);
	while (all->nr_threads > 1 && !stop_signal()) {
		seen = __atomic_load_n(&threads.ended, __ATOMIC_SEQ_CST);
		thread_unlock(t);
		syscall(SYS_futex, &threads.ended, FUTEX_WAIT_PRIVATE, seen,
			NULL, NULL, 0);
		thread_lock(t);
	}
}

/* The last of the first process: the machine ends with it, and on its vCPU. */
static void end_machine(struct vcpu *v)
{
	wait_alone(v->thread);
	vcpu_stop(v, v->thread->process->status);
	vcpu_return_to_kernel(v);
}

static void say_ended(void)
{
	__atomic_fetch_add(&threads.ended, 1, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, &threads.ended, FUTEX_WAKE_PRIVATE, INT_MAX, NULL,
		NULL, 0);
}

static void log_end(struct vcpu *v)
{
	const struct thread *t = v->thread;
	int status = t->process->status;

	if (!task_is_last(t))
		faultlog_event(v, "the thread ends");
	else if (WIFSIGNALED(status))
		faultlog_event(v, "killed: %s", strsignal(WTERMSIG(status)));
	else
		faultlog_event(v, "exit: %d", WEXITSTATUS(status));
}

bool threads_end(struct vcpu *v)
{
	struct thread *t = v->thread;

	if (!t->ending || v->done)
		return false;
	futex_thread_end(t);
	timers_thread_end(t);
	if (task_is_last(t) && t->process == t->process->tasks->first) {
		end_machine(v);
		return true;
	}
	log_end(v);
	if (task_is_last(t))
		task_release_parent(t->process);
	vcpu_mm_upcall(v, HV_MM_LEAVE, v, 0, 0);
	faultlog_write(v);
	v->thread = NULL;
	if (v == threads.first)
		wait_first(NULL, NULL);
	task_exit_thread(t);
	v->idle = true;
	vcpu_unlock(v);
	say_ended();
	return true;
}

/* Somebody else of the guest is in the foreground. */
static bool is_for_others(int sig, const siginfo_t *info)
{
	const struct tasks *all = threads.tasks;

	return info->si_code == SI_KERNEL && stop_is_terminals(sig) &&
	       all->foreground != all->first->pgid;
}

/* What the first process does nothing about ends vmm, whatever it is at. */
static bool take_signal(int sig, const siginfo_t *info, void *context)
{
	struct thread *t = threads.first->thread;

	/* Its first thread takes them; without it vmm ends by them. */
	if (!t ||
	    (!t->process->signals.action[sig].handler &&
	     !(t->signals.mask & signal_bit(sig)) && !is_for_others(sig, info)))
		return false;
	wait_attend(context);
	return true;
}

static void release_exec(struct process *p)
{
	timers_process_end(p);
	exec_put(p->exec);
	p->exec = NULL;
}

void threads_init(struct machine *m, struct vcpu *v)
{
	threads.first = v;
	m->start = start;
	tasks_init(&m->tasks, v->thread->process);
	threads.tasks = &m->tasks;
	m->tasks.release = release_exec;
	wait_first(v->thread, serve_arrived);
	stop_hand_over(take_signal);
}

/* The first thread has ended before its process: signals still come here. */
static void watch_signals(void)
{
	while (!__atomic_load_n(&threads.over, __ATOMIC_SEQ_CST)) {
		if (stop_signal())
			machine_over(stop_signal());
		else
			syscall(SYS_futex, &threads.over, FUTEX_WAIT_PRIVATE, 0,
				&(struct timespec){1, 0}, NULL, 0);
	}
}

int threads_run(struct vcpu *v)
{
	vcpu_run(v);
	if (v->done)
		machine_over(v->wait_status);
	watch_signals();
	return threads.status;
}

static void stop_worker(struct worker *w)
{
	struct thread *t = w->vcpu.thread;

	if (t) { /* only where vmm gives up */
		t->ending = true;
		wait_kick(t);
	}
	if (w->has_host)
		pthread_join(w->host, NULL);
	vcpu_destroy(&w->vcpu);
}

void threads_fini(void)
{
	threads.first->vm->over = true;
	alarms_stop();
	biglock_end(threads.first->lock);
	alarms_fini();
	timers_end();
	for (struct worker *w = threads.workers, *next; w; w = next) {
		next = w->next;
		stop_worker(w);
		free(w);
	}
	threads.workers = NULL;
}
