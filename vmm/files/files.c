/*
 * files.c: the numbers of mapped files. See files.h.
 */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "elfload.h"
#include "hv_call.h"

struct file *files_find(const struct files *f, uint32_t number)
{
	if (!number || number > f->size || f->file[number - 1].fd < 0)
		return NULL;
	return &f->file[number - 1];
}

static void drop(struct files *f, struct file *file)
{
	if (file->given || file->holds)
		return;
	close(file->fd);
	if (file->wfd >= 0) {
		close(file->wfd);
		f->nr_writable--;
	}
	files_window_close(file);
	for (unsigned i = 0; i < file->nr_names; i++) {
		if (i && file->names[i].fd >= 0)
			close(file->names[i].fd);
		free(file->names[i].path);
	}
	free(file->names);
	*file = (struct file){.fd = -1, .wfd = -1};
	f->version++;
}

void files_put(struct files *f, uint32_t number)
{
	struct file *file = files_find(f, number);

	if (!file)
		return;
	file->given = false;
	drop(f, file);
}

void files_release(struct files *f, uint32_t number, bool given)
{
	struct file *file = files_find(f, number);

	if (!file || !file->holds)
		return;
	file->holds--;
	file->given |= given;
	drop(f, file);
}

void files_fini(struct files *f)
{
	for (uint32_t i = 0; i < f->size; i++) {
		if (f->file[i].fd < 0)
			continue;
		f->file[i].given = false;
		f->file[i].holds = 0;
		drop(f, &f->file[i]);
	}
	free(f->file);
	*f = (struct files){0};
}

static uint32_t find_inode(const struct files *f, const struct stat *st)
{
	for (uint32_t i = 0; i < f->size; i++)
		if (f->file[i].fd >= 0 && f->file[i].dev == st->st_dev &&
		    f->file[i].ino == st->st_ino)
			return i + 1;
	return 0;
}

/* The lowest free number, or 0 if memory is short. */
static uint32_t find_free(struct files *f)
{
	struct file *bigger;
	uint32_t size = f->size ? f->size * 2 : 8;

	for (uint32_t i = 0; i < f->size; i++)
		if (f->file[i].fd < 0)
			return i + 1;
	bigger = realloc(f->file, size * sizeof(*bigger));
	if (!bigger)
		return 0;
	for (uint32_t i = f->size; i < size; i++)
		bigger[i] = (struct file){.fd = -1, .wfd = -1};
	f->file = bigger;
	f->size = size;
	return size == 8 ? 1 : size / 2 + 1;
}

/*
 * A description of our own, so that the program's flock(2) ends when the
 * program closes its descriptor; a copy where the file cannot be opened anew.
 */
static int reopen(int fd, int mode)
{
	char link[64];
	int copy;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	copy = open(link, mode | O_CLOEXEC | O_NOCTTY);
	if (copy < 0)
		copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	return copy < 0 ? -errno : copy;
}

static struct file_name *name_new(int fd, const char *path)
{
	struct file_name *name = malloc(sizeof(*name));

	if (!name)
		return NULL;
	*name = (struct file_name){.fd = fd, .path = strdup(path)};
	if (name->path)
		return name;
	free(name);
	return NULL;
}

/* Its number, new or not. */
static int find_or_make(struct files *f, int fd, const char *path)
{
	uint32_t number;
	struct statfs fs;
	struct stat st;
	struct file_name *name;
	int copy;

	if (fstat(fd, &st) < 0)
		return -errno;
	number = find_inode(f, &st);
	if (number) {
		f->file[number - 1].size = st.st_size;
		return (int)number;
	}
	copy = reopen(fd, O_RDONLY);
	if (copy < 0)
		return copy;
	name = name_new(copy, path);
	number = name ? find_free(f) : 0;
	if (!number) {
		if (name)
			free(name->path);
		free(name);
		close(copy);
		return -ENOMEM;
	}
	f->version++;
	f->file[number - 1] = (struct file){
		.fd = copy,
		.wfd = -1,
		.size = st.st_size,
		.zero = S_ISCHR(st.st_mode),
		.dev = st.st_dev,
		.ino = st.st_ino,
		.names = name,
		.nr_names = 1,
		.in_memory = S_ISREG(st.st_mode) && fstatfs(copy, &fs) == 0 &&
			     fs.f_type == TMPFS_MAGIC,
	};
	return (int)number;
}

