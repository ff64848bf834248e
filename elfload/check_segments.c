/*
 * check_segments.c: the program headers, one function for each mistake.
 *
 * The last of the three layers that check.c describes: by now the table of
 * program headers is known to be in the file.
 */
#include "internal.h"
#include <errno.h>
#include <limits.h>

typedef int (*file_check)(const struct elf_file *, struct elfload_error *);
typedef int (*load_check)(const struct elf_file *, const Elf64_Phdr *,
			  struct elfload_error *);

static unsigned index_of(const struct elf_file *f, const Elf64_Phdr *ph)
{
	return (unsigned)(ph - f->phdr);
}

/* The next PT_LOAD after ph (NULL: the first), or NULL. */
static const Elf64_Phdr *next_load(const struct elf_file *f,
				   const Elf64_Phdr *ph)
{
	const Elf64_Phdr *end = f->phdr + f->ehdr.e_phnum;

	for (ph = ph ? ph + 1 : f->phdr; ph < end; ph++)
		if (ph->p_type == PT_LOAD)
			return ph;
	return NULL;
}

const Elf64_Phdr *elf_file_interp(const struct elf_file *f)
{
	if (f->is_interp)
		return NULL;
	for (unsigned i = 0; i < f->ehdr.e_phnum; i++)
		if (f->phdr[i].p_type == PT_INTERP)
			return &f->phdr[i];
	return NULL;
}

/* ---- The table as a whole ---------------------------------------------- */

/* Linux load_elf_binary(): with the closing 0, which the reader checks. */
int check_interp(const struct elf_file *f, struct elfload_error *e)
{
	const Elf64_Phdr *ph = elf_file_interp(f);

	if (!ph)
		return 0;
	if (ph->p_filesz < 2)
		return elfload_fail(e, ENOEXEC,
				    "the interpreter's name is empty");
	if (ph->p_filesz > ELFLOAD_PATH_MAX)
		return elfload_fail(e, ENOEXEC,
				    "the interpreter's name has %lu bytes, at "
				    "most %d are allowed",
				    ph->p_filesz, ELFLOAD_PATH_MAX);
	return 0;
}

static int check_load_count(const struct elf_file *f, struct elfload_error *e)
{
	unsigned n = 0;

	for (const Elf64_Phdr *ph = NULL; (ph = next_load(f, ph));)
		n++;
	if (n == 0)
		return elfload_fail(e, ENOEXEC, "no segment to load");
	if (n > ELFLOAD_LOADS_MAX)
		return elfload_fail(e, ENOEXEC,
				    "%u segments to load, at most %d are "
				    "supported",
				    n, ELFLOAD_LOADS_MAX);
	return 0;
}

/* ---- One segment -------------------------------------------------------- */

static int check_sizes(const struct elf_file *f, const Elf64_Phdr *ph,
		       struct elfload_error *e)
{
	if (ph->p_filesz > ph->p_memsz)
		return elfload_fail(e, EINVAL,
				    "segment %u: %#lx bytes in the file, but "
				    "only %#lx in memory",
				    index_of(f, ph), ph->p_filesz, ph->p_memsz);
	return 0;
}

static int check_no_wrap(const struct elf_file *f, const Elf64_Phdr *ph,
			 struct elfload_error *e)
{
	if (ph->p_vaddr + ph->p_memsz < ph->p_vaddr)
		return elfload_fail(e, EINVAL,
				    "segment %u: %#lx + %#lx wraps around the "
				    "address space",
				    index_of(f, ph), ph->p_vaddr, ph->p_memsz);
	return 0;
}

static int check_user_space(const struct elf_file *f, const Elf64_Phdr *ph,
			    struct elfload_error *e)
{
	if (ph->p_vaddr >= ELFLOAD_USER_END ||
	    ph->p_memsz > ELFLOAD_USER_END - ph->p_vaddr)
		return elfload_fail(e, EINVAL,
				    "segment %u: [%#lx, %#lx) reaches beyond "
				    "user space",
				    index_of(f, ph), ph->p_vaddr,
				    ph->p_vaddr + ph->p_memsz);
	return 0;
}

/* ET_DYN addresses count from the load bias and may start at 0. */
static int check_min_addr(const struct elf_file *f, const Elf64_Phdr *ph,
			  struct elfload_error *e)
{
	if (f->ehdr.e_type == ET_EXEC && ph->p_vaddr < ELFLOAD_MIN_ADDR)
		return elfload_fail(e, EPERM,
				    "segment %u: address %#lx is below the "
				    "lowest that may be mapped, %#llx",
				    index_of(f, ph), ph->p_vaddr,
				    ELFLOAD_MIN_ADDR);
	return 0;
}

