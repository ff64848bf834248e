/*
 * machine.c: see machine.h.
 */
#include "machine.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message.h"
#include "stop.h"

/*
 * The kernel's says that it is from this process: the call fails by EPIPE, or
 * by EFBIG.
 */
static void on_signal(int sig, siginfo_t *info, void *context)
{
	(void)context;
	if (info->si_pid != getpid())
		stop_by(sig);
}

/* We raise the program's own. */
static void catch_signal(int sig, struct sigaction *old)
{
	const struct sigaction action = {
		.sa_sigaction = on_signal,
		.sa_flags = SA_SIGINFO,
	};

	sigaction(sig, NULL, old);
	if (old->sa_handler != SIG_IGN)
		sigaction(sig, &action, NULL);
}

int machine_init(struct machine *m, const struct machine_config *config)
{
	int r;

	*m = (struct machine){
		.folios = config->folios,
		.rw_suid = config->rw_suid,
	};
	/* What is made has the mode that the call gives: path_new_mode. */
	m->umask = umask(0);
	catch_signal(SIGPIPE, &m->sigpipe);
	catch_signal(SIGXFSZ, &m->sigxfsz);
	m->proc_fd = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (m->proc_fd < 0)
		return -errno;
	r = rw_init(&m->rw, config->rw_dirs, config->nr_rw_dirs);
	return r ? r
		 : temp_init(&m->temp, config->temp_dirs, config->nr_temp_dirs,
			     &m->rw);
}

static void remove_temporary(void *temp)
{
	temp_fini(temp);
}

void machine_fini(struct machine *m)
{
	sigaction(SIGPIPE, &m->sigpipe, NULL);
	sigaction(SIGXFSZ, &m->sigxfsz, NULL);
	umask(m->umask);
	files_fini(&m->files);
	lost_fini(&m->lost);
	rw_fini(&m->rw);
	keeper_end(&m->keeper, remove_temporary, &m->temp);
	if (m->proc_fd >= 0)
		close(m->proc_fd);
}

static void report_left_out(const struct machine *m)
{
	if (m->left_out.setid)
		note("set-user-ID and set-group-ID bits were left out: they "
		     "would count on the host; --rw-suid allows them below "
		     "--rw");
	if (m->left_out.owner)
		note("owners of temporary files were left as they are: others "
		     "would be real ones on the host");
}

void machine_report(const struct machine *m)
{
	rw_report(&m->rw);
	report_left_out(m);
	temp_report(&m->temp);
	lost_report(&m->lost);
}
