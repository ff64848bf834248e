/*
 * mapped.c: see mapped.h.
 */
#include "coherence.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "call.h"
#include "families.h"
#include "hv_call.h"

/* Remembered in the table. */
uint32_t coherence_number(struct call *c, uint64_t guest_fd)
{
	struct fd_entry *e = fdtable_entry(&c->p->fds, (int)guest_fd);
	struct files *files = &c->m->files;

	if (!e)
		return 0;
	if (e->files_version != files->version) {
		e->files_version = files->version;
		e->file = files_number(files, e->host);
	}
	return e->file;
}

static void ask(struct call *c, uint32_t number, enum hv_file_upcall op,
		uint64_t start, uint64_t end)
{
	struct file *f = files_find(&c->m->files, number);
	struct hv_call_file_upcall call = {
		.start = start,
		.end = end,
		.file = number,
		.op = op,
	};
	struct stat st;

	if (!f || f->zero || (op != HV_FILE_UPCALL_CHANGED && f->wfd < 0) ||
	    fstat(f->fd, &st) < 0)
		return;
	f->size = st.st_size;
	call.size = (uint64_t)st.st_size;
	vcpu_file_upcall(c->v, &call);
}

/* Where the next call by the descriptor's position begins. */
static uint64_t position(struct call *c, uint64_t guest_fd, bool writes)
{
	int host = fdtable_host(&c->p->fds, (int)guest_fd);
	struct stat st;
	off_t at;

	if (writes && fcntl(host, F_GETFL) & O_APPEND && fstat(host, &st) == 0)
		return (uint64_t)st.st_size;
	at = lseek(host, 0, SEEK_CUR);
	return at < 0 ? 0 : (uint64_t)at;
}

static uint64_t end_of(uint64_t start, uint64_t len)
{
	return len > INT64_MAX - start ? INT64_MAX : start + len;
}

void coherence_sync(struct call *c, uint64_t fd, uint64_t start, uint64_t end)
{
	uint32_t number = coherence_number(c, fd);

	if (number)
		ask(c, number, HV_FILE_UPCALL_SYNC, start, end);
}

/* The host is about to read from the file: it has what was stored then. */
static void put(struct call *c, uint64_t fd)
{
	uint32_t number = coherence_number(c, fd);

	if (number)
		ask(c, number, HV_FILE_UPCALL_PUT, 0, INT64_MAX);
}

/* The call will write by fd, somewhere. */
static void begin_any(struct call *c, struct coherence *io, uint64_t fd)
{
	io->out = coherence_number(c, fd);
	io->end = INT64_MAX;
	if (io->out)
		ask(c, io->out, HV_FILE_UPCALL_PUT, 0, io->end);
}

void coherence_before_copy(struct call *c, struct coherence *io, uint64_t from,
			   uint64_t to)
{
	*io = (struct coherence){0};
	put(c, from);
	begin_any(c, io, to);
}

/*
 * To make room changes no byte of the file, but may give it another size. What
 * takes room away has the next store to a page ask for it anew.
 */
static void begin_fallocate(struct call *c, struct coherence *io)
{
	if (c->arg[1] & ~FALLOC_FL_KEEP_SIZE) {
		io->out = coherence_number(c, c->arg[0]);
		io->start = c->arg[2];
		io->end = INT64_MAX;
		coherence_sync(c, c->arg[0], io->start, io->end);
		return;
	}
	put(c, c->arg[0]);
	io->by_size = true;
}

/* It will write at an offset, or at the position if that is -1. */
static void begin_write(struct call *c, struct coherence *io, uint64_t offset,
			uint64_t len)
{
	io->out = coherence_number(c, c->arg[0]);
	if (!io->out)
		return;
	io->start = (int64_t)offset < 0 ? position(c, c->arg[0], true) : offset;
	io->end = end_of(io->start, len);
	io->counted = true;
	ask(c, io->out, HV_FILE_UPCALL_PUT, io->start, io->end);
}

static void begin_read(struct call *c, uint64_t offset, uint64_t len)
{
	uint32_t number = coherence_number(c, c->arg[0]);

	if (!number)
		return;
	if ((int64_t)offset < 0)
		offset = position(c, c->arg[0], false);
	ask(c, number, HV_FILE_UPCALL_PUT, offset, end_of(offset, len));
}

