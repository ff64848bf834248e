/*
 * exec_tree.c: see exec_tree.h.
 */
#include "exec_tree.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "sys_fixture.h"

#define BASE 0x400000ull
#define CODE 0x200

void tree_elf(struct tree_elf *t, const char *interp)
{
	static const uint8_t code[] = {
		0xbf, RAN,  0, 0, 0, /* mov $RAN, %edi */
		0xb8, 231,  0, 0, 0, /* mov $SYS_exit_group, %eax */
		0x0f, 0x05,
	};

	memset(t, 0, sizeof(*t));
	t->eh = (Elf64_Ehdr *)t->bytes;
	t->load = (Elf64_Phdr *)(t->eh + 1);
	memcpy(t->eh->e_ident, ELFMAG "\2\1\1", 7);
	*t->eh = (Elf64_Ehdr){
		.e_ident = {0x7f, 'E', 'L', 'F', 2, 1, 1},
		.e_type = ET_EXEC,
		.e_machine = EM_X86_64,
		.e_version = 1,
		.e_entry = BASE + CODE,
		.e_phoff = sizeof(*t->eh),
		.e_ehsize = sizeof(*t->eh),
		.e_phentsize = sizeof(*t->load),
		.e_phnum = interp ? 2 : 1,
	};
	*t->load = (Elf64_Phdr){
		.p_type = PT_LOAD,
		.p_flags = PF_R | PF_X,
		.p_vaddr = BASE,
		.p_filesz = 0x1000,
		.p_memsz = 0x1000,
		.p_align = 0x1000,
	};
	memcpy(t->bytes + CODE, code, sizeof(code));
	if (!interp)
		return;
	t->interp = t->load + 1;
	*t->interp = (Elf64_Phdr){
		.p_type = PT_INTERP,
		.p_flags = PF_R,
		.p_offset = 0x400,
		.p_filesz = strlen(interp) + 1,
	};
	memcpy(t->bytes + 0x400, interp, strlen(interp) + 1);
}

void tree_file(const char *name, const void *bytes, size_t len, unsigned mode)
{
	const char *path = in_scratch(name);
	FILE *f = fopen(path, "w");

	cr_assert(f);
	cr_assert_eq(fwrite(bytes, 1, len, f), len);
	fclose(f);
	cr_assert_eq(chmod(path, mode), 0);
}

void tree_text(const char *name, const char *text, unsigned mode)
{
	tree_file(name, text, strlen(text), mode);
}

void tree_program(const char *name, const char *interp)
{
	struct tree_elf t;

	tree_elf(&t, interp);
	tree_file(name, t.bytes, sizeof(t.bytes), 0755);
}
