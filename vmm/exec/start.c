/*
 * start.c: see start.h.
 */
#include "start.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message.h"
#include "rlimits.h"

#define DEFAULT_PATH "/usr/local/bin:/usr/bin:/bin"

static bool may_run(const char *file)
{
	struct stat st;

	if (access(file, X_OK) || stat(file, &st))
		return false;
	errno = EACCES; /* what execve says of a directory */
	return S_ISREG(st.st_mode);
}

/* As execvp: the first match that may be run, or NULL with errno set. */
static char *search_path(const char *name)
{
	const char *path = getenv("PATH");
	int last_error = ENOENT;

	if (!*name)
		path = NULL; /* "" is no name: nothing matches */
	else if (!path)
		path = DEFAULT_PATH;
	while (path) {
		const char *end = strchrnul(path, ':');
		int len = (int)(end - path);
		char *file;

		if (asprintf(&file, "%.*s%s%s", len, path, len ? "/" : "./",
			     name) < 0)
			return NULL;
		if (may_run(file))
			return file;
		if (errno == EACCES)
			last_error = EACCES;
		free(file);
		path = *end ? end + 1 : NULL;
	}
	errno = last_error;
	return NULL;
}

static char *find_program(const char *name)
{
	char *file;
	int cause;

	if (strchr(name, '/'))
		return strdup(name);
	file = search_path(name);
	cause = errno;
	if (!file && !access(name, F_OK))
		return asprintf(&file, "./%s", name) < 0 ? NULL : file;
	errno = cause;
	return file;
}

static int exit_status(int err)
{
	return err == ENOENT || err == ENOTDIR ? 127 : 126;
}

static int not_found(const char *program)
{
	error("%s: %s", program,
	      errno == ENOENT	? "no such program in PATH or here"
	      : errno == EACCES ? "what PATH has of that name cannot be "
				  "executed"
				: strerror(errno));
	return errno == ENOENT ? 127 : 126;
}

/* Say what is wrong with a file, which a program needs if it is another. */
static int refuse(const struct exec_error *e)
{
	const char *text = e->why.text[0] ? e->why.text : strerror(e->why.err);

	if (strcmp(e->program, e->file))
		error("%s: its interpreter %s: %s", e->program, e->file, text);
	else
		error("%s: %s", e->program, text);
	return exit_status(e->why.err);
}

static int open_here(void *ctx, const char *path, struct elfload_error *e)
{
	(void)ctx;
	return elfload_open(path, e);
}

static int make(struct exec **out, const struct exec_start *s, const char *file,
		struct exec_error *e)
{
	struct exec_args args;
	struct exec_request r = {
		.name = file,
		.args = &args,
		.open = open_here,
		.host = s->host,
		.limits = s->limits,
		.randomize = s->randomize,
		.seed = s->seed,
	};
	int ret;

	r.fd = elfload_open(file, &e->why);
	if (r.fd < 0)
		return r.fd;
	ret = exec_args_copy(&args, file, s->argv, s->envp,
			     s->limits->of[RLIMIT_STACK].rlim_cur);
	if (ret == 0)
		return exec_make(out, &r, e);
	exec_args_free(&args);
	close(r.fd);
	e->why.err = -ret;
	if (ret == -E2BIG)
		strcpy(e->why.text,
		       "arguments and environment are larger than a quarter "
		       "of the stack limit (ulimit -s)");
	return ret;
}

int exec_start(struct exec **out, const struct exec_start *s)
{
	char *file = find_program(s->program);
	struct exec_error e = {0};
	int ret;

	if (!file)
		return not_found(s->program);
	snprintf(e.program, sizeof(e.program), "%s", file);
	snprintf(e.file, sizeof(e.file), "%s", file);
	ret = make(out, s, file, &e);
	free(file);
	return ret ? refuse(&e) : 0;
}
