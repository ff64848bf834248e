/*
 * make.c: ELF files that no linker makes, drawn from a seed.
 *
 *   make SEED CODE PROGRAM INTERPRETER   write both; both run CODE (program.c)
 *   make run SEED [VMM OPTION...] PROGRAM   run it as Linux does under
 *                                           `setarch -R`, or by VMM
 *
 * What is drawn: how many segments there are, where, how large, how aligned,
 * in which order, with which rights, how much of them is in the file; whether
 * there is an interpreter and what that is; headers that Linux may ignore;
 * fields spoilt now and then. By `run`: the stack limit, arguments,
 * environment.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <unistd.h>

#include "page_size.h"
#include "random.h"

#define FILE_MAX (256 * PAGE)
#define PH_MAX	 48
#define MIB	 (1ull << 20)

static uint64_t rng;

static uint64_t draw(uint64_t n)
{
	return random_below(&rng, n);
}

#define DRAW(table)  ((table)[draw(sizeof(table) / sizeof((table)[0]))])
#define ONE_IN(n)    (draw(n) == 0)
#define U64(...)     ((const uint64_t[]){__VA_ARGS__})
#define DRAW_OF(...) (U64(__VA_ARGS__)[draw(sizeof(U64(__VA_ARGS__)) / 8)])

/* ---- Files --------------------------------------------------------------- */

static struct {
	union {
		uint8_t bytes[FILE_MAX];
		Elf64_Ehdr eh;
	};
	uint64_t len; /* of what is used */
	Elf64_Phdr ph[PH_MAX];
	unsigned nr;
	int wide; /* gaps may be */
	const uint8_t *code;
	uint64_t code_len, code_at; /* bytes, offset in the file */
} f;

static Elf64_Phdr *add(uint32_t type, uint32_t flags)
{
	Elf64_Phdr *ph = &f.ph[f.nr++];

	*ph = (Elf64_Phdr){.p_type = type, .p_flags = flags, .p_align = PAGE};
	return ph;
}

/* File bytes [from, from + len), where nothing is yet. */
static void fill(uint64_t from, uint64_t len)
{
	for (uint64_t i = from; i < from + len && i < FILE_MAX; i++)
		if (!f.bytes[i])
			f.bytes[i] = (uint8_t)(i * 31 + i / 4096 + 1);
	if (from + len > f.len)
		f.len = from + len < FILE_MAX ? from + len : FILE_MAX;
}

static uint32_t draw_flags(void)
{
	return ONE_IN(4) ? (uint32_t)draw(8)
			 : (uint32_t)DRAW_OF(PF_R, PF_R | PF_W, PF_R | PF_W,
					     PF_R | PF_X, PF_R | PF_W | PF_X);
}

/* Bytes up to the next segment. */
static uint64_t draw_gap(void)
{
	switch (draw(12)) {
	case 0:
		return draw(MIB);
	case 1:
		return draw(64) * MIB;
	case 2:
		/* Linux asks whether there is memory for all that is spanned.
		 */
		return f.wide ? DRAW_OF(1ull << 30, 1ull << 36, 1ull << 40)
			      : draw(1ull << 30);
	case 3:
	case 4:
		return draw(PAGE);
	case 5:
		return 0;
	default:
		return draw(5) * PAGE;
	}
}

static uint64_t draw_size(void)
{
	switch (draw(6)) {
	case 0:
		return 0;
	case 1:
		return draw(64);
	case 2:
		return draw(5) * PAGE;
	default:
		return draw(6 * PAGE);
	}
}

static uint64_t draw_bss(void)
{
	switch (draw(12)) {
	case 0:
		return draw(64);
	case 1:
		return draw(8) * PAGE;
	case 2:
	case 3:
		return draw(20 * PAGE);
	case 4:
		return draw(64 * MIB);
	case 5:
		return ONE_IN(4) ? draw(1ull << 36) : draw(3 * PAGE);
	default:
		return 0;
	}
}

static uint64_t draw_align(void)
{
	return ONE_IN(3) ? DRAW_OF(0, 1, 3, 16, 0x1800, 0x2000, 0x3000, 0x10000,
				   0x200000, 0x40000000)
			 : PAGE;
}

