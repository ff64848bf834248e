/*
 * mapfile.c: mmap of a descriptor: may it be, and what is behind it?
 */
#include "mapfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "fdpath.h"
#include "hv_call.h"
#include "hv_map.h"
#include "machine.h"
#include "opening.h"
#include "process.h"
#include "procfs.h"

static bool is_shared(uint32_t map_flags)
{
	return (map_flags & MAP_TYPE) == MAP_SHARED ||
	       (map_flags & MAP_TYPE) == MAP_SHARED_VALIDATE;
}

static bool is_dev_zero(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 5);
}

/*
 * The host's kernel knows what can be mapped. 0: a plain file. Devices and the
 * like cannot be here, whatever it says.
 */
static int ask_host(int fd, const struct stat *st, uint32_t prot,
		    uint32_t map_flags)
{
	int flags = is_shared(map_flags) ? MAP_SHARED : MAP_PRIVATE;
	void *p = mmap(NULL, 1,
		       (int)(prot & (PROT_READ | PROT_WRITE | PROT_EXEC)),
		       flags | (int)(map_flags & MAP_GROWSDOWN), fd, 0);

	if (p == MAP_FAILED)
		return -errno;
	munmap(p, 1);
	return S_ISREG(st->st_mode) ? 0 : -ENODEV;
}

/*
 * What Linux says of those files in /proc and /sys that are ours: proc_reg_mmap
 * and kernfs_fop_mmap refuse, the others have no mmap.
 */
static int refuse_proc(unsigned number, uint32_t prot, uint32_t map_flags)
{
	const char *name = procfs_is_dir(number) ? "" : procfs_name(number);

	if (prot & PROT_EXEC)
		return -EPERM;
	if (procfs_is_dir(number) || procfs_is_own(number) ||
	    !strncmp(name, "/proc/sys/", 10))
		return -ENODEV;
	if (map_flags & MAP_GROWSDOWN)
		return -EINVAL;
	return strncmp(name, "/sys/", 5) ? -EIO : -ENODEV;
}

static int check_mode(int fd, uint32_t prot, uint32_t map_flags)
{
	int mode = fcntl(fd, F_GETFL);

	if (mode < 0 || (mode & O_PATH))
		return -EBADF;
	if (is_shared(map_flags) && (prot & PROT_WRITE) &&
	    (mode & O_ACCMODE) != O_RDWR)
		return -EACCES;
	return (mode & O_ACCMODE) == O_WRONLY ? -EACCES : 0;
}

/* Linux path_noexec: of what the mount says. */
static bool is_noexec(int fd)
{
	struct statvfs fs;

	return fstatvfs(fd, &fs) == 0 && fs.f_flag & ST_NOEXEC;
}

/* Linux mm/mmap.c, do_mmap: what a mapping asks of the descriptor. */
static int may_map(struct process *p, int fd, uint32_t prot, uint32_t map_flags,
		   struct stat *st)
{
	if (fstat(fd, st) < 0)
		return -errno;
	if ((prot & PROT_EXEC) && is_noexec(fd))
		return -EPERM;
	if (is_shared(map_flags) && (prot & PROT_WRITE) && files_is_sealed(fd))
		return -EPERM;
	if (is_dev_zero(st) || files_number(&p->machine->files, fd))
		return 0;
	return S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode)
		       ? -ENODEV
		       : ask_host(fd, st, prot, map_flags);
}

/* The opening is by another link to the inode than the mapping that was first.
 */
static int note_name(struct process *p, struct file *file, int guest_fd,
		     const char *path)
{
	uint32_t opened = opening_of(&p->fds, guest_fd);
	char now[PATH_MAX];

	fdpath_of_file(p->machine, file, opened, now, sizeof(now));
	if (!strcmp(now, path))
		return 0;
	return file_add_name(file, opened, fdtable_host(&p->fds, guest_fd),
			     path);
}

static bool may_write(int fd, uint32_t map_flags)
{
	return is_shared(map_flags) &&
	       (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR;
}

/*
 * With descriptors of our own: to read, and to write back. None left is no
 * limit of the program's: as if the machine had none (ENFILE).
 */
static int add_file(struct process *p, int guest_fd, const char *path,
		    uint32_t map_flags)
{
	uint64_t version = p->machine->files.version;
	int fd = fdtable_host(&p->fds, guest_fd);
	int number = files_add(&p->machine->files, fd, path), r = number;
	struct file *file = files_find(&p->machine->files, (uint32_t)number);

	if (number > 0 && p->machine->files.version == version)
		r = note_name(p, file, guest_fd, path);
	if (r >= 0 && may_write(fd, map_flags) && !file->zero &&
	    !files_is_sealed(fd))
		r = files_allow_write(&p->machine->files, (uint32_t)number, fd);
	if (r >= 0)
		return number;
	if (number > 0 && p->machine->files.version != version)
		files_put(&p->machine->files, (uint32_t)number);
	return r == -EMFILE ? -ENFILE : r;
}

int mapfile_get(struct process *p, int guest_fd, uint32_t prot,
		uint32_t map_flags, uint64_t *size)
{
	int fd = fdtable_host(&p->fds, guest_fd);
	char path[PATH_MAX];
	unsigned proc;
	struct stat st;
	int r;

	if (fd < 0)
		return fd;
	proc = fdtable_entry(&p->fds, guest_fd)->proc;
	r = check_mode(fd, prot, map_flags);
	if (r == 0 && proc)
		r = refuse_proc(proc, prot, map_flags);
	if (r == 0)
		r = may_map(p, fd, prot, map_flags, &st);
	if (r == 0)
		r = fdpath_real(p->machine, fd, path, sizeof(path));
	if (r < 0)
		return r;
	*size = (uint64_t)st.st_size;
	return add_file(p, guest_fd, path, map_flags);
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

static uint32_t noexec_flag(int fd)
{
	return is_noexec(fd) ? HV_FILE_NOEXEC : 0;
}

uint32_t mapfile_flags(struct process *p, uint32_t number, int guest_fd,
		       uint32_t map_flags)
{
	const struct file *f = files_find(&p->machine->files, number);
	int fd = fdtable_host(&p->fds, guest_fd);
	uint32_t flags;
	bool writable;

	if (fd < 0 || !f)
		return 0;
	writable = may_write(fd, map_flags);
	if (f->zero)
		return zero_flags(fd, writable) | noexec_flag(fd);
	flags = files_kind(fd) | noexec_flag(fd);
	if (is_foreign(fd))
		flags |= HV_FILE_FOREIGN;
	if (writable && files_is_sealed(fd))
		flags |= HV_FILE_SEALED;
	else if (writable)
		flags |= HV_FILE_WRITABLE;
	return flags;
}
