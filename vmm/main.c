/*
 * main.c: order of construction, and the end. Only this file exits.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "become.h"
#include "boot.h"
#include "call.h"
#include "cpl0_count.h"
#include "exits.h"
#include "facts.h"
#include "faultlog.h"
#include "fdpath.h"
#include "filepages.h"
#include "folios.h"
#include "hv_boot.h"
#include "hv_call.h"
#include "hv_map.h"
#include "hypercall.h"
#include "logfile.h"
#include "machine.h"
#include "message.h"
#include "options.h"
#include "process.h"
#include "registers.h"
#include "start.h"
#include "stop.h"
#include "symbols.h"
#include "thread.h"
#include "threads.h"
#include "tick.h"
#include "trace.h"
#include "vcpu.h"
#include "vcpu_internal.h"
#include "vm.h"
#include "wait.h"

#define FAILURE 125

/* Open files that the VMM must be allowed: RLIMIT_NOFILE. */
#define FILES_MIN 32

struct run {
	struct options options;
	struct exec_host exec_host;
	struct exec *exec;
	struct machine machine;
	struct process process;
	struct thread thread;
	struct vm vm;
	struct vcpu vcpu;
	struct folios folios;
	FILE *log;
	struct symbols *symbols;
};

static const struct vcpu_handlers handlers = {
	.exit = exit_dispatch,
	.kicked = threads_kicked,
	.ended = hypercall_end,
	.flush = faultlog_write,
	.dump = registers_dump,
};

static int prepare_vm(struct run *r)
{
	const struct options *o = &r->options;
	bool trace = o->trace || o->summary;
	struct boot_config config = {
		.ram_size = o->ram_size,
		.ram_fixed = o->ram_fixed,
		.flags = (trace ? HV_BOOT_TRACE : 0) |
			 (o->check ? HV_BOOT_CHECK : 0),
		.fault_around = o->fault_around,
		.ring_size = trace ? o->ring_size : 0,
		.kernel_cpl = o->kernel_cpl,
		.overcommit = o->overcommit,
		.thp = o->thp,
		.zero_page = o->zero_page,
	};

	r->vm.handlers = &handlers;
	if (vm_create(&r->vm))
		return FAILURE;
	if (boot_prepare(&r->vm, &config))
		return FAILURE;
	exec_describe(r->exec, &r->process.limits, r->process.pid,
		      boot_exec(&r->vm));
	exec_given(r->exec);
	if (vcpu_create(&r->vcpu, &r->vm, (hv_gpa_t){BOOT_VCPU_AREA}))
		return FAILURE;
	vdso_set_tsc(r->vcpu.fd);
	r->vcpu.thread = &r->thread;
	r->thread.vcpu = &r->vcpu;
	threads_init(&r->machine, &r->vcpu);
	facts_of_machine(&r->machine, &r->vm);
	facts_of_process(&r->process, o->aslr == ELFLOAD_ASLR_OFF);
	return 0;
}

