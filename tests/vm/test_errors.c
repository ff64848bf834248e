/*
 * test_errors.c: what cannot be run is refused with one line and the status
 * that a shell would give (126, 127); a damaged file never ends vmm itself, nor
 * do system calls that mean nothing.
 */
#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run.h"

TestSuite(errors, .init = need_kvm, .fini = scratch_remove);

static void refused(int status, const char *text, const char *program)
{
	struct run r;

	run_vmm_plain(&r, NULL, ARGS("--trace", program));
	expect_exit(&r, status);
	expect_out(&r, "");
	expect_err_line(&r, text);
	run_free(&r);
}

/* A file that may be executed, in the scratch directory. */
static const char *program(const char *name, const void *bytes, size_t len)
{
	const char *path = path_in(scratch(), name);

	write_file(path, bytes, len);
	cr_assert(chmod(path, 0755) == 0);
	return path;
}

Test(errors, what_is_not_there_is_127)
{
	refused(127, "/nowhere/program", "/nowhere/program");
	refused(127, "no-such-program", "no-such-program");
	refused(127, "/etc/passwd/x", "/etc/passwd/x");
	refused(127, "", "");
}

/* As execvp: what was found counts more than what was not. */
Test(errors, what_path_has_but_nobody_may_run_is_126)
{
	struct run r;

	run_vmm_plain(&r, NULL, ARGS("-E", "PATH=/etc:/nowhere", "passwd"));
	expect_exit(&r, 126);
	expect_err_line(&r, "passwd: what PATH has of that name");
	run_free(&r);
	run_vmm_plain(&r, NULL, ARGS("-E", "PATH=/etc:/usr/bin", "true"));
	expect_exit(&r, 0);
	run_free(&r);
}

Test(errors, a_directory_is_126)
{
	refused(126, "/usr/bin", "/usr/bin");
}

/* Root may read all, but execute only where somebody may. */
Test(errors, a_file_without_x_is_126)
{
	const char *path = program("plain", "\177ELF", 4);

	cr_assert(chmod(path, 0644) == 0);
	refused(126, "ermission", path);
}

Test(errors, a_script_of_nothing_is_126)
{
	refused(126, "interpreter", program("file", "#! \t\necho hi\n", 13));
}

Test(errors, a_script_of_itself_is_126)
{
	char line[4096 + 8];
	const char *path = program("loop", "", 0);
	int len = snprintf(line, sizeof(line), "#!%s\n", path);

	if (len < 250)
		refused(126, "too many", program("loop", line, (size_t)len));
}

Test(errors, a_script_whose_interpreter_is_missing_is_127)
{
	refused(127, "/file: its interpreter /no/such: ",
		program("file", "#!/no/such\n", 11));
}

static uint8_t elf[4096];

/* Two program headers behind the ELF header. */
static Elf64_Phdr *elf_headers(uint16_t type, uint64_t entry)
{
	Elf64_Ehdr *eh = (Elf64_Ehdr *)elf;

	memset(elf, 0, sizeof(elf));
	memcpy(eh->e_ident, ELFMAG "\2\1\1", 7);
	eh->e_type = type;
	eh->e_machine = EM_X86_64;
	eh->e_entry = entry;
	eh->e_phoff = sizeof(*eh);
	eh->e_phentsize = sizeof(Elf64_Phdr);
	eh->e_phnum = 2;
	return (Elf64_Phdr *)(eh + 1);
}

/* A program of one segment whose PT_INTERP is `interp`. */
static const char *dynamic_program(const char *interp)
{
	Elf64_Phdr *ph = elf_headers(ET_DYN, 0);
	uint64_t name = sizeof(Elf64_Ehdr) + 2 * sizeof(*ph);

	ph[0] = (Elf64_Phdr){.p_type = PT_LOAD,
			     .p_flags = PF_R | PF_X,
			     .p_filesz = sizeof(elf),
			     .p_memsz = sizeof(elf)};
	ph[1] = (Elf64_Phdr){.p_type = PT_INTERP,
			     .p_offset = name,
			     .p_filesz = strlen(interp) + 1};
	strcpy((char *)elf + name, interp);
	return program("dynamic", (const char *)elf, sizeof(elf));
}

