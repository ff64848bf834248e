/*
 * mapped.c: see mapped.h. Also what sys.h says of sys_file_*.
 */
#include "mapped.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "call.h"
#include "elfload.h"
#include "families.h"
#include "path.h"

/* ---- Mapping ------------------------------------------------------------ */

static bool is_shared(uint32_t map_flags)
{
	return (map_flags & MAP_TYPE) == MAP_SHARED ||
	       (map_flags & MAP_TYPE) == MAP_SHARED_VALIDATE;
}

/* Linux mm/memfd.c, seal_check_write. */
static bool is_sealed(int fd)
{
	int seals = fcntl(fd, F_GET_SEALS);

	return seals >= 0 && seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE);
}

static bool is_dev_zero(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 5);
}

/* What is no plain file: the host's kernel knows in what way. */
static int refusal(int fd, uint32_t prot, uint32_t map_flags)
{
	void *p = mmap(NULL, 1,
		       (int)(prot & (PROT_READ | PROT_WRITE | PROT_EXEC)),
		       is_shared(map_flags) ? MAP_SHARED : MAP_PRIVATE, fd, 0);

	if (p == MAP_FAILED)
		return -errno;
	munmap(p, 1);
	return -ENODEV;
}

/* Linux mm/mmap.c, do_mmap: what a mapping asks of the descriptor. */
static int may_map(int fd, uint32_t prot, uint32_t map_flags, struct stat *st)
{
	int mode = fcntl(fd, F_GETFL);
	struct statvfs fs;

	if (mode < 0 || (mode & O_PATH))
		return -EBADF;
	if (fstat(fd, st) < 0)
		return -errno;
	if (is_shared(map_flags) && (prot & PROT_WRITE) &&
	    (mode & O_ACCMODE) != O_RDWR)
		return -EACCES;
	if ((mode & O_ACCMODE) == O_WRONLY)
		return -EACCES;
	if ((prot & PROT_EXEC) && fstatvfs(fd, &fs) == 0 &&
	    (fs.f_flag & ST_NOEXEC))
		return -EPERM;
	if (is_shared(map_flags) && (prot & PROT_WRITE) && is_sealed(fd))
		return -EPERM;
	if (S_ISREG(st->st_mode) || is_dev_zero(st))
		return 0;
	return S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode)
		       ? -ENODEV
		       : refusal(fd, prot, map_flags);
}

int sys_file_get(struct sys *s, int guest_fd, uint32_t prot, uint32_t map_flags,
		 uint64_t *size)
{
	int fd = fdtable_host(&s->fds, guest_fd);
	char path[PATH_MAX];
	struct stat st;
	int r;

	if (fd < 0)
		return fd;
	if (fdtable_entry(&s->fds, guest_fd)->proc)
		return -ENODEV;
	r = may_map(fd, prot, map_flags, &st);
	if (r == 0)
		r = path_real(s, fd, path, sizeof(path));
	if (r < 0)
		return r;
	*size = (uint64_t)st.st_size;
	return files_add(&s->files, fd, path);
}

/* Linux mm/mincore.c, can_do_mincore. */
static bool is_foreign(int fd)
{
	char link[64];
	struct stat st;

	if (fstat(fd, &st) == 0 && st.st_uid == geteuid())
		return false;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return faccessat(AT_FDCWD, link, W_OK, AT_EACCESS) != 0;
}

uint32_t sys_file_kind(int fd)
{
	struct statfs fs;
	uint32_t flags = 0;

	if (fstatfs(fd, &fs) == 0 && fs.f_type == TMPFS_MAGIC)
		flags |= HV_FILE_TMPFS;
	if (elfload_thp_files(fd))
		flags |= HV_FILE_HUGE;
	return flags;
}

/* Does this host's kernel align it for huge pages? What would not be 2 MiB. */
static bool zero_is_aligned(int fd)
{
	const size_t huge = 2u << 20, size = huge + HV_PAGE_SIZE;
	void *p[2];
	bool yes = true;

	for (int i = 0; i < 2; i++) {
		p[i] = mmap(NULL, size, PROT_NONE, MAP_PRIVATE, fd, 0);
		yes &= (uintptr_t)p[i] % huge == 0;
	}
	for (int i = 0; i < 2; i++)
		if (p[i] != MAP_FAILED)
			munmap(p[i], size);
	return yes;
}

