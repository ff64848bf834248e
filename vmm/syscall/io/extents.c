/*
 * extents.c: ioctls of where a file's data are: FIEMAP, FICLONE, FICLONERANGE,
 * FIDEDUPERANGE (Linux fs/ioctl.c, fs/remap_range.c). The host's file system
 * serves them, or has none.
 *
 * Blocks that a clone shares are as good as written, so the rules are those of
 * copy_file_range. To share equal blocks changes no byte; Linux allows it for a
 * file that one could write, and so must the program.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <stddef.h>
#include <sys/param.h>
#include <sys/syscall.h>

#include "coherence.h"
#include "families.h"
#include "hv_map.h"
#include "path.h"
#include "procfs.h"

/* ---- FIEMAP ------------------------------------------------------------ */

#define MAP_EXTENTS_MAX (UINT32_MAX / sizeof(struct fiemap_extent))
/* So many of them in our buffer, behind the head. */
#define BUFFER_EXTENTS                                                         \
	((IO_CHUNK - sizeof(struct fiemap)) / sizeof(struct fiemap_extent))

/* Behind the last extent that *map has. */
static uint64_t map_end(const struct fiemap *map)
{
	const struct fiemap_extent *e =
		&map->fm_extents[map->fm_mapped_extents - 1];

	return e->fe_logical + e->fe_length;
}

/*
 * From `start` on, as many as there is room for, to `va`;
 * head->fm_mapped_extents grows. 1: there may be more behind *start.
 */
static int64_t map_some(struct call *c, int host, struct fiemap *head,
			uint64_t end, uint64_t *start)
{
	struct fiemap *map = (struct fiemap *)io_buffer();
	uint32_t done = head->fm_mapped_extents;
	uint64_t va = c->arg[2] + offsetof(struct fiemap, fm_extents[done]);
	int64_t r;

	*map = *head;
	map->fm_start = *start;
	map->fm_length = end - *start;
	map->fm_extent_count =
		MIN(head->fm_extent_count - done, (uint32_t)BUFFER_EXTENTS);
	r = host_call(SYS_ioctl, host, FS_IOC_FIEMAP, map);
	head->fm_flags = map->fm_flags;
	if (r < 0)
		return r;
	head->fm_mapped_extents += map->fm_mapped_extents;
	if (!map->fm_extent_count || !map->fm_mapped_extents)
		return 0;
	*start = map_end(map);
	if (call_put(c, va, map->fm_extents,
		     map->fm_mapped_extents * sizeof(map->fm_extents[0])) < 0)
		return -EFAULT;
	return map->fm_mapped_extents == BUFFER_EXTENTS && *start < end &&
	       head->fm_mapped_extents < head->fm_extent_count;
}

int64_t extents_map(struct call *c)
{
	const struct fd_entry *e = fdtable_entry(&c->p->fds, (int)c->arg[0]);
	int host = e->host;
	struct fiemap head;
	uint64_t start, end;
	/* Without an address the host says whether the file has such. */
	int64_t r = procfs_is_own(e->proc)
			    ? -EOPNOTSUPP
			    : host_call(SYS_ioctl, host, FS_IOC_FIEMAP, NULL);

	if (r != -EFAULT)
		return r;
	if (call_get(c, c->arg[2], &head, sizeof(head)) < 0)
		return -EFAULT;
	if (head.fm_extent_count > MAP_EXTENTS_MAX)
		return -EINVAL;
	if (head.fm_flags & FIEMAP_FLAG_SYNC)
		coherence_sync(c, c->arg[0], 0, INT64_MAX);
	head.fm_mapped_extents = 0;
	start = head.fm_start;
	end = head.fm_length > UINT64_MAX - start ? UINT64_MAX
						  : start + head.fm_length;
	do {
		r = map_some(c, host, &head, end, &start);
	} while (r > 0);
	if (call_put(c, c->arg[2], &head, sizeof(head)) < 0)
		return -EFAULT;
	return r;
}

/* ---- Clones ------------------------------------------------------------ */

static bool is_own(const struct call *c, int fd)
{
	const struct fd_entry *e = fdtable_entry(&c->p->fds, fd);

	return e && procfs_is_own(e->proc);
}