/* A program that does exit(7), and has so much bss. */
static const char *bss_program(uint64_t size)
{
	static const char code[] = "\xbf\x07\0\0\0\xb8\x3c\0\0\0\x0f\x05";
	Elf64_Phdr *ph = elf_headers(ET_EXEC, 0x400800);

	memcpy(elf + 0x800, code, sizeof(code));
	ph[0] = (Elf64_Phdr){.p_type = PT_LOAD,
			     .p_flags = PF_R | PF_X,
			     .p_vaddr = 0x400000,
			     .p_filesz = sizeof(elf),
			     .p_memsz = sizeof(elf)};
	ph[1] = (Elf64_Phdr){.p_type = PT_LOAD,
			     .p_flags = PF_R | PF_W,
			     .p_vaddr = 0x500000,
			     .p_memsz = size};
	return program("bss", (const char *)elf, sizeof(elf));
}

Test(errors, a_missing_interpreter_is_127_and_named)
{
	refused(127, "its interpreter /no/such/ld.so",
		dynamic_program("/no/such/ld.so"));
}

/* It may come from another system, or mean to move somebody's cursor. */
Test(errors, a_name_in_a_file_is_shown_and_not_obeyed)
{
	refused(127, "its interpreter /bin/sh\\x0d: ",
		program("file", "#!/bin/sh\r\n", 11));
	refused(127, "its interpreter /\\x1b[2J: ", dynamic_program("/\33[2J"));
}

Test(errors, an_interpreter_of_a_script_is_refused_by_name)
{
	char line[4096];
	const char *bad = dynamic_program("/no/such/ld.so");
	int len = snprintf(line, sizeof(line), "#!%s\n", bad);

	refused(127, "/dynamic: its interpreter /no/such/ld.so",
		program("script", line, (size_t)len));
	refused(126, "/script: its interpreter /etc/passwd: no permission",
		program("script", "#!/etc/passwd\n", 14));
}

Test(errors, an_interpreter_that_is_no_elf_is_126)
{
	refused(126, "/etc/passwd", dynamic_program("/etc/passwd"));
	refused(126, "not a regular file", dynamic_program("/"));
}

/* 64 TiB are more than any machine has, and fit into an address space. */
Test(errors, bss_that_nobody_may_promise_ends_as_on_linux)
{
	static const char *const rules[] = {"--overcommit=0", "--overcommit=2"};
	const char *path = bss_program(64ull << 40);
	struct run r;

	for (unsigned i = 0; i < 2; i++) {
		run_vmm_plain(&r, NULL, ARGS("--check", rules[i], path));
		expect_signal(&r, SIGSEGV);
		expect_err(&r, "--overcommit=1 allows it");
		expect_err(&r, "ended by a signal: Segmentation fault");
		expect_err(&r, "vmm: check: ");
		run_free(&r);
	}
	run_vmm_plain(&r, NULL, ARGS("--check", "--overcommit=1", path));
	expect_exit(&r, 7);
	run_free(&r);
}

Test(errors, files_that_are_no_elf_are_126)
{
	static const char zeros[4096];

	refused(126, "empty", program("empty", "", 0));
	refused(126, "one", program("one", "\177", 1));
	refused(126, "zeros", program("zeros", zeros, sizeof(zeros)));
	refused(126, "nor a script that begins with #!",
		program("text", "hello\n", 6));
	refused(126, "magic", program("magic", "\177ELF", 4));
}

Test(errors, a_symlink_loop_is_126)
{
	const char *loop = path_in(scratch(), "loop");

	cr_assert(symlink("loop", loop) == 0);
	refused(126, "loop", loop);
}

/* ---- damage ---------------------------------------------------------------
 */

/*
 * A damaged program may be refused, or run and then end in any way of its own,
 * said so by vmm; but vmm itself may not fail, and must not lose a frame.
 * Never run one natively: nobody knows what it does.
 */