static uint32_t zero_flags(int fd, bool writable)
{
	return HV_FILE_ZERO | (writable ? HV_FILE_WRITABLE : 0) |
	       (zero_is_aligned(fd) ? HV_FILE_HUGE : 0);
}

uint32_t sys_file_flags(struct sys *s, uint32_t number, int guest_fd,
			uint32_t map_flags)
{
	const struct file *f = files_find(&s->files, number);
	int fd = fdtable_host(&s->fds, guest_fd);
	uint32_t flags;
	bool writable;

	if (fd < 0 || !f)
		return 0;
	writable = is_shared(map_flags) &&
		   (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR;
	if (f->zero)
		return zero_flags(fd, writable);
	flags = sys_file_kind(fd);
	if (is_foreign(fd))
		flags |= HV_FILE_FOREIGN;
	if (writable && is_sealed(fd))
		flags |= HV_FILE_SEALED;
	else if (writable && files_allow_write(&s->files, number, fd) == 0)
		flags |= HV_FILE_WRITABLE;
	return flags;
}

static bool is_same_opening(int a, int b)
{
	pid_t self = getpid();

	return syscall(SYS_kcmp, self, self, KCMP_FILE, a, b) == 0;
}

uint32_t sys_file_opening(struct sys *s, int guest_fd)
{
	struct fd_entry *e = fdtable_entry(&s->fds, guest_fd);

	if (!e)
		return 0;
	for (unsigned i = 0; i < s->fds.size && !e->opened; i++) {
		const struct fd_entry *other = &s->fds.entry[i];

		if (other->host >= 0 && other->opened &&
		    is_same_opening(other->host, e->host))
			e->opened = other->opened;
	}
	if (!e->opened)
		e->opened = ++s->files.openings;
	return e->opened;
}

/* ---- Write-back --------------------------------------------------------- */

int sys_file_write(struct sys *s, uint32_t number, uint64_t offset,
		   const void *src, size_t len)
{
	struct file *f = files_find(&s->files, number);
	struct stat st;
	size_t done = 0;

	if (!f || f->wfd < 0)
		return -EBADF;
	if (fstat(f->wfd, &st) < 0)
		return -errno;
	if (offset >= (uint64_t)st.st_size)
		return 0;
	if (len > (uint64_t)st.st_size - offset)
		len = (uint64_t)st.st_size - offset;
	while (done < len) {
		ssize_t n = pwrite(f->wfd, (const uint8_t *)src + done,
				   len - done, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EPERM && f->window) /* sealed */
			return files_window_write(f, offset + done,
						  (const uint8_t *)src + done,
						  len - done);
		if (n <= 0)
			return n ? -errno : -EIO;
		done += (size_t)n;
	}
	return 0;
}

int sys_file_op(struct sys *s, uint32_t number, uint32_t op, uint64_t start,
		uint64_t end)
{
	const struct file *f;
	int r;

	if (op == HV_FILE_OP_PIDFD)
		return pidfd_check_own(s, (int)number);
	f = files_find(&s->files, number);
	if (!f || f->wfd < 0 || start >= end || end > INT64_MAX)
		return -EINVAL;
	switch (op) {
	case HV_FILE_OP_SYNC:
		r = fdatasync(f->wfd);
		break;
	case HV_FILE_OP_PUNCH:
		r = fallocate(f->wfd,
			      FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			      (off_t)start, (off_t)(end - start));
		break;
	case HV_FILE_OP_SEALED:
		return is_sealed(f->wfd);
	default:
		return -EINVAL;
	}
	return r < 0 ? -errno : 0;
}

bool sys_file_any_written(const struct sys *s)
{
	return s->files.nr_writable != 0;
}

/* ---- Calls on mapped files ---------------------------------------------- */

/* Remembered in the table. */
uint32_t mapped_number(struct call *c, uint64_t guest_fd)
{
	struct fd_entry *e = fdtable_entry(&c->s->fds, (int)guest_fd);
	struct files *files = &c->s->files;

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
	struct file *f = files_find(&c->s->files, number);
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
	int host = fdtable_host(&c->s->fds, (int)guest_fd);
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

void mapped_sync(struct call *c, uint64_t fd, uint64_t start, uint64_t end)
{
	uint32_t number = mapped_number(c, fd);

	if (number)
		ask(c, number, HV_FILE_UPCALL_SYNC, start, end);
}

/* The host is about to read from the file: it has what was stored then. */
static void put(struct call *c, uint64_t fd)
{
	uint32_t number = mapped_number(c, fd);

	if (number)
		ask(c, number, HV_FILE_UPCALL_PUT, 0, INT64_MAX);
}

/* The call will write by fd, somewhere. */
static void begin_any(struct call *c, struct mapped_io *io, uint64_t fd)
{
	io->out = mapped_number(c, fd);
	io->end = INT64_MAX;
	if (io->out)
		ask(c, io->out, HV_FILE_UPCALL_PUT, 0, io->end);
}

/* To make room changes no byte of the file, but may give it another size. */
static void begin_fallocate(struct call *c, struct mapped_io *io)
{
	if (c->arg[1] & ~FALLOC_FL_KEEP_SIZE) {
		begin_any(c, io, c->arg[0]);
		return;
	}
	put(c, c->arg[0]);
	io->by_size = true;
}

/* It will write at an offset, or at the position if that is -1. */
static void begin_write(struct call *c, struct mapped_io *io, uint64_t offset,
			uint64_t len)
{
	io->out = mapped_number(c, c->arg[0]);
	if (!io->out)
		return;
	io->start = (int64_t)offset < 0 ? position(c, c->arg[0], true) : offset;
	io->end = end_of(io->start, len);
	io->counted = true;
	ask(c, io->out, HV_FILE_UPCALL_PUT, io->start, io->end);
}

static void begin_read(struct call *c, uint64_t offset, uint64_t len)
{
	uint32_t number = mapped_number(c, c->arg[0]);

	if (!number)
		return;
	if ((int64_t)offset < 0)
		offset = position(c, c->arg[0], false);
	ask(c, number, HV_FILE_UPCALL_PUT, offset, end_of(offset, len));
}

/* A file that is named, not held, gets another size. */
static void begin_path(struct call *c, struct mapped_io *io)
{
	io->by_size = true;
	for (uint32_t i = 1; i <= c->s->files.size; i++)
		ask(c, i, HV_FILE_UPCALL_PUT, 0, INT64_MAX);
}

#define AT_POSITION (~0ull)

void mapped_before(struct call *c, struct mapped_io *io)
{
	*io = (struct mapped_io){0};
	if (!c->s->files.version)
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
		put(c, c->arg[1]);
		begin_any(c, io, c->arg[0]);
		break;
	case SYS_copy_file_range:
	case SYS_splice:
		put(c, c->arg[0]);
		begin_any(c, io, c->arg[2]);
		break;
	case SYS_fsync:
	case SYS_fdatasync:
	case SYS_sync_file_range:
		mapped_sync(c, c->arg[0], 0, INT64_MAX);
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
	for (uint32_t i = 1; i <= c->s->files.size; i++) {
		const struct file *f = files_find(&c->s->files, i);
		struct stat st;

		if (f && fstat(f->fd, &st) == 0 && st.st_size != f->size)
			ask(c, i, HV_FILE_UPCALL_CHANGED, 0, INT64_MAX);
	}
}

void mapped_after(struct call *c, const struct mapped_io *io, int64_t result)
{
	uint64_t end = io->end;

	if (result < 0)
		return;
	if (io->by_size)
		check_sizes(c);
	if (!io->out)
		return;
	if (io->counted)
		end = end_of(io->start, (uint64_t)result);
	ask(c, io->out, HV_FILE_UPCALL_CHANGED, io->start, end);
}
