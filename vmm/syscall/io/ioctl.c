/*
 * ioctl.c: requests that are known and harmless, by a table; the rest answers
 * what the descriptor says to a request that it does not know.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "families.h"
#include "procfs.h"
#include "tasks.h"

enum ioctl_kind { IOCTL_VALUE, IOCTL_IN, IOCTL_OUT };

struct ioctl_row {
	uint32_t request;
	uint8_t kind;
	uint8_t size;
};

#define TERMIOS_SIZE  36 /* the kernel's struct termios */
#define TERMIOS2_SIZE 44
#define TERMIO_SIZE   18

static const struct ioctl_row table[] = {
	{TCGETS, IOCTL_OUT, TERMIOS_SIZE},
	{TCSETS, IOCTL_IN, TERMIOS_SIZE},
	{TCSETSW, IOCTL_IN, TERMIOS_SIZE},
	{TCSETSF, IOCTL_IN, TERMIOS_SIZE},
	{TCGETA, IOCTL_OUT, TERMIO_SIZE},
	{TCSETA, IOCTL_IN, TERMIO_SIZE},
	{TCSETAW, IOCTL_IN, TERMIO_SIZE},
	{TCSETAF, IOCTL_IN, TERMIO_SIZE},
	{0x802c542a /* TCGETS2 */, IOCTL_OUT, TERMIOS2_SIZE},
	{0x402c542b /* TCSETS2 */, IOCTL_IN, TERMIOS2_SIZE},
	{0x402c542c /* TCSETSW2 */, IOCTL_IN, TERMIOS2_SIZE},
	{0x402c542d /* TCSETSF2 */, IOCTL_IN, TERMIOS2_SIZE},
	{TIOCGWINSZ, IOCTL_OUT, 8},
	{TIOCSWINSZ, IOCTL_IN, 8},
	{TIOCGSID, IOCTL_OUT, 4},
	{TIOCGETD, IOCTL_OUT, 4},
	{TIOCOUTQ, IOCTL_OUT, 4},
	{TCFLSH, IOCTL_VALUE, 0},
	{TCXONC, IOCTL_VALUE, 0},
	{TCSBRK, IOCTL_VALUE, 0},
	{TCSBRKP, IOCTL_VALUE, 0},
	{FIONREAD, IOCTL_OUT, 4},
	{FIONBIO, IOCTL_IN, 4},
	{FIOQSIZE, IOCTL_OUT, 8},
	{FIGETBSZ, IOCTL_OUT, 4},
	{BLKGETSIZE64, IOCTL_OUT, 8},
	{BLKSSZGET, IOCTL_OUT, 4},
	{FS_IOC_GETFLAGS, IOCTL_OUT, 4},
};

/* What no file knows: in place of all that are not served. */
#define UNKNOWN 0xfefefefe

static const struct ioctl_row *find_row(uint32_t request)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].request == request)
			return &table[i];
	return NULL;
}

/*
 * Those that wait until a terminal has put out all: what they answer if a
 * signal breaks them off (restart.h). 0: no such request.
 */
static int broken_off(uint32_t request)
{
	switch (request) {
	case TCSBRK:
	case TCSBRKP:
		return EINTR;
	case TCSETSW:
	case TCSETSF:
	case TCSETAW:
	case TCSETAF:
	case 0x402c542c: /* TCSETSW2 */
	case 0x402c542d: /* TCSETSF2 */
		return ERESTARTSYS;
	default:
		return 0;
	}
}

static int64_t wait_for_output(struct call *c, const struct ioctl_row *row,
			       uint64_t arg)
{
	struct fd_hold hold;
	int host = call_hold_fd(c, (int)c->arg[0], &hold);
	int64_t r = call_wait(c, SYS_ioctl, (uint64_t)host, row->request, arg);

	call_release(c, &hold);
	return r == -ERESTARTSYS ? -broken_off(row->request) : r;
}

static int64_t forward(struct call *c, int host, const struct ioctl_row *row)
{
	uint8_t buf[UINT8_MAX] __attribute__((aligned(16))) = {0};
	uint64_t arg = row->kind == IOCTL_VALUE ? c->arg[2] : (uint64_t)buf;
	int64_t r;

	if (row->kind == IOCTL_IN && call_get(c, c->arg[2], buf, row->size) < 0)
		return -EFAULT;
	r = broken_off(row->request)
		    ? wait_for_output(c, row, arg)
		    : host_call(SYS_ioctl, host, row->request, arg);
	if (r >= 0 && row->kind == IOCTL_OUT &&
	    call_put(c, c->arg[2], buf, row->size) < 0)
		return -EFAULT;
	return r;
}

/*
 * To the terminal all of the guest is one group, vmm's. Which of the guest's is
 * in the foreground is ours to say, while vmm's is.
 */
static int64_t get_foreground(struct call *c, int host)
{
	pid_t group;

	if (ioctl(host, TIOCGPGRP, &group) < 0)
		return -errno;
	if (group == getpgrp())
		group = c->p->tasks->foreground;
	return call_put(c, c->arg[2], &group, sizeof(group));
}

/* Linux tiocspgrp. */
static int64_t set_foreground(struct call *c, int host)
{
	pid_t group, now;

	if (ioctl(host, TIOCGPGRP, &now) < 0)
		return -errno;
	if (call_get(c, c->arg[2], &group, sizeof(group)) < 0)
		return -EFAULT;
	if (group < 0)
		return -EINVAL;
	if (!tasks_has_group(c->p->tasks, group))
		return -EPERM;
	c->p->tasks->foreground = group;
	return 0;
}

int64_t ioctl_ioctl(struct call *c)
{
	struct fd_entry *e = fdtable_entry(&c->p->fds, (int)c->arg[0]);
	uint32_t request = (uint32_t)c->arg[1];
	const struct ioctl_row *row = find_row(request);

	if (!e)
		return -EBADF;
	if (!row && fcntl(e->host, F_GETFL) & O_PATH)
		return -EBADF;
	switch (request) {
	case FIOCLEX:
	case FIONCLEX:
		e->cloexec = request == FIOCLEX;
		return 0;
	case TIOCGPGRP:
		return get_foreground(c, e->host);
	case TIOCSPGRP:
		return set_foreground(c, e->host);
	case FS_IOC_FIEMAP:
		return extents_map(c);
	case FICLONE:
	case FICLONERANGE:
		return extents_clone(c);
	case FIDEDUPERANGE:
		return extents_dedupe(c);
	}
	if (!row && procfs_is_own(e->proc))
		return procfs_ioctl(c->t, e->proc, request, c->arg[2]);
	return row ? forward(c, e->host, row)
		   : host_call(SYS_ioctl, e->host, UNKNOWN, 0);
}
