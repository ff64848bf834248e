/*
 * writeback.c: what the guest asks of the host for files that a shared mapping
 * may write: sys_file_* of sys.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "call.h"
#include "families.h"

static int write_back(struct file *f, uint64_t offset, const void *src,
		      size_t len)
{
	struct stat st;
	size_t done = 0;

	if (fstat(f->wfd, &st) < 0)
		return -errno;
	if (offset >= (uint64_t)st.st_size)
		return 0;
	if (len > (uint64_t)st.st_size - offset)
		len = (uint64_t)st.st_size - offset;
	while (done < len) {
		ssize_t n = pwrite(f->wfd, (const uint8_t *)src + done,
				   len - done, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EPERM && f->window) /* sealed */
			return files_window_write(f, offset + done,
						  (const uint8_t *)src + done,
						  len - done);
		if (n <= 0)
			return n ? -errno : -EIO;
		done += (size_t)n;
	}
	return 0;
}

int sys_file_write(struct sys *s, uint32_t number, uint64_t offset,
		   const void *src, size_t len)
{
	struct file *f = files_find(&s->files, number);
	int r;

	if (!f || f->wfd < 0)
		return -EBADF;
	r = write_back(f, offset, src, len);
	if (r < 0)
		lost_note(s, f, r);
	return r;
}

int sys_file_sync(struct sys *s, uint32_t number, uint32_t opened)
{
	const struct file *f = files_find(&s->files, number);

	if (!f || f->wfd < 0)
		return -EINVAL;
	if (fdatasync(f->wfd) < 0)
		lost_note(s, f, -errno);
	return lost_take_mapped(s, number, opened);
}

/*
 * A store by the host's own processor is due: its file system reserves a block
 * and notes the time as for any program (Linux page_mkwrite), or has no room.
 */
static int make_writable(const struct file *f, uint64_t offset)
{
	void *at = mmap(NULL, HV_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
			f->wfd, (off_t)offset);
	int r = 0;

	if (at == MAP_FAILED)
		return -errno;
	if (madvise(at, HV_PAGE_SIZE, MADV_POPULATE_WRITE) < 0)
		r = -errno;
	munmap(at, HV_PAGE_SIZE);
	return r;
}

int sys_file_op(struct sys *s, uint32_t number, uint32_t op, uint64_t start,
		uint64_t end)
{
	const struct file *f;
	int r;

	if (op == HV_FILE_OP_PIDFD)
		return pidfd_check_own(s, (int)number);
	f = files_find(&s->files, number);
	if (!f || f->wfd < 0 || start >= end || end > INT64_MAX)
		return -EINVAL;
	switch (op) {
	case HV_FILE_OP_MKWRITE:
		return make_writable(f, start);
	case HV_FILE_OP_PUNCH:
		r = fallocate(f->wfd,
			      FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			      (off_t)start, (off_t)(end - start));
		return r < 0 ? -errno : 0;
	case HV_FILE_OP_SEALED:
		return seals_forbid_writing(f->wfd);
	default:
		return -EINVAL;
	}
}

bool sys_file_any_written(const struct sys *s)
{
	return s->files.nr_writable != 0;
}
