/*
 * folios.c: see folios.h.
 *
 * A mapping of the file's pages has their frames in pagemap, and kpageflags
 * says of a frame whether it begins a folio or lies behind the first of one.
 * Both tell it to those with CAP_SYS_ADMIN only (Documentation/admin-guide/mm/
 * pagemap.rst).
 */
#include "folios.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kernel-page-flags.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "filepages.h"
#include "hv_call.h"
#include "hv_map.h"
#include "machine.h"
#include "message.h"

#define HEAD	   (1ull << KPF_COMPOUND_HEAD)
#define TAIL	   (1ull << KPF_COMPOUND_TAIL)
#define FRAME_MASK ((1ull << 55) - 1) /* of an entry of pagemap */
#define LARGEST	   512u		      /* frames; folios are aligned */

/* Entries of 64 bits from the index-th on; how many there are. */
static unsigned read_entries(int fd, uint64_t index, unsigned n, uint64_t *to)
{
	ssize_t len = pread(fd, to, n * 8, (off_t)(index * 8));

	return len < 0 ? 0 : (unsigned)len / 8;
}

static unsigned read_frames(const struct folios *f, const void *map, unsigned n,
			    uint64_t *frames)
{
	n = read_entries(f->pagemap, (uintptr_t)map / HV_PAGE_SIZE, n, frames);
	for (unsigned i = 0; i < n; i++)
		frames[i] &= FRAME_MASK;
	return n;
}

/* Of the folio that the frame lies in; *left: its frames from this one on. */
static uint8_t frame_order(const struct folios *f, uint64_t frame,
			   unsigned *left)
{
	uint64_t flags[LARGEST];
	unsigned at = frame % LARGEST, head = at, end = at + 1, n;

	*left = 1;
	if (!read_entries(f->flags, frame, 1, flags) ||
	    !(flags[0] & (HEAD | TAIL)))
		return 0;
	n = read_entries(f->flags, frame - at, LARGEST, flags);
	while (head && flags[head] & TAIL)
		head--;
	while (end < n && flags[end] & TAIL)
		end++;
	*left = end - at;
	return (uint8_t)__builtin_ctz(end - head);
}

void folios_orders(const struct folios *f, int fd, uint64_t offset, unsigned n,
		   uint8_t *orders)
{
	size_t size = n * HV_PAGE_SIZE;
	uint64_t frames[HV_FILE_READ_MAX];
	unsigned known, left = 0;
	void *map = mmap(NULL, size, PROT_READ, MAP_SHARED | MAP_POPULATE, fd,
			 (off_t)offset);

	memset(orders, 0, n);
	if (map == MAP_FAILED)
		return;
	known = read_frames(f, map, n, frames);
	for (unsigned i = 0; i < known; i++, left--) {
		if (left)
			orders[i] = orders[i - 1];
		else if (frames[i])
			orders[i] = frame_order(f, frames[i], &left);
		else
			left = 1;
	}
	munmap(map, size);
}

bool filepages_orders(const struct machine *m, uint32_t file, uint64_t offset,
		      unsigned n, uint8_t *orders)
{
	const struct file *f = files_find(&m->files, file);

	if (!m->folios || !f || f->zero || f->in_memory)
		return false;
	folios_orders(m->folios, f->fd, offset, n, orders);
	return true;
}

/* ---- Open --------------------------------------------------------------- */

static int refuse(const char *what, const char *why)
{
	error("--folios=host: %s: %s; the host shows its page cache to root "
	      "(CAP_SYS_ADMIN) alone: run vmm as root, or with --folios=single",
	      what, why);
	return -1;
}

int folios_open(struct folios *f)
{
	uint64_t frame = 0;

	f->flags = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	if (f->flags < 0)
		return refuse("/proc/kpageflags", strerror(errno));
	f->pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (f->pagemap < 0)
		return refuse("/proc/self/pagemap", strerror(errno));
	/* Without the capability it can be read, but has no frames. */
	if (!read_frames(f, &frame, 1, &frame) || !frame)
		return refuse("/proc/self/pagemap", "it names no page frames");
	return 0;
}

void folios_close(struct folios *f)
{
	close(f->flags);
	close(f->pagemap);
}
