/*
 * rlimits.h: resource limits: the program's, and the VMM's own.
 *
 * execve gave us one set, meant for the program. It keeps them as numbers of
 * its own (struct sys), changed by --limit. The VMM needs more than the program
 * does (its own descriptors, guest RAM, a stack), so it takes what it may have.
 */
#ifndef RLIMITS_H
#define RLIMITS_H

#include <sys/resource.h>

struct rlimits {
	struct rlimit of[RLIM_NLIMITS]; /* by RLIMIT_* */
};

/* Those of this process. */
void rlimits_read(struct rlimits *l);

/*
 * Change one by the text NAME:VALUE or NAME:SOFT:HARD of --limit, with names as
 * prlimit(1) has them. Returns NULL, or what is wrong with the text.
 */
const char *rlimits_parse(struct rlimits *l, const char *text);

/*
 * Raise this process's own limits of descriptors, address space, data, stack,
 * file size and signals: to the hard ones, or with CAP_SYS_RESOURCE as far as
 * there are any.
 */
void rlimits_raise(void);

/*
 * The limit of processor time stays the host's, who ends us by it: take over
 * what --limit says.
 */
int rlimits_keep_cpu(const struct rlimits *l);

/*
 * Call fn, which is as main, and return what it returns: on this stack or,
 * where its limit could not be raised to what a VMM needs, on one made for
 * that.
 */
int rlimits_with_stack(int (*fn)(int argc, char **argv, char **envp), int argc,
		       char **argv, char **envp);

#endif
