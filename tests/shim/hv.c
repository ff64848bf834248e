/*
 * hv.c: the hypercalls of guest/hv/hv.h, answered by the test process.
 *
 * Only those that guest/mm makes; the others belong to guest/sys and arch/.
 */
#include "hv.h"
#include "panic.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hv_call.h"
#include "hv_map.h"
#include "shim.h"

#define FILES_MAX 256
#define FDS_MAX	  64

struct shim_file {
	uint8_t *bytes;
	size_t len;
	int64_t refs;
	bool writable;	/* was mapped so */
	uint64_t holes; /* bit i: page i is one */
	unsigned order; /* of all its folios; 0: not told */
};

static struct shim_file files[FILES_MAX + 1]; /* by number, 0 unused */
static uint32_t nr_files;
static uint32_t fds[FDS_MAX];		      /* file number, 0 = closed */
static uint32_t fd_flags[FDS_MAX];	      /* HV_FILE_* */
static uint8_t orders_read[HV_FILE_READ_MAX]; /* of the last read; 0: none */
static uint64_t pages_read, pages_written, file_syncs;
static bool lost; /* a write failed, and no hv_file_sync told */
static struct shim_failure fail_banks, fail_reads, fail_writes, fail_room;

void shim_hv_reset(void)
{
	for (uint32_t i = 1; i <= nr_files; i++)
		free(files[i].bytes);
	memset(files, 0, sizeof(files));
	memset(fds, 0, sizeof(fds));
	memset(fd_flags, 0, sizeof(fd_flags));
	nr_files = 0;
	pages_read = pages_written = file_syncs = 0;
	fail_banks = fail_reads = fail_writes = fail_room =
		(struct shim_failure){0, 0};
	lost = false;
}

void shim_fail_banks(unsigned after, unsigned count)
{
	fail_banks = (struct shim_failure){after, count};
}

void shim_fail_reads(unsigned after, unsigned count)
{
	fail_reads = (struct shim_failure){after, count};
}

void shim_fail_writes(unsigned after, unsigned count)
{
	fail_writes = (struct shim_failure){after, count};
}

void shim_fail_room(unsigned after, unsigned count)
{
	fail_room = (struct shim_failure){after, count};
}

static struct shim_file *file_at(uint32_t file)
{
	if (!file || file > nr_files)
		shim_abort("file %u of %u", file, nr_files);
	return &files[file];
}

uint32_t shim_file_add(const void *bytes, size_t len)
{
	struct shim_file *f;

	if (nr_files == FILES_MAX)
		shim_abort("too many files");
	f = &files[++nr_files];
	f->bytes = malloc(len + 1);
	if (!f->bytes)
		shim_abort("no memory for a file of %zu bytes", len);
	if (bytes)
		memcpy(f->bytes, bytes, len);
	f->len = len;
	return nr_files;
}

uint8_t shim_file_byte(uint32_t file, uint64_t offset)
{
	/* Never 0, and different in neighbouring pages and files. */
	return (uint8_t)(1 + (offset + offset / 4096 * 7 + file * 31) % 255);
}

uint32_t shim_file_add_pattern(size_t len)
{
	uint32_t file = shim_file_add(NULL, len);

	for (size_t i = 0; i < len; i++)
		files[file].bytes[i] = shim_file_byte(file, i);
	return file;
}

void shim_fd_set_flags(int fd, uint32_t flags)
{
	fd_flags[fd] = flags;
}

void shim_fd_set(int fd, uint32_t file)
{
	if (fd < 0 || fd >= FDS_MAX)
		shim_abort("descriptor %d", fd);
	if (file)
		file_at(file);
	fds[fd] = file;
	fd_flags[fd] = 0;
}

uint8_t *shim_file_bytes(uint32_t file)
{
	return file_at(file)->bytes;
}

void shim_file_resize(uint32_t file, size_t len)
{
	struct shim_file *f = file_at(file);
	uint8_t *bytes = calloc(1, len + 1);

	if (!bytes)
		shim_abort("no memory for a file of %zu bytes", len);
	memcpy(bytes, f->bytes, len < f->len ? len : f->len);
	free(f->bytes);
	f->bytes = bytes;
	f->len = len;
}

void shim_file_set_holes(uint32_t file, uint64_t holes)
{
	file_at(file)->holes = holes;
}

void shim_file_set_order(uint32_t file, unsigned order)
{
	file_at(file)->order = order;
}

uint64_t shim_file_writes(void)
{
	return pages_written;
}

uint64_t shim_file_syncs(void)
{
	return file_syncs;
}

uint64_t shim_file_reads(void)
{
	return pages_read;
}

int64_t shim_file_refs(uint32_t file)
{
	return file_at(file)->refs;
}

/* ---- guest/hv/hv.h ----------------------------------------------------- */

