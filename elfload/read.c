/*
 * read.c: from a file to a checked image.
 *
 * libelf decodes the headers; check.c and check_segments.c decide. Section
 * headers, symbols and notes play no part here, as in Linux.
 */
#include "internal.h"
#include <errno.h>
#include <libelf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int elfload_fail(struct elfload_error *e, int err, const char *fmt, ...)
{
	va_list ap;

	e->err = err;
	e->late = 0;
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	return -err;
}

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
	img->type = f->ehdr.e_type == ET_EXEC ? ELFLOAD_EXEC_FIXED
		    : img->dynamic	      ? ELFLOAD_PIE
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

/*
 * Where the bytes come from. Every header is read once, into our own memory:
 * what was checked is what is used, whatever happens to the file meanwhile.
 */
struct source {
	int fd;		    /* -1: from buf */
	const uint8_t *buf; /* size bytes */
	uint64_t size;
};

/* Up to len bytes at off: how many there were, or -EIO. */
static ssize_t source_read(const struct source *src, uint64_t off, void *dst,
			   size_t len)
{
	ssize_t n;

	if (off >= src->size)
		return 0;
	if (len > src->size - off)
		len = src->size - off;
	if (src->fd < 0) {
		memcpy(dst, src->buf + off, len);
		return (ssize_t)len;
	}
	do
		n = pread(src->fd, dst, len, (off_t)off);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -EIO : n;
}

/*
 * libelf decodes, from the file's byte order to ours. Not by elf_begin(): it
 * reads section headers too, and gives up on files that Linux runs (e_shnum 0
 * and e_shoff not).
 */
static int decode(void *dst, void *src, size_t len, Elf_Type type,
		  struct elfload_error *e)
{
	Elf_Data in = {.d_buf = src,
		       .d_size = len,
		       .d_type = type,
		       .d_version = EV_CURRENT};
	Elf_Data out = {.d_buf = dst, .d_size = len, .d_version = EV_CURRENT};

	if (elf_version(EV_CURRENT) == EV_NONE ||
	    !elf64_xlatetom(&out, &in, ELFDATA2LSB))
		return elfload_fail(e, ENOEXEC, "cannot decode the headers: %s",
				    elf_errmsg(-1));
	return 0;
}

static int read_head(const struct source *src, struct elf_file *f,
		     struct elfload_error *e)
{
	ssize_t n = source_read(src, 0, f->head, sizeof(f->head));

	if (n < 0)
		return elfload_fail(e, EIO, "cannot read the file: %s",
				    strerror(errno));
	f->size = src->size;
	f->head_len = (size_t)n;
	return check_head(f, e);
}

static int read_ehdr(struct elf_file *f, struct elfload_error *e)
{
	int err = decode(&f->ehdr, f->head, sizeof(f->ehdr), ELF_T_EHDR, e);

	return err ? err : check_ehdr(f, e);
}

/* f->phdr is the caller's to free, also on failure. */
static int read_phdrs(const struct source *src, struct elf_file *f,
		      struct elfload_error *e)
{
	size_t len = f->ehdr.e_phnum * sizeof(Elf64_Phdr);
	ssize_t n;
	int err;

	f->phdr = malloc(len);
	if (!f->phdr)
		return elfload_fail(e, ENOMEM,
				    "no memory for %u program headers",
				    f->ehdr.e_phnum);
	n = source_read(src, f->ehdr.e_phoff, f->phdr, len);
	if (n != (ssize_t)len)
		return elfload_fail(e, EIO,
				    "cannot read the program headers: %s",
				    n < 0 ? strerror(errno)
					  : "the file was cut short meanwhile");
	err = decode(f->phdr, f->phdr, len, ELF_T_PHDR, e);
	return err ? err : check_interp(f, e);
}

/* Its size is known to fit. Linux uses what is before the first 0. */
static int read_interp_path(const struct source *src, const struct elf_file *f,
			    struct elfload_image *img, struct elfload_error *e)
{
	const Elf64_Phdr *ph = elf_file_interp(f);
	ssize_t n;

	if (!ph)
		return 0;
	img->dynamic = 1;
	n = source_read(src, ph->p_offset, img->interp, ph->p_filesz);
	if (n != (ssize_t)ph->p_filesz)
		return elfload_fail(e, EIO,
				    "truncated: the interpreter's name at "
				    "offset %#lx, file of %lu bytes",
				    ph->p_offset, src->size);
	if (img->interp[ph->p_filesz - 1] != '\0')
		return elfload_fail(e, ENOEXEC,
				    "the interpreter's name does not end");
	return 0;
}

/* load_elf_binary() looks at an interpreter's header after its program's. */
static int interp_error(struct elfload_error *e, int err)
{
	if (err != -ENOEXEC)
		return err;
	e->err = ELIBBAD;
	return -ELIBBAD;
}

static int read_image(const struct source *src, int is_interp,
		      struct elfload_image *img, struct elfload_error *e)
{
	struct elf_file f = {.is_interp = is_interp};
	int err = read_head(src, &f, e);

	memset(img, 0, sizeof(*img));
	if (!err)
		err = read_ehdr(&f, e);
	if (!err)
		err = read_phdrs(src, &f, e);
	if (!err)
		err = read_interp_path(src, &f, img, e);
	if (!err)
		err = check_segments(&f, e);
	if (!err)
		image_fill(img, &f);
	free(f.phdr);
	return is_interp ? interp_error(e, err) : err;
}

static int read_fd(int fd, int is_interp, struct elfload_image *img,
		   struct elfload_error *e)
{
	struct source src = {.fd = fd};
	struct stat st;

	if (fstat(fd, &st) != 0)
		return elfload_fail(e, errno, "cannot stat: %s",
				    strerror(errno));
	if (!S_ISREG(st.st_mode))
		return elfload_fail(e, EACCES, "not a regular file");
	src.size = (uint64_t)st.st_size;
	return read_image(&src, is_interp, img, e);
}

int elfload_read(int fd, struct elfload_image *img, struct elfload_error *e)
{
	return read_fd(fd, 0, img, e);
}

int elfload_read_interp(int fd, struct elfload_image *img,
			struct elfload_error *e)
{
	return read_fd(fd, 1, img, e);
}

int elfload_read_memory(const void *buf, size_t len, struct elfload_image *img,
			struct elfload_error *e)
{
	struct source src = {.fd = -1, .buf = buf, .size = len};

	return read_image(&src, 0, img, e);
}

int elfload_read_interp_memory(const void *buf, size_t len,
			       struct elfload_image *img,
			       struct elfload_error *e)
{
	struct source src = {.fd = -1, .buf = buf, .size = len};

	return read_image(&src, 1, img, e);
}
