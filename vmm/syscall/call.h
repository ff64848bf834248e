/*
 * call.h: what the families of system calls share: the state of one program,
 * one call being served, the table's rows. Private to vmm/sys/.
 *
 * Results are those of the kernel: a value >= 0 or -errno.
 */
#ifndef CALL_H
#define CALL_H

#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include "fdtable.h"
#include "files.h"
#include "guestmem.h"
#include "hv_abi.h"
#include "keeper.h"
#include "lost.h"
#include "procfs.h"
#include "rlimits.h"
#include "rw.h"
#include "signals.h"
#include "sys.h"
#include "temp.h"
#include "vcpu.h"

#define CALL_NR_MAX    512
#define SYS_AUXV_WORDS 56 /* Linux AT_VECTOR_SIZE on x86-64 */

struct sys {
	char *exe;
	int exe_fd;		  /* O_PATH */
	int proc_fd;		  /* O_PATH: this process in /proc */
	int cwd;		  /* O_PATH: the program's working directory */
	struct sigaction sigpipe; /* the VMM's own action, to be put back */
	struct sigaction sigxfsz; /* likewise */
	struct rlimit host_fsize; /* of the VMM: see fsize.h */
	struct rw rw;
	bool rw_suid; /* --rw-suid */
	struct {
		bool setid, owner;
	} left_out; /* rights.h */
	struct temp temp;
	struct keeper keeper; /* removes what temp has */
	struct fdtable fds;
	struct files files;
	struct lost lost;
	const struct folios *folios; /* --folios=host, else NULL */
	struct signals signals;
	struct rlimits limits;
	char name[16]; /* PR_SET_NAME */
	struct sys_about about;
	uint64_t auxv[SYS_AUXV_WORDS]; /* PR_SET_MM: in place of about's */
	struct vcpu *v; /* whose call is being served, for /proc */
	struct procfs_reads reads;
	struct procfs_settings settings;
	int dumpable, no_new_privs, pdeathsig, subreaper;
	uint64_t thp_disabled; /* PR_SET_THP_DISABLE: HV_THP_DISABLE_* */
	uint64_t mdwe;	       /* PR_SET_MDWE: PR_MDWE_* */
	uint64_t clear_tid, robust_list;
	uint64_t rseq;
	uint32_t rseq_len, rseq_sig;
	uint64_t said[CALL_NR_MAX / 64]; /* by call_say_refused */
};

struct call {
	struct sys *s;
	struct vcpu *v;
	struct hv_regs *regs;
	uint64_t nr;
	uint64_t arg[6];
	bool broken_pipe; /* raise SIGPIPE, whatever the result is */
	bool too_large;	  /* raise SIGXFSZ, likewise */
};

typedef int64_t (*call_fn)(struct call *c);

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

struct call_row {
	bool known;
	call_fn fn;	   /* or NULL: forward by `arg` */
	int error;	   /* the answer, if not 0 */
	bool memory_first; /* is looked at before descriptors are */
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

/* A host call's result in the kernel's form. */
#define host_call(...) host_result(syscall(__VA_ARGS__))
int64_t host_result(long r);

static inline int call_host_fd(const struct call *c, unsigned arg)
{
	return fdtable_host(&c->s->fds, (int)c->arg[arg]);
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
	return fdtable_install(&c->s->fds, host, flags & 02000000, 0);
}

/*
 * A buffer of IO_CHUNK bytes, one for each host thread, aligned to a page: what
 * passes between the program's memory and the host's calls.
 */
#define IO_CHUNK     (128u << 10)
#define RW_COUNT_MAX 0x7ffff000ull /* Linux MAX_RW_COUNT */
uint8_t *io_buffer(void);
/* Copy out as much as is mapped; returns the count. */
size_t io_put_some(struct call *c, uint64_t va, uint8_t *src, size_t len);

#endif
