/*
 * signalfd.c: signalfd, and reading from one. What makes it readable is
 * task/signalfd.c.
 */
#include "signalfd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/signalfd.h>

#include "families.h"
#include "io.h"
#include "wait.h"

#define SIGSET_SIZE 8

int64_t signalfd_signalfd4(struct call *c)
{
	int fd = (int)c->arg[0], flags = (int)c->arg[3];
	const struct fd_entry *e;
	uint64_t set;

	if (c->arg[2] != SIGSET_SIZE)
		return -EINVAL;
	if (call_get(c, c->arg[1], &set, sizeof(set)) < 0)
		return -EFAULT;
	if (flags & ~(SFD_CLOEXEC | SFD_NONBLOCK))
		return -EINVAL;
	set = signal_mask_allowed(set);
	if (fd == -1)
		return signalfd_new(c->p, set, flags & SFD_CLOEXEC,
				    flags & SFD_NONBLOCK);
	e = fdtable_entry(&c->p->fds, fd);
	if (!e || fcntl(e->host, F_GETFL) & O_PATH)
		return -EBADF;
	if (!e->signalfd)
		return -EINVAL;
	signalfd_change(c->p, fd, set);
	return fd;
}

int64_t signalfd_signalfd(struct call *c)
{
	c->arg[3] = 0;
	return signalfd_signalfd4(c);
}

/* Linux signalfd_copyinfo, by kernel_siginfo's layouts. */
static void to_record(const struct signal_info *info,
		      struct signalfd_siginfo *to)
{
	uint8_t bytes[128];
	siginfo_t si;

	sigframe_info(info, bytes);
	memcpy(&si, bytes, sizeof(si));
	*to = (struct signalfd_siginfo){
		.ssi_signo = (uint32_t)si.si_signo,
		.ssi_errno = si.si_errno,
		.ssi_code = si.si_code,
	};
	if (info->fault) {
		to->ssi_addr = (uint64_t)si.si_addr;
		return;
	}
	if (info->code == SI_TIMER) {
		to->ssi_tid = (uint32_t)si.si_timerid;
		to->ssi_overrun = (uint32_t)si.si_overrun;
	} else {
		to->ssi_pid = (uint32_t)si.si_pid;
		to->ssi_uid = si.si_uid;
	}
	if (info->child) {
		to->ssi_status = si.si_status;
		to->ssi_utime = (uint64_t)si.si_utime;
		to->ssi_stime = (uint64_t)si.si_stime;
	} else if (info->code < 0 && info->code != SI_TKILL) {
		to->ssi_ptr = (uint64_t)si.si_value.sival_ptr;
		to->ssi_int = si.si_value.sival_int;
	}
}

/* The next signal, its number; 0: none, -ERESTARTSYS: something is due. */
static int64_t next_signal(const struct io *io, bool wait,
			   struct signal_info *info)
{
	struct pollfd fd = {io->host, POLLIN, 0};
	int sig;
	int64_t r;

	for (;;) {
		sig = signals_take(&io->c->t->signals, io->e.signals, info);
		if (sig || !wait)
			return sig;
		/* Another thread's own: it looks ready, but is not for us. */
		if (poll(&fd, 1, 0) == 1) {
			thread_unlock(io->c->t);
			usleep(1000);
			thread_lock(io->c->t);
		}
		r = call_wait(io->c, SYS_ppoll, (uint64_t)&fd, 1);
		if (r < 0)
			return r;
	}
}

/* Where the next record goes: it may lie across several pieces. */
struct place {
	const struct iovec *iov;
	uint64_t done; /* of the first piece */
};

static int put_record(struct call *c, struct place *at,
		      const struct signalfd_siginfo *record)
{
	const uint8_t *src = (const uint8_t *)record;
	size_t left = sizeof(*record);

	while (left) {
		size_t room = at->iov->iov_len - at->done;
		size_t n = room < left ? room : left;

		if (call_put(c, (uint64_t)at->iov->iov_base + at->done, src,
			     n) < 0)
			return -EFAULT;
		src += n;
		left -= n;
		at->done += n;
		if (at->done == at->iov->iov_len) {
			at->iov++;
			at->done = 0;
		}
	}
	return 0;
}

/* Linux signalfd_read_iter. */
int64_t io_read_signals(const struct io *io, const struct iovec *iov,
			uint64_t total)
{
	uint64_t max = total / sizeof(struct signalfd_siginfo), n;
	struct signalfd_siginfo record;
	struct place at = {iov, 0};
	struct signal_info info;
	int64_t r = 0;

	if (!max)
		return -EINVAL;
	for (n = 0; n < max; n++) {
		r = next_signal(io, !n && !io->nonblock, &info);
		if (r <= 0)
			break;
		to_record(&info, &record);
		r = put_record(io->c, &at, &record);
		if (r < 0)
			break;
	}
	if (n)
		return (int64_t)(n * sizeof(record));
	return r ? r : -EAGAIN;
}
