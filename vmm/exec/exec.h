/*
 * exec.h: execve: from a program's path to the first instruction. The layout
 * is elfload's; here it is turned into the contract's terms and into memory.
 */
#ifndef EXEC_H
#define EXEC_H

#include <stdbool.h>
#include <stdint.h>

#include "elfload.h"
#include "hv_boot.h"
#include "script.h"
#include "vdso.h"

struct files;
struct rlimits;
struct vcpu;

/* One of the files that are mapped. */
struct exec_file {
	char *path; /* absolute */
	int fd;
	uint32_t number; /* of files_add */
	struct elfload_image image;
};

struct exec {
	struct script script; /* all scripts on the way are in its argv */
	struct exec_file program;
	struct exec_file interp; /* fd -1 if the program is static */
	struct vdso vdso;
	struct elfload_plan plan;
};

struct exec_config {
	const char *program;	 /* as on the command line */
	const char *const *argv; /* argv[0] is the program's name */
	const char *const *envp;
	const uint64_t *auxv;	      /* our own, as the kernel gave it */
	const struct rlimits *limits; /* the program's */
	enum elfload_aslr aslr;
	uint64_t aslr_seed;
};

/*
 * Find the program (in PATH, then in the current directory, unless its name has
 * a slash), read and plan it. On failure prints one line and returns the exit
 * status for the shell: 127 not found, 126 cannot be run. 0 if all is well.
 */
int exec_load(struct exec *e, const struct exec_config *config);
void exec_unload(struct exec *e);

/* Give both files a number: the program's is 1. 0 or -errno. */
int exec_add_files(struct exec *e, struct files *files);

/* Describe the plan, and the limits that hold, to the guest kernel. */
void exec_describe(const struct exec *e, const struct rlimits *limits,
		   struct hv_exec *out);

/*
 * Whether what the plan maps private and writable may be promised. Where not,
 * execve(2) on Linux finds out too late to return, and SIGSEGV ends the program
 * (mm/util.c, __vm_enough_memory; fs/binfmt_elf.c).
 */
bool exec_is_promised(const struct exec *e, const struct hv_commit *c);

/* Write stack and bss through the guest's tables, set the user registers. */
int exec_finish(struct exec *e, struct vcpu *v);

#endif
