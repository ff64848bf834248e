/*
 * test_elfload.c: does the loader refuse every malformed file, with the right
 * words and Linux's errno, and nothing else?
 *
 * Each test spoils one thing in a small valid program.
 */
#include "../../elfload/elfload.h"
#include "test_elfload_build.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct elfload_image img;
static struct elfload_error err;

static int read_tiny(const struct tiny *t)
{
	/* A block of the exact size, so that ASan sees a read past the end. */
	uint8_t *copy = malloc(t->len ? t->len : 1);
	int r;

	memcpy(copy, t->bytes, t->len);
	memset(&err, 0, sizeof(err));
	r = elfload_read_memory(copy, t->len, &img, &err);
	free(copy);
	return r;
}

static void assert_refused(const struct tiny *t, int want, const char *words)
{
	int r = read_tiny(t);

	cr_assert_eq(r, -want, "got %d: %s", r, err.text);
	cr_assert_eq(err.err, want);
	cr_assert(strstr(err.text, words), "said: %s", err.text);
}

static void assert_accepted(const struct tiny *t)
{
	int r = read_tiny(t);

	cr_assert_eq(r, 0, "got %d: %s", r, err.text);
}

#define SPOILT(name, type, spoil, want, words)                                 \
	Test(elfload, name)                                                    \
	{                                                                      \
		struct tiny t;                                                 \
                                                                               \
		tiny_build(&t, type);                                          \
		spoil;                                                         \
		assert_refused(&t, want, words);                               \
	}

#define ODD(name, type, change)                                                \
	Test(elfload, name)                                                    \
	{                                                                      \
		struct tiny t;                                                 \
                                                                               \
		tiny_build(&t, type);                                          \
		change;                                                        \
		assert_accepted(&t);                                           \
	}

/* ---- What is accepted --------------------------------------------------- */

Test(elfload, valid_program_gives_its_segments)
{
	struct tiny t;

	tiny_build(&t, ET_EXEC);
	assert_accepted(&t);
	cr_assert_eq(img.type, ELFLOAD_EXEC_FIXED);
	cr_assert_eq(img.entry, 0x401200);
	cr_assert_eq(img.phdr_addr, 0x400040);
	cr_assert_eq(img.phnum, 4);
	cr_assert_eq(img.phentsize, 56);
	cr_assert_eq(img.file_size, TINY_LEN);
	cr_assert_eq(img.nr_segments, 3);
	cr_assert_eq(img.segments[2].vaddr, 0x402220);
	cr_assert_eq(img.segments[2].memsz, 0x2de0);
	cr_assert_eq(img.segments[2].filesz, 0x20);
	cr_assert_eq(img.segments[2].offset, 0x220);
	cr_assert_eq(img.segments[2].prot, ELFLOAD_READ | ELFLOAD_WRITE);
	cr_assert_eq(img.segments[1].prot, ELFLOAD_READ | ELFLOAD_EXEC);
	cr_assert_not(img.stack_exec);
	cr_assert_not(img.truncated);
}

Test(elfload, static_pie_is_told_from_fixed)
{
	struct tiny t;

	tiny_build(&t, ET_DYN);
	assert_accepted(&t);
	cr_assert_eq(img.type, ELFLOAD_STATIC_PIE);
	cr_assert_eq(img.entry, 0x1200);
	cr_assert_eq(img.phdr_addr, 0x40);
}

Test(elfload, executable_stack_is_seen)
{
	struct tiny t;

	tiny_build(&t, ET_EXEC);
	t.ph[PH_STACK].p_flags |= PF_X;
	assert_accepted(&t);
	cr_assert(img.stack_exec);
}

Test(elfload, file_shorter_than_a_segment_is_accepted_and_marked)
{
	struct tiny t;

	tiny_build(&t, ET_EXEC);
	t.ph[PH_CODE].p_filesz = t.ph[PH_CODE].p_memsz = 0x500;
	assert_accepted(&t);
	cr_assert(img.truncated);
}

