/*
 * main.c: order of construction, and the end. Only this file exits.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "about.h"
#include "boot.h"
#include "count.h"
#include "exec.h"
#include "folios.h"
#include "logfile.h"
#include "message.h"
#include "options.h"
#include "stop.h"
#include "symbols.h"
#include "sys.h"
#include "tick.h"
#include "trace.h"
#include "vcpu_internal.h"

#define FAILURE 125

struct machine {
	struct options options;
	struct exec exec;
	struct vm vm;
	struct vcpu vcpu;
	struct folios folios;
	FILE *log;
	struct symbols *symbols;
};

static int prepare_vm(struct machine *m)
{
	const struct options *o = &m->options;
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

	m->vm.check = o->check;
	m->vm.dump = &o->dump;
	m->vm.exec = &m->exec;
	if (vm_create(&m->vm))
		return FAILURE;
	if (boot_prepare(&m->vm, &config))
		return FAILURE;
	exec_describe(&m->exec, m->vm.sys, boot_exec(&m->vm));
	if (vcpu_create(&m->vcpu, &m->vm, (hv_gpa_t){BOOT_VCPU_AREA}))
		return FAILURE;
	vdso_set_tsc(m->vcpu.fd);
	about_set(&m->vm, &m->exec, o->program_argv[0],
		  o->aslr == ELFLOAD_ASLR_OFF);
	return 0;
}

/* sys_create has failed: most often by a directory of --rw. */
static void explain_sys(const struct options *o)
{
	int cause = errno;

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
	if (own.rlim_cur < SYS_FILES_MIN)
		error("the hard limit of open files, %lu, is too low: ulimit "
		      "-Hn %d or more; --limit=nofile:%lu sets it for the "
		      "program alone",
		      own.rlim_cur, SYS_FILES_MIN, own.rlim_cur);
	return own.rlim_cur >= SYS_FILES_MIN;
}

static int prepare_sys(struct machine *m)
{
	const char *own = getenv("TMPDIR");
	const char *const temp_dirs[] = {"/tmp", "/var/tmp", "/dev/shm", own};
	struct sys_config config = {
		.exe = m->exec.program.path,
		.rw_dirs = m->options.rw_dirs,
		.nr_rw_dirs = m->options.nr_rw_dirs,
		.rw_suid = m->options.rw_suid,
		.temp_dirs = temp_dirs,
		.nr_temp_dirs = m->options.no_tmp ? 0
				: own		  ? 4
						  : 3,
		.folios = m->options.folios_of_host ? &m->folios : NULL,
		.limits = &m->options.limits,
	};

	if (!enough_files())
		return FAILURE;
	if (config.folios && folios_open(&m->folios))
		return FAILURE;
	m->vm.sys = sys_create(&config);
	if (!m->vm.sys) {
		explain_sys(&m->options);
		return FAILURE;
	}
	if (exec_add_files(&m->exec, m->vm.sys)) {
		error("%s: cannot be mapped", m->exec.program.path);
		return FAILURE;
	}
	return 0;
}

static const char *file_path(void *sys, uint32_t file, uint32_t opened)
{
	return sys_file_path(sys, file, opened);
}

static int prepare_log(struct machine *m)
{
	const struct options *o = &m->options;
	struct trace_config config = {
		.text = o->trace ? stderr : NULL,
		.summary = o->summary,
		.tsc_khz = m->vm.tsc_khz,
		.file_path = file_path,
		.ctx = m->vm.sys,
	};

	if (!o->trace && !o->summary)
		return 0;
	if (o->log_file) {
		m->log = logfile_open(o->log_file, m->exec.found,
				      o->program_argv);
		if (!m->log)
			return FAILURE;
		config.text = m->log;
	}
	if (o->trace) {
		m->symbols = symbols_read(m->exec.program.fd);
		if (m->symbols)
			symbols_set_bias(m->symbols, m->exec.plan.load_bias);
		config.symbols = m->symbols;
	}
	m->vm.trace = trace_create(&config);
	if (!m->vm.trace) {
		error("no memory for the log");
		return FAILURE;
	}
	return 0;
}