/* machine_init has failed: most often by a directory of --rw. */
static void explain_machine(const struct options *o, int cause)
{
	for (unsigned i = 0; i < o->nr_rw_dirs; i++) {
		int fd = open(o->rw_dirs[i], O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (fd < 0) {
			error("--rw %s: %s", o->rw_dirs[i], strerror(errno));
			return;
		}
		close(fd);
	}
	error("cannot prepare system calls: %s", strerror(cause));
}

/* Of what the program may have, we need some to serve it. */
static bool enough_files(void)
{
	struct rlimit own = {0};

	getrlimit(RLIMIT_NOFILE, &own);
	if (own.rlim_cur < FILES_MIN)
		error("the hard limit of open files, %lu, is too low: ulimit "
		      "-Hn %d or more; --limit=nofile:%lu sets it for the "
		      "program alone",
		      own.rlim_cur, FILES_MIN, own.rlim_cur);
	return own.rlim_cur >= FILES_MIN;
}

static int prepare_machine(struct run *r)
{
	const char *own = getenv("TMPDIR");
	const char *const temp_dirs[] = {"/tmp", "/var/tmp", "/dev/shm", own};
	const struct machine_config config = {
		.rw_dirs = r->options.rw_dirs,
		.nr_rw_dirs = r->options.nr_rw_dirs,
		.rw_suid = r->options.rw_suid,
		.temp_dirs = temp_dirs,
		.nr_temp_dirs = r->options.no_tmp ? 0
				: own		  ? 4
						  : 3,
		.folios = r->options.folios_of_host ? &r->folios : NULL,
	};
	int ret;

	if (!enough_files())
		return FAILURE;
	if (config.folios && folios_open(&r->folios))
		return FAILURE;
	ret = machine_init(&r->machine, &config);
	if (ret)
		explain_machine(&r->options, -ret);
	r->machine.exec_host = &r->exec_host;
	r->machine.check = r->options.check;
	r->machine.dump = &r->options.dump;
	return ret ? FAILURE : 0;
}

/* By these the program writes outside of --rw, as its caller wants it. */
static void say_writable(const struct run *r)
{
	const struct fdtable *fds = &r->process.fds;
	char real[PATH_MAX];

	for (int fd = 3; fd < (int)fds->size; fd++) {
		int host = fdtable_host(fds, fd);
		int mode = host < 0 ? O_PATH : fcntl(host, F_GETFL);

		if (!(mode & O_PATH) && (mode & O_ACCMODE) != O_RDONLY &&
		    fdpath_real(&r->machine, host, real, sizeof(real)) == 0)
			detail("descriptor %d can be written: %s", fd, real);
	}
}

static int prepare_process(struct run *r)
{
	const struct process_config config = {
		.exe = r->exec->program.path,
		.limits = &r->options.limits,
		.umask = r->machine.umask,
	};
	int ret = process_init(&r->process, &r->machine, &config);

	ret = ret ? ret : io_buffer_make();
	ret = ret ? ret : wait_init();
	if (ret) {
		error("cannot prepare the process: %s", strerror(-ret));
		return FAILURE;
	}
	thread_init(&r->thread, &r->process);
	wait_begin(&r->thread);
	thread_set_name(&r->thread, r->options.program_argv[0]);
	r->process.exec = exec_get(r->exec);
	r->process.aslr_seed = r->exec->next_seed;
	process_set_auxv(&r->process, r->exec);
	say_writable(r);
	if (exec_add_files(r->exec, &r->machine.files)) {
		error("%s: cannot be mapped", r->exec->program.path);
		return FAILURE;
	}
	return 0;
}

static const char *file_path(void *machine, uint32_t file, uint32_t opened)
{
	return filepages_path(machine, file, opened);
}

/* A file of the user's, made with the user's mask. */
static FILE *open_log(const struct run *r)
{
	mode_t none = umask(r->machine.umask);
	FILE *log = logfile_open(r->options.log_file, r->exec->program.path,
				 r->exec->argv);

	umask(none);
	return log;
}

static int prepare_log(struct run *r)
{
	const struct options *o = &r->options;
	struct trace_config config = {
		.text = o->trace ? stderr : NULL,
		.summary = o->summary,
		.tsc_khz = r->vm.tsc_khz,
		.file_path = file_path,
		.ctx = &r->machine,
	};

	if (!o->trace && !o->summary)
		return 0;
	if (o->log_file) {
		r->log = open_log(r);
		if (!r->log)
			return FAILURE;
		config.text = r->log;
	}
	if (o->trace) {
		r->symbols = symbols_read(r->exec->program.fd);
		if (r->symbols)
			symbols_set_bias(r->symbols, r->exec->plan.load_bias);
		config.symbols = r->symbols;
		config.symbols_pid = (uint32_t)r->process.pid;
	}
	r->machine.trace = trace_create(&config);
	if (!r->machine.trace) {
		error("no memory for the log");
		return FAILURE;
	}
	return 0;
}

/* Every frame and object must be back: a leak is a bug of the guest kernel. */
static int check_counters(const struct machine *m)
{
	const struct hv_counters *c = &m->counters;

	if (!m->check || stop_signal())
		return 0;
	if (!m->have_counters) {
		error("check: the guest ended without counting");
		return FAILURE;
	}
	note("check: %lu of %lu frames free, %lu in kernel use, %lu slab "
	     "objects, %lu faults, %lu splits, %lu merges",
	     c->frames_free, c->frames_total, c->frames_kernel, c->slab_objects,
	     c->faults, c->buddy_splits, c->buddy_merges);
	if (c->slab_objects ||
	    c->frames_free + c->frames_kernel != c->frames_total) {
		error("check failed: frames or slab objects were lost");
		return FAILURE;
	}
	return 0;
}

/* si_code of a signal, in words. */
static const char *code_name(int sig, int code)
{
	if (sig == SIGSEGV && code == SEGV_MAPERR)
		return " (MAPERR: no mapping there, or a guard page)";
	if (sig == SIGSEGV && code == SEGV_ACCERR)
		return " (ACCERR: the mapping forbids it)";
	if (sig == SIGSEGV && code == SEGV_PKUERR)
		return " (PKUERR: the protection key forbids it)";
	if (sig == SIGBUS && code == BUS_ADRERR)
		return " (ADRERR: beyond the end of the file)";
	return "";
}

static void explain_death(const struct run *r, int sig)
{
	const char *program = r->options.program_argv[0];
	const struct signal_death d = r->process.signals.death;

	if ((sig == SIGSEGV || sig == SIGBUS) && d.code > 0)
		note("%s: %s%s at address %#lx, instruction %#lx", program,
		     strsignal(sig), code_name(sig, d.code), d.addr, d.ip);
	else if (sig == SIGKILL && d.addr)
		note("%s: killed: guest RAM (%lu MiB) is full, at address "
		     "%#lx; try a larger -m",
		     program, r->vm.ram_size >> 20, d.addr);
	else if (d.sig && d.code > 0)
		note("%s: %s, instruction %#lx", program, strsignal(sig), d.ip);
	else
		note("%s: ended by a signal: %s%s", program, strsignal(sig),
		     stop_signal() && (r->machine.check ||
				       dump_any(r->machine.dump))
			     ? " (from outside: nothing is dumped or checked)"
			     : "");
}

/* What was asked for must have been written: the log, and what stderr has. */
static int check_output(const struct run *r)
{
	const struct options *o = &r->options;
	int cause = r->machine.trace ? trace_error(r->machine.trace) : 0;

	if (cause)
		error("%s %s: the log is not complete: %s",
		      o->log_file ? "-o" : "--trace to",
		      o->log_file ? o->log_file : "standard error",
		      strerror(cause));
	else if (o->summary || o->count_cpl0 || dump_any(&o->dump))
		cause = ferror(stderr);
	/* That is what natively becomes of what nobody reads. */
	return cause && !(cause == EINTR && stop_signal()) ? FAILURE : 0;
}

static bool nobody_reads_stderr(void)
{
	struct pollfd p = {STDERR_FILENO, POLLOUT, 0};

	return poll(&p, 1, 0) == 0;
}

static int run(struct run *r)
{
	int status = threads_run(&r->vcpu), failed;

	threads_fini();
	faultlog_drain(&r->vcpu);
	if (r->machine.trace)
		trace_end(r->machine.trace);
	if (stop_signal() && nobody_reads_stderr())
		return status; /* whoever ends us does not wait for a reader */
	if (WIFSIGNALED(status))
		explain_death(r, WTERMSIG(status));
	if (r->machine.trace && !r->options.quiet)
		trace_finish(r->machine.trace, stderr);
	machine_report(&r->machine);
	if (r->options.count_cpl0)
		cpl0_count_report();
	failed = check_counters(&r->machine) | check_output(r);
	return failed ? failed << 8 : status;
}

static void tear_down(struct run *r)
{
	trace_destroy(r->machine.trace);
	symbols_free(r->symbols);
	if (r->log && fclose(r->log))
		error("-o %s: %s", r->options.log_file, strerror(errno));
	stop_fini();
	io_buffer_drop();
	process_fini(&r->process);
	machine_fini(&r->machine);
	if (r->options.folios_of_host)
		folios_close(&r->folios);
	vcpu_destroy(&r->vcpu);
	vm_destroy(&r->vm);
	exec_put(r->process.exec);
	exec_put(r->exec);
}

/* End as the program did; but the core file would be ours, so none. */
static int end_as(int status)
{
	struct rlimit no_core = {0, 0};

	if (!WIFSIGNALED(status))
		return WEXITSTATUS(status);
	setrlimit(RLIMIT_CORE, &no_core);
	stop_end_by(WTERMSIG(status));
	return 128 + WTERMSIG(status);
}

/*
 * A standard descriptor that is closed must not become one of the files that
 * we open: the program would read, and we would print, there. The program does
 * not get what is close-on-exec.
 */
static int occupy_standard(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd <= 2);
	if (fd >= 0)
		close(fd);
	return fd < 0 ? -errno : 0;
}