/* One segment from *at on, its bytes from *offset on. */
static void draw_segment(uint64_t *at, uint64_t *offset)
{
	Elf64_Phdr *ph = add(PT_LOAD, draw_flags());

	*at += draw_gap();
	ph->p_vaddr = ph->p_paddr = *at;
	ph->p_filesz = draw_size();
	ph->p_memsz = ph->p_filesz + draw_bss();
	ph->p_align = draw_align();
	if (ONE_IN(5))
		*offset = (*offset + draw(4 * PAGE)) % FILE_MAX;
	*offset += (ph->p_vaddr - *offset) % PAGE;
	if (*offset + ph->p_filesz > FILE_MAX)
		*offset = ph->p_vaddr % PAGE;
	ph->p_offset = *offset;
	if (!ONE_IN(16)) /* or beyond the end of the file */
		fill(*offset, ph->p_filesz);
	*offset += ONE_IN(3) ? 0 : ph->p_filesz;
	*at += ph->p_memsz;
	/* docs/linux.md: a page that is cleared must not be replaced. */
	if (ph->p_memsz > ph->p_filesz)
		*at = (*at + PAGE - 1) & ~(PAGE - 1);
}

/* That with the code: may be read and run, and holds the entry point. */
static void code_segment(uint64_t *at, uint64_t *offset)
{
	Elf64_Phdr *ph = add(PT_LOAD, PF_R | PF_X | (ONE_IN(5) ? PF_W : 0));
	uint64_t skip = ONE_IN(2) ? draw(300) : 0;

	*at += draw_gap();
	*offset = (f.len + PAGE - 1 + draw(3) * PAGE) & ~(PAGE - 1);
	if (*offset + f.code_len + 2 * PAGE > FILE_MAX)
		*offset = FILE_MAX - 4 * PAGE;
	*offset += *at % PAGE;
	ph->p_vaddr = ph->p_paddr = *at;
	ph->p_offset = *offset;
	ph->p_filesz = skip + f.code_len;
	ph->p_memsz = ph->p_filesz + (ONE_IN(4) ? draw_bss() : 0);
	ph->p_align = draw_align();
	f.code_at = *offset + skip;
	fill(*offset, ph->p_filesz);
	f.eh.e_entry = *at + skip;
	*offset += ph->p_filesz;
	*at += ph->p_memsz;
	if (!ONE_IN(8)) /* or the next replaces the last page */
		*at = (*at + PAGE - 1) & ~(PAGE - 1);
}

static void draw_loads(uint64_t at)
{
	uint64_t offset = ONE_IN(3) ? draw(4 * PAGE) : 0;
	unsigned before = (unsigned)draw(ONE_IN(8) ? 12 : 4);
	unsigned after = (unsigned)draw(ONE_IN(8) ? 12 : 4), i;

	for (i = 0; i < before; i++)
		draw_segment(&at, &offset);
	code_segment(&at, &offset);
	for (i = 0; i < after; i++)
		draw_segment(&at, &offset);
	if (ONE_IN(12)) { /* not in the order of addresses */
		Elf64_Phdr *a = &f.ph[f.nr - 1 - draw(before + after + 1)];
		Elf64_Phdr *b = &f.ph[f.nr - 1 - draw(before + after + 1)];
		Elf64_Phdr t = *a;

		*a = *b;
		*b = t;
	}
}

/* ---- Headers that load nothing --------------------------------------------
 */

static void put(Elf64_Phdr *ph, const void *bytes, uint64_t len)
{
	f.len = (f.len + 7) & ~7ull;
	if (f.len + len > FILE_MAX)
		f.len = 8;
	memcpy(f.bytes + f.len, bytes, len);
	ph->p_offset = f.len;
	ph->p_filesz = ph->p_memsz = len;
	f.len += len;
}

static void add_property(void)
{
	uint32_t note[8] = {4, 16, 5, 0x00554e47, 0xc0000002, 4, 3, 0};
	Elf64_Phdr *ph = add(PT_GNU_PROPERTY, PF_R);

	if (ONE_IN(2))
		note[draw(8)] = (uint32_t)draw(64);
	put(ph, note, sizeof(note));
	ph->p_align = 8;
	if (ONE_IN(8))
		ph->p_filesz = draw(2000);
	if (ONE_IN(8))
		ph->p_offset = DRAW_OF(1, FILE_MAX, 1ull << 63);
}

