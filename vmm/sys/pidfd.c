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

int64_t pidfd_open(struct call *c)
{
	int64_t host = host_call(SYS_pidfd_open, (int)c->arg[0], c->arg[1]);

	return host < 0 ? host : call_new_fd(c, (int)host, O_CLOEXEC);
}

int pidfd_pid(const struct call *c, unsigned arg)
{
	int host = call_host_fd(c, arg), pid = 0;
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

int64_t pidfd_getfd(struct call *c)
{
	int pid, host;

	if ((uint32_t)c->arg[2])
		return -EINVAL;
	pid = pidfd_pid(c, 0);
	if (pid < 0)
		return pid == -1 ? -ESRCH : pid;
	if (pid != getpid())
		return -EPERM;
	host = fdtable_dup_host(&c->s->fds, (int)c->arg[1]);
	if (host < 0)
		return host;
	return desc_carry(c, (int)c->arg[1],
			  fdtable_install(&c->s->fds, host, true, 0));
}

/* Memory is taken from those only that are about to die. */
int64_t pidfd_mrelease(struct call *c)
{
	int pid;

	if ((uint32_t)c->arg[1])
		return -EINVAL;
	pid = pidfd_pid(c, 0);
	if (pid == -1)
		return -ESRCH;
	if (pid < 0)
		return pid;
	return pid == getpid() ? -EINVAL : -EPERM;
}
