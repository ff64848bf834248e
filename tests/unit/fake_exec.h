/*
 * fake_exec.h: the end of execve where there is no guest: what is committed is
 * kept to be looked at, and the process becomes it.
 */
#ifndef FAKE_EXEC_H
#define FAKE_EXEC_H

#include "exec.h"

struct fake_exec {
	unsigned commits;
	bool stays;	   /* the process stays what it is */
	int result;	   /* what call_exec_commit answers; 0: it happens */
	struct exec *last; /* with a reference */
};

extern struct fake_exec fake_exec;

/* This host's facts, but for the vDSO: there is none. */
struct exec_host *fake_exec_host(void);
void fake_exec_fini(void);

#endif
