/*
 * process.c: see process.h.
 */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "capable.h"
#include "hv_vcpu.h"
#include "mdwe.h"
#include "memlock.h"
#include "poslocks.h"
#include "task_usage.h"
#include "vcpu.h"
#include "vm_setting.h"

/* What execve keeps, and a program can change. */
static void inherit(struct process *p, const struct rlimits *limits)
{
	int thp = prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0);
	int mdwe = prctl(PR_GET_MDWE, 0, 0, 0, 0);

	if (thp > 0)
		p->thp_disabled = thp & HV_THP_DISABLE_UNADVISED
					  ? HV_THP_DISABLE_UNADVISED
					  : HV_THP_DISABLE_ALL;
	p->mdwe = mdwe > 0 ? (uint64_t)mdwe : 0;
	signal_shared_init(&p->signals);
	if (limits)
		p->limits = *limits;
	else
		rlimits_read(&p->limits);
	p->no_new_privs = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
	prctl(PR_GET_PDEATHSIG, &p->pdeathsig);
}

static int open_places(struct process *p, const char *exe)
{
	p->cwd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	p->exe_fd = open(exe, O_PATH | O_CLOEXEC);
	return p->cwd < 0 || p->exe_fd < 0 ? -errno : 0;
}

int process_init(struct process *p, struct machine *m,
		 const struct process_config *config)
{
	int r;

	*p = (struct process){
		.machine = m,
		.pid = getpid(), /* so tools on the host agree with it */
		.cwd = -1,
		.exe_fd = -1,
		.exit_event = -1,
		.dumpable = 1,
		.umask = config->umask,
	};
	p->pgid = getpgrp();
	p->sid = getsid(0);
	p->exit_signal = SIGCHLD;
	p->is_first = true;
	p->usage = calloc(2, sizeof(*p->usage));
	if (!p->usage)
		return -ENOMEM;
	p->children = p->usage + 1;
	inherit(p, config->limits);
	fdtable_init(&p->fds, p->limits.of[RLIMIT_NOFILE].rlim_cur);
	p->fds.owner = p->pid;
	r = fdtable_inherit(&p->fds, !config->keep_inherited);
	return r ? r : open_places(p, config->exe);
}

void process_close(struct process *p)
{
	poslocks_drop(p->pid, NULL);
	fdtable_fini(&p->fds);
	if (p->cwd >= 0)
		close(p->cwd);
	if (p->exe_fd >= 0)
		close(p->exe_fd);
	p->cwd = p->exe_fd = -1;
	signal_shared_fini(&p->signals);
}

void process_fini(struct process *p)
{
	process_close(p);
	if (p->exit_event >= 0)
		close(p->exit_event);
	free(p->usage);
}

/* O_PATH and O_CLOEXEC stay. */
static int copy_fd(int fd)
{
	return fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

static int copy_parts(struct process *p, const struct process *from)
{
	p->usage = calloc(2, sizeof(*p->usage));
	if (!p->usage)
		return -ENOMEM;
	p->children = p->usage + 1;
	p->cwd = copy_fd(from->cwd);
	p->exe_fd = copy_fd(from->exe_fd);
	if (p->cwd < 0 || p->exe_fd < 0)
		return -errno;
	return fdtable_copy(&p->fds, &from->fds);
}

struct process *process_copy(const struct process *from)
{
	struct process *p = malloc(sizeof(*p));
	int r;

	if (!p)
		return NULL;
	*p = *from;
	p->cwd = p->exe_fd = p->exit_event = -1;
	p->fds = (struct fdtable){0};
	p->threads = NULL;
	p->timers = NULL;
	p->nr_threads = 0;
	p->has_execed = p->is_first = p->adopted = false;
	p->pdeathsig = p->subreaper = p->stopped = 0;
	p->tell_stopped = p->tell_continued = p->has_parents_space = false;
	signal_shared_copy(&p->signals, &from->signals);
	r = copy_parts(p, from);
	if (!r)
		return p;
	process_free(p);
	errno = -r;
	return NULL;
}

void process_free(struct process *p)
{
	if (p->is_first)
		return; /* its owner does it */
	process_fini(p);
	free(p);
}

void process_pass_limits(const struct process *p, struct vcpu *v)
{
	const struct rlimit *limit = p->limits.of;
	const struct hv_limits limits = {
		.stack = limit[RLIMIT_STACK].rlim_cur,
		.data = limit[RLIMIT_DATA].rlim_cur,
		.data_max = limit[RLIMIT_DATA].rlim_max,
		.as = limit[RLIMIT_AS].rlim_cur,
		.memlock = memlock_limit(limit[RLIMIT_MEMLOCK].rlim_cur),
		.thp_disabled = p->thp_disabled,
		.read_exec = !!(p->personality & READ_IMPLIES_EXEC),
		.mdwe = p->mdwe & PR_MDWE_REFUSE_EXEC_GAIN,
		.lowest = capable(CAP_SYS_RAWIO) ? 0 : vm_lowest_addr(),
	};

	vcpu_set_limits(v, &limits);
}