static int check_congruent(const struct elf_file *f, const Elf64_Phdr *ph,
			   struct elfload_error *e)
{
	if (ph->p_filesz && page_offset(ph->p_offset - ph->p_vaddr))
		return elfload_fail(e, EINVAL,
				    "segment %u: file offset %#lx and address "
				    "%#lx differ in their place in a page",
				    index_of(f, ph), ph->p_offset, ph->p_vaddr);
	return 0;
}

static int check_file_range(const struct elf_file *f, const Elf64_Phdr *ph,
			    struct elfload_error *e)
{
	/* Linux vm_mmap(), file_mmap_ok(): what no file can ever contain. */
	uint64_t max = page_down(LLONG_MAX);

	if (ph->p_filesz &&
	    (ph->p_offset > max || ph->p_filesz > max - ph->p_offset))
		return elfload_fail(e, EINVAL,
				    "segment %u: file range %#lx + %#lx is "
				    "out of bounds",
				    index_of(f, ph), ph->p_offset,
				    ph->p_filesz);
	return 0;
}

/*
 * Linux maps what lies past the end of the file (SIGBUS on access), but has to
 * clear the rest of the last file page itself, which then fails.
 */
static int check_clear_in_file(const struct elf_file *f, const Elf64_Phdr *ph,
			       struct elfload_error *e)
{
	uint64_t end = ph->p_offset + ph->p_filesz;

	if (!ph->p_filesz || ph->p_memsz == ph->p_filesz ||
	    !(ph->p_flags & PF_W) || !page_offset(end))
		return 0;
	if (page_down(end) >= f->size)
		return elfload_fail(e, EFAULT,
				    "truncated: segment %u ends at file offset "
				    "%#lx, the file at %#lx",
				    index_of(f, ph), end, f->size);
	return 0;
}

/* Linux: start and end of two segments may share a page, the later wins. */
static int check_no_overlap(const struct elf_file *f, const Elf64_Phdr *ph,
			    struct elfload_error *e)
{
	const Elf64_Phdr *o = ph;

	while ((o = next_load(f, o)))
		if (ph->p_memsz && o->p_memsz &&
		    o->p_vaddr < ph->p_vaddr + ph->p_memsz &&
		    ph->p_vaddr < o->p_vaddr + o->p_memsz)
			return elfload_fail(e, ENOEXEC,
					    "segments %u and %u overlap at "
					    "%#lx",
					    index_of(f, ph), index_of(f, o),
					    o->p_vaddr > ph->p_vaddr
						    ? o->p_vaddr
						    : ph->p_vaddr);
	return 0;
}

static int check_each_load(const struct elf_file *f, struct elfload_error *e)
{
	static const load_check checks[] = {
		check_sizes,	     check_no_wrap,   check_user_space,
		check_min_addr,	     check_congruent, check_file_range,
		check_clear_in_file,
	};

	for (const Elf64_Phdr *ph = NULL; (ph = next_load(f, ph));)
		for (size_t i = 0; i < sizeof(checks) / sizeof(*checks); i++) {
			int err = checks[i](f, ph, e);
			if (err)
				return err;
		}
	return 0;
}

/* ---- The segments together ---------------------------------------------- */

/* Ranges are known not to wrap when this runs. */
static int check_overlaps(const struct elf_file *f, struct elfload_error *e)
{
	for (const Elf64_Phdr *ph = NULL; (ph = next_load(f, ph));) {
		int err = check_no_overlap(f, ph, e);
		if (err)
			return err;
	}
	return 0;
}

/* The first mapping of an ET_DYN chooses the load bias: it must be one. */
static int check_pie_first(const struct elf_file *f, struct elfload_error *e)
{
	if (f->ehdr.e_type == ET_DYN && next_load(f, NULL)->p_filesz == 0)
		return elfload_fail(e, EINVAL,
				    "segment %u: the first segment of a "
				    "position-independent program has no "
				    "bytes in the file",
				    index_of(f, next_load(f, NULL)));
	return 0;
}

/* A dynamic program starts in its interpreter, which alone looks at this. */
static int check_entry(const struct elf_file *f, struct elfload_error *e)
{
	uint64_t entry = f->ehdr.e_entry;

	if (elf_file_interp(f))
		return 0;
	for (const Elf64_Phdr *ph = NULL; (ph = next_load(f, ph));)
		if (entry >= ph->p_vaddr && entry - ph->p_vaddr < ph->p_memsz)
			return 0;
	return elfload_fail(e, entry >= ELFLOAD_USER_END ? EINVAL : ENOEXEC,
			    "entry point %#lx is outside every segment", entry);
}

int check_segments(const struct elf_file *f, struct elfload_error *e)
{
	static const file_check checks[] = {
		check_each_load,
		check_overlaps,
		check_pie_first,
		check_entry,
	};
	/* More than we support is no reason to end the caller. */
	int err = check_load_count(f, e);

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]) && !err;
	     i++) {
		err = checks[i](f, e);
		if (err)
			e->late = 1;
	}
	return err;
}