ODD(section_headers_do_not_matter, ET_EXEC, {
	t.eh.e_shoff = 0x123456789;
	t.eh.e_shnum = 77;
	t.eh.e_shentsize = 3;
	t.eh.e_shstrndx = 99;
})
ODD(section_count_in_section_zero_does_not_matter, ET_EXEC, {
	t.eh.e_shoff = 0x80;
	t.eh.e_shentsize = sizeof(Elf64_Shdr);
})
ODD(os_abi_does_not_matter, ET_EXEC, t.eh.e_ident[EI_OSABI] = 99)
ODD(e_version_does_not_matter, ET_EXEC, t.eh.e_version = 7)
ODD(e_ehsize_does_not_matter, ET_EXEC, t.eh.e_ehsize = 0)
ODD(p_paddr_does_not_matter, ET_EXEC, t.ph[PH_CODE].p_paddr = ~0ull)
ODD(odd_alignment_does_not_matter, ET_EXEC, t.ph[PH_CODE].p_align = 3)
ODD(unordered_segments_are_accepted, ET_EXEC, {
	Elf64_Phdr ph = t.ph[PH_HEAD];

	t.ph[PH_HEAD] = t.ph[PH_DATA];
	t.ph[PH_DATA] = ph;
})
ODD(empty_segment_is_accepted, ET_EXEC, {
	t.ph[PH_STACK] = t.ph[PH_CODE];
	t.ph[PH_STACK].p_filesz = t.ph[PH_STACK].p_memsz = 0;
})
ODD(segments_may_share_a_page, ET_EXEC, {
	t.ph[PH_DATA].p_vaddr = 0x401220;
	t.ph[PH_DATA].p_memsz = 0x100;
})
ODD(misaligned_bss_only_segment_is_accepted, ET_EXEC, {
	t.ph[PH_DATA].p_filesz = 0;
	t.ph[PH_DATA].p_vaddr += 0x11;
})
ODD(program_headers_outside_every_segment_are_accepted, ET_EXEC,
    t.ph[PH_HEAD].p_type = PT_NOTE)
ODD(readonly_bss_past_the_end_of_the_file_is_accepted, ET_EXEC, {
	t.ph[PH_DATA].p_flags = PF_R;
	t.ph[PH_DATA].p_filesz = 0x2000;
})

ODD(segment_up_to_the_end_of_user_space_is_accepted, ET_EXEC,
    t.ph[PH_DATA].p_memsz = ELFLOAD_USER_END - 0x402220)

Test(elfload, program_headers_are_found_in_a_segment_that_starts_behind_0)
{
	struct tiny t;

	tiny_build(&t, ET_EXEC);
	t.ph[PH_HEAD] = tiny_load(TINY_BASE, 0x20, 0x100, 0x100, PF_R);
	assert_accepted(&t);
	cr_assert_eq(img.phdr_addr, 0x400040);
}

Test(elfload, as_many_program_headers_as_linux_reads_are_accepted)
{
	static uint8_t big[64 + 1170 * 56];
	struct tiny t;

	tiny_build(&t, ET_EXEC);
	t.eh.e_phnum = 1170;
	memcpy(big, t.bytes, 64 + TINY_PHNUM * 56);
	cr_assert_eq(elfload_read_memory(big, sizeof(big), &img, &err), 0, "%s",
		     err.text);
	cr_assert_eq(img.phnum, 1170);
	cr_assert_eq(img.nr_segments, 3);
}

/* ---- The first bytes ---------------------------------------------------- */

SPOILT(empty_file_is_refused, ET_EXEC, t.len = 0, ENOEXEC, "empty")
SPOILT(script_is_refused, ET_EXEC, memcpy(t.bytes, "#!/bin/sh\n", 10), ENOEXEC,
       "script")
SPOILT(text_file_is_refused, ET_EXEC, memcpy(t.bytes, "hello", 5), ENOEXEC,
       "not an ELF")
SPOILT(short_text_file_is_refused, ET_EXEC, t.len = 3, ENOEXEC, "not an ELF")
SPOILT(truncated_elf_header_is_refused, ET_EXEC, t.len = 63, ENOEXEC,
       "truncated: the ELF header")
