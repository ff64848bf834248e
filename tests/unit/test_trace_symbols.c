/*
 * test_trace_symbols.c: is an address given the name of the function that it is
 * in, and can a forged file do harm?
 *
 * Files are made here, byte by byte, so that every field may be wrong.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memfd_create */
#endif
#include <criterion/criterion.h>
#include <elf.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hv_fault.h"
#include "symbols.h"
#include "text.h"

#define NR_SYMS 8
#define STRINGS "\0_start\0main\0alias\0weak\0label\0data\0bad\033[31m\nname"

/* Sections: 0 null, 1 code [0x1000, 0x2000), 2 symbols, 3 strings, 4 data. */
struct image {
	Elf64_Ehdr ehdr;
	Elf64_Shdr shdr[5];
	Elf64_Sym sym[NR_SYMS];
	char strings[sizeof(STRINGS)];
};

static Elf64_Word name_of(const char *name)
{
	static const char strings[] = STRINGS;
	size_t i = 1;

	while (i < sizeof(strings) && strcmp(strings + i, name))
		i += strlen(strings + i) + 1;
	return (Elf64_Word)i;
}

static Elf64_Sym symbol(const char *name, unsigned char bind,
			unsigned char type, Elf64_Addr value, Elf64_Xword size)
{
	return (Elf64_Sym){
		.st_name = name_of(name),
		.st_info = ELF64_ST_INFO(bind, type),
		.st_shndx = 1,
		.st_value = value,
		.st_size = size,
	};
}

/*
 *  1000 _start (0x20)   1100 main (0x80), alias   1200 label (no size)
 *  1300 weak (0x10)     3000 data, not code
 */
static struct image good_image(void)
{
	struct image im = {
		.ehdr = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3,
				     ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
			 .e_type = ET_EXEC,
			 .e_machine = EM_X86_64,
			 .e_version = EV_CURRENT,
			 .e_shoff = offsetof(struct image, shdr),
			 .e_ehsize = sizeof(Elf64_Ehdr),
			 .e_shentsize = sizeof(Elf64_Shdr),
			 .e_shnum = 5},
		.shdr = {[1] = {.sh_type = SHT_NOBITS,
				.sh_flags = SHF_ALLOC | SHF_EXECINSTR,
				.sh_addr = 0x1000,
				.sh_size = 0x1000},
			 [2] = {.sh_type = SHT_SYMTAB,
				.sh_offset = offsetof(struct image, sym),
				.sh_size = sizeof(im.sym),
				.sh_link = 3,
				.sh_entsize = sizeof(Elf64_Sym)},
			 [3] = {.sh_type = SHT_STRTAB,
				.sh_offset = offsetof(struct image, strings),
				.sh_size = sizeof(im.strings)},
			 [4] = {.sh_type = SHT_NOBITS,
				.sh_flags = SHF_ALLOC | SHF_WRITE,
				.sh_addr = 0x3000,
				.sh_size = 0x1000}},
		.sym = {[1] = symbol("weak", STB_WEAK, STT_FUNC, 0x1300, 0x10),
			[2] = symbol("main", STB_GLOBAL, STT_FUNC, 0x1100,
				     0x80),
			[3] = symbol("alias", STB_WEAK, STT_FUNC, 0x1100, 0x80),
			[4] = symbol("label", STB_LOCAL, STT_NOTYPE, 0x1200, 0),
			[5] = symbol("_start", STB_GLOBAL, STT_FUNC, 0x1000,
				     0x20),
			[6] = symbol("data", STB_GLOBAL, STT_OBJECT, 0x3000,
				     8)},
		.strings = STRINGS,
	};

	im.sym[6].st_shndx = 4;
	return im;
}

static struct symbols *read_bytes(const void *bytes, size_t len)
{
	int fd = memfd_create("image", 0);
	struct symbols *s;

	cr_assert(fd >= 0);
	cr_assert_eq(write(fd, bytes, len), (ssize_t)len);
	s = symbols_read(fd);
	cr_assert_not_null(s);
	/* The descriptor is the caller's, and no more needed. */
	cr_assert_eq(close(fd), 0);
	return s;
}

static void assert_at(const struct symbols *s, uint64_t ip, const char *name,
		      uint64_t offset)
{
	uint64_t got = ~0ull;
	const char *found = symbols_find(s, ip, &got);

	if (!name) {
		cr_assert_null(found, "%#lx is in %s", ip, found);
		return;
	}
	cr_assert_not_null(found, "%#lx is in nothing", ip);
	cr_assert_str_eq(found, name);
	cr_assert_eq(got, offset);
}

