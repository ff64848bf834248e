/*
 * exec.h: execve, from an open program to the first instruction. The layout is
 * elfload's; here scripts are followed, and the plan is turned into the
 * contract's terms and into memory. Nothing is printed, nothing of a process is
 * changed: become.h does that, start.h is for the first program.
 *
 * An exec is made by exec_make() or not at all; it counts references. It is
 * used up in this order:
 *
 *   exec_make          files are open, the plan is made; may fail, and then
 *                      the caller goes on as it was
 *   exec_add_files     its files have numbers; likewise
 *   exec_describe      what the guest is to be told
 *   process_exec       (become.h) the process is that of the new program
 *   exec_finish        strings, bss and registers are written, by upcalls;
 *                      what was needed for that is freed
 *
 * and stays what the process runs: its name and where it was loaded.
 */
#ifndef EXEC_H
#define EXEC_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "args.h"
#include "elfload.h"
#include "hv_boot.h"
#include "vdso.h"

struct files;
struct rlimits;
struct vcpu;

/* What is the same for every exec of a machine. */
struct exec_host {
	struct vdso vdso;
	/* Of this host's auxiliary vector; 0: it has none. */
	uint64_t hwcap, hwcap2, clktck, minsigstksz;
	uint64_t rseq_feature_size, rseq_align;
	bool repeatable; /* --aslr=SEED: random numbers are drawn from a seed */
};

/* auxv: this process's own, as the kernel gave it. Cannot fail. */
void exec_host_init(struct exec_host *h, const uint64_t *auxv);

/* One of the files that are mapped. */
struct exec_file {
	char *path;	 /* absolute, as the host names it */
	int fd;		 /* for reading; -1: there is none, or not any more */
	uint32_t number; /* 0: none yet */
	struct elfload_image image;
};

struct exec {
	unsigned refs;
	const struct exec_host *host;
	char *name; /* AT_EXECFN: as the caller called it */
	char *comm; /* the thread's name, not cut yet */
	bool secure;
	uint64_t next_seed; /* of the process's next exec */
	struct exec_args args;
	char **argv, **envp;	  /* into args; until exec_finish */
	struct exec_file program; /* never a script */
	struct exec_file interp;
	int exe_fd;	     /* O_PATH of the program; -1: handed over */
	struct files *files; /* where the numbers are held; NULL: nowhere */
	struct elfload_plan plan; /* without its stack after exec_finish */
};

/* What is wrong, and with which file. */
struct exec_error {
	struct elfload_error why; /* why.text may be "": strerror says it */
	char program[PATH_MAX];
	char file[PATH_MAX]; /* that program needs it, or the program itself */
};

/*
 * Open a program for reading if it may be executed: a script's interpreter, or
 * what a PT_INTERP names, relative to the working directory or not. The
 * descriptor, or -errno with e->err set.
 */
typedef int exec_open_fn(void *ctx, const char *path, struct elfload_error *e);

struct exec_request {
	int fd; /* the program, opened like that; exec_make closes it */
	const char *name;
	/* Nobody could open a script by that name: it is a descriptor that
	 * execve closes. */
	bool name_goes;
	bool name_is_made_up;	/* the thread is called as the file is */
	struct exec_args *args; /* with name, envp, argv; exec_make frees it */
	exec_open_fn *open;
	void *ctx;
	const struct exec_host *host;
	const struct rlimits *limits; /* the process's */
	bool randomize;		      /* no ADDR_NO_RANDOMIZE */
	uint64_t seed;		      /* where it is repeatable */
};

/*
 * Follow scripts, at most six deep, read and plan. 0 with one reference in
 * *out, or -errno as of execve(2) with *e filled, in Linux's order; where
 * e->why.late is set, Linux would end the caller by SIGSEGV. Uids, gids and
 * rights are those of the calling thread.
 */
int exec_make(struct exec **out, struct exec_request *r, struct exec_error *e);
struct exec *exec_get(struct exec *e);
void exec_put(struct exec *e); /* NULL is allowed */

/*
 * Give both files a number, which is held until exec_given or the end of e. 0
 * or -errno.
 */
int exec_add_files(struct exec *e, struct files *files);
/* The guest was given the numbers: from now on they are its to put. */
void exec_given(struct exec *e);

/* Describe the plan, and the limits that hold, to the guest kernel. */
void exec_describe(const struct exec *e, const struct rlimits *limits, int pid,
		   struct hv_exec *out);

/*
 * Whether what the plan maps private and writable may be promised. Where not,
 * execve(2) on Linux finds out too late to return, and SIGSEGV ends the program
 * (mm/util.c, __vm_enough_memory; fs/binfmt_elf.c).
 */
bool exec_is_promised(const struct exec *e, const struct hv_commit *c);

/*
 * In the new address space: write stack and bss through the guest's tables, set
 * the user registers. 0 or -errno. The FPU, FS and GS are exec_reset_cpu's.
 */
int exec_finish(struct exec *e, struct vcpu *v);
/* FS and GS base, FPU as a program finds them (Linux start_thread); or -errno.
 * PKRU, too, where it is saved with the FPU. */
int exec_reset_cpu(struct vcpu *v);

/* A seed of its own for the child of a process whose next one is *seed. */
uint64_t exec_seed_split(uint64_t *seed);

#endif
