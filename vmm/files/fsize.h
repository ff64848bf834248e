/*
 * fsize.h: RLIMIT_FSIZE, the largest file that the program may make. The host's
 * kernel judges, but only in calls that the program asked for: what the VMM
 * itself writes (the log) is none of it. So the limit is set around these.
 */
#ifndef FSIZE_H
#define FSIZE_H

#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>

struct fsize {
	struct sigaction sigxfsz; /* the VMM's own action, to be put back */
	struct rlimit host;	  /* of the VMM */
};

/* SIGXFSZ must not end the VMM. fsize_fini puts the action back. */
void fsize_init(struct fsize *f);
void fsize_fini(const struct fsize *f);

/*
 * Before and after a host call that may make a file larger than `limit` bytes.
 * True if Linux would raise SIGXFSZ.
 */
void fsize_begin(const struct fsize *f, rlim_t limit);
bool fsize_end(const struct fsize *f, rlim_t limit);

#endif