/* A file that is named, not held, gets another size. */
static void begin_path(struct call *c, struct coherence *io)
{
	io->by_size = true;
	for (uint32_t i = 1; i <= c->m->files.size; i++)
		ask(c, i, HV_FILE_UPCALL_PUT, 0, INT64_MAX);
}

#define AT_POSITION (~0ull)

void coherence_before(struct call *c, struct coherence *io)
{
	*io = (struct coherence){0};
	if (!c->m->files.version)
		return;
	switch (c->nr) {
	case SYS_read:
		begin_read(c, AT_POSITION, c->arg[2]);
		break;
	case SYS_pread64:
		begin_read(c, c->arg[3], c->arg[2]);
		break;
	case SYS_readv:
		begin_read(c, AT_POSITION, INT64_MAX);
		break;
	case SYS_preadv:
	case SYS_preadv2:
		begin_read(c, c->arg[3], INT64_MAX);
		break;
	case SYS_write:
		begin_write(c, io, AT_POSITION, c->arg[2]);
		break;
	case SYS_pwrite64:
		begin_write(c, io, c->arg[3], c->arg[2]);
		break;
	case SYS_writev:
		begin_write(c, io, AT_POSITION, INT64_MAX);
		break;
	case SYS_pwritev:
	case SYS_pwritev2:
		begin_write(c, io, c->arg[3], INT64_MAX);
		break;
	case SYS_sendfile:
		coherence_before_copy(c, io, c->arg[1], c->arg[0]);
		break;
	case SYS_copy_file_range:
	case SYS_splice:
		coherence_before_copy(c, io, c->arg[0], c->arg[2]);
		break;
	case SYS_sync:
	case SYS_syncfs:
		for (uint32_t i = 1; i <= c->m->files.size; i++)
			ask(c, i, HV_FILE_UPCALL_SYNC, 0, INT64_MAX);
		break;
	case SYS_fsync:
	case SYS_fdatasync:
	case SYS_sync_file_range:
		coherence_sync(c, c->arg[0], 0, INT64_MAX);
		break;
	case SYS_ftruncate:
		begin_any(c, io, c->arg[0]);
		break;
	case SYS_fallocate:
		begin_fallocate(c, io);
		break;
	case SYS_open:
		if (c->arg[1] & O_TRUNC)
			begin_path(c, io);
		break;
	case SYS_openat:
		if (c->arg[2] & O_TRUNC)
			begin_path(c, io);
		break;
	case SYS_creat:
	case SYS_openat2:
	case SYS_truncate:
		begin_path(c, io);
		break;
	}
}

static void check_sizes(struct call *c)
{
	for (uint32_t i = 1; i <= c->m->files.size; i++) {
		const struct file *f = files_find(&c->m->files, i);
		struct stat st;

		if (f && fstat(f->fd, &st) == 0 && st.st_size != f->size)
			ask(c, i, HV_FILE_UPCALL_CHANGED, 0, INT64_MAX);
	}
}

/* What the call tells of failed write-back: 0 or -errno. */
static int take_lost(struct call *c)
{
	int fd = (int)c->arg[0];

	switch (c->nr) {
	case SYS_syncfs:
		return lost_take_fs(&c->m->lost, &c->p->fds, fd);
	case SYS_sync_file_range:
		if (!(c->arg[3] & (SYNC_FILE_RANGE_WAIT_BEFORE |
				   SYNC_FILE_RANGE_WAIT_AFTER)))
			return 0;
		/* fall through */
	case SYS_fsync:
	case SYS_fdatasync:
		return lost_take(&c->m->lost, &c->p->fds, fd);
	default:
		return 0;
	}
}

int64_t coherence_after(struct call *c, const struct coherence *io,
			int64_t result)
{
	uint64_t end = io->end;
	int lost = take_lost(c);

	if (result < 0)
		return result;
	if (io->by_size)
		check_sizes(c);
	if (!io->out)
		return lost ? lost : result;
	if (io->counted)
		end = end_of(io->start, (uint64_t)result);
	ask(c, io->out, HV_FILE_UPCALL_CHANGED, io->start, end);
	return result;
}
