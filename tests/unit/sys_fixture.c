/*
 * sys_fixture.c: see sys_fixture.h.
 */
#include "sys_fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "call.h"
#include "fake_exec.h"
#include "serve.h"
#include "tasks.h"
#include "timers.h"
#include "wait.h"

struct vcpu cpu;
struct machine machine;
struct process process;
struct thread thread;
char scratch[64];

const char *in_scratch(const char *name)
{
	static char buf[4][512];
	static unsigned turn;

	turn = (turn + 1) % 4;
	snprintf(buf[turn], sizeof(buf[turn]), "%s/%s", scratch, name);
	return buf[turn];
}

static bool running;

void sys_begin(const struct machine_config *config)
{
	struct process_config process_config = {
		.exe = "/bin/true",
		.keep_inherited = true,
	};

	running = true;
	cr_assert_eq(machine_init(&machine, config), 0);
	machine.exec_host = fake_exec_host();
	process_config.umask = machine.umask;
	cr_assert_eq(process_init(&process, &machine, &process_config), 0);
	cr_assert_eq(io_buffer_make(), 0);
	thread_init(&thread, &process);
	tasks_init(&machine.tasks, &process);
	/* It ends by its vCPU (fake_vcpu.h), which tests look at. */
	process.signals.end = NULL;
	process.signals.stop = NULL;
	thread_set_name(&thread, process_config.exe);
	thread.vcpu = &cpu;
	cr_assert_eq(wait_init(), 0);
	wait_begin(&thread);
}

void sys_end(void)
{
	if (!running)
		return;
	running = false;
	alarms_stop();
	alarms_fini();
	timers_end();
	io_buffer_drop();
	exec_put(process.exec);
	fake_exec_fini();
	process_fini(&process);
	machine_fini(&machine);
}

void sys_setup(void)
{
	char rw[80], tmp[80];
	const char *dirs[] = {rw}, *temp_dirs[] = {tmp, rw, "/nowhere"};
	const struct machine_config config = {
		.rw_dirs = dirs,
		.nr_rw_dirs = 1,
		.temp_dirs = temp_dirs,
		.nr_temp_dirs = 3,
	};

	strcpy(scratch, "/tmp/test_sys.XXXXXX");
	cr_assert(mkdtemp(scratch));
	snprintf(rw, sizeof(rw), "%s/rw", scratch);
	snprintf(tmp, sizeof(tmp), "%s/tmp", scratch);
	mkdir(rw, 0755);
	mkdir(tmp, 0755);
	mkdir(in_scratch("rw2"), 0755); /* only looks like rw */
	mkdir(in_scratch("ro"), 0755);
	host_file("ro/file", "readonly");
	host_file("rw/file", "writable");
	fake_vcpu_init(&cpu);
	sys_begin(&config);
}

void sys_teardown(void)
{
	char command[100];

	sys_end();
	fake_vcpu_fini(&cpu);
	snprintf(command, sizeof(command), "rm -rf '%s'", scratch);
	cr_assert_eq(system(command), 0);
}

int64_t sys_call_of(struct thread *t, long nr, const uint64_t arg[6])
{
	struct hv_regs *regs = &t->vcpu->regs;

	regs->rax = (uint64_t)nr;
	regs->rdi = arg[0];
	regs->rsi = arg[1];
	regs->rdx = arg[2];
	regs->r10 = arg[3];
	regs->r8 = arg[4];
	regs->r9 = arg[5];
	thread_lock(t);
	serve_syscall(t);
	thread_unlock(t);
	return (int64_t)regs->rax;
}

int64_t sys_call(long nr, const uint64_t arg[6])
{
	return sys_call_of(&thread, nr, arg);
}

/* ---- Another thread of the process -------------------------------------- */

static struct vcpu other_cpu;
static struct thread other;
static pthread_t other_host;

static void *run_other(void *fn)
{
	cr_assert_eq(io_buffer_make(), 0);
	wait_begin(&other);
	((void (*)(struct thread *))fn)(&other);
	io_buffer_drop();
	return NULL;
}

void other_start(void (*fn)(struct thread *t))
{
	fake_begin_many();
	thread_init(&other, &process);
	other.tid++;
	other_cpu = cpu;
	other.vcpu = &other_cpu;
	cr_assert_eq(pthread_create(&other_host, NULL, run_other, (void *)fn),
		     0);
}

void other_join(void)
{
	pthread_join(other_host, NULL);
}

/* The letter of /proc/PID/stat. */
static char host_state(int tid)
{
	char path[64], state = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	f = fopen(path, "re");
	if (f && fscanf(f, "%*[^)]) %c", &state) != 1)
		state = 0;
	if (f)
		fclose(f);
	return state;
}

void until_it_waits(const struct thread *t)
{
	unsigned seen = 0;

	/* Twice, for it may have waited for something else. */
	while (seen < 2) {
		seen = host_state(t->host_tid) == 'S' ? seen + 1 : 0;
		usleep(2000);
	}
}

void raise_in(struct thread *t, int sig)
{
	const struct signal_info info = {.sig = sig, .code = SI_USER};

	signals_raise(&t->signals, &info);
	wait_kick(t);
}

uint64_t path_at(uint64_t va, const char *name)
{
	return fake_str(&cpu, va, in_scratch(name));
}

int64_t guest_open(const char *name, int flags)
{
	return call(SYS_openat, (uint64_t)AT_FDCWD, path_at(VA0, name),
		    (uint64_t)flags, 0644);
}

void host_file(const char *name, const char *text)
{
	FILE *f = fopen(in_scratch(name), "w");

	cr_assert(f);
	fputs(text, f);
	fclose(f);
}

const char *host_read(const char *name)
{
	static char buf[256];
	FILE *f = fopen(in_scratch(name), "r");
	size_t n;

	if (!f)
		return NULL;
	n = fread(buf, 1, sizeof(buf) - 1, f);
	buf[n] = '\0';
	fclose(f);
	return buf;
}

unsigned host_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

const char *report(void)
{
	static char buf[4096];
	FILE *f = fmemopen(buf, sizeof(buf), "w"), *usual = stderr;

	stderr = f;
	machine_report(&machine);
	stderr = usual;
	fclose(f);
	return buf;
}