SPOILT(magic_alone_is_refused, ET_EXEC, t.len = 4, ENOEXEC,
       "truncated: the ELF header")
SPOILT(class_32_is_refused, ET_EXEC, t.eh.e_ident[EI_CLASS] = ELFCLASS32,
       ENOEXEC, "32-bit")
SPOILT(unknown_class_is_refused, ET_EXEC, t.eh.e_ident[EI_CLASS] = 9, ENOEXEC,
       "class 9")
SPOILT(big_endian_is_refused, ET_EXEC, t.eh.e_ident[EI_DATA] = ELFDATA2MSB,
       ENOEXEC, "big-endian")
SPOILT(unknown_byte_order_is_refused, ET_EXEC, t.eh.e_ident[EI_DATA] = 0,
       ENOEXEC, "byte order 0")
SPOILT(unknown_elf_version_is_refused, ET_EXEC, t.eh.e_ident[EI_VERSION] = 2,
       ENOEXEC, "version 2")

/* ---- The ELF header ----------------------------------------------------- */

SPOILT(object_file_is_refused, ET_EXEC, t.eh.e_type = ET_REL, ENOEXEC,
       "object file")
SPOILT(core_dump_is_refused, ET_EXEC, t.eh.e_type = ET_CORE, ENOEXEC,
       "core dump")
SPOILT(unknown_type_is_refused, ET_EXEC, t.eh.e_type = 77, ENOEXEC, "type 77")
SPOILT(wrong_machine_is_refused, ET_EXEC, t.eh.e_machine = EM_AARCH64, ENOEXEC,
       "machine 183")
SPOILT(wrong_phentsize_is_refused, ET_EXEC, t.eh.e_phentsize = 32, ENOEXEC,
       "program headers of 32 bytes")
SPOILT(no_program_headers_are_refused, ET_EXEC, t.eh.e_phnum = 0, ENOEXEC,
       "no program headers")
SPOILT(too_many_program_headers_are_refused, ET_EXEC, t.eh.e_phnum = 1171,
       ENOEXEC, "1171 program headers")
SPOILT(extended_phnum_is_refused, ET_EXEC, t.eh.e_phnum = PN_XNUM, ENOEXEC,
       "65535 program headers")
SPOILT(program_headers_at_zero_are_refused, ET_EXEC, t.eh.e_phoff = 0, ENOEXEC,
       "inside the ELF header")
SPOILT(program_headers_in_elf_header_are_refused, ET_EXEC, t.eh.e_phoff = 63,
       ENOEXEC, "inside the ELF header")
SPOILT(truncated_program_headers_are_refused, ET_EXEC, t.len = 64 + 4 * 56 - 1,
       ENOEXEC, "truncated: program headers")
SPOILT(program_headers_past_the_end_are_refused, ET_EXEC,
       t.eh.e_phoff = TINY_LEN + 1, ENOEXEC, "truncated: program headers")
SPOILT(wrapping_program_header_offset_is_refused, ET_EXEC,
       t.eh.e_phoff = UINT64_MAX - 100, ENOEXEC, "truncated: program headers")

/* ---- The segments ------------------------------------------------------- */

static void name_interp(struct tiny *t, const char *name, uint64_t size)
{
	Elf64_Phdr *ph = &t->ph[PH_STACK];

	ph->p_type = PT_INTERP;
	ph->p_offset = t->len;
	ph->p_filesz = size;
	memcpy(t->bytes + t->len, name, strlen(name) + 1);
	t->len += size;
}

static void more_loads(struct tiny *t, unsigned n)
{
	t->eh.e_phnum = n;
	t->len = TINY_MAX;
	for (unsigned i = TINY_PHNUM - 1; i < n; i++)
		t->ph[i] = tiny_load(0x500000 + i * 0x1000, 0, 1, 1, PF_R);
}

SPOILT(interpreter_without_a_name_is_refused, ET_DYN, name_interp(&t, "", 1),
       ENOEXEC, "name is empty")
SPOILT(interpreter_name_without_end_is_refused, ET_DYN,
       name_interp(&t, "/ld.so", 6), ENOEXEC, "does not end")