/* Every frame and object must be back: a leak is a bug of the guest kernel. */
static int check_counters(const struct vm *vm)
{
	const struct hv_counters *c = &vm->counters;

	if (!vm->check || stop_signal())
		return 0;
	if (!vm->have_counters) {
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

static void explain_death(const struct machine *m, int sig)
{
	const char *program = m->options.program_argv[0];
	struct sys_death d = {0};

	sys_death(m->vm.sys, &d);
	if ((sig == SIGSEGV || sig == SIGBUS) && d.code > 0)
		note("%s: %s%s at address %#lx, instruction %#lx", program,
		     strsignal(sig), code_name(sig, d.code), d.addr, d.ip);
	else if (sig == SIGKILL && d.addr)
		note("%s: killed: guest RAM (%lu MiB) is full, at address "
		     "%#lx; try a larger -m",
		     program, m->vm.ram_size >> 20, d.addr);
	else if (d.sig && d.code > 0)
		note("%s: %s, instruction %#lx", program, strsignal(sig), d.ip);
	else
		note("%s: ended by a signal: %s%s", program, strsignal(sig),
		     stop_signal() && (m->vm.check || dump_any(m->vm.dump))
			     ? " (from outside: nothing is dumped or checked)"
			     : "");
}

/* What was asked for must have been written: the log, and what stderr has. */
static int check_output(const struct machine *m)
{
	const struct options *o = &m->options;
	int cause = m->vm.trace ? trace_error(m->vm.trace) : 0;

	if (cause)
		error("%s %s: the log is not complete: %s",
		      o->log_file ? "-o" : "--trace to",
		      o->log_file ? o->log_file : "standard error",
		      strerror(cause));
	else if (o->summary || o->count_cpl0 || dump_any(&o->dump))
		cause = ferror(stderr);
	return cause ? FAILURE : 0;
}

static int run(struct machine *m)
{
	int status = vcpu_run(&m->vcpu), failed;

	if (m->vm.trace)
		trace_end(m->vm.trace);
	if (WIFSIGNALED(status))
		explain_death(m, WTERMSIG(status));
	if (m->vm.trace && !m->options.quiet)
		trace_finish(m->vm.trace, stderr);
	sys_report(m->vm.sys);
	if (m->options.count_cpl0)
		count_report();
	failed = check_counters(&m->vm) | check_output(m);
	return failed ? failed << 8 : status;
}

static void tear_down(struct machine *m)
{
	trace_destroy(m->vm.trace);
	symbols_free(m->symbols);
	if (m->log && fclose(m->log))
		error("-o %s: %s", m->options.log_file, strerror(errno));
	stop_fini();
	sys_destroy(m->vm.sys);
	if (m->options.folios_of_host)
		folios_close(&m->folios);
	vcpu_destroy(&m->vcpu);
	vm_destroy(&m->vm);
	exec_unload(&m->exec);
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

static int load_program(struct machine *m, const uint64_t *auxv)
{
	const struct options *o = &m->options;
	const struct exec_config config = {
		.program = o->program_argv[0],
		.argv = (const char *const *)o->program_argv,
		.envp = (const char *const *)environ,
		.auxv = auxv,
		.limits = &o->limits,
		.aslr = o->aslr,
		.aslr_seed = o->aslr_seed,
	};

	return exec_load(&m->exec, &config);
}

/* The limits that vmm was started with: they are meant for the program. */
static struct rlimits limits;

static int start(int argc, char **argv, char **envp)
{
	const uint64_t *auxv = find_auxv(envp);
	static struct machine m;
	const struct options *o = &m.options;
	int status;

	if (occupy_standard()) {
		error("/dev/null: %s", strerror(errno));
		return FAILURE;
	}
	m.options.limits = limits;
	status = options_parse(&m.options, argc, argv);
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
	status = load_program(&m, auxv);
	if (status)
		return status;
	if (prepare_sys(&m) || prepare_vm(&m) || prepare_log(&m))
		return FAILURE;
	if (o->count_cpl0 && count_init(&m.vcpu, m.exec.plan.entry)) {
		error("--count-cpl0: this KVM cannot step");
		return FAILURE;
	}
	stop_init(&m.vcpu.run->immediate_exit);
	if (o->trace && tick_start(m.vcpu.fd))
		trace_each_line(m.vm.trace);
	status = run(&m);
	tear_down(&m);
	return end_as(status);
}

int main(int argc, char **argv, char **envp)
{
	rlimits_read(&limits);
	rlimits_raise();
	return rlimits_with_stack(start, argc, argv, envp);
}