Test(symbols, an_address_is_in_the_function_around_it)
{
	struct image im = good_image();
	struct symbols *s = read_bytes(&im, sizeof(im));

	cr_assert_eq(symbols_count(s), 4, "one for each address with code");
	assert_at(s, 0xfff, NULL, 0);
	assert_at(s, 0x1000, "_start", 0);
	assert_at(s, 0x101f, "_start", 0x1f);
	assert_at(s, 0x1020, NULL, 0);
	assert_at(s, 0x1105, "main", 5);
	assert_at(s, 0x130f, "weak", 15);
	assert_at(s, 0x1310, NULL, 0);
	assert_at(s, ~0ull, NULL, 0);
	assert_at(s, 0, NULL, 0);
	symbols_free(s);
}

Test(symbols, a_label_without_size_ends_at_the_next_symbol)
{
	struct image im = good_image();
	struct symbols *s = read_bytes(&im, sizeof(im));

	assert_at(s, 0x1200, "label", 0);
	assert_at(s, 0x12ff, "label", 0xff);
	assert_at(s, 0x1300, "weak", 0);
	symbols_free(s);
}

Test(symbols, a_global_name_wins_whatever_the_order)
{
	struct image im = good_image();
	Elf64_Sym first = im.sym[2];
	struct symbols *s;

	im.sym[2] = im.sym[3];
	im.sym[3] = first;
	s = read_bytes(&im, sizeof(im));
	assert_at(s, 0x1100, "main", 0);
	symbols_free(s);
}

Test(symbols, data_is_not_a_function)
{
	struct image im = good_image();
	struct symbols *s = read_bytes(&im, sizeof(im));

	assert_at(s, 0x3000, NULL, 0);
	symbols_free(s);
}

Test(symbols, a_pie_is_found_at_its_bias)
{
	struct image im = good_image();
	struct symbols *s = read_bytes(&im, sizeof(im));

	symbols_set_bias(s, 0x7ffff7fc0000);
	assert_at(s, 0x7ffff7fc1107, "main", 7);
	assert_at(s, 0x1107, NULL, 0);
	symbols_free(s);
}

Test(symbols, a_stripped_file_has_none)
{
	struct image im = good_image();
	struct symbols *s;

	im.shdr[2].sh_type = SHT_NULL;
	s = read_bytes(&im, sizeof(im));
	cr_assert_eq(symbols_count(s), 0);
	assert_at(s, 0x1100, NULL, 0);
	symbols_free(s);
}

Test(symbols, a_stripped_file_with_dynamic_symbols_has_those)
{
	struct image im = good_image();
	struct symbols *s;

	im.shdr[2].sh_type = SHT_DYNSYM;
	s = read_bytes(&im, sizeof(im));
	assert_at(s, 0x1100, "main", 0);
	symbols_free(s);
}

Test(symbols, no_table_finds_nothing)
{
	assert_at(NULL, 0x1100, NULL, 0);
	symbols_free(NULL);
}

Test(symbols, what_is_not_an_x86_64_file_has_none)
{
	static const char text[] = "#!/bin/sh\necho this is not an ELF file, "
				   "and longer than an ELF header\n";
	struct image im = good_image();
	struct symbols *s = read_bytes(text, sizeof(text));

	cr_assert_eq(symbols_count(s), 0);
	symbols_free(s);
	s = read_bytes("", 0);
	cr_assert_eq(symbols_count(s), 0);
	symbols_free(s);
	im.ehdr.e_machine = EM_AARCH64;
	s = read_bytes(&im, sizeof(im));
	cr_assert_eq(symbols_count(s), 0);
	symbols_free(s);
	s = symbols_read(-1);
	cr_assert_eq(symbols_count(s), 0);
	symbols_free(s);
}

Test(symbols, a_table_beyond_the_file_is_not_read)
{
	struct image im = good_image();
	struct symbols *s;

	im.shdr[2].sh_size = 1ull << 40;
	s = read_bytes(&im, sizeof(im));
	cr_assert_eq(symbols_count(s), 0);
	symbols_free(s);
	im = good_image();
	im.shdr[2].sh_offset = ~0ull - 8;
	s = read_bytes(&im, sizeof(im));
	cr_assert_eq(symbols_count(s), 0);
	symbols_free(s);
}

Test(symbols, a_large_sparse_table_is_not_read, .timeout = 5)
{
	struct image im = good_image();
	int fd = memfd_create("sparse", 0);
	struct symbols *s;

	im.shdr[2].sh_size = 264ull << 20; /* a little too large */
	cr_assert_eq(write(fd, &im, sizeof(im)), (ssize_t)sizeof(im));
	cr_assert_eq(ftruncate(fd, 1ll << 40), 0);
	s = symbols_read(fd);
	cr_assert_eq(symbols_count(s), 0);
	symbols_free(s);
	close(fd);
}

