/*
 * procfs.c: which files there are, and the program's descriptors of them.
 */
#include "procfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "call.h"
#include "describe.h"
#include "procfs_internal.h"

enum place { SELF, ROOT };

struct procfs_file {
	const char *name;
	enum place place;
	procfs_show_fn *show; /* NULL: not to be opened */
	bool binary;	      /* not for --dump */
};

static int show_pagemap(const struct procfs *p, FILE *out)
{
	(void)p;
	(void)out;
	return -EINVAL; /* never whole */
}

/* Number PROCFS_DIRS + 1 is the first. Names as in Linux fs/proc/base.c. */
static const struct procfs_file files[] = {
	{"environ", SELF, procfs_environ, false},
	{"auxv", SELF, procfs_auxv, false},
	{"status", SELF, procfs_status, false},
	{"personality", SELF, procfs_personality, false},
	{"limits", SELF, procfs_limits, false},
	{"comm", SELF, procfs_comm, false},
	{"cmdline", SELF, procfs_cmdline, false},
	{"stat", SELF, procfs_stat, false},
	{"statm", SELF, procfs_statm, false},
	{"maps", SELF, procfs_maps, false},
	{"mem", SELF, NULL, true},
	{"smaps", SELF, procfs_smaps, false},
	{"smaps_rollup", SELF, procfs_smaps_rollup, false},
	{"pagemap", SELF, show_pagemap, true},
	{"meminfo", ROOT, procfs_meminfo, false},
	{"vmstat", ROOT, procfs_vmstat, false},
	{"buddyinfo", ROOT, procfs_buddyinfo, false},
	{"zoneinfo", ROOT, procfs_zoneinfo, false},
	{"slabinfo", ROOT, procfs_slabinfo, false},
	{"iomem", ROOT, procfs_iomem, false},
};
#define NR_FILES (sizeof(files) / sizeof(files[0]))

static const struct procfs_file *file_of(unsigned number)
{
	unsigned i = number - PROCFS_DIRS - 1;

	return number > PROCFS_DIRS && i < NR_FILES ? &files[i] : NULL;
}

static bool is_pagemap(unsigned number)
{
	const struct procfs_file *f = file_of(number);

	return f && f->show == show_pagemap;
}

unsigned procfs_find(unsigned dir, const char *name)
{
	enum place place = dir == PROCFS_NONE ? ROOT : SELF;

	for (unsigned i = 0; i < NR_FILES; i++)
		if (files[i].place == place && !strcmp(files[i].name, name))
			return PROCFS_DIRS + 1 + i;
	return PROCFS_NONE;
}

bool procfs_is_own(unsigned number)
{
	const struct procfs_file *f = file_of(number);

	return f && f->place == SELF;
}

unsigned procfs_find_dir(const char *rest)
{
	if (!strncmp(rest, "/task", 5)) {
		if (!rest[5])
			return PROCFS_TASK;
		rest += 6;
		rest += strcspn(rest, "/");
		if (!*rest)
			return PROCFS_TID;
	}
	if (!*rest)
		return PROCFS_SELF;
	return strcmp(rest, "/fd") ? PROCFS_NONE : PROCFS_FD;
}

const char *procfs_name(unsigned number)
{
	static const char *const dirs[] = {"", "", "fd", "task", ""};
	const struct procfs_file *f = file_of(number);

	return f ? f->name : dirs[number <= PROCFS_DIRS ? number : 0];
}

/* ---- Contents ---------------------------------------------------------- */

int procfs_show(struct sys *s, struct vcpu *v, unsigned number, FILE *out)
{
	const struct procfs_file *f = file_of(number);
	const struct procfs p = {s, v};

	return f && f->show ? f->show(&p, out) : -EACCES;
}

unsigned procfs_find_dump(const char *name)
{
	for (unsigned i = 0; i < NR_FILES; i++)
		if (!files[i].binary && !strcmp(files[i].name, name))
			return PROCFS_DIRS + 1 + i;
	return PROCFS_NONE;
}

const char *procfs_dump_name(unsigned i)
{
	for (unsigned k = 0; k < NR_FILES; k++)
		if (!files[k].binary && !i--)
			return files[k].name;
	return NULL;
}

/* ---- Descriptors of files ---------------------------------------------- */

void procfs_path(unsigned number, char *buf)
{
	const struct procfs_file *f = file_of(number);

	if (f && f->place == SELF)
		sprintf(buf, "/proc/%d/%s", getpid(), f->name);
	else
		sprintf(buf, "/proc/%s", f ? f->name : "");
}

