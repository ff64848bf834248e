/*
 * machine.h: what all processes of one virtual machine share on the host's
 * side: mapped files, what the program may change on the host, the log.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "files.h"
#include "hv_boot.h"
#include "hv_call.h"
#include "keeper.h"
#include "lost.h"
#include "rw.h"
#include "tasks.h"
#include "temp.h"

#define MACHINE_CALLS 512 /* numbers of system calls are below */

struct dump;
struct exec_host;
struct start_args;
struct thread;
struct folios;
struct trace;

/*
 * Where the last read of an opened file of /proc ended, for the openings that
 * were read last: the next one goes on with what was made then if it begins
 * there. procfs_open.c keeps it.
 */
#define PROCFS_READS 64
struct procfs_reads {
	uint64_t opened; /* the last number that was given */
	struct {
		uint64_t id, end;
	} of[PROCFS_READS];
};

/* What /proc says of the machine. Pointers are kept. */
struct machine_facts {
	uint32_t overcommit; /* vm.overcommit_memory */
	int thp;	     /* enum hv_thp */
	const struct hv_bank *banks;
	unsigned nr_banks;
	const struct hv_image *image; /* the guest kernel's; may be NULL */
};

struct machine {
	struct trace *trace; /* NULL: faults are not traced */
	struct machine_facts facts;
	struct exec_host *exec_host; /* what every exec needs, and the vDSO */
	bool check; /* the guest tears down at the end, and counts */
	const struct dump *dump; /* what to print when the program has ended */
	struct hv_counters counters; /* from HV_CALL_EXIT */
	bool have_counters;
	struct files files; /* mapped ones, by number */
	struct lost lost;
	const struct folios *folios; /* --folios=host, else NULL */
	struct rw rw;
	bool rw_suid; /* --rw-suid */
	struct {
		bool setid, owner;
	} left_out; /* rights.h */
	struct temp temp;
	struct keeper keeper; /* removes what temp has */
	struct procfs_reads reads;
	struct machine_moving *moving; /* io.c */
	int proc_fd; /* O_PATH: this process in the host's /proc */
	struct sigaction sigpipe, sigxfsz; /* the VMM's, to be put back */
	mode_t umask; /* likewise; until then the host's is 0 */
	/* A new thread, whose call `parent` serves: 0 or -errno. */
	int (*start)(struct thread *parent, struct thread *child,
		     const struct start_args *args);
	struct tasks tasks;
	uint64_t said[MACHINE_CALLS / 64]; /* by call_say_refused */
};

struct machine_config {
	const char *const *rw_dirs; /* --rw, each an existing directory */
	unsigned nr_rw_dirs;
	bool rw_suid;
	const char *const *temp_dirs; /* temp.h; those that exist count */
	unsigned nr_temp_dirs;
	const struct folios *folios;
};

/*
 * 0, or -errno: a host resource, or an entry of rw_dirs that is no directory.
 * machine_fini in either case. SIGPIPE and SIGXFSZ of our own calls end nobody
 * until then.
 */
int machine_init(struct machine *m, const struct machine_config *config);
void machine_fini(struct machine *m);

/*
 * What the user should know at the end: paths that wanted to be written, rights
 * on the host that were not given, temporary files that machine_fini will
 * remove, stores that were lost.
 */
void machine_report(const struct machine *m);

#endif
