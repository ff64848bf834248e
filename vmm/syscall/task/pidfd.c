/*
 * pidfd.c: descriptors of processes. Of the first process and those of the host
 * the host's are given, which can be waited on by poll(2); what they allow to
 * do to others than the guest's is refused here.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "families.h"
#include "pidfd.h"
#include "tasks.h"

/* One of ours is an event that its end raises. Given: a new number. */
int64_t pidfd_of(struct call *c, struct process *p, int flags)
{
	int host;
	int64_t fd;

	if (p->exit_event < 0)
		p->exit_event = eventfd(p->zombie, EFD_CLOEXEC | EFD_NONBLOCK);
	host = p->exit_event < 0 ? -1
				 : fcntl(p->exit_event, F_DUPFD_CLOEXEC, 3);
	if (host < 0)
		return -errno;
	fd = call_new_fd(c, host, O_CLOEXEC);
	if (fd < 0)
		return fd;
	fdtable_entry(&c->p->fds, (int)fd)->pidfd = p->pid;
	fdtable_entry(&c->p->fds, (int)fd)->shown_flags = flags & O_NONBLOCK;
	return fd;
}

int64_t pidfd_open(struct call *c)
{
	struct process *p = tasks_process(c->p->tasks, (int)c->arg[0]);
	uint32_t flags = (uint32_t)c->arg[1];
	int64_t host;

	if (p && !p->is_first && (int)c->arg[0] > 0)
		return flags & ~(uint32_t)O_NONBLOCK
			       ? -EINVAL
			       : pidfd_of(c, p, (int)flags);
	host = host_call(SYS_pidfd_open, (int)c->arg[0], c->arg[1]);
	return host < 0 ? host : call_new_fd(c, (int)host, O_CLOEXEC);
}

int pidfd_pid(const struct process *p, int fd)
{
	int host = fdtable_host(&p->fds, fd), pid = 0;
	char line[256];
	FILE *f;

	if (host < 0)
		return host;
	pid = fdtable_entry(&p->fds, fd)->pidfd;
	if (pid)
		return tasks_process(p->tasks, pid) ? pid : -1;
	snprintf(line, sizeof(line), "/proc/self/fdinfo/%d", host);
	f = fopen(line, "re");
	while (f && fgets(line, sizeof(line), f) &&
	       sscanf(line, "Pid: %d", &pid) != 1)
		;
	if (f)
		fclose(f);
	return pid ? pid : -EBADF;
}

int pidfd_check_own(const struct process *p, int fd)
{
	int pid = pidfd_pid(p, fd);

	if (pid == p->pid)
		return 0;
	return pid >= 0 ? -EPERM : pid == -1 ? -ESRCH : pid;
}

int64_t pidfd_getfd(struct call *c)
{
	int host;

	if ((uint32_t)c->arg[2])
		return -EINVAL;
	host = pidfd_check_own(c->p, (int)c->arg[0]);
	if (host < 0)
		return host;
	host = fdtable_dup_host(&c->p->fds, (int)c->arg[1]);
	if (host < 0)
		return host;
	return desc_carry(c, (int)c->arg[1],
			  fdtable_install(&c->p->fds, host, true, 0));
}

/* Memory is taken from those only that are about to die. */
int64_t pidfd_mrelease(struct call *c)
{
	int r;

	if ((uint32_t)c->arg[1])
		return -EINVAL;
	r = pidfd_check_own(c->p, (int)c->arg[0]);
	return r ? r : -EINVAL;
}