SPOILT(interpreter_name_that_is_too_long_is_refused, ET_DYN,
       name_interp(&t, "", ELFLOAD_PATH_MAX + 1), ENOEXEC, "4097 bytes")
SPOILT(interpreter_name_past_the_end_is_refused, ET_DYN,
       (name_interp(&t, "/ld.so", 7), t.len = t.ph[PH_STACK].p_offset + 6), EIO,
       "truncated: the interpreter")

static void read_interp(const char *name, uint64_t size)
{
	struct tiny t;

	tiny_build(&t, ET_DYN);
	name_interp(&t, name, size);
	cr_assert_eq(elfload_read_memory(t.bytes, t.len, &img, &err), 0, "%s",
		     err.text);
}

Test(elfload, the_interpreters_name_is_read)
{
	read_interp("/lib/ld.so", 11);
	cr_assert(img.dynamic);
	cr_assert_eq(img.type, ELFLOAD_PIE);
	cr_assert_str_eq(img.interp, "/lib/ld.so");
}

Test(elfload, the_interpreters_name_ends_at_its_first_zero)
{
	char name[ELFLOAD_PATH_MAX] = "/lib/ld.so";

	read_interp(name, sizeof(name));
	cr_assert_str_eq(img.interp, "/lib/ld.so");
}

Test(elfload, the_first_interpreter_counts)
{
	struct tiny t;

	tiny_build(&t, ET_EXEC);
	name_interp(&t, "/one", 5);
	t.ph[TINY_PHNUM] = t.ph[PH_STACK];
	t.ph[TINY_PHNUM].p_offset = 0;
	t.ph[TINY_PHNUM].p_filesz = 9999;
	t.eh.e_phnum++;
	cr_assert_eq(elfload_read_memory(t.bytes, t.len, &img, &err), 0, "%s",
		     err.text);
	cr_assert_eq(img.type, ELFLOAD_EXEC_FIXED);
	cr_assert_str_eq(img.interp, "/one");
}

/* It is the interpreter that starts. */
Test(elfload, the_entry_of_a_dynamic_program_is_its_own_affair)
{
	struct tiny t;

	tiny_build(&t, ET_EXEC);
	name_interp(&t, "/one", 5);
	t.eh.e_entry = UINT64_MAX;
	cr_assert_eq(elfload_read_memory(t.bytes, t.len, &img, &err), 0, "%s",
		     err.text);
}

/* ---- The interpreter's own file ------------------------------------------ */

static void interp_must_fail(struct tiny *t, int want, const char *words)
{
	int r = elfload_read_interp_memory(t->bytes, t->len, &img, &err);

	cr_assert_eq(r, -want, "%d: %s", r, err.text);
	cr_assert_eq(err.err, want);
	cr_assert(strstr(err.text, words), "%s", err.text);
}

#define BAD_INTERP(name, change, want, words)                                  \
	Test(elfload, name)                                                    \
	{                                                                      \
		struct tiny t;                                                 \
                                                                               \
		tiny_build(&t, ET_DYN);                                        \
		change;                                                        \
		interp_must_fail(&t, want, words);                             \
	}

BAD_INTERP(interpreter_that_is_no_elf_file_is_elibbad, t.bytes[0] = 0, ELIBBAD,
	   "not an ELF file")
BAD_INTERP(interpreter_for_another_machine_is_elibbad,
	   t.eh.e_machine = EM_AARCH64, ELIBBAD, "machine")
BAD_INTERP(interpreter_shorter_than_a_header_is_eio, t.len = 63, EIO,
	   "truncated")
BAD_INTERP(interpreter_with_truncated_headers_is_elibbad, t.len = 100, ELIBBAD,
	   "truncated")
BAD_INTERP(interpreter_that_is_an_object_is_elibbad, t.eh.e_type = ET_REL,
	   ELIBBAD, "object file")

Test(elfload, an_interpreters_interpreter_is_ignored)
{
	struct tiny t;

	tiny_build(&t, ET_DYN);
	name_interp(&t, "x", 1);
	cr_assert_eq(elfload_read_interp_memory(t.bytes, t.len, &img, &err), 0,
		     "%s", err.text);
	cr_assert(!img.dynamic);
	cr_assert_eq(img.type, ELFLOAD_STATIC_PIE);
}

