/*
 * procfs_write.c: what a program can write to in /proc/PID: its memory, its
 * name, and clear_refs; and the reading of its memory (Linux fs/proc/base.c,
 * mem_rw, comm_write; task_mmu.c, clear_refs_write). More of it is in
 * procfs_settings.c.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hv_describe.h"
#include "hv_map.h"
#include "procfs.h"
#include "procfs_internal.h"
#include "usermem.h"
#include "vcpu.h"

bool procfs_is_live(unsigned number, bool writes)
{
	return procfs_kind(number) == PROCFS_MEM ||
	       (writes && number > PROCFS_DIRS);
}

/* ---- mem --------------------------------------------------------------- */

/* As far as there is memory: bytes or -EIO. */
static int64_t mem_move(struct vcpu *v, uint64_t va, uint8_t *buf, size_t len,
			bool writes)
{
	size_t done = 0;

	while (done < len) {
		size_t n = HV_PAGE_SIZE - (va + done) % HV_PAGE_SIZE;

		n = n < len - done ? n : len - done;
		if (usermem_force(v, va + done, buf + done, n, writes))
			break;
		done += n;
	}
	return done || !len ? (int64_t)done : -EIO;
}

static int64_t mem_at(struct vcpu *v, int fd, uint8_t *buf, size_t len,
		      int64_t offset, bool writes)
{
	bool moves = offset < 0;
	int64_t n;

	if (moves)
		offset = lseek(fd, 0, SEEK_CUR);
	if (offset < 0)
		return -EINVAL;
	n = mem_move(v, (uint64_t)offset, buf, len, writes);
	if (n > 0 && moves && lseek(fd, offset + n, SEEK_SET) < 0)
		return -errno;
	return n;
}

int64_t procfs_read(struct thread *t, unsigned number, int fd, void *dst,
		    size_t len, int64_t offset)
{
	(void)number;
	return mem_at(t->vcpu, fd, dst, len, offset, false);
}

/* ---- comm, clear_refs -------------------------------------------------- */

int64_t procfs_write_comm(const struct procfs *p, const char *text, size_t len)
{
	struct thread *t = p->t;
	size_t n = len < sizeof(t->name) - 1 ? len : sizeof(t->name) - 1;

	memset(t->name, 0, sizeof(t->name));
	memcpy(t->name, text, n);
	return (int64_t)len;
}

/* Linux kstrtoint(strstrip(buffer), 10, ...) of at most 12 bytes. */
int64_t procfs_write_clear_refs(const struct procfs *p, const char *text,
				size_t len)
{
	struct hv_call_describe d;
	char number[13] = "", *end;
	long kind;
	int ret;

	memcpy(number, text, len < 12 ? len : 12);
	kind = strtol(number, &end, 10);
	while (isspace((unsigned char)*end))
		end++;
	if (end == number || *end || kind < 1)
		return -EINVAL;
	if (kind > INT32_MAX)
		return -ERANGE;
	ret = vcpu_describe(p->v, HV_CLEAR_REFS, (uint64_t)kind, 0, &d);
	return ret ? ret : (int64_t)len;
}

int64_t procfs_write(struct thread *t, unsigned number, int fd, const void *src,
		     size_t len, int64_t offset)
{
	const struct procfs p = procfs_of(t, 0);

	if (procfs_kind(number) == PROCFS_MEM)
		return mem_at(t->vcpu, fd, (uint8_t *)(uintptr_t)src, len,
			      offset, true);
	return procfs_writer(number) ? procfs_writer(number)(&p, src, len)
				     : -EINVAL;
}
