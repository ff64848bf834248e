/*
 * sys_fixture.h: a program's calls from a test: a fake vCPU, a
 * machine with one process of one thread, a scratch directory with rw/
 * (writable), tmp/ (temporary files) and ro/ (neither) below it.
 */
#ifndef SYS_FIXTURE_H
#define SYS_FIXTURE_H

#include <criterion/criterion.h>
#include <sys/syscall.h>

#include "fake_vcpu.h"
#include "machine.h"
#include "process.h"
#include "thread.h"

extern struct vcpu cpu;
extern struct machine machine;
extern struct process process;
extern struct thread thread;
extern char scratch[64]; /* real path of the directory */

void sys_setup(void);
void sys_teardown(void);
/* In between: another machine and process, or none. */
void sys_begin(const struct machine_config *config);
void sys_end(void);

/* The call's result; up to six arguments. */
int64_t sys_call(long nr, const uint64_t arg[6]);
#define call(nr, ...) sys_call((nr), (const uint64_t[6]){__VA_ARGS__})

int64_t sys_call_of(struct thread *t, long nr, const uint64_t arg[6]);
#define call_of(t, nr, ...)                                                    \
	sys_call_of((t), (nr), (const uint64_t[6]){__VA_ARGS__})

/*
 * A second thread of the process, with a host thread, in which fn is called;
 * its memory is the first one's.
 */
void other_start(void (*fn)(struct thread *t));
void other_join(void);
/* It is in a host call that blocks. */
void until_it_waits(const struct thread *t);
/* With the lock held (thread_lock): the thread gets a signal. */
void raise_in(struct thread *t, int sig);

/* Addresses to put arguments at; far enough apart for a path each. */
#define VA0 (FAKE_BASE + 0x1000)
#define VA1 (FAKE_BASE + 0x3000)
#define VA2 (FAKE_BASE + 0x5000)
#define BIG (FAKE_BASE + 0x10000) /* 900 KiB, then the hole */
#define BAD FAKE_HOLE

/* "scratch/NAME" in a static buffer, one of four in turn. */
const char *in_scratch(const char *name);
/* The same in the program's memory. */
uint64_t path_at(uint64_t va, const char *name);
/* Open scratch/NAME as the program. */
int64_t guest_open(const char *name, int flags);
/* Make a file on the host with this content; read one. */
void host_file(const char *name, const char *text);
const char *host_read(const char *name);
/* Open descriptors of this process. */
unsigned host_fds(void);
/* What machine_report prints. */
const char *report(void);

#endif
