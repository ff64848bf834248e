/*
 * pidfd.c: descriptors of processes. The host's are given, which can be waited
 * on by poll(2); what they allow to do to others than the program itself is
 * refused here.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "families.h"
#include "pidfd.h"

int64_t pidfd_open(struct call *c)
{
	int64_t host = host_call(SYS_pidfd_open, (int)c->arg[0], c->arg[1]);

	return host < 0 ? host : call_new_fd(c, (int)host, O_CLOEXEC);
}

int pidfd_pid(const struct process *p, int fd)
{
	int host = fdtable_host(&p->fds, fd), pid = 0;
	char line[256];
	FILE *f;

	if (host < 0)
		return host;
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
