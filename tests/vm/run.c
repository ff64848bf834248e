/*
 * run.c: the child process. See run.h; what tests expect is in expect.c.
 *
 * Both outputs are read to their end, by poll, so that no child blocks on a
 * full pipe; a child's own children may hold the pipe open, so the deadline
 * counts until both are closed.
 */
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHUNK	 65536
#define ARGS_MAX 300

static char *const environment[] = {
	"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/", "LANG=C", "TZ=UTC", NULL,
};

long run_seconds(void)
{
	const char *patience = getenv("PATIENCE");

	return 60 * (patience ? atol(patience) : 4);
}

/* The name of the environment variable, or the default, made absolute. */
static const char *absolute(const char *variable, const char *otherwise)
{
	const char *path = getenv(variable);
	char *real = realpath(path ? path : otherwise, NULL);

	cr_assert(real, "%s (%s): %s", path ? path : otherwise, variable,
		  strerror(errno));
	return real;
}

const char *run_vmm_path(void)
{
	static const char *path;

	if (!path)
		path = absolute("VMM", "build/vmm");
	return path;
}

const char *image(const char *name)
{
	static const char *dir;

	if (!dir)
		dir = absolute("IMAGES", "build/images");
	return path_in(dir, name);
}

void need_kvm(void)
{
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		cr_skip_test("/dev/kvm: %s: no test of the vmm itself was done",
			     strerror(errno));
	close(fd);
}

void need_root(const char *file)
{
	if (geteuid())
		cr_skip_test("only root may read %s", file);
}

/* ---- in the child ---------------------------------------------------------
 */

static void limit(int resource, rlim_t soft)
{
	struct rlimit r;

	if (getrlimit(resource, &r))
		return;
	r.rlim_cur = soft;
	setrlimit(resource, &r);
}

static void child_setup(const struct run_how *how)
{
	sigset_t mask;

	for (int sig = 1; sig <= SIGRTMAX; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&mask);
	if (how->blocked)
		sigaddset(&mask, how->blocked);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	setpgid(0, 0);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_STACK, 8 << 20);
	umask(022);
	personality(how->no_aslr ? ADDR_NO_RANDOMIZE : 0);
}

/* Not execvpe: that gives to a shell what the kernel refuses. */
static void exec_in_path(const char *const *args)
{
	static const char *const dirs[] = {"/usr/local/bin", "/usr/bin",
					   "/bin"};
	char *const *argv = (char *const *)args;
	char path[4096];

	if (strchr(args[0], '/')) {
		execve(args[0], argv, environment);
		return;
	}
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dirs[i], args[0]);
		execve(path, argv, environment);
	}
}

static _Noreturn void child(const struct run_how *how, int in, int out, int err,
			    const char *const *args)
{
	child_setup(how);
	if (how->dir && chdir(how->dir))
		_exit(99);
	if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
		_exit(99);
	close_range(3, ~0u, 0);
	for (int fd = 0; fd <= 2; fd++)
		if (how->closed & 1u << fd)
			close(fd);
	exec_in_path(args);
	dprintf(2, "%s: %s\n", args[0], strerror(errno));
	_exit(99);
}

/* ---- in the test ----------------------------------------------------------
 */

struct stream {
	int fd; /* -1: at its end */
	char *bytes;
	size_t len, room;
};

static void stream_read(struct stream *s)
{
	ssize_t got;

	if (s->room - s->len < CHUNK + 1) {
		s->room = 2 * s->room + CHUNK + 1;
		s->bytes = realloc(s->bytes, s->room);
		cr_assert(s->bytes, "no memory");
	}
	got = read(s->fd, s->bytes + s->len, CHUNK);
	if (got <= 0) {
		close(s->fd);
		s->fd = -1;
		got = 0;
	}
	s->len += (size_t)got;
	s->bytes[s->len] = '\0';
}

