/*
 * pidfd.h: descriptors of processes.
 */
#ifndef PIDFD_H
#define PIDFD_H

#include <stdint.h>

struct call;
struct process;

/* A new descriptor of p, with O_NONBLOCK or not. */
int64_t pidfd_of(struct call *c, struct process *p, int flags);

/* Of which process descriptor `fd` is; -1: it is gone; -EBADF: of none. */
int pidfd_pid(const struct process *p, int fd);
/* 0: of the program itself. -EBADF: of no process. -ESRCH, -EPERM: of others.
 */
int pidfd_check_own(const struct process *p, int fd);

#endif
