/*
 * filepages.c: the bytes of mapped files, from and to the host: pages that the
 * guest reads, and those that a shared mapping may write.
 */
#include "filepages.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "hv_call.h"
#include "hv_map.h"
#include "machine.h"
#include "process.h"

/* Forget the first n bytes of iov. */
static void iov_skip(struct iovec **iov, int *count, size_t n)
{
	while (*count && n >= (*iov)->iov_len) {
		n -= (*iov)->iov_len;
		(*iov)++;
		(*count)--;
	}
	if (!n)
		return;
	(*iov)->iov_base = (uint8_t *)(*iov)->iov_base + n;
	(*iov)->iov_len -= n;
}

int filepages_read(struct machine *m, uint32_t file, uint64_t offset,
		   struct iovec *iov, int count, bool again)
{
	const struct file *f = files_find(&m->files, file);
	int flags = RWF_NOWAIT; /* as long as the host's cache has it */
	ssize_t n;

	if (!f)
		return -EBADF;
	while (count) {
		n = preadv2(f->fd, iov, count, (off_t)offset, flags);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && flags) {
			m->files.waits += errno == EAGAIN;
			flags = 0;
			continue;
		}
		if (n <= 0)
			break;
		offset += (uint64_t)n;
		iov_skip(&iov, &count, (size_t)n);
	}
	if (count && n < 0)
		return -errno;
	for (; count && !again; iov++, count--)
		memset(iov->iov_base, 0, iov->iov_len);
	return 0;
}

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

int filepages_write(struct process *p, uint32_t number, uint64_t offset,
		    const void *src, size_t len)
{
	struct file *f = files_find(&p->machine->files, number);
	int r;

	if (!f || f->wfd < 0)
		return -EBADF;
	r = write_back(f, offset, src, len);
	if (r < 0)
		lost_note(&p->machine->lost, &p->fds, f, r);
	return r;
}

int filepages_sync(struct process *p, uint32_t number, uint32_t opened)
{
	const struct file *f = files_find(&p->machine->files, number);

	if (!f || f->wfd < 0)
		return -EINVAL;
	if (fdatasync(f->wfd) < 0)
		lost_note(&p->machine->lost, &p->fds, f, -errno);
	return lost_take_mapped(&p->machine->lost, &p->fds, f, opened);
}

const char *filepages_path(const struct machine *m, uint32_t number,
			   uint32_t opened)
{
	const struct file *f = files_find(&m->files, number);

	return f ? file_name_of(f, opened)->path : NULL;
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

int filepages_op(const struct machine *m, uint32_t number, uint32_t op,
		 uint64_t start, uint64_t end)
{
	const struct file *f = files_find(&m->files, number);
	int r;

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
		return files_is_sealed(f->wfd);
	default:
		return -EINVAL;
	}
}
