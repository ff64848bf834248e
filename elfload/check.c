/*
 * check.c: every way in which a file can be wrong, one function for each.
 *
 * A check looks at one thing and says what is wrong with it. The tables at the
 * end of each layer give the order; a check may rely on those above it. What
 * Linux loads is loaded, but for files that it can only start to die, or that
 * nobody means to run: class, byte order or version of another ABI; program
 * headers inside the ELF header; no segment; segments that overlap; an entry
 * point outside every segment; a static-PIE that begins with bss; a segment
 * below mmap_min_addr (Linux lets root) or over the stack; an interpreter at
 * fixed addresses that are the program's, or with any beyond user space that
 * its load bias would bring down.
 * Errno values: Linux fs/binfmt_elf.c.
 */
#include "internal.h"
#include <errno.h>
#include <string.h>

/* Linux load_elf_phdrs(): the table must fit in 64 KiB. */
#define PHNUM_MAX (65536 / sizeof(Elf64_Phdr))

typedef int (*file_check)(const struct elf_file *, struct elfload_error *);

/* ---- Layer 1: the first bytes ------------------------------------------ */

static int check_not_empty(const struct elf_file *f, struct elfload_error *e)
{
	if (f->size == 0)
		return elfload_fail(e, ENOEXEC, "the file is empty");
	return 0;
}

static int check_not_script(const struct elf_file *f, struct elfload_error *e)
{
	if (f->head_len >= 2 && memcmp(f->head, "#!", 2) == 0)
		return elfload_fail(e, ENOEXEC, "a script, not an ELF file");
	return 0;
}

static int check_magic(const struct elf_file *f, struct elfload_error *e)
{
	if (f->head_len < SELFMAG || memcmp(f->head, ELFMAG, SELFMAG) != 0)
		return elfload_fail(e, ENOEXEC, "not an ELF file%s",
				    f->is_interp ? ""
						 : ", nor a script that begins "
						   "with #!");
	return 0;
}

static int check_head_len(const struct elf_file *f, struct elfload_error *e)
{
	if (f->head_len < sizeof(Elf64_Ehdr))
		return elfload_fail(e, f->is_interp ? EIO : ENOEXEC,
				    "truncated: the ELF header has 64 bytes, "
				    "the file %zu",
				    f->head_len);
	return 0;
}

static int check_class(const struct elf_file *f, struct elfload_error *e)
{
	if (f->head[EI_CLASS] == ELFCLASS32)
		return elfload_fail(e, ENOEXEC, "a 32-bit program");
	if (f->head[EI_CLASS] != ELFCLASS64)
		return elfload_fail(e, ENOEXEC, "unknown ELF class %u",
				    f->head[EI_CLASS]);
	return 0;
}

static int check_data(const struct elf_file *f, struct elfload_error *e)
{
	if (f->head[EI_DATA] == ELFDATA2MSB)
		return elfload_fail(e, ENOEXEC, "a big-endian program");
	if (f->head[EI_DATA] != ELFDATA2LSB)
		return elfload_fail(e, ENOEXEC, "unknown ELF byte order %u",
				    f->head[EI_DATA]);
	return 0;
}

static int check_version(const struct elf_file *f, struct elfload_error *e)
{
	if (f->head[EI_VERSION] != EV_CURRENT)
		return elfload_fail(e, ENOEXEC, "unknown ELF version %u",
				    f->head[EI_VERSION]);
	return 0;
}

/* Linux reads an interpreter's header as a whole before it looks at it. */
static int check_whole_head(const struct elf_file *f, struct elfload_error *e)
{
	return f->is_interp ? check_head_len(f, e) : 0;
}

static int run_checks(const file_check *checks, size_t n,
		      const struct elf_file *f, struct elfload_error *e)
{
	for (size_t i = 0; i < n; i++) {
		int err = checks[i](f, e);
		if (err)
			return err;
	}
	return 0;
}

#define RUN_CHECKS(table, f, e)                                                \
	run_checks(table, sizeof(table) / sizeof((table)[0]), f, e)

int check_head(const struct elf_file *f, struct elfload_error *e)
{
	static const file_check checks[] = {
		check_whole_head, check_not_empty, check_not_script,
		check_magic,	  check_head_len,  check_class,
		check_data,	  check_version,
	};

	return RUN_CHECKS(checks, f, e);
}

/* ---- Layer 2: the ELF header ------------------------------------------- */

static int check_type(const struct elf_file *f, struct elfload_error *e)
{
	unsigned type = f->ehdr.e_type;

	if (type == ET_REL)
		return elfload_fail(e, ENOEXEC,
				    "an object file, not linked yet");
	if (type == ET_CORE)
		return elfload_fail(e, ENOEXEC, "a core dump, not a program");
	if (type != ET_EXEC && type != ET_DYN)
		return elfload_fail(e, ENOEXEC, "unknown ELF type %u", type);
	return 0;
}

static int check_machine(const struct elf_file *f, struct elfload_error *e)
{
	if (f->ehdr.e_machine != EM_X86_64)
		return elfload_fail(e, ENOEXEC,
				    "a program for machine %u, not for x86-64 "
				    "(%u)",
				    f->ehdr.e_machine, EM_X86_64);
	return 0;
}

static int check_phentsize(const struct elf_file *f, struct elfload_error *e)
{
	if (f->ehdr.e_phentsize != sizeof(Elf64_Phdr))
		return elfload_fail(e, ENOEXEC,
				    "program headers of %u bytes, not %zu",
				    f->ehdr.e_phentsize, sizeof(Elf64_Phdr));
	return 0;
}

static int check_phnum_zero(const struct elf_file *f, struct elfload_error *e)
{
	if (f->ehdr.e_phnum == 0)
		return elfload_fail(e, ENOEXEC, "no program headers");
	return 0;
}

static int check_phnum_max(const struct elf_file *f, struct elfload_error *e)
{
	if (f->ehdr.e_phnum > PHNUM_MAX)
		return elfload_fail(e, ENOEXEC,
				    "%u program headers, at most %zu are "
				    "possible",
				    f->ehdr.e_phnum, PHNUM_MAX);
	return 0;
}

/* Linux would read the ELF header as a program header; nobody means that. */
static int check_phoff_start(const struct elf_file *f, struct elfload_error *e)
{
	if (f->ehdr.e_phoff < sizeof(Elf64_Ehdr))
		return elfload_fail(e, ENOEXEC,
				    "program headers at offset %#lx, inside "
				    "the ELF header",
				    f->ehdr.e_phoff);
	return 0;
}

static int check_phoff_end(const struct elf_file *f, struct elfload_error *e)
{
	uint64_t len = (uint64_t)f->ehdr.e_phnum * sizeof(Elf64_Phdr);

	if (f->ehdr.e_phoff > f->size || len > f->size - f->ehdr.e_phoff)
		return elfload_fail(e, ENOEXEC,
				    "truncated: program headers at offset "
				    "%#lx, %lu bytes, file of %lu bytes",
				    f->ehdr.e_phoff, len, f->size);
	return 0;
}

int check_ehdr(const struct elf_file *f, struct elfload_error *e)
{
	static const file_check checks[] = {
		check_type,	  check_machine,   check_phentsize,
		check_phnum_zero, check_phnum_max, check_phoff_start,
		check_phoff_end,
	};

	return RUN_CHECKS(checks, f, e);
}