int hv_bank_online(unsigned i)
{
	if (shim_failure_due(&fail_banks))
		return -ENOMEM;
	shim_bank_set_online(i);
	return 0;
}

uint64_t hv_file_holes(uint32_t file, uint64_t offset, unsigned n)
{
	const struct shim_file *f = file_at(file);
	uint64_t first = offset / HV_PAGE_SIZE;

	if (!n || n > HV_FILE_READ_MAX || offset % HV_PAGE_SIZE)
		shim_abort("hv_file_holes of %u pages at %#lx", n, offset);
	return first < 64 ? f->holes >> first & ~0ull >> (64 - n) : 0;
}

int hv_file_read(uint32_t file, uint64_t offset, unsigned n, unsigned want,
		 const hv_gpa_t *frames, uint64_t *holes)
{
	struct shim_file *f = file_at(file);
	uint64_t wanted = offset / HV_PAGE_SIZE + want;

	if (!n || n > HV_FILE_READ_MAX || offset % HV_PAGE_SIZE)
		shim_abort("hv_file_read of %u pages at %#lx", n, offset);
	if (shim_failure_due(&fail_reads))
		return -EIO;
	for (unsigned i = 0; i < n; i++) {
		uint64_t at = offset + i * HV_PAGE_SIZE;
		uint64_t len = at < f->len ? f->len - at : 0;
		uint8_t *frame = shim_frame(frames[i]);

		if (len > HV_PAGE_SIZE)
			len = HV_PAGE_SIZE;
		memcpy(frame, f->bytes + (len ? at : 0), len);
		if (want != HV_FILE_READ_AGAIN)
			memset(frame + len, 0, HV_PAGE_SIZE - len);
	}
	*holes = hv_file_holes(file, offset, n);
	if (want < n && wanted < 64)
		f->holes &= ~(1ull << wanted);
	memset(orders_read, (int)f->order, n);
	pages_read += n;
	return 0;
}

const uint8_t *hv_file_orders(void)
{
	return orders_read[0] ? orders_read : NULL;
}

void hv_file_write(uint32_t file, uint64_t offset, unsigned n,
		   const hv_gpa_t *frames)
{
	const struct shim_file *f = file_at(file);

	if (!n || n > HV_FILE_READ_MAX || offset % HV_PAGE_SIZE)
		shim_abort("hv_file_write of %u pages at %#lx", n, offset);
	if (!f->writable)
		shim_abort("hv_file_write to file %u, not writable", file);
	if (shim_failure_due(&fail_writes)) {
		lost = true;
		return;
	}
	for (unsigned i = 0; i < n; i++) {
		uint64_t at = offset + i * HV_PAGE_SIZE;
		uint64_t len = at < f->len ? f->len - at : 0;

		if (len > HV_PAGE_SIZE)
			len = HV_PAGE_SIZE;
		memcpy(f->bytes + (len ? at : 0), shim_frame(frames[i]), len);
	}
	pages_written += n;
}

int hv_file_sync(uint32_t file, uint32_t opened)
{
	int result = lost ? -EIO : 0;

	(void)opened;
	file_at(file);
	file_syncs++;
	lost = false;
	return result;
}

int hv_file_op(uint32_t file, uint32_t op, uint64_t start, uint64_t end)
{
	const struct shim_file *f = file_at(file);

	if (op == HV_FILE_OP_MKWRITE)
		return shim_failure_due(&fail_room) ? -ENOSPC : 0;
	if (op == HV_FILE_OP_SEALED)
		return 0;
	if (end > f->len)
		end = f->len;
	if (start < end)
		memset(f->bytes + start, 0, end - start);
	return 0;
}

int hv_file_get(int fd, uint32_t prot, uint32_t map_flags,
		struct hv_call_file_get *out)
{
	struct shim_file *f;

	if (fd < 0 || fd >= FDS_MAX || !fds[fd])
		return -EBADF;
	f = file_at(fds[fd]);
	if (prot & 2 && map_flags & 1 && !(fd_flags[fd] & HV_FILE_WRITABLE))
		return -EACCES;
	f->refs++;
	*out = (struct hv_call_file_get){
		.fd = fd,
		.file = (int32_t)fds[fd],
		.size = f->len,
		.flags = fd_flags[fd],
		.opened = (uint32_t)fd,
	};
	f->writable |= out->flags & HV_FILE_WRITABLE && map_flags & 1;
	return out->file;
}

void hv_file_put(uint32_t file)
{
	file_at(file)->refs--;
}

void hv_panic(const char *text)
{
	fprintf(stderr, "panic: %s\n", text);
	abort();
}

void hv_flush(hv_gpa_t root)
{
	(void)root;
	panic("other vCPUs are to be flushed: there are none");
}