static void never_hurts(const char *path, const char *what)
{
	struct run r;

	run_vmm_plain(&r, NULL, ARGS("--check", "--kernel-cpl=3", path));
	if (WIFSIGNALED(r.status)) {
		const char *said = strstr(r.err, path);

		cr_assert(said, "%s: vmm ended by signal %d: %s", what,
			  WTERMSIG(r.status), r.err);
		expect_err(&r, "vmm: check: ");
	} else if (WEXITSTATUS(r.status) == 126) {
		expect_err_line(&r, path);
	} else {
		cr_assert(WEXITSTATUS(r.status) != 125, "%s: %s", what, r.err);
		expect_err(&r, "vmm: check: ");
	}
	run_free(&r);
}

Test(errors, a_truncated_program_never_hurts)
{
	size_t len;
	char *bytes = read_file(image("nolibc"), &len);

	for (size_t cut = 0; cut < len; cut += cut < 512 ? 24 : 511) {
		char what[64];

		snprintf(what, sizeof(what), "%zu of %zu bytes", cut, len);
		never_hurts(program("cut", bytes, cut), what);
	}
	free(bytes);
}

/* ELF header and program headers, a byte at a time, to this value. */
static void damage_headers(const char *name, uint8_t flip)
{
	size_t len, end;
	char *bytes = read_file(image(name), &len);

	/* e_phoff is 64; e_phentsize 56; e_phnum at 56 */
	end = 64 + 56 * (size_t)bytes[56];
	for (size_t at = 4; at < end; at++) {
		char what[64];

		snprintf(what, sizeof(what), "byte %zu ^ %#x", at, flip);
		bytes[at] = (char)(bytes[at] ^ flip);
		never_hurts(program("damaged", bytes, len), what);
		bytes[at] = (char)(bytes[at] ^ flip);
	}
	free(bytes);
}

Test(errors, any_byte_of_the_headers_may_be_inverted)
{
	damage_headers("nolibc", 0xff);
}

Test(errors, the_low_bit_of_any_byte_may_be_wrong)
{
	damage_headers("nolibc", 1);
}

Test(errors, the_high_bit_of_any_byte_may_be_wrong)
{
	damage_headers("nolibc", 0x80);
}

/* Ones, and a pattern: code that is none. */
Test(errors, damaged_code_never_hurts)
{
	size_t len;
	char *bytes = read_file(image("hello"), &len);

	for (size_t at = 0x1000; at < len; at += len / 40) {
		size_t n = len - at < 3000 ? len - at : 3000;
		char what[64], saved[3000];

		memcpy(saved, bytes + at, n);
		for (size_t i = 0; i < n; i++)
			bytes[at + i] = (char)(at + i * 7);
		snprintf(what, sizeof(what), "%zu bytes at %#zx", n, at);
		never_hurts(program("code", bytes, len), what);
		memcpy(bytes + at, saved, n);
	}
	free(bytes);
}

/* e_machine: AArch64; EI_CLASS: 32 bit; e_type: relocatable. */
Test(errors, programs_for_others_are_126)
{
	static const struct {
		size_t at;
		char value;
	} patches[] = {{18, (char)0xb7}, {4, 1}, {5, 2}, {16, 1}};
	size_t len;
	char *bytes = read_file(image("nolibc"), &len);

	for (size_t i = 0; i < 4; i++) {
		char saved = bytes[patches[i].at];

		bytes[patches[i].at] = patches[i].value;
		refused(126, "other", program("other", bytes, len));
		bytes[patches[i].at] = saved;
	}
	free(bytes);
}

/* ---- Nonsense ----------------------------------------------------------- */

VM_TEST(errors, calls_that_mean_nothing_hurt_nobody)
{
	static const char *const seeds[] = {"11", "12", "13"};

	for (int i = 0; i < 3; i++) {
		struct run r;

		run_vmm(&r, NULL, level,
			ARGS(image("../vm/guest/anycall"),
			     level ? "4000" : "1000", seeds[i]));
		expect_exit(&r, 0);
		expect_err(&r, "survived\n");
		run_free(&r);
	}
}