int files_add(struct files *f, int fd, const char *path)
{
	int number = find_or_make(f, fd, path);

	if (number > 0)
		f->file[number - 1].given = true;
	return number;
}

int files_hold(struct files *f, int fd, const char *path)
{
	int number = find_or_make(f, fd, path);

	if (number > 0)
		f->file[number - 1].holds++;
	return number;
}

int file_add_name(struct file *file, uint32_t opened, int fd, const char *path)
{
	struct file_name *names =
		realloc(file->names, (file->nr_names + 1) * sizeof(*names));
	char link[64], *copy;

	if (!names)
		return -ENOMEM;
	file->names = names;
	copy = strdup(path);
	if (!copy)
		return -ENOMEM;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	names[file->nr_names++] = (struct file_name){
		.opened = opened,
		.fd = open(link, O_PATH | O_CLOEXEC),
		.path = copy,
	};
	return 0;
}

const struct file_name *file_name_of(const struct file *file, uint32_t opened)
{
	for (unsigned i = 1; i < file->nr_names; i++)
		if (file->names[i].opened == opened)
			return &file->names[i];
	return &file->names[0];
}

uint32_t files_number(const struct files *f, int fd)
{
	struct stat st;

	return fstat(fd, &st) < 0 ? 0 : find_inode(f, &st);
}

int files_allow_write(struct files *f, uint32_t number, int fd)
{
	struct file *file = files_find(f, number);

	if (!file)
		return -EBADF;
	if (file->wfd >= 0)
		return 0;
	file->wfd = reopen(fd, O_RDWR);
	if (file->wfd < 0)
		return file->wfd;
	f->nr_writable++;
	return 0;
}

/* ---- Windows ----------------------------------------------------------- */

#define PAGE 4096ul

int files_window_open(struct file *f)
{
	void *p;

	if (f->window)
		return 0;
	p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, f->wfd, 0);
	if (p == MAP_FAILED)
		return -errno;
	f->window = p;
	f->window_size = PAGE;
	return 0;
}

void files_window_close(struct file *f)
{
	if (f->window)
		munmap(f->window, f->window_size);
	f->window = NULL;
}

/* By a system call: the file may become shorter at any time, that is SIGBUS. */
int files_window_write(struct file *f, uint64_t offset, const void *src,
		       size_t len)
{
	size_t size = (offset + len + PAGE - 1) & -PAGE;
	struct iovec from = {(void *)src, len}, to;
	void *p;

	if (size > f->window_size) {
		p = mremap(f->window, f->window_size, size, MREMAP_MAYMOVE);
		if (p == MAP_FAILED)
			return -ENOMEM;
		f->window = p;
		f->window_size = size;
	}
	to = (struct iovec){(uint8_t *)f->window + offset, len};
	return process_vm_writev(getpid(), &from, 1, &to, 1, 0) == (ssize_t)len
		       ? 0
		       : -EIO;
}

uint32_t files_kind(int fd)
{
	struct statfs fs;
	uint32_t flags = 0;

	if (fstatfs(fd, &fs) == 0 && fs.f_type == TMPFS_MAGIC)
		flags |= HV_FILE_TMPFS;
	if (elfload_thp_files(fd))
		flags |= HV_FILE_HUGE;
	return flags;
}

/* Linux mm/memfd.c, seal_check_write. */
bool files_is_sealed(int fd)
{
	int seals = fcntl(fd, F_GET_SEALS);

	return seals >= 0 && seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE);
}
