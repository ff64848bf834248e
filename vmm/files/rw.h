/*
 * rw.h: which parts of the host's file system the program may change (--rw),
 * and which it wanted to change but may not.
 */
#ifndef RW_H
#define RW_H

#include <stdbool.h>

#define RW_WANTED_MAX 64

struct rw {
	char **dir; /* real paths */
	unsigned nr_dirs;
	char *wanted[RW_WANTED_MAX];
	unsigned nr_wanted;
	unsigned nr_more; /* further ones, not remembered */
};

/* Returns 0 or -errno: each directory must exist. */
int rw_init(struct rw *rw, const char *const *dirs, unsigned n);
void rw_fini(struct rw *rw);

/* Whether a real path is one of the directories or below one. */
bool rw_allows(const struct rw *rw, const char *real_path);
/* Remember a path that was refused. */
void rw_refuse(struct rw *rw, const char *path);
/* A note for each refused path. */
void rw_report(const struct rw *rw);

#endif
