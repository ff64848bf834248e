/*
 * read.c: from a file to a checked image.
 *
 * libelf reads the headers; check.c and check_segments.c decide. Section
 * headers, symbols and notes play no part here, as in Linux.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* ST_NOEXEC */
#endif
#include "internal.h"
#include <errno.h>
#include <fcntl.h>
#include <libelf.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

int elfload_fail(struct elfload_error *e, int err, const char *fmt, ...)
{
	va_list ap;

	e->err = err;
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	return -err;
}

/* ---- Opening ------------------------------------------------------------ */

static int check_executable(int fd, struct elfload_error *e)
{
	struct stat st;
	struct statvfs vfs;

	if (fstat(fd, &st) != 0 || fstatvfs(fd, &vfs) != 0)
		return elfload_fail(e, errno, "cannot stat: %s",
				    strerror(errno));
	if (!S_ISREG(st.st_mode))
		return elfload_fail(e, EACCES, "not a regular file");
	if (vfs.f_flag & ST_NOEXEC)
		return elfload_fail(e, EACCES,
				    "on a file system mounted noexec");
	return 0;
}

int elfload_open(const char *path, struct elfload_error *e)
{
	/* O_NONBLOCK: opening a FIFO must not wait for a writer. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	int err;

	if (fd < 0)
		return elfload_fail(e, errno, "cannot open: %s",
				    strerror(errno));
	err = check_executable(fd, e);
	if (!err && faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) != 0)
		err = elfload_fail(e, errno, "no permission to execute: %s",
				   strerror(errno));
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

/* ---- Reading ------------------------------------------------------------ */

static uint32_t prot_of(uint32_t flags)
{
	return (flags & PF_R ? ELFLOAD_READ : 0) |
	       (flags & PF_W ? ELFLOAD_WRITE : 0) |
	       (flags & PF_X ? ELFLOAD_EXEC : 0);
}

static void image_add_load(struct elfload_image *img, const Elf64_Phdr *ph,
			   uint32_t index)
{
	uint64_t end = ph->p_offset + ph->p_filesz;

	img->segments[img->nr_segments++] = (struct elfload_segment){
		.vaddr = ph->p_vaddr,
		.memsz = ph->p_memsz,
		.filesz = ph->p_filesz,
		.offset = ph->p_offset,
		.align = ph->p_align,
		.prot = prot_of(ph->p_flags),
		.index = index,
	};
	if (ph->p_filesz && end > img->file_size)
		img->truncated = 1;
}

/* As load_elf_binary: the last segment that holds the table counts. */
static void image_find_phdrs(struct elfload_image *img, uint64_t phoff)
{
	for (uint32_t i = 0; i < img->nr_segments; i++) {
		const struct elfload_segment *s = &img->segments[i];

		if (s->offset <= phoff && phoff - s->offset < s->filesz)
			img->phdr_addr = phoff - s->offset + s->vaddr;
	}
}

static void image_fill(struct elfload_image *img, const struct elf_file *f)
{
	memset(img, 0, sizeof(*img));
	img->type = f->ehdr.e_type == ET_EXEC ? ELFLOAD_EXEC_FIXED
					      : ELFLOAD_STATIC_PIE;
	img->entry = f->ehdr.e_entry;
	img->phnum = f->ehdr.e_phnum;
	img->phentsize = f->ehdr.e_phentsize;
	img->file_size = f->size;
	for (uint32_t i = 0; i < img->phnum; i++) {
		const Elf64_Phdr *ph = &f->phdr[i];

		if (ph->p_type == PT_LOAD)
			image_add_load(img, ph, i);
		else if (ph->p_type == PT_GNU_STACK)
			img->stack_exec = !!(ph->p_flags & PF_X);
	}
	image_find_phdrs(img, f->ehdr.e_phoff);
}

/* libelf holds no opinion that counts, but what it cannot read we cannot. */
static int fail_libelf(struct elfload_error *e, const char *what)
{
	return elfload_fail(e, ENOEXEC, "%s: %s", what, elf_errmsg(-1));
}

static int read_headers(Elf *elf, struct elf_file *f, struct elfload_image *img,
			struct elfload_error *e)
{
	const Elf64_Ehdr *ehdr;
	int err;

	if (!elf)
		return fail_libelf(e, "cannot read the file");
	ehdr = elf64_getehdr(elf);
	if (!ehdr)
		return fail_libelf(e, "cannot read the ELF header");
	f->ehdr = *ehdr;
	err = check_ehdr(f, e);
	if (err)
		return err;
	f->phdr = elf64_getphdr(elf);
	if (!f->phdr)
		return fail_libelf(e, "cannot read the program headers");
	err = check_phdrs(f, e);
	if (err)
		return err;
	image_fill(img, f);
	return 0;
}

static int read_libelf_init(struct elfload_error *e)
{
	if (elf_version(EV_CURRENT) == EV_NONE)
		return fail_libelf(e, "libelf is too old");
	return 0;
}

static int read_head(int fd, struct elf_file *f, struct elfload_error *e)
{
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) != 0)
		return elfload_fail(e, errno, "cannot stat: %s",
				    strerror(errno));
	if (!S_ISREG(st.st_mode))
		return elfload_fail(e, EACCES, "not a regular file");
	n = pread(fd, f->head, sizeof(f->head), 0);
	if (n < 0)
		return elfload_fail(e, EIO, "cannot read: %s", strerror(errno));
	f->size = (uint64_t)st.st_size;
	f->head_len = (size_t)n;
	return 0;
}

int elfload_read(int fd, struct elfload_image *img, struct elfload_error *e)
{
	struct elf_file f = {0};
	Elf *elf;
	int err = read_head(fd, &f, e);

	if (!err)
		err = check_head(&f, e);
	if (!err)
		err = read_libelf_init(e);
	if (err)
		return err;
	elf = elf_begin(fd, ELF_C_READ, NULL);
	err = read_headers(elf, &f, img, e);
	elf_end(elf);
	return err;
}

int elfload_read_memory(const void *buf, size_t len, struct elfload_image *img,
			struct elfload_error *e)
{
	struct elf_file f = {0};
	Elf *elf;
	int err;

	f.size = len;
	f.head_len = len < sizeof(f.head) ? len : sizeof(f.head);
	if (f.head_len)
		memcpy(f.head, buf, f.head_len);
	err = check_head(&f, e);
	if (!err)
		err = read_libelf_init(e);
	if (err)
		return err;
	/* libelf wants a char *, and does not write without elf_update(). */
	elf = elf_memory((char *)(uintptr_t)buf, len);
	err = read_headers(elf, &f, img, e);
	elf_end(elf);
	return err;
}
