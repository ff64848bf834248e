/*
 * sys.c: one program's state, and the way of a call through the table.
 */
#include "sys.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "call.h"
#include "fsize.h"
#include "mapped.h"
#include "mdwe.h"
#include "message.h"
#include "path.h"
#include "rights.h"
#include "stop.h"
#include "vsyscall.h"

const struct rlimit *sys_limit(const struct sys *s, int resource)
{
	return &s->limits.of[resource];
}

/* What execve keeps, and a program can change. */
static void inherit(struct sys *s, const struct rlimits *limits)
{
	int thp = prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0);
	int mdwe = prctl(PR_GET_MDWE, 0, 0, 0, 0);

	if (thp > 0)
		s->thp_disabled = thp & HV_THP_DISABLE_UNADVISED
					  ? HV_THP_DISABLE_UNADVISED
					  : HV_THP_DISABLE_ALL;
	s->mdwe = mdwe > 0 ? (uint64_t)mdwe : 0;
	signals_init(&s->signals);
	if (limits)
		s->limits = *limits;
	else
		rlimits_read(&s->limits);
	s->no_new_privs = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
	prctl(PR_GET_PDEATHSIG, &s->pdeathsig);
}

/* By these the program writes outside of --rw, as its caller wants it. */
static void say_writable(const struct sys *s)
{
	char real[PATH_MAX];

	for (int fd = 3; fd < (int)s->fds.size; fd++) {
		int host = fdtable_host(&s->fds, fd);
		int mode = host < 0 ? O_PATH : fcntl(host, F_GETFL);

		if (!(mode & O_PATH) && (mode & O_ACCMODE) != O_RDONLY &&
		    path_real(s, host, real, sizeof(real)) == 0)
			detail("descriptor %d can be written: %s", fd, real);
	}
}

static int open_places(struct sys *s, const struct sys_config *config)
{
	s->proc_fd = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	s->cwd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	s->exe_fd = open(config->exe, O_PATH | O_CLOEXEC);
	return s->proc_fd < 0 || s->cwd < 0 || s->exe_fd < 0 ? -errno : 0;
}

static void set_name(struct sys *s, const char *exe)
{
	const char *slash = strrchr(exe, '/');

	strncpy(s->name, slash ? slash + 1 : exe, sizeof(s->name) - 1);
}

/* The kernel's says that it is from this process: the call fails by EPIPE. */
static void on_sigpipe(int sig, siginfo_t *info, void *context)
{
	(void)context;
	if (info->si_pid != getpid())
		stop_by(sig);
}

/* We raise the program's own. */
static void catch_sigpipe(struct sys *s)
{
	const struct sigaction action = {
		.sa_sigaction = on_sigpipe,
		.sa_flags = SA_SIGINFO,
	};

	sigaction(SIGPIPE, NULL, &s->sigpipe);
	if (s->sigpipe.sa_handler != SIG_IGN)
		sigaction(SIGPIPE, &action, NULL);
}

struct sys *sys_create(const struct sys_config *config)
{
	struct sys *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return NULL;
	s->proc_fd = s->cwd = s->exe_fd = -1;
	s->dumpable = 1;
	s->folios = config->folios;
	s->rw_suid = config->rw_suid;
	set_name(s, config->exe);
	inherit(s, config->limits);
	catch_sigpipe(s);
	fsize_init(s);
	fdtable_init(&s->fds, s->limits.of[RLIMIT_NOFILE].rlim_cur);
	s->exe = strdup(config->exe);
	r = s->exe ? rw_init(&s->rw, config->rw_dirs, config->nr_rw_dirs)
		   : -ENOMEM;
	if (r == 0)
		r = temp_init(&s->temp, config->temp_dirs, config->nr_temp_dirs,
			      &s->rw);
	if (r == 0)
		r = fdtable_inherit(&s->fds, !config->keep_inherited);
	if (r == 0)
		r = open_places(s, config);
	if (r == 0)
		say_writable(s);
	if (r < 0) {
		sys_destroy(s);
		errno = -r;
		return NULL;
	}
	return s;
}

void sys_set_about(struct sys *s, const struct sys_about *about)
{
	s->about = *about;
	if (about->name) {
		memset(s->name, 0, sizeof(s->name));
		set_name(s, about->name);
	}
}

static void remove_temporary(void *temp)
{
	temp_fini(temp);
}

void sys_destroy(struct sys *s)
{
	if (!s)
		return;
	sigaction(SIGPIPE, &s->sigpipe, NULL);
	fsize_fini(s);
	fdtable_fini(&s->fds);
	files_fini(&s->files);
	lost_fini(&s->lost);
	rw_fini(&s->rw);
	keeper_end(&s->keeper, remove_temporary, &s->temp);
	if (s->proc_fd >= 0)
		close(s->proc_fd);
	if (s->cwd >= 0)
		close(s->cwd);
	if (s->exe_fd >= 0)
		close(s->exe_fd);
	free(s->exe);
	free(s);
}