static void add_stack(void)
{
	Elf64_Phdr *ph = add(PT_GNU_STACK, (uint32_t)draw(8));

	ph->p_memsz = DRAW_OF(0, 0, PAGE, MIB, 64 * MIB, 1ull << 40);
	ph->p_align = 16;
}

static void add_odd(void)
{
	Elf64_Phdr *ph = add((uint32_t)DRAW_OF(PT_TLS, PT_NOTE, PT_GNU_RELRO,
					       PT_DYNAMIC, PT_PHDR, PT_NULL,
					       PT_SHLIB, PT_LOPROC, 0x12345678),
			     (uint32_t)draw(8));

	ph->p_vaddr = draw(1 << 24);
	ph->p_offset = draw(FILE_MAX);
	ph->p_filesz = draw(PAGE);
	ph->p_memsz = draw(1 << 20);
}

static void add_interp(const char *path)
{
	static const char *const odd[] = {
		"/", "/nowhere/ld.so", "/etc/passwd",	 "/bin/sh", "ld",
		"",  "/dev/null",      "/proc/self/maps"};
	const char *name = ONE_IN(12) ? DRAW(odd) : path;
	Elf64_Phdr *ph = add(PT_INTERP, PF_R);

	put(ph, name, strlen(name) + 1);
	if (ONE_IN(40))
		ph->p_filesz = DRAW_OF(0, 1, 2, 4096, 4097, 1ull << 40);
	if (ONE_IN(40))
		ph->p_offset = DRAW_OF(0, FILE_MAX, 1ull << 63);
}

/* ---- All together ---------------------------------------------------------
 */

static void spoil(void)
{
	Elf64_Phdr *ph = &f.ph[draw(f.nr)];
	uint64_t odd = DRAW_OF(0, 1, 7, 0xfff, PAGE, 0xf000, 0x10000, 0x400000,
			       0x7ffff7ff0000, 0x7fffffffe000, 0x7ffffffff000,
			       1ull << 47, 1ull << 63, ~0ull, ~0xfffull);

	switch (draw(9)) {
	case 0:
		ph->p_vaddr = odd;
		break;
	case 1:
		ph->p_memsz = odd;
		break;
	case 2:
		ph->p_filesz = odd;
		break;
	case 3:
		ph->p_offset = odd;
		break;
	case 4:
		ph->p_vaddr += draw(PAGE);
		break;
	case 5:
		ph->p_type = (uint32_t)draw(8);
		break;
	case 6:
		f.eh.e_entry = ONE_IN(2) ? odd : f.eh.e_entry + draw(PAGE);
		break;
	case 7:
		ph->p_flags = (uint32_t)draw(16);
		break;
	default:
		f.len = draw(f.len + 1);
	}
}

static void write_headers(uint16_t type)
{
	static const uint64_t first = sizeof(Elf64_Ehdr);
	uint64_t len = f.nr * sizeof(Elf64_Phdr);
	uint64_t at =
		ONE_IN(4) || len > PAGE - first ? (f.len + 7) & ~7ull : first;

	if (at + len > FILE_MAX)
		at = first;
	memcpy(f.eh.e_ident, ELFMAG, SELFMAG);
	f.eh.e_ident[EI_CLASS] = ELFCLASS64;
	f.eh.e_ident[EI_DATA] = ELFDATA2LSB;
	f.eh.e_ident[EI_VERSION] = EV_CURRENT;
	f.eh.e_type = type;
	f.eh.e_machine = EM_X86_64;
	f.eh.e_version = EV_CURRENT;
	f.eh.e_ehsize = sizeof(Elf64_Ehdr);
	f.eh.e_phentsize = sizeof(Elf64_Phdr);
	f.eh.e_phoff = at;
	f.eh.e_phnum = (uint16_t)f.nr;
	memcpy(f.bytes + at, f.ph, len);
	if (at + len > f.len)
		f.len = at + len;
}

static uint64_t draw_base(uint16_t type)
{
	if (type == ET_DYN && !ONE_IN(4))
		return 0;
	return DRAW_OF(0x10000, 0x400000, 0x400000, 0x400abc, 0x12345000,
		       0x555555554000, 0x7fff00000000, 0x7ffff7000000,
		       1ull << 40);
}