/* The auxiliary vector follows the environment, until that is changed. */
static const uint64_t *find_auxv(char **envp)
{
	while (*envp)
		envp++;
	return (const uint64_t *)(envp + 1);
}

static int load_program(struct run *r, const uint64_t *auxv)
{
	const struct options *o = &r->options;
	const struct exec_start start_by = {
		.program = o->program_argv[0],
		.argv = (const char *const *)o->program_argv,
		.envp = (const char *const *)environ,
		.host = &r->exec_host,
		.limits = &o->limits,
		.randomize = o->aslr != ELFLOAD_ASLR_OFF,
		.seed = o->aslr_seed,
	};

	exec_host_init(&r->exec_host, auxv);
	vdso_init(&r->exec_host.vdso);
	r->exec_host.repeatable = o->aslr == ELFLOAD_ASLR_SEED;
	return exec_start(&r->exec, &start_by);
}

/* The limits that vmm was started with: they are meant for the program. */
static struct rlimits limits;

static int start(int argc, char **argv, char **envp)
{
	const uint64_t *auxv = find_auxv(envp);
	static struct run r;
	const struct options *o = &r.options;
	int status;

	if (occupy_standard()) {
		error("/dev/null: %s", strerror(errno));
		return FAILURE;
	}
	r.options.limits = limits;
	status = options_parse(&r.options, argc, argv);
	if (status >= 0)
		return status;
	message_level(o->quiet, o->verbose);
	status = rlimits_keep_cpu(&o->limits);
	if (status) {
		error("--limit=cpu: %s", strerror(-status));
		return FAILURE;
	}
	if (o->close_fds && close_range(3, ~0u, 0)) {
		error("--close-fds: %s", strerror(errno));
		return FAILURE;
	}
	if (o->directory && chdir(o->directory)) {
		error("-C %s: %s", o->directory, strerror(errno));
		return FAILURE;
	}
	status = load_program(&r, auxv);
	if (status)
		return status;
	if (prepare_machine(&r) || prepare_process(&r) || prepare_vm(&r) ||
	    prepare_log(&r))
		return FAILURE;
	if (o->count_cpl0 && cpl0_count_init(&r.vcpu, r.exec->plan.entry)) {
		error("--count-cpl0: this KVM cannot step");
		return FAILURE;
	}
	stop_init(&r.vcpu.run->immediate_exit);
	if (o->trace && tick_start(r.vcpu.fd))
		trace_each_line(r.machine.trace);
	status = run(&r);
	tear_down(&r);
	return end_as(status);
}

int main(int argc, char **argv, char **envp)
{
	rlimits_read(&limits);
	rlimits_raise();
	return rlimits_with_stack(start, argc, argv, envp);
}