int procfs_open_host(const struct sys *s, unsigned number)
{
	const struct procfs_file *f = file_of(number);
	char path[64];
	int fd;

	procfs_path(number, path);
	if (f && f->place == SELF)
		fd = openat(s->proc_fd, f->name, O_PATH | O_CLOEXEC);
	else
		fd = open(path, O_PATH | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}
/* Make [offset, offset + len) all there is in the memory file behind fd. */
static int fill(int fd, const void *data, size_t len, int64_t offset)
{
	char self[32];
	size_t done = 0;
	int ret = 0, to;

	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	to = open(self, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (to < 0)
		return -errno;
	while (done < len && !ret) {
		ssize_t n = pwrite(to, (const char *)data + done, len - done,
				   (off_t)offset + (off_t)done);

		if (n > 0)
			done += (size_t)n;
		else if (errno != EINTR)
			ret = n ? -errno : -EIO;
	}
	close(to);
	return ret;
}

static int fill_whole(const struct procfs *p, unsigned number, int fd)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	int ret;

	if (!out)
		return -ENOMEM;
	ret = procfs_show(p->s, p->v, number, out);
	if (fclose(out))
		ret = ret ? ret : -ENOMEM;
	if (!ret)
		ret = fill(fd, text, size, 0);
	free(text);
	return ret;
}

/*
 * Filled by the first read, as Linux makes it then; those that can be copied
 * without a read (sendfile) at once, too.
 */
int64_t procfs_open(struct sys *s, struct vcpu *v, unsigned number, int flags)
{
	const struct procfs_file *f = file_of(number);
	const struct procfs p = {s, v};
	char self[32];
	int memory, fd;

	if (!f || !f->show)
		return -EACCES;
	memory = memfd_create(f->name, MFD_CLOEXEC);
	if (memory < 0)
		return -errno;
	/* A description of its own, so that it has the program's flags. */
	snprintf(self, sizeof(self), "/proc/self/fd/%d", memory);
	fd = open(self, O_RDONLY | O_CLOEXEC | (flags & O_NONBLOCK));
	fd = fd < 0 ? -errno : fd;
	close(memory);
	if (fd >= 0 && f->place == ROOT)
		fill_whole(&p, number, fd); /* a read says what went wrong */
	return fd;
}

/* ---- pagemap: by the piece, and as of now ------------------------------ */

#define PAGEMAP_PFN   ((1ull << 55) - 1)
#define PAGEMAP_BYTES (HV_VA_USER_END / HV_PAGE_SIZE * 8)
#define PAGEMAP_CHUNK (256u << 10)

/* Linux pagemap_read: frame numbers are for CAP_SYS_ADMIN alone. */
static bool sees_frames(void)
{
	return geteuid() == 0;
}

static int64_t fill_pagemap(const struct procfs *p, int fd, int64_t offset,
			    uint64_t len)
{
	uint64_t *entries;
	size_t n;
	int ret;

	if (offset % 8 || len % 8)
		return -EINVAL;
	if ((uint64_t)offset >= PAGEMAP_BYTES)
		len = 0;
	else if (len > PAGEMAP_BYTES - (uint64_t)offset)
		len = PAGEMAP_BYTES - (uint64_t)offset;
	len = len < PAGEMAP_CHUNK ? len : PAGEMAP_CHUNK;
	n = len / 8;
	entries = malloc(len + 8);
	if (!entries)
		return -ENOMEM;
	ret = describe_pagemap(p->v, (uint64_t)offset / 8 * HV_PAGE_SIZE, n,
			       entries);
	for (size_t i = 0; i < n && !ret && !sees_frames(); i++)
		entries[i] &= ~PAGEMAP_PFN;
	if (!ret)
		ret = fill(fd, entries, len, offset);
	free(entries);
	return ret ? ret : (int64_t)len;
}

int64_t procfs_refresh(struct sys *s, struct vcpu *v, unsigned number, int fd,
		       int64_t offset, uint64_t len)
{
	const struct procfs p = {s, v};
	int ret;

	if (offset < 0)
		offset = lseek(fd, 0, SEEK_CUR);
	if (offset < 0)
		return -errno;
	if (is_pagemap(number))
		return fill_pagemap(&p, fd, offset, len);
	if (offset > 0)
		return (int64_t)len;
	ret = fill_whole(&p, number, fd);
	return ret ? ret : (int64_t)len;
}

/* ---- Directories ------------------------------------------------------- */

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

	if (process)
		list_name(l, "task", DT_DIR);
	list_name(l, "fd", DT_DIR);
	for (unsigned i = 0; i < NR_FILES; i++)
		if (files[i].place == SELF)
			list_name(l, files[i].name, DT_REG);
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