/* ---- The segments' limits ------------------------------------------------ */

SPOILT(no_segment_is_refused, ET_EXEC,
       for (int i = 0; i < 3; i++) t.ph[i].p_type = PT_NOTE, ENOEXEC,
       "no segment")
SPOILT(too_many_segments_are_refused, ET_EXEC,
       more_loads(&t, ELFLOAD_LOADS_MAX + 1), ENOEXEC, "at most 30")
ODD(as_many_segments_as_fit_are_accepted, ET_EXEC,
    more_loads(&t, ELFLOAD_LOADS_MAX))
SPOILT(memsz_below_filesz_is_refused, ET_EXEC, t.ph[PH_CODE].p_memsz = 0x1f,
       EINVAL, "segment 1: 0x20 bytes in the file")
SPOILT(wrapping_segment_is_refused, ET_EXEC,
       t.ph[PH_DATA].p_memsz = UINT64_MAX - 0x1000, EINVAL, "segment 2: ")
SPOILT(wrapping_address_is_refused, ET_EXEC,
       t.ph[PH_DATA].p_vaddr = UINT64_MAX - 0xddf, EINVAL, "wraps")
SPOILT(kernel_address_is_refused, ET_EXEC,
       t.ph[PH_CODE].p_vaddr = 0xffffffff80000200, EINVAL, "beyond user space")
SPOILT(segment_across_the_end_of_user_space_is_refused, ET_EXEC,
       t.ph[PH_DATA].p_memsz = ELFLOAD_USER_END - 0x402220 + 1, EINVAL,
       "beyond user space")
SPOILT(segment_at_zero_is_refused, ET_EXEC, t.ph[PH_HEAD].p_vaddr = 0, EPERM,
       "segment 0: address 0")
SPOILT(segment_below_mmap_min_addr_is_refused, ET_EXEC,
       t.ph[PH_HEAD].p_vaddr = 0xf000, EPERM, "segment 0: address 0xf000")
ODD(segment_at_mmap_min_addr_is_accepted, ET_EXEC,
    t.ph[PH_HEAD].p_vaddr = 0x10000)
SPOILT(misaligned_offset_is_refused, ET_EXEC, t.ph[PH_CODE].p_offset++, EINVAL,
       "segment 1: file offset 0x201")
SPOILT(wrapping_file_offset_is_refused, ET_EXEC,
       t.ph[PH_CODE].p_offset = 0xfffffffffffff200, EINVAL, "out of bounds")
SPOILT(negative_file_offset_is_refused, ET_EXEC,
       t.ph[PH_CODE].p_offset = 0x8000000000000200, EINVAL, "out of bounds")
SPOILT(bytes_to_clear_past_the_end_of_the_file_are_refused, ET_EXEC,
       t.ph[PH_DATA].p_filesz = 0x2000, EFAULT, "segment 2 ends at")
SPOILT(overlap_by_one_byte_is_refused, ET_EXEC, t.ph[PH_CODE].p_memsz = 0x1021,
       ENOEXEC, "1 and 2 overlap at 0x402220")
ODD(touching_segments_are_accepted, ET_EXEC, t.ph[PH_CODE].p_memsz = 0x1020)
SPOILT(same_segment_twice_is_refused, ET_EXEC, t.ph[PH_STACK] = t.ph[PH_CODE],
       ENOEXEC, "1 and 3 overlap")
SPOILT(segment_inside_another_is_refused, ET_EXEC,
       t.ph[PH_HEAD].p_memsz = 0x10000, ENOEXEC, "0 and 1 overlap")
SPOILT(pie_whose_first_segment_is_bss_is_refused, ET_DYN,
       t.ph[PH_HEAD].p_filesz = 0, EINVAL, "no bytes in the file")
SPOILT(entry_below_every_segment_is_refused, ET_EXEC, t.eh.e_entry = 0, ENOEXEC,
       "entry point 0 ")
