/*
 * procfs_open.c: the program's descriptors of files in /proc: memory files that
 * are filled when they are read.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "capable.h"
#include "describe.h"
#include "hv_describe.h"
#include "hv_map.h"
#include "procfs.h"
#include "procfs_internal.h"
#include "tasks.h"

int procfs_fill(int fd, const void *data, size_t len, int64_t offset,
		bool truncate)
{
	char self[32];
	size_t done = 0;
	int ret = 0, to;

	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	to = open(self, O_WRONLY | O_CLOEXEC | (truncate ? O_TRUNC : 0));
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
	ret = procfs_show_by(p, number, out);
	if (fclose(out))
		ret = ret ? ret : -ENOMEM;
	if (!ret)
		ret = procfs_fill(fd, text, size, 0, true);
	free(text);
	return ret;
}

/*
 * Filled by the first read, as Linux makes it then; those that can be copied
 * without a read (sendfile) at once, too.
 */
int64_t procfs_open(struct thread *t, unsigned number, unsigned arg, int flags)
{
	const struct procfs p = procfs_of(t, arg);
	char self[32];
	int memory, fd;

	if (procfs_kind(number) == PROCFS_NEVER)
		return -EACCES;
	memory = memfd_create(procfs_name(number), MFD_CLOEXEC);
	if (memory < 0)
		return -errno;
	/* A description of its own, so that it has the program's flags. */
	snprintf(self, sizeof(self), "/proc/self/fd/%d", memory);
	fd = open(self, O_CLOEXEC | (flags & (O_ACCMODE | O_NONBLOCK)));
	fd = fd < 0 ? -errno : fd;
	close(memory);
	if (fd >= 0 && !procfs_is_own(number))
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
	return capable(CAP_SYS_ADMIN);
}

/* The entries [at, at + n) of pagemap. */
static int get_pagemap(const struct procfs *p, uint64_t at, size_t n,
		       uint64_t *out)
{
	uint64_t hidden = HV_PAGEMAP_MORE | (sees_frames() ? 0 : PAGEMAP_PFN);
	int ret = describe_pagemap(p->v, at * HV_PAGE_SIZE, n, out);

	for (size_t i = 0; i < n && !ret; i++)
		out[i] &= ~hidden;
	return ret;
}

/* Frames that have an entry in kpageflags: Linux max_pfn. */
static uint64_t frames(const struct machine *m)
{
	unsigned n = m->facts.nr_banks;

	return n ? m->facts.banks[n - 1].end / HV_PAGE_SIZE : 0;
}

/* Linux pagemap_read, kpage_read: whole entries of 8 bytes. */
static int fill_entries(const struct procfs *p, unsigned number, int fd,
			int64_t offset, uint64_t len)
{
	bool own = procfs_kind(number) == PROCFS_PAGEMAP;
	uint64_t bytes = own ? PAGEMAP_BYTES : frames(p->of->machine) * 8;
	uint64_t at = (uint64_t)offset / 8, *entries;
	int ret;

	if (offset % 8 || len % 8)
		return -EINVAL;
	if ((uint64_t)offset >= bytes)
		len = 0;
	else if (len > bytes - (uint64_t)offset)
		len = bytes - (uint64_t)offset;
	len = len < PAGEMAP_CHUNK ? len : PAGEMAP_CHUNK;
	entries = malloc(len + 8);
	if (!entries)
		return -ENOMEM;
	if (own)
		ret = get_pagemap(p, at, len / 8, entries);
	else
		ret = procfs_kpage(p,
				   !strcmp(procfs_name(number), "kpageflags"),
				   at, len / 8, entries);
	if (!ret)
		ret = procfs_fill(fd, entries, len, offset, true);
	free(entries);
	return ret;
}

void procfs_note_read(struct machine *m, const struct fd_entry *e, uint64_t end)
{
	m->reads.of[e->proc_id % PROCFS_READS].id = e->proc_id;
	m->reads.of[e->proc_id % PROCFS_READS].end = end;
}

static bool goes_on(const struct machine *m, const struct fd_entry *e,
		    uint64_t at)
{
	return m->reads.of[e->proc_id % PROCFS_READS].id == e->proc_id &&
	       m->reads.of[e->proc_id % PROCFS_READS].end == at;
}

int procfs_refresh(struct thread *t, const struct fd_entry *e, int64_t offset,
		   uint64_t len)
{
	struct process *whose =
		e->proc_pid ? tasks_process(t->process->tasks, e->proc_pid)
			    : NULL;
	struct procfs p;
	unsigned number = e->proc;
	int fd = e->host;
	bool anew;

	if (offset < 0)
		offset = lseek(fd, 0, SEEK_CUR);
	if (offset < 0)
		return -EINVAL;
	if (e->proc_pid && (!whose || !whose->threads))
		return -ESRCH;
	procfs_about(t, whose);
	p = procfs_of(t, e->proc_arg);
	anew = !offset || !goes_on(t->process->machine, e, (uint64_t)offset);
	switch (procfs_kind(number)) {
	case PROCFS_PAGEMAP:
	case PROCFS_KPAGE:
		return fill_entries(&p, number, fd, offset, len);
	case PROCFS_ORDER:
		return -EINVAL;
	case PROCFS_MAPS:
	case PROCFS_SMAPS:
	case PROCFS_NUMA:
		return procfs_extend(&p, procfs_kind(number), fd,
				     (uint64_t)offset, len, anew);
	default:
		return anew ? fill_whole(&p, number, fd) : 0;
	}
}

/* What Linux says a file has in bytes; -1: there is no end to seek from. */
static int64_t size_of(unsigned number)
{
	const char *name = procfs_name(number);

	if (!strncmp(name, "/sys/", 5))
		return HV_PAGE_SIZE;
	if (!strncmp(name, "/proc/sys/", 10))
		return 0;
	return procfs_kind(number) == PROCFS_SIZED ? 0 : -1;
}

/* Linux generic_file_llseek: the place, counted from the start, or -errno. */
static int64_t seek_sized(int64_t size, int64_t offset, int whence)
{
	if (whence == SEEK_END)
		return size + offset;
	if (offset < 0 || offset >= size)
		return -ENXIO;
	return whence == SEEK_HOLE ? size : offset;
}

/*
 * Linux seq_lseek and mem_lseek; generic_file_llseek of what has a size. What
 * is at another place than the last read's end is made at once, as of now.
 */
int64_t procfs_seek(struct thread *t, const struct fd_entry *e, int64_t offset,
		    int whence)
{
	int64_t size = size_of(e->proc);
	off_t at;
	int ret;

	if (size >= 0 && (whence == SEEK_END || whence == SEEK_DATA ||
			  whence == SEEK_HOLE)) {
		offset = seek_sized(size, offset, whence);
		if (offset == -ENXIO)
			return offset;
		whence = SEEK_SET;
	}
	if (whence != SEEK_SET && whence != SEEK_CUR)
		return -EINVAL;
	at = lseek(e->host, offset, whence);
	if (at < 0)
		return -errno;
	if (!at || goes_on(t->process->machine, e, (uint64_t)at))
		return at;
	switch (procfs_kind(e->proc)) {
	case PROCFS_WHOLE:
	case PROCFS_MAPS:
	case PROCFS_SMAPS:
	case PROCFS_NUMA:
		ret = procfs_refresh(t, e, at, 1);
		procfs_note_read(t->process->machine, e, (uint64_t)at);
		return ret ? ret : at;
	default:
		return at;
	}
}
