/*
 * procfs_dir.c: the names in /proc/PID, its fd and task. The descriptor is the
 * host's; its position counts the names that were given.
 */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "call.h"
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

static void list_self(struct listing *l, bool process)
{
	static const char *const links[] = {"cwd", "root", "exe"};
	static const char *const common[] = {PROCFS_COMMON};
	const char *name;

	if (process)
		list_name(l, "task", DT_DIR);
	list_name(l, "fd", DT_DIR);
	list_name(l, "net", DT_DIR);
	for (unsigned i = 0; (name = procfs_own_name(i)); i++)
		list_name(l, name, DT_REG);
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		list_name(l, links[i], DT_LNK);
	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++)
		list_name(l, common[i], DT_REG);
}

static void list_fds(struct listing *l, const struct fdtable *t)
{
	char name[16];

	for (unsigned fd = 0; fd < t->size; fd++) {
		if (t->entry[fd].host < 0)
			continue;
		snprintf(name, sizeof(name), "%u", fd);
		list_name(l, name, DT_LNK);
	}
}

int64_t procfs_getdents(struct sys *s, unsigned number, int fd, uint8_t *buf,
			size_t size)
{
	off_t from = lseek(fd, 0, SEEK_CUR);
	struct listing l = {.buf = buf, .size = size, .from = (uint64_t)from};
	char name[16];

	if (from < 0)
		return -errno;
	list_name(&l, ".", DT_DIR);
	list_name(&l, "..", DT_DIR);
	if (number == PROCFS_SELF || number == PROCFS_TID) {
		list_self(&l, number == PROCFS_SELF);
	} else if (number == PROCFS_FD) {
		list_fds(&l, &s->fds);
	} else {
		snprintf(name, sizeof(name), "%d", getpid());
		list_name(&l, name, DT_DIR);
	}
	if (!l.used)
		return l.full ? -EINVAL : 0;
	return lseek(fd, (off_t)l.from, SEEK_SET) < 0 ? -errno
						      : (int64_t)l.used;
}
