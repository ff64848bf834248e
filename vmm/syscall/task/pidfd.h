/*
 * pidfd.h: descriptors of processes.
 */
#ifndef PIDFD_H
#define PIDFD_H

struct process;

/* Of which process descriptor `fd` is; -1: it is gone; -EBADF: of none. */
int pidfd_pid(const struct process *p, int fd);
/* 0: of the program itself. -EBADF: of no process. -ESRCH, -EPERM: of others.
 */
int pidfd_check_own(const struct process *p, int fd);

#endif