SPOILT(entry_behind_a_segment_is_refused, ET_EXEC, t.eh.e_entry = 0x401220,
       ENOEXEC, "entry point 0x401220")
SPOILT(entry_in_kernel_space_is_refused, ET_EXEC,
       t.eh.e_entry = 0xffffffff80000000, EINVAL, "entry point")

Test(elfload, every_truncation_is_refused_or_marked)
{
	struct tiny t;

	tiny_build(&t, ET_EXEC);
	for (t.len = 0; t.len < TINY_LEN; t.len++)
		cr_assert(read_tiny(&t) < 0 || img.truncated, "length %zu",
			  t.len);
}

/* ---- Files -------------------------------------------------------------- */

static char path[64];

static int write_file(const void *buf, size_t len, mode_t mode)
{
	int fd;

	strcpy(path, "/tmp/elfload-test-XXXXXX");
	fd = mkstemp(path);
	cr_assert(fd >= 0);
	cr_assert_eq(write(fd, buf, len), (ssize_t)len);
	cr_assert_eq(fchmod(fd, mode), 0);
	return fd;
}

Test(elfload, a_file_reads_as_its_bytes_do)
{
	struct tiny t;
	struct elfload_image from_file;
	int fd;

	tiny_build(&t, ET_EXEC);
	fd = write_file(t.bytes, t.len, 0755);
	memset(&from_file, 0x55, sizeof(from_file));
	cr_assert_eq(elfload_read(fd, &from_file, &err), 0, "%s", err.text);
	assert_accepted(&t);
	cr_assert_arr_eq(&from_file, &img, sizeof(img));
	close(fd);
	unlink(path);
}

Test(elfload, a_truncated_file_is_refused)
{
	struct tiny t;
	int fd;

	tiny_build(&t, ET_EXEC);
	fd = write_file(t.bytes, 100, 0755);
	cr_assert_eq(elfload_read(fd, &img, &err), -ENOEXEC);
	cr_assert(strstr(err.text, "truncated"), "%s", err.text);
	close(fd);
	unlink(path);
}

Test(elfload, a_directory_is_refused)
{
	cr_assert_eq(elfload_open("/", &err), -EACCES);
	cr_assert(strstr(err.text, "regular"), "%s", err.text);
}

Test(elfload, a_fifo_is_refused_without_waiting)
{
	strcpy(path, "/tmp/elfload-fifo-XXXXXX");
	cr_assert_neq(mkdtemp(path), NULL);
	strcat(path, "/f");
	cr_assert_eq(mkfifo(path, 0755), 0);
	cr_assert_eq(elfload_open(path, &err), -EACCES);
	unlink(path);
	*strrchr(path, '/') = 0;
	rmdir(path);
}

Test(elfload, a_pipe_is_refused)
{
	int fd[2];

	cr_assert_eq(pipe(fd), 0);
	cr_assert_eq(elfload_read(fd[0], &img, &err), -EACCES);
	cr_assert(strstr(err.text, "regular"), "%s", err.text);
}

Test(elfload, a_missing_file_is_refused)
{
	cr_assert_eq(elfload_open("/no/such/file", &err), -ENOENT);
	cr_assert_eq(err.err, ENOENT);
}

Test(elfload, a_file_without_execute_permission_is_refused)
{
	struct tiny t;

	tiny_build(&t, ET_EXEC);
	close(write_file(t.bytes, t.len, 0644));
	cr_assert_eq(elfload_open(path, &err), -EACCES);
	cr_assert(strstr(err.text, "execute"), "%s", err.text);
	unlink(path);
}

Test(elfload, an_executable_file_opens)
{
	struct tiny t;
	int fd;

	tiny_build(&t, ET_EXEC);
	close(write_file(t.bytes, t.len, 0755));
	fd = elfload_open(path, &err);
	cr_assert(fd >= 0, "%s", err.text);
	cr_assert_eq(elfload_read(fd, &img, &err), 0, "%s", err.text);
	close(fd);
	unlink(path);
}

Test(elfload, a_closed_descriptor_is_an_error)
{
	cr_assert_eq(elfload_read(-1, &img, &err), -EBADF);
}