Test(symbols, the_number_of_sections_is_bounded, .timeout = 5)
{
	/* e_shnum 0: the number stands in section 0's sh_size. */
	struct image im = good_image();
	int fd = memfd_create("sparse", 0);
	struct symbols *s;

	im.ehdr.e_shnum = 0;
	im.shdr[0].sh_size = 1ull << 33;
	cr_assert_eq(write(fd, &im, sizeof(im)), (ssize_t)sizeof(im));
	cr_assert_eq(ftruncate(fd, 1ll << 40), 0);
	s = symbols_read(fd);
	cr_assert_eq(symbols_count(s), 0);
	symbols_free(s);
	close(fd);
}

Test(symbols, names_outside_the_string_table_are_dropped)
{
	struct image im = good_image();
	struct symbols *s;

	im.sym[2].st_name = 0x7fffffff;
	im.sym[3].st_name = sizeof(im.strings);
	s = read_bytes(&im, sizeof(im));
	assert_at(s, 0x1100, NULL, 0);
	assert_at(s, 0x1000, "_start", 0);
	symbols_free(s);
}

Test(symbols, an_unterminated_last_name_is_not_run_past)
{
	struct image im = good_image();
	struct symbols *s;

	im.shdr[3].sh_size = name_of("main") + 2;
	s = read_bytes(&im, sizeof(im));
	assert_at(s, 0x1100, NULL, 0);
	symbols_free(s);
}

Test(symbols, a_size_that_wraps_is_cut_to_the_section)
{
	struct image im = good_image();
	struct symbols *s;

	im.sym[1].st_size = ~0ull;
	s = read_bytes(&im, sizeof(im));
	assert_at(s, 0x1fff, "weak", 0xcff);
	assert_at(s, 0x2000, NULL, 0);
	assert_at(s, 0x1005, "_start", 5);
	symbols_free(s);
}

Test(symbols, symbols_outside_their_section_are_dropped)
{
	struct image im = good_image();
	struct symbols *s;

	im.sym[1].st_value = 0x2000;
	im.sym[4].st_shndx = SHN_ABS;
	im.sym[5].st_shndx = 999;
	s = read_bytes(&im, sizeof(im));
	cr_assert_eq(symbols_count(s), 1);
	assert_at(s, 0x1100, "main", 0);
	symbols_free(s);
}

Test(symbols, every_truncation_is_survived)
{
	struct image im = good_image();

	for (size_t len = 0; len < sizeof(im); len++)
		symbols_free(read_bytes(&im, len));
}

/* Any byte may be wrong: the answers must stay inside their functions. */
Test(symbols, random_damage_is_survived, .timeout = 60)
{
	srand(1);
	for (unsigned i = 0; i < 3000; i++) {
		struct image im = good_image();
		struct symbols *s;
		uint64_t offset;

		for (unsigned n = 1 + (unsigned)rand() % 6; n; n--)
			((uint8_t *)&im)[(size_t)rand() % sizeof(im)] =
				(uint8_t)(rand() >> 7);
		s = read_bytes(&im, sizeof(im));
		for (uint64_t ip = 0xf80; ip < 0x2080; ip += 0x20)
			if (symbols_find(s, ip, &offset))
				cr_assert_leq(offset, ip);
		symbols_free(s);
	}
}

Test(symbols, a_real_program_finds_its_own_function)
{
	int fd = open("/proc/self/exe", O_RDONLY);
	struct symbols *s = symbols_read(fd);
	uint64_t offset, start = 0;

	close(fd);
	/* Position-independent or not: the bias is where main's page is. */
	for (uint64_t ip = 0; ip < 64u << 20 && !start; ip += 16) {
		const char *name = symbols_find(s, ip, &offset);

		if (name && !strcmp(name, "good_image"))
			start = ip - offset;
	}
	cr_assert(start, "not found among %zu", symbols_count(s));
	cr_assert_eq(((uint64_t)good_image - start) & 0xfff, 0);
	symbols_set_bias(s, (uint64_t)good_image - start);
	assert_at(s, (uint64_t)good_image + 1, "good_image", 1);
	symbols_free(s);
}

Test(symbols, the_log_shows_the_function_with_its_name_escaped)
{
	struct image im = good_image();
	struct trace_config config = {.tsc_khz = 1000};
	struct hv_fault f = {.ip = 0x1105};
	char line[TEXT_LINE_MAX];

	im.sym[2].st_name = name_of("bad\033[31m\nname");
	im.sym[3].st_info = 0xff;
	config.symbols = read_bytes(&im, sizeof(im));
	text_line(&config, &f, line);
	cr_assert(strstr(line, " bad\\033[31m\\012name+0x5\n"), "%s", line);
	f.ip = 0x1001;
	text_line(&config, &f, line);
	cr_assert(strstr(line, " _start+0x1\n"), "%s", line);
	f.ip = 0x1fff;
	text_line(&config, &f, line);
	cr_assert(strstr(line, " -\n"), "%s", line);
	symbols_free((struct symbols *)config.symbols);
}
