/*
 * fsize.h: RLIMIT_FSIZE, the largest file that the program may make. The host's
 * kernel judges, but only in calls that the program asked for: what the VMM
 * itself writes (the log) is none of it. So the limit is set around these.
 */
#ifndef FSIZE_H
#define FSIZE_H

#include "call.h"

/* SIGXFSZ must not end the VMM. fsize_fini puts the action back. */
void fsize_init(struct sys *s);
void fsize_fini(struct sys *s);

/* Before and after a host call that may make a file larger. */
void fsize_begin(struct call *c);
int64_t fsize_end(struct call *c, int64_t r);

/* As host_call; notes in the call if Linux would raise SIGXFSZ. */
#define fsize_call(c, ...)                                                     \
	(fsize_begin(c), fsize_end(c, host_call(__VA_ARGS__)))

#endif