/* The child may end without reading it all: that is its own affair. */
static void feed(struct stream *in)
{
	ssize_t put = -1;

	if (in->len)
		put = write(in->fd, in->bytes, in->len);
	if (put < 0) {
		close(in->fd);
		in->fd = -1;
		return;
	}
	in->bytes += put;
	in->len -= (size_t)put;
}

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* False if it took too long. */
static bool talk(struct stream *in, struct stream *out, struct stream *err)
{
	long end = now_ms() + run_seconds() * 1000;

	while (out->fd >= 0 || err->fd >= 0) {
		struct pollfd p[3] = {{in->fd, POLLOUT, 0},
				      {out->fd, POLLIN, 0},
				      {err->fd, POLLIN, 0}};
		long left = end - now_ms();

		if (left <= 0 || poll(p, 3, (int)left) == 0)
			return false;
		if (p[0].revents)
			feed(in);
		if (p[1].revents)
			stream_read(out);
		if (p[2].revents)
			stream_read(err);
	}
	if (in->fd >= 0)
		close(in->fd);
	return true;
}

static void note_command(struct run *r, const char *const *args)
{
	size_t len = 0;

	for (; *args && len < sizeof(r->command); args++)
		len += (size_t)snprintf(r->command + len,
					sizeof(r->command) - len, "%s%s",
					len ? " " : "", *args);
}

static void pipe_or_fail(int fds[2])
{
	cr_assert(pipe2(fds, O_CLOEXEC) == 0, "pipe: %s", strerror(errno));
}

/* The child's end of its standard input; *ours is -1 if there is no pipe. */
static int open_input(const struct run_how *how, int *ours)
{
	const char *file = how->in_file ? how->in_file : "/dev/null";
	int in[2];

	*ours = -1;
	if (how->in) {
		pipe_or_fail(in);
		fcntl(in[1], F_SETFL, O_NONBLOCK);
		*ours = in[1];
		return in[0];
	}
	in[0] = open(file, O_RDONLY | O_CLOEXEC);
	cr_assert(in[0] >= 0, "%s: %s", file, strerror(errno));
	return in[0];
}

void run_native(struct run *r, const struct run_how *how,
		const char *const *args)
{
	static const struct run_how usual;
	struct stream in = {0}, out = {0}, err = {0};
	int child_in, out_fds[2], err_fds[2];
	bool in_time;
	pid_t pid;

	*r = (struct run){0};
	how = how ? how : &usual;
	note_command(r, args);
	signal(SIGPIPE, SIG_IGN);
	child_in = open_input(how, &in.fd);
	pipe_or_fail(out_fds);
	pipe_or_fail(err_fds);
	pid = fork();
	cr_assert(pid >= 0, "fork: %s", strerror(errno));
	if (!pid)
		child(how, child_in, out_fds[1], err_fds[1], args);
	close(child_in);
	close(out_fds[1]);
	close(err_fds[1]);
	in.bytes = (char *)how->in;
	in.len = how->in_len;
	out.fd = out_fds[0];
	err.fd = err_fds[0];
	in_time = talk(&in, &out, &err);
	if (!in_time)
		kill(-pid, SIGKILL);
	waitpid(pid, &r->status, 0);
	r->out = out.bytes;
	r->out_len = out.len;
	r->err = err.bytes;
	r->err_len = err.len;
	cr_assert(in_time, "%s: killed after %ld s; stderr: %s", r->command,
		  run_seconds(), r->err ? r->err : "");
}

void run_vmm_plain(struct run *r, const struct run_how *how,
		   const char *const *args)
{
	const char *all[ARGS_MAX] = {run_vmm_path()};
	size_t n = 1;

	for (; *args; args++) {
		cr_assert(n < ARGS_MAX - 1, "too many arguments");
		all[n++] = *args;
	}
	run_native(r, how, all);
}

void run_vmm(struct run *r, const struct run_how *how, int level,
	     const char *const *args)
{
	const char *all[ARGS_MAX] = {"--check", level ? "--kernel-cpl=3"
						      : "--kernel-cpl=0"};
	size_t n = 2;

	for (; *args; args++) {
		cr_assert(n < ARGS_MAX - 2, "too many arguments");
		all[n++] = *args;
	}
	run_vmm_plain(r, how, all);
	/* 125 and "check failed" otherwise, or no word at all. */
	cr_assert(strstr(r->err, "vmm: check: ") &&
			  strstr(r->err, " 0 slab objects") &&
			  !strstr(r->err, "check failed"),
		  "%s: status %#x, frames and objects not all back; stderr: %s",
		  r->command, r->status, r->err);
}

void run_free(struct run *r)
{
	free(r->out);
	free(r->err);
	*r = (struct run){0};
}
