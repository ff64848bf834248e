/*
 * rw.c: the read-only rule. See rw.h.
 */
#include "rw.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "message.h"

static char *real_directory(const char *path)
{
	char *real = realpath(path, NULL);
	struct stat st;

	if (!real)
		return NULL;
	if (stat(real, &st) == 0 && S_ISDIR(st.st_mode))
		return real;
	free(real);
	errno = ENOTDIR;
	return NULL;
}

int rw_init(struct rw *rw, const char *const *dirs, unsigned n)
{
	*rw = (struct rw){0};
	rw->dir = calloc(n + 1, sizeof(*rw->dir));
	if (!rw->dir)
		return -ENOMEM;
	for (unsigned i = 0; i < n; i++) {
		rw->dir[i] = real_directory(dirs[i]);
		if (!rw->dir[i]) {
			int err = errno;

			rw_fini(rw);
			return -err;
		}
		rw->nr_dirs++;
	}
	return 0;
}

void rw_fini(struct rw *rw)
{
	for (unsigned i = 0; i < rw->nr_dirs; i++)
		free(rw->dir[i]);
	for (unsigned i = 0; i < rw->nr_wanted; i++)
		free(rw->wanted[i]);
	free(rw->dir);
	*rw = (struct rw){0};
}

/* By whole components: /tmp/a does not hold /tmp/ab. */
static bool is_below(const char *dir, const char *path)
{
	size_t len = strlen(dir);

	if (len == 1)
		return path[0] == '/';
	return !strncmp(dir, path, len) &&
	       (path[len] == '/' || path[len] == '\0');
}

bool rw_allows(const struct rw *rw, const char *real_path)
{
	for (unsigned i = 0; i < rw->nr_dirs; i++)
		if (is_below(rw->dir[i], real_path))
			return true;
	return false;
}

void rw_refuse(struct rw *rw, const char *path)
{
	for (unsigned i = 0; i < rw->nr_wanted; i++)
		if (!strcmp(rw->wanted[i], path))
			return;
	if (rw->nr_wanted == RW_WANTED_MAX) {
		rw->nr_more++;
		return;
	}
	rw->wanted[rw->nr_wanted] = strdup(path);
	if (rw->wanted[rw->nr_wanted])
		rw->nr_wanted++;
}

void rw_report(const struct rw *rw)
{
	for (unsigned i = 0; i < rw->nr_wanted; i++) {
		const char *path = rw->wanted[i];
		const char *slash = strrchr(path, '/');
		int dir = slash > path ? (int)(slash - path) : 1;

		note("%s: not written: the file system is read-only in the "
		     "guest; --rw %.*s allows it",
		     path, dir, path);
	}
	if (rw->nr_more)
		note("%u more attempts to write elsewhere", rw->nr_more);
}
