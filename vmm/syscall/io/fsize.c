/*
 * fsize.c: the limit of file sizes, around host calls. See fsize.h.
 */
#include "fsize.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "stop.h"

/* The host's kernel has raised it: not every EFBIG comes from the limit. */
static volatile sig_atomic_t raised;
static bool is_ignored; /* if others send it */

/* The kernel's says that it is from this process. */
static void note_signal(int sig, siginfo_t *info, void *context)
{
	(void)context;
	if (info->si_pid == getpid())
		raised = 1;
	else if (!is_ignored)
		stop_by(sig);
}

void fsize_init(struct sys *s)
{
	const struct sigaction action = {
		.sa_sigaction = note_signal,
		.sa_flags = SA_SIGINFO,
	};

	getrlimit(RLIMIT_FSIZE, &s->host_fsize);
	sigaction(SIGXFSZ, &action, &s->sigxfsz);
	is_ignored = s->sigxfsz.sa_handler == SIG_IGN;
}

void fsize_fini(struct sys *s)
{
	sigaction(SIGXFSZ, &s->sigxfsz, NULL);
}

static void set(const struct sys *s, rlim_t size)
{
	const struct rlimit limit = {size, s->host_fsize.rlim_max};

	if (s->limits.of[RLIMIT_FSIZE].rlim_cur != s->host_fsize.rlim_cur)
		setrlimit(RLIMIT_FSIZE, &limit);
}

void fsize_begin(struct call *c)
{
	raised = 0;
	set(c->s, c->s->limits.of[RLIMIT_FSIZE].rlim_cur);
}

int64_t fsize_end(struct call *c, int64_t r)
{
	set(c->s, c->s->host_fsize.rlim_cur);
	c->too_large = raised;
	return r;
}
