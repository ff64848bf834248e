/*
 * fsize.c: see fsize.h.
 */
#include "fsize.h"

#include <string.h>
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

void fsize_init(struct fsize *f)
{
	const struct sigaction action = {
		.sa_sigaction = note_signal,
		.sa_flags = SA_SIGINFO,
	};

	getrlimit(RLIMIT_FSIZE, &f->host);
	sigaction(SIGXFSZ, &action, &f->sigxfsz);
	is_ignored = f->sigxfsz.sa_handler == SIG_IGN;
}

void fsize_fini(const struct fsize *f)
{
	sigaction(SIGXFSZ, &f->sigxfsz, NULL);
}

void fsize_begin(const struct fsize *f, rlim_t limit)
{
	const struct rlimit own = {limit, f->host.rlim_max};

	raised = 0;
	if (limit != f->host.rlim_cur)
		setrlimit(RLIMIT_FSIZE, &own);
}

bool fsize_end(const struct fsize *f, rlim_t limit)
{
	if (limit != f->host.rlim_cur)
		setrlimit(RLIMIT_FSIZE, &f->host);
	return raised;
}
