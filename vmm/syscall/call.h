/*
 * call.h: what the families of system calls share: one call being served, and
 * the table's rows. Private to vmm/syscall/.
 *
 * Results are those of the kernel: a value >= 0 or -errno.
 */
#ifndef CALL_H
#define CALL_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host_call.h"
#include "hv_map.h"
#include "hv_vcpu.h"
#include "machine.h"
#include "process.h"
#include "thread.h"
#include "usermem.h"
#include "vcpu.h"

struct call {
	struct machine *m;
	struct process *p;
	struct thread *t;
	struct vcpu *v;
	struct hv_regs *regs;
	uint64_t nr;
	uint64_t arg[6];
	bool broken_pipe; /* raise SIGPIPE, whatever the result is */
	bool too_large;	  /* raise SIGXFSZ, likewise */
};

typedef int64_t (*call_fn)(struct call *c);

struct exec;
/*
 * Run e, whose files have numbers, in the place of what runs: by those who have
 * the guest make the address space (process_exec in between). e is borrowed.
 * Returns -errno, and nothing has changed; or 0: the registers are those of the
 * new program, or it has ended.
 */
int64_t call_exec_commit(struct call *c, struct exec *e);

/* What an argument is, for calls that need nothing but translation. */
enum arg_kind {
	ARG_VALUE,
	ARG_FD,
	ARG_IN,	      /* pointer to `size` bytes that the call reads */
	ARG_OUT,      /* ... writes */
	ARG_INOUT,    /* ... both */
	ARG_NULL = 8, /* flag: a null pointer is passed on as such */
};

struct call_arg {
	uint8_t kind;
	uint16_t size;
};

enum call_blocks { CALL_SHORT, CALL_WAIT, CALL_LONG };

struct call_row {
	bool known;
	call_fn fn;	   /* or NULL: forward by `arg` */
	int error;	   /* the answer, if not 0 */
	bool memory_first; /* is looked at before descriptors are */
	uint8_t blocks;	   /* enum call_blocks: as call_wait, call_long */
	struct call_arg arg[6];
};

/* Largest structure of a forwarded call. */
#define FORWARD_MAX 512

/* The row of a call, or NULL if it is unknown. */
const struct call_row *call_row(uint64_t nr);
int64_t call_forward(struct call *c, const struct call_row *row);
/* Serve it by its row, whatever kind that is. */
int64_t call_dispatch(struct call *c);

/* Tell the user, once for each number, that it is not supported. */
void call_say_refused(struct call *c, int error);

/*
 * A host call, up to six arguments, that may block for long: the machine's lock
 * is not held meanwhile. What other threads can change must be looked at anew
 * after it, the table of descriptors too; so a descriptor that it uses must be
 * held, and io_buffer is good, as it is the thread's.
 *
 * call_wait ends for a signal, too: -ERESTARTSYS, which is the answer unless
 * Linux has another (restart.h); or -ERESTARTNOINTR, where it has not been
 * made, as the signal was there before. call_wait_fd is for a call that waits
 * for `host` to be readable or (`sends`) writable, whatever it is: of a socket
 * with SO_RCVTIMEO or SO_SNDTIMEO, -EINTR.
 * call_long is for what no signal ends on Linux: long ones, not endless ones.
 */
#define call_wait(c, nr, ...)                                                  \
	call_wait_args((c), (nr), (const uint64_t[6]){__VA_ARGS__})
#define call_wait_fd(c, host, sends, nr, ...)                                  \
	call_wait_fd_args((c), (host), (sends), (nr),                          \
			  (const uint64_t[6]){__VA_ARGS__})
#define call_long(c, nr, ...)                                                  \
	call_long_args((c), (nr), (const uint64_t[6]){__VA_ARGS__})
int64_t call_wait_args(struct call *c, long nr, const uint64_t arg[6]);
int64_t call_long_args(struct call *c, long nr, const uint64_t arg[6]);
int64_t call_wait_fd_args(struct call *c, int host, bool sends, long nr,
			  const uint64_t arg[6]);
/* The result of call_wait, where that was for a socket. */
int64_t call_wait_socket(int host, bool sends, int64_t r);

/*
 * The host's descriptor for a guest number, or -EBADF; it stays open and the
 * same file until call_release, which is due in either case.
 */
int call_hold_fd(struct call *c, int guest_fd, struct fd_hold *hold);
void call_release(struct call *c, struct fd_hold *hold);

/*
 * RLIMIT_FSIZE, the largest file that the program may make, is looked at here:
 * the host's kernel has one for all processes of the machine. Both return
 * -EFBIG, and SIGXFSZ will be raised, if Linux says so.
 */
#define CALL_POSITION (-1ll)
/*
 * How many of `len` bytes may be written at `offset` (CALL_POSITION; `appends`:
 * at the end): Linux generic_write_check_limits.
 */
int64_t call_size_write(struct call *c, int host, int64_t offset, bool appends,
			uint64_t len);
/* May the file get this size? 0 if so. Linux inode_newsize_ok. */
int call_size_grow(struct call *c, int host, uint64_t size);

static inline int call_host_fd(const struct call *c, unsigned arg)
{
	return fdtable_host(&c->p->fds, (int)c->arg[arg]);
}

static inline bool call_is_self(const struct call *c, uint64_t pid)
{
	return (int)pid == 0 || (int)pid == c->p->pid;
}

/* Linux access_ok: an address that user memory may have. */
static inline bool call_access_ok(uint64_t va, uint64_t len)
{
	return va <= HV_VA_USER_END && len <= HV_VA_USER_END - va;
}

static inline int call_get(struct call *c, uint64_t va, void *dst, size_t len)
{
	return usermem_read(c->v, va, dst, len);
}

static inline int call_put(struct call *c, uint64_t va, const void *src,
			   size_t len)
{
	return usermem_write(c->v, va, src, len);
}

/* As call_put, but a null pointer means that nobody wants it. */
static inline int call_put_opt(struct call *c, uint64_t va, const void *src,
			       size_t len)
{
	return va ? usermem_write(c->v, va, src, len) : 0;
}

/* Give the program a new descriptor; flags: O_CLOEXEC counts. */
static inline int64_t call_new_fd(struct call *c, int host, int flags)
{
	return fdtable_install(&c->p->fds, host, flags & 02000000, 0);
}

/*
 * A buffer of IO_CHUNK bytes, one for each host thread, aligned to a page: what
 * passes between the program's memory and the host's calls.
 */
#define IO_CHUNK     (128u << 10)
#define RW_COUNT_MAX 0x7ffff000ull /* Linux MAX_RW_COUNT */
uint8_t *io_buffer(void);
/* Of this thread, before its first call and after the last. 0 or -errno. */
int io_buffer_make(void);
void io_buffer_drop(void);
/* Copy out as much as is mapped; returns the count. */
size_t io_put_some(struct call *c, uint64_t va, uint8_t *src, size_t len);

#endif