/* interp: the path of its interpreter, or NULL. */
static void make(const char *path, const char *interp, int wide)
{
	const uint16_t type = ONE_IN(2) ? ET_EXEC : ET_DYN;
	uint64_t base = draw_base(type);
	int fd;

	memset(f.bytes, 0, sizeof(f.bytes));
	f.nr = 0;
	f.wide = wide && type == ET_EXEC;
	f.len = sizeof(Elf64_Ehdr) + (ONE_IN(2) ? 0 : 12 * sizeof(Elf64_Phdr));
	if (interp)
		add_interp(interp);
	if (!ONE_IN(4))
		add_stack();
	if (ONE_IN(4))
		add_property();
	while (ONE_IN(3))
		add_odd();
	draw_loads(base);
	if (ONE_IN(3))
		add_stack();
	memcpy(f.bytes + f.code_at, f.code, f.code_len);
	write_headers(type);
	if (ONE_IN(8)) {
		spoil();
		if (ONE_IN(2))
			spoil();
		memcpy(f.bytes + f.eh.e_phoff, f.ph, f.nr * sizeof(Elf64_Phdr));
	}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	if (fd < 0 || write(fd, f.bytes, f.len) != (ssize_t)f.len || close(fd))
		exit(1);
}

static void read_code(const char *path)
{
	static uint8_t code[2 * PAGE];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, code, sizeof(code));

	if (n <= 0)
		exit(1);
	f.code = code;
	f.code_len = (uint64_t)n;
	close(fd);
}

/* ---- Running --------------------------------------------------------------
 */

static char *word(size_t len)
{
	char *s = malloc(len + 1);

	memset(s, 'w', len);
	s[len] = 0;
	return s;
}

static size_t draw_length(void)
{
	return ONE_IN(6) ? draw(ONE_IN(3) ? 100000 : 5000) : draw(20);
}

static int limit_to(int resource, uint64_t to)
{
	struct rlimit lim;

	if (getrlimit(resource, &lim))
		return -1;
	lim.rlim_cur = to < lim.rlim_max ? to : lim.rlim_max;
	return setrlimit(resource, &lim);
}

/* The soft limits: vmm, too, must start below them, and then has its own. */
static int draw_limits(void)
{
	int err = limit_to(RLIMIT_STACK,
			   ONE_IN(2) ? 8 * MIB
				     : DRAW_OF(RLIM_INFINITY, 16 * MIB, MIB,
					       700000, 512 << 10, 200000,
					       100 << 10, 1ull << 30,
					       1ull << 46, 123456789));

	if (!err && ONE_IN(6))
		err = limit_to(RLIMIT_AS, (ONE_IN(3) ? 100000 : 16) * MIB +
						  draw(64 * MIB));
	if (!err && ONE_IN(6))
		err = limit_to(RLIMIT_DATA, 4 * MIB + draw(32 * MIB));
	return err;
}

/* Up to 300 of all lengths; most often a few short ones. */
static void draw_words(char **to)
{
	uint64_t n = ONE_IN(6) ? draw(300) : draw(4);

	while (n--)
		*to++ = word(draw_length());
}

static int run(char **command)
{
	static char *args[400], *env[400];
	char **arg = args;

	for (; *command; command++)
		*arg++ = *command;
	draw_words(arg);
	draw_words(env);
	if (personality(ADDR_NO_RANDOMIZE) == -1 || draw_limits())
		return 125;
	execve(args[0], args, env);
	printf("execve: %s\n", strerror(errno));
	return errno == ENOENT || errno == ENOTDIR ? 127 : 126;
}

int main(int argc, char **argv)
{
	int running = argc > 3 && strcmp(argv[1], "run") == 0;

	if (argc < 4)
		return 2;
	rng = strtoull(argv[1 + running], NULL, 0) + (uint64_t)running * 7777;
	draw(1);
	if (running)
		return run(argv + 3);
	read_code(argv[2]);
	make(argv[4], NULL, 0);
	make(argv[3], ONE_IN(3) ? argv[4] : NULL, 1);
	return 0;
}
