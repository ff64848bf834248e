/*
 * host_call.h: a raw system call of this thread, its result in the kernel's
 * form: a value or -errno.
 */
#ifndef HOST_CALL_H
#define HOST_CALL_H

#include <errno.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#define host_call(...) host_result(syscall(__VA_ARGS__))

static inline int64_t host_result(long r)
{
	return r == -1 ? -errno : r;
}

/* kcmp(2) of what this process has; first and second as it takes them. */
#define host_compare(type, first, second)                                      \
	host_call(SYS_kcmp, getpid(), getpid(), (type), (first), (second))

#endif