/* Of nothing it is all of it; 1 byte is enough to ask for the limit. */
static int64_t clone_range(struct call *c, int from,
			   struct file_clone_range *range)
{
	int host = call_host_fd(c, 0);
	int64_t r =
		call_size_write(c, host, (int64_t)range->dest_offset, false, 1);
	struct fd_hold hold[2];

	if (r < 0)
		return r;
	fdtable_hold(&c->p->fds, from, &hold[0]);
	fdtable_hold(&c->p->fds, host, &hold[1]);
	r = call_long(c, SYS_ioctl, (uint64_t)host, FICLONERANGE,
		      (uint64_t)range);
	call_release(c, &hold[1]);
	call_release(c, &hold[0]);
	return r;
}

int64_t extents_clone(struct call *c)
{
	int to = (int)c->arg[0], from, host;
	struct file_clone_range range = {.src_fd = (int)c->arg[2]};
	struct coherence io;
	int64_t r;

	if ((uint32_t)c->arg[1] == FICLONERANGE &&
	    call_get(c, c->arg[2], &range, sizeof(range)) < 0)
		return -EFAULT;
	from = (int)range.src_fd;
	host = fdtable_host(&c->p->fds, from);
	if (host < 0)
		return -EBADF;
	if (is_own(c, from) || is_own(c, to))
		return -EXDEV;
	coherence_before_copy(c, &io, (uint64_t)from, (uint64_t)to);
	range.src_fd = host;
	r = clone_range(c, host, &range);
	return coherence_after(c, &io, r);
}

/* ---- FIDEDUPERANGE ----------------------------------------------------- */

/* Linux allow_file_dedupe, by our rules. */
static bool may_share(struct call *c, int host)
{
	return (fcntl(host, F_GETFL) & O_ACCMODE) != O_RDONLY ||
	       path_may_change(c->p, host, NULL) == 0;
}

/*
 * The host's descriptors in place of the program's; -1 where there is none, or
 * it is not to be written.
 */
static void dedupe_to_host(struct call *c, const struct file_dedupe_range *same,
			   struct file_dedupe_range *host)
{
	for (unsigned i = 0; i < same->dest_count; i++) {
		int64_t fd = same->info[i].dest_fd;
		int to = fdtable_host(&c->p->fds, (int)fd);

		coherence_sync(c, (uint64_t)fd, 0, INT64_MAX);
		host->info[i].dest_fd = to >= 0 && may_share(c, to) ? to : -1;
	}
}

/* What became of each. */
static void dedupe_from_host(struct call *c, struct file_dedupe_range *same,
			     const struct file_dedupe_range *host)
{
	for (unsigned i = 0; i < same->dest_count; i++) {
		struct file_dedupe_range_info *info = &same->info[i];
		bool open = fdtable_host(&c->p->fds, (int)info->dest_fd) >= 0;

		info->bytes_deduped = host->info[i].bytes_deduped;
		info->status = open && host->info[i].dest_fd < 0
				       ? -EPERM
				       : host->info[i].status;
	}
}

int64_t extents_dedupe(struct call *c)
{
	union {
		struct file_dedupe_range range;
		uint8_t page[HV_PAGE_SIZE];
	} same, host;
	uint64_t va = c->arg[2];
	uint16_t count;
	size_t size;
	int64_t r;

	if (call_get(c, va + offsetof(struct file_dedupe_range, dest_count),
		     &count, sizeof(count)) < 0)
		return -EFAULT;
	size = offsetof(struct file_dedupe_range, info[count]);
	if (size > sizeof(same))
		return -ENOMEM;
	if (call_get(c, va, same.page, size) < 0)
		return -EFAULT;
	same.range.dest_count = count;
	host = same;
	coherence_sync(c, c->arg[0], 0, INT64_MAX);
	dedupe_to_host(c, &same.range, &host.range);
	r = host_call(SYS_ioctl, call_host_fd(c, 0), FIDEDUPERANGE, &host);
	if (r < 0)
		return r;
	dedupe_from_host(c, &same.range, &host.range);
	return call_put(c, va, same.page, size);
}
