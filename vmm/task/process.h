/*
 * process.h: a process of the guest, what Linux keeps by thread group and by
 * address space. Credentials and priorities are those of the host thread that
 * serves the calls; all else is here, and nothing of the host process changes
 * with it. Who is whose child is tasks.h's.
 */
#ifndef PROCESS_H
#define PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "fdtable.h"
#include "rlimits.h"
#include "signals.h"

#define PROCESS_AUXV_WORDS 56 /* Linux AT_VECTOR_SIZE on x86-64 */

struct exec;
struct task_usage;
struct timers;
struct tasks;
struct thread;
struct machine;
struct vcpu;

/* What it may set of itself in /proc/PID; see procfs_settings.c. */
struct process_settings {
	bool known; /* else still the VMM's */
	int oom_score_adj, oom_score_adj_min;
	uint32_t coredump_filter, loginuid;
};

struct process {
	struct machine *machine;
	struct tasks *tasks;	/* all there are */
	struct process *next;	/* of all */
	struct process *parent; /* NULL: of the first */
	bool adopted; /* by the first, as init does: the parent has ended */
	struct thread *threads; /* struct thread.next */
	unsigned nr_threads;
	int pgid, sid;
	int exit_signal;      /* to the parent; 0: none */
	bool is_first;	      /* of the machine, which ends with it */
	bool has_execed;      /* since its fork */
	bool has_no_terminal; /* setsid */
	bool ending;	      /* its threads are to end */
	bool zombie;
	int status;	/* of wait(2), once it ends */
	int exit_event; /* pidfd.c: readable once it has ended; -1: none yet */
	int stopped;	/* by this signal, or 0 */
	bool tell_stopped, tell_continued; /* to whom waits, yet */
	bool has_parents_space;		   /* vfork: the parent waits for it */
	struct task_usage *usage, *children; /* tasks.h; of ended threads */
	struct exec *exec;		     /* what it runs */
	int pid;
	int exe_fd; /* O_PATH */
	int cwd;    /* O_PATH: the working directory */
	struct fdtable fds;
	struct rlimits limits;
	struct signal_shared signals;
	struct timers *timers; /* NULL: it has had none */
	uint64_t auxv[PROCESS_AUXV_WORDS];
	size_t auxv_len; /* bytes, with its last pair, AT_NULL; 0: not known */
	uint32_t personality;
	uint64_t aslr_seed; /* of its next exec, where that is repeatable */
	mode_t umask;
	struct process_settings settings;
	int dumpable, no_new_privs, pdeathsig, subreaper;
	uint64_t thp_disabled; /* PR_SET_THP_DISABLE: HV_THP_DISABLE_* */
	uint64_t mdwe;	       /* PR_SET_MDWE: PR_MDWE_* */
};

struct process_config {
	const char *exe;	      /* absolute path of the program */
	const struct rlimits *limits; /* its own; NULL: this process's */
	mode_t umask;
	/*
	 * Leave inherited descriptors above 2 alone (unit tests). Otherwise
	 * all without FD_CLOEXEC become the program's: so the VMM must open
	 * its own with O_CLOEXEC, and they are never reachable.
	 */
	bool keep_inherited;
};

/*
 * The first process, as execve leaves it: what is inherited is that of this
 * process, its working directory too. 0 or -errno; in either case
 * process_fini.
 */
int process_init(struct process *p, struct machine *m,
		 const struct process_config *config);
void process_fini(struct process *p);
/*
 * A child with all that fork copies, in no table, without threads; NULL: errno.
 * Its exec is not counted.
 */
struct process *process_copy(const struct process *from);
void process_free(struct process *p);
/* It has ended: what it has open goes. */
void process_close(struct process *p);

/* Tell the guest's memory manager of the limits, and of what else it heeds. */
void process_pass_limits(const struct process *p, struct vcpu *v);

#endif
