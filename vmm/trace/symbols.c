/*
 * symbols.c: a sorted array of functions, searched by bisection.
 *
 * Entries are sorted by start, no two start at the same address, and
 * start < end for each. They may overlap: the one that starts last counts.
 * libelf checks section bounds against the file; the limits below keep a forged
 * header or a sparse file from costing time or memory.
 */
#include "symbols.h"

#include <elf.h>
#include <gelf.h>
#include <libelf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Largest symbol or string table that is read; Firefox's libxul has 60 MiB. */
#define TABLE_MAX (256u << 20)

struct symbol {
	uint64_t start, end; /* addresses in the file */
	const char *name;    /* in libelf's copy of the string table */
	unsigned rank;	     /* of names for one address the lowest is best */
};

struct symbols {
	Elf *elf;
	uint64_t bias;
	size_t nr;
	struct symbol *table;
};

/*
 * Plain section numbering only: e_shnum == 0 would let the file choose how much
 * libelf allocates for section headers.
 */
static bool header_is_usable(int fd)
{
	Elf64_Ehdr ehdr;

	return pread(fd, &ehdr, sizeof(ehdr), 0) == (ssize_t)sizeof(ehdr) &&
	       !memcmp(ehdr.e_ident, ELFMAG, SELFMAG) &&
	       ehdr.e_ident[EI_CLASS] == ELFCLASS64 &&
	       ehdr.e_ident[EI_DATA] == ELFDATA2LSB &&
	       ehdr.e_machine == EM_X86_64 && ehdr.e_shnum != 0;
}

static Elf_Scn *find_section(Elf *elf, Elf64_Word type, GElf_Shdr *shdr)
{
	Elf_Scn *scn = NULL;

	while ((scn = elf_nextscn(elf, scn)))
		if (gelf_getshdr(scn, shdr) && shdr->sh_type == type)
			return scn;
	return NULL;
}

/* The executable section a symbol is in, or false. */
static bool code_section(Elf *elf, const GElf_Sym *sym, GElf_Shdr *shdr)
{
	Elf_Scn *scn;

	if (sym->st_shndx == SHN_UNDEF || sym->st_shndx >= SHN_LORESERVE)
		return false;
	scn = elf_getscn(elf, sym->st_shndx);
	return scn && gelf_getshdr(scn, shdr) &&
	       shdr->sh_flags & SHF_EXECINSTR &&
	       sym->st_value >= shdr->sh_addr &&
	       sym->st_value - shdr->sh_addr < shdr->sh_size;
}

/* Labels in assembler sources have no type; functions are preferred. */
static bool symbol_rank(const GElf_Sym *sym, unsigned *rank)
{
	unsigned type = GELF_ST_TYPE(sym->st_info);
	unsigned bind = GELF_ST_BIND(sym->st_info);

	if (type != STT_FUNC && type != STT_GNU_IFUNC && type != STT_NOTYPE)
		return false;
	*rank = type == STT_NOTYPE ? 4 : 0;
	*rank += bind == STB_GLOBAL ? 0 : bind == STB_WEAK ? 1 : 2;
	return true;
}

/* Size 0: to the section's end, that is to the next symbol. */
static bool make_symbol(Elf *elf, size_t strtab, const GElf_Sym *sym,
			struct symbol *out)
{
	uint64_t limit, size = sym->st_size;
	GElf_Shdr shdr;

	if (!symbol_rank(sym, &out->rank) || !code_section(elf, sym, &shdr))
		return false;
	limit = shdr.sh_size - (sym->st_value - shdr.sh_addr);
	if (!size || size > limit)
		size = limit;
	out->start = sym->st_value;
	out->name = elf_strptr(elf, strtab, sym->st_name);
	return out->name && *out->name &&
	       !__builtin_add_overflow(out->start, size, &out->end);
}

/* Ties by name, so that the choice does not depend on the file's order. */
static int compare(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return strcmp(x->name, y->name);
}

static void table_finish(struct symbols *s)
{
	size_t i, kept = 0;

	if (!s->nr)
		return;
	qsort(s->table, s->nr, sizeof(*s->table), compare);
	for (i = 1; i < s->nr; i++)
		if (s->table[i].start != s->table[kept].start)
			s->table[++kept] = s->table[i];
	s->nr = kept + 1;
}

static bool sizes_are_sane(Elf *elf, const GElf_Shdr *shdr)
{
	Elf_Scn *strings = elf_getscn(elf, shdr->sh_link);
	GElf_Shdr strtab;

	return shdr->sh_size <= TABLE_MAX && strings &&
	       gelf_getshdr(strings, &strtab) && strtab.sh_type == SHT_STRTAB &&
	       strtab.sh_size <= TABLE_MAX;
}

/* False: no memory. An unusable table is an empty one. */
static bool read_table(struct symbols *s, Elf_Scn *scn, const GElf_Shdr *shdr)
{
	Elf_Data *data;
	size_t i, nr;

	if (!sizes_are_sane(s->elf, shdr))
		return true;
	data = elf_getdata(scn, NULL);
	if (!data || data->d_type != ELF_T_SYM)
		return true;
	nr = data->d_size / sizeof(Elf64_Sym);
	if (!nr)
		return true;
	s->table = calloc(nr, sizeof(*s->table));
	if (!s->table)
		return false;
	for (i = 0; i < nr; i++) {
		GElf_Sym sym;

		if (gelf_getsym(data, (int)i, &sym) &&
		    make_symbol(s->elf, shdr->sh_link, &sym, &s->table[s->nr]))
			s->nr++;
	}
	table_finish(s);
	return true;
}

static bool read_elf(struct symbols *s, int fd)
{
	Elf_Scn *scn;
	GElf_Shdr shdr;

	if (elf_version(EV_CURRENT) == EV_NONE || !header_is_usable(fd))
		return true;
	/* Read, not mapped: a file cut short meanwhile must not be a SIGBUS. */
	s->elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!s->elf || elf_kind(s->elf) != ELF_K_ELF)
		return true;
	scn = find_section(s->elf, SHT_SYMTAB, &shdr);
	if (!scn)
		scn = find_section(s->elf, SHT_DYNSYM, &shdr);
	return !scn || read_table(s, scn, &shdr);
}

struct symbols *symbols_read(int fd)
{
	struct symbols *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	if (!read_elf(s, fd)) {
		symbols_free(s);
		return NULL;
	}
	if (s->elf)
		elf_cntl(s->elf, ELF_C_FDDONE);
	return s;
}

void symbols_free(struct symbols *s)
{
	if (!s)
		return;
	free(s->table);
	elf_end(s->elf);
	free(s);
}

void symbols_set_bias(struct symbols *s, uint64_t bias)
{
	s->bias = bias;
}

size_t symbols_count(const struct symbols *s)
{
	return s->nr;
}

const char *symbols_find(const struct symbols *s, uint64_t ip, uint64_t *offset)
{
	size_t low = 0, high;
	uint64_t addr;

	if (!s)
		return NULL;
	addr = ip - s->bias;
	/* Invariant: table[0 .. low) start at or below addr, [high ..) above.
	 */
	for (high = s->nr; low < high;) {
		size_t middle = low + (high - low) / 2;

		if (s->table[middle].start <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || addr >= s->table[low - 1].end)
		return NULL;
	*offset = addr - s->table[low - 1].start;
	return s->table[low - 1].name;
}
