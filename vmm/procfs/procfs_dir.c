/*
 * procfs_dir.c: the names in /proc/PID and in its directories. The descriptor
 * is the host's; its position counts the names that were given. Which names a
 * process has here, and in what order, the host says; which of them the program
 * has, procfs.c.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "describe.h"
#include "hv_describe.h"
#include "hv_map.h"
#include "procfs.h"
#include "procfs_internal.h"

struct linux_dirent64 {
	uint64_t ino, off;
	uint16_t reclen;
	uint8_t type;
	char name[];
};
#define DIRENT_HEAD offsetof(struct linux_dirent64, name)

struct listing {
	uint8_t *buf;
	size_t size, used;
	uint64_t at, from; /* entries by number; the first to be given */
	bool full;
};

static void list_name(struct listing *l, const char *name, uint8_t type)
{
	size_t len = strlen(name) + 1;
	size_t reclen = (DIRENT_HEAD + len + 7) & ~(size_t)7;
	struct linux_dirent64 head = {
		.ino = l->at + 1,
		.off = l->at + 1,
		.reclen = (uint16_t)reclen,
		.type = type,
	};

	if (l->at++ < l->from || l->full)
		return;
	if (l->used + reclen > l->size) {
		l->full = true;
		return;
	}
	memset(l->buf + l->used, 0, reclen);
	memcpy(l->buf + l->used, &head, DIRENT_HEAD);
	memcpy(l->buf + l->used + DIRENT_HEAD, name, len);
	l->used += reclen;
	l->from = l->at;
}

static bool is_plain(const char *name)
{
	return !strcmp(name, ".") || !strcmp(name, "..") ||
	       !strcmp(name, "cwd") || !strcmp(name, "root") ||
	       !strcmp(name, "exe");
}

/* The host's entries of fd, but for those that the program has not. */
static int list_process(struct listing *l, unsigned number, int fd)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *d;

	if (!dir) {
		if (copy >= 0)
			close(copy);
		return -errno;
	}
	while ((d = readdir(dir)))
		if (is_plain(d->d_name) || procfs_is_hosts(d->d_name) ||
		    procfs_find_subdir(number, d->d_name) ||
		    procfs_find(number, d->d_name))
			list_name(l, d->d_name, d->d_type);
	closedir(dir);
	return 0;
}

static void list_fds(struct listing *l, const struct fdtable *t, uint8_t type)
{
	char name[16];

	for (unsigned fd = 0; fd < t->size; fd++) {
		if (t->entry[fd].host < 0)
			continue;
		snprintf(name, sizeof(name), "%u", fd);
		list_name(l, name, type);
	}
}

/* ---- map_files --------------------------------------------------------- */

static bool is_mapped_file(const struct hv_desc_vma *v)
{
	return (v->file || v->shm) && !procfs_is_special(v);
}

static int list_mapped(struct listing *l, struct vcpu *v)
{
	struct hv_desc_vma *vmas;
	int64_t n = describe_all(v, HV_DESCRIBE_MAPS, sizeof(*vmas),
				 (void **)&vmas);
	char name[64];

	if (n < 0)
		return (int)n;
	for (int64_t i = 0; i < n; i++) {
		if (!is_mapped_file(&vmas[i]))
			continue;
		snprintf(name, sizeof(name), "%" PRIx64 "-%" PRIx64,
			 vmas[i].start, vmas[i].end);
		list_name(l, name, DT_LNK);
	}
	free(vmas);
	return 0;
}

int procfs_find_mapped(struct thread *t, const char *name,
		       struct hv_desc_vma *v)
{
	unsigned long start, end;
	char exact[64];
	int ret;

	if (sscanf(name, "%lx-%lx", &start, &end) != 2 || !t->vcpu)
		return -ENOENT;
	snprintf(exact, sizeof(exact), "%lx-%lx", start, end);
	if (strcmp(name, exact) || start >= HV_VA_USER_END)
		return -ENOENT;
	ret = describe_next_vma(t->vcpu, start, v);
	if (ret)
		return ret;
	if (v->start != start || v->end != end || !is_mapped_file(v))
		return -ENOENT;
	return 0;
}

/* ---- The directory ----------------------------------------------------- */

static int list_all(struct thread *t, unsigned number, int fd,
		    struct listing *l)
{
	char name[16];

	if (number == PROCFS_SELF || number == PROCFS_TID)
		return list_process(l, number, fd);
	list_name(l, ".", DT_DIR);
	list_name(l, "..", DT_DIR);
	switch (number) {
	case PROCFS_FD:
		list_fds(l, &t->process->fds, DT_LNK);
		return 0;
	case PROCFS_FDINFO:
		list_fds(l, &t->process->fds, DT_REG);
		return 0;
	case PROCFS_MAP_FILES:
		return list_mapped(l, t->vcpu);
	default:
		snprintf(name, sizeof(name), "%d", t->process->pid);
		list_name(l, name, DT_DIR);
		return 0;
	}
}

int64_t procfs_getdents(struct thread *t, unsigned number, int fd, uint8_t *buf,
			size_t size)
{
	off_t from = lseek(fd, 0, SEEK_CUR);
	struct listing l = {.buf = buf, .size = size, .from = (uint64_t)from};
	int ret;

	if (from < 0)
		return -errno;
	ret = list_all(t, number, fd, &l);
	if (ret)
		return ret;
	if (!l.used)
		return l.full ? -EINVAL : 0;
	return lseek(fd, (off_t)l.from, SEEK_SET) < 0 ? -errno
						      : (int64_t)l.used;
}