void call_say_refused(struct call *c, int error)
{
	uint64_t *said = &c->s->said[c->nr % CALL_NR_MAX / 64];
	uint64_t bit = 1ull << c->nr % 64;
	char *name;

	if (c->nr >= CALL_NR_MAX || (*said & bit))
		return;
	*said |= bit;
	name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_X86_64, (int)c->nr);
	note("system call %s (%u) is not supported: the program got %s",
	     name ? name : "?", (unsigned)c->nr, strerrorname_np(error));
	free(name);
}

int64_t call_dispatch(struct call *c)
{
	const struct call_row *row = call_row(c->nr);
	struct mapped_io io;
	int64_t r;

	if (!row) {
		call_say_refused(c, ENOSYS);
		return -ENOSYS;
	}
	if (row->error)
		return -row->error;
	mapped_before(c, &io);
	r = row->fn ? row->fn(c) : call_forward(c, row);
	return mapped_after(c, &io, r);
}

/* As a call does that fails by it. */
static void raise_own(struct sys *s, int sig)
{
	const struct signal_info info = {
		.sig = sig,
		.code = SI_USER,
		.pid = getpid(),
		.uid = getuid(),
	};

	signals_raise(&s->signals, &info);
}

void sys_serve(struct sys *s, struct vcpu *v)
{
	struct hv_regs regs;
	struct call c = {.s = s, .v = v, .regs = &regs};
	int64_t r;

	s->v = v;
	vcpu_get_regs(v, &regs);
	c.nr = (uint32_t)regs.rax; /* as Linux: an int */
	c.arg[0] = regs.rdi;
	c.arg[1] = regs.rsi;
	c.arg[2] = regs.rdx;
	c.arg[3] = regs.r10;
	c.arg[4] = regs.r8;
	c.arg[5] = regs.r9;
	r = call_dispatch(&c);
	if (c.broken_pipe)
		raise_own(s, SIGPIPE);
	if (c.too_large)
		raise_own(s, SIGXFSZ);
	regs.rax = (uint64_t)r;
	signals_deliver(&s->signals, v, &regs);
	vcpu_set_regs(v, &regs);
}

void sys_signal(struct sys *s, struct vcpu *v, const struct hv_call_signal *sig)
{
	const struct signal_info info = {
		.sig = sig->sig,
		.code = sig->code,
		.fault = true,
		.addr = sig->addr,
		.trapno = sig->trapno,
		.err = sig->err,
		.pkey = sig->pkey,
	};
	struct hv_regs regs;

	if (sig->sig < 1 || sig->sig > SIGNALS)
		return;
	vcpu_get_regs(v, &regs);
	if (!vsyscall_serve(s, v, sig, &regs))
		signals_force(&s->signals, &info);
	signals_deliver(&s->signals, v, &regs);
	vcpu_set_regs(v, &regs);
}

int sys_file_add(struct sys *s, int host_fd, const char *path)
{
	return files_add(&s->files, host_fd, path);
}

void sys_file_put(struct sys *s, uint32_t file)
{
	files_put(&s->files, file);
}

const char *sys_file_path(const struct sys *s, uint32_t file, uint32_t opened)
{
	const struct file *f = files_find(&s->files, file);

	return f ? file_name_of(f, opened)->path : NULL;
}

/* Forget the first n bytes of iov. */
static void iov_skip(struct iovec **iov, int *count, size_t n)
{
	while (*count && n >= (*iov)->iov_len) {
		n -= (*iov)->iov_len;
		(*iov)++;
		(*count)--;
	}
	if (!n)
		return;
	(*iov)->iov_base = (uint8_t *)(*iov)->iov_base + n;
	(*iov)->iov_len -= n;
}

int sys_file_readv(struct sys *s, uint32_t file, uint64_t offset,
		   struct iovec *iov, int count, bool again)
{
	const struct file *f = files_find(&s->files, file);
	int flags = RWF_NOWAIT; /* as long as the host's cache has it */
	ssize_t n;

	if (!f)
		return -EBADF;
	while (count) {
		n = preadv2(f->fd, iov, count, (off_t)offset, flags);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && flags) {
			s->files.waits += errno == EAGAIN;
			flags = 0;
			continue;
		}
		if (n <= 0)
			break;
		offset += (uint64_t)n;
		iov_skip(&iov, &count, (size_t)n);
	}
	if (count && n < 0)
		return -errno;
	for (; count && !again; iov++, count--)
		memset(iov->iov_base, 0, iov->iov_len);
	return 0;
}

void sys_death(const struct sys *s, struct sys_death *out)
{
	*out = s->signals.death;
}

void sys_report(const struct sys *s)
{
	rw_report(&s->rw);
	rights_report(s);
	temp_report(&s->temp);
	lost_report(&s->lost);
}
