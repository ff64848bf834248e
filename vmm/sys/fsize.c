/*
 * fsize.c: the limit of file sizes, around host calls. See fsize.h.
 */
#include "fsize.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>

/* The host's kernel has raised it: not every EFBIG comes from the limit. */
static volatile sig_atomic_t raised;

static void note_signal(int sig)
{
	(void)sig;
	raised = 1;
}

void fsize_init(struct sys *s)
{
	struct sigaction action = {.sa_handler = note_signal};

	getrlimit(RLIMIT_FSIZE, &s->host_fsize);
	sigaction(SIGXFSZ, &action, &s->sigxfsz);
}

void fsize_fini(struct sys *s)
{
	sigaction(SIGXFSZ, &s->sigxfsz, NULL);
}

static void set(const struct sys *s, rlim_t size)
{
	const struct rlimit limit = {size, s->host_fsize.rlim_max};

	if (s->limit[RLIMIT_FSIZE].rlim_cur != s->host_fsize.rlim_cur)
		setrlimit(RLIMIT_FSIZE, &limit);
}

void fsize_begin(struct call *c)
{
	raised = 0;
	set(c->s, c->s->limit[RLIMIT_FSIZE].rlim_cur);
}

int64_t fsize_end(struct call *c, int64_t r)
{
	set(c->s, c->s->host_fsize.rlim_cur);
	c->too_large = raised;
	return r;
}
