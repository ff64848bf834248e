/*
 * start.h: the program that vmm is started with: find it as a shell does, and
 * say why it cannot be run.
 */
#ifndef START_H
#define START_H

#include "exec.h"

struct exec_start {
	const char *program;	 /* as on the command line */
	const char *const *argv; /* argv[0] is the program's name */
	const char *const *envp;
	const struct exec_host *host;
	const struct rlimits *limits; /* the program's */
	bool randomize;
	uint64_t seed;
};

/*
 * Find the program (in PATH, then in the current directory, unless its name has
 * a slash), and make an exec of it, in terms of this process: its directory,
 * its rights. On failure prints one line and returns the exit status for the
 * shell: 127 not found, 126 cannot be run. 0 if all is well.
 */
int exec_start(struct exec **out, const struct exec_start *s);

#endif
