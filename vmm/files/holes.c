/*
 * holes.c: which pages of a file in memory there are (Linux mm/shmem.c).
 *
 * tmpfs has a page where something was stored, and where a mapping was read;
 * what it has not cannot be mapped along with others, and is not in core. The
 * descriptor's position is put back: it may be shared with the program.
 */
#include "filepages.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hv_map.h"
#include "machine.h"

static uint64_t page_bits(uint64_t from, uint64_t to)
{
	uint64_t bits = 0;

	for (; from < to; from++)
		bits |= 1ull << from;
	return bits;
}

/* The first page from i on where lseek finds data, or a hole; n: there is none.
 */
static uint64_t seek(int fd, uint64_t offset, uint64_t i, unsigned n,
		     int whence)
{
	off_t at = lseek(fd, (off_t)(offset + i * HV_PAGE_SIZE), whence);

	if (at < 0 || (uint64_t)at >= offset + n * HV_PAGE_SIZE)
		return n;
	/* A hole may begin in a page: at the end of the file. */
	return ((uint64_t)at - offset + HV_PAGE_SIZE - 1) / HV_PAGE_SIZE;
}

static uint64_t find_holes(int fd, uint64_t offset, unsigned n)
{
	off_t position = lseek(fd, 0, SEEK_CUR);
	uint64_t holes = 0, i = 0, data;

	while (i < n) {
		data = seek(fd, offset, i, n, SEEK_DATA);
		holes |= page_bits(i, data);
		i = data < n ? seek(fd, offset, data, n, SEEK_HOLE) : n;
	}
	lseek(fd, position, SEEK_SET);
	return holes;
}

/* As Linux does at a fault: by one of our own, for a file opened to read. */
static int fill(int fd, uint64_t offset)
{
	void *at = mmap(NULL, HV_PAGE_SIZE, PROT_READ, MAP_SHARED, fd,
			(off_t)offset);
	int r;

	if (at == MAP_FAILED)
		return -errno;
	r = madvise(at, HV_PAGE_SIZE, MADV_POPULATE_READ) < 0 ? -errno : 0;
	munmap(at, HV_PAGE_SIZE);
	return r;
}

int filepages_holes(const struct machine *m, uint32_t file, uint64_t offset,
		    unsigned n, unsigned want, uint64_t *holes)
{
	const struct file *f = files_find(&m->files, file);

	*holes = 0;
	if (!f || !f->in_memory || n > 64 ||
	    offset > INT64_MAX - n * HV_PAGE_SIZE)
		return 0;
	*holes = find_holes(f->fd, offset, n);
	if (want < n && *holes >> want & 1)
		return fill(f->fd, offset + want * HV_PAGE_SIZE);
	return 0;
}
