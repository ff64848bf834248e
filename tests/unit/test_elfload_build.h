/*
 * test_elfload_build.h: small valid ELF programs in memory, to be spoilt.
 *
 * The program has 576 bytes and really runs: it calls exit(0).
 *
 *   file            memory (fixed)        what
 *   0x000 - 0x200   0x400000 - 0x400200   read:    ELF header, phdrs
 *   0x200 - 0x220   0x401200 - 0x401220   execute: code
 *   0x220 - 0x240   0x402220 - 0x405000   write:   data, bss
 */
#ifndef TEST_ELFLOAD_BUILD_H
#define TEST_ELFLOAD_BUILD_H

#include <elf.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define TINY_BASE  0x400000ull
#define TINY_LEN   0x240
#define TINY_PHNUM 4
#define TINY_MAX   8192

/* Program headers by what they are for. */
enum { PH_HEAD, PH_CODE, PH_DATA, PH_STACK };

struct tiny {
	size_t len;
	union {
		uint8_t bytes[TINY_MAX];
		Elf64_Ehdr eh;
		struct {
			Elf64_Ehdr skip;
			Elf64_Phdr ph[64];
		};
	};
};

static inline Elf64_Phdr tiny_load(uint64_t base, uint64_t off, uint64_t filesz,
				   uint64_t memsz, uint32_t flags)
{
	return (Elf64_Phdr){
		.p_type = PT_LOAD,
		.p_flags = flags,
		.p_offset = off,
		.p_vaddr = base + off,
		.p_paddr = base + off,
		.p_filesz = filesz,
		.p_memsz = memsz,
		.p_align = 0x1000,
	};
}

/* type is ET_EXEC (at TINY_BASE) or ET_DYN (at 0). */
static inline void tiny_build(struct tiny *t, uint16_t type)
{
	static const uint8_t code[] = {
		0xb8, 0x3c, 0x00, 0x00, 0x00, /* mov $60, %eax: exit */
		0x31, 0xff,		      /* xor %edi, %edi */
		0x0f, 0x05		      /* syscall */
	};
	uint64_t base = type == ET_EXEC ? TINY_BASE : 0;

	memset(t, 0, sizeof(*t));
	t->len = TINY_LEN;
	memcpy(t->eh.e_ident, ELFMAG, SELFMAG);
	t->eh.e_ident[EI_CLASS] = ELFCLASS64;
	t->eh.e_ident[EI_DATA] = ELFDATA2LSB;
	t->eh.e_ident[EI_VERSION] = EV_CURRENT;
	t->eh.e_type = type;
	t->eh.e_machine = EM_X86_64;
	t->eh.e_version = EV_CURRENT;
	t->eh.e_entry = base + 0x1200;
	t->eh.e_phoff = sizeof(Elf64_Ehdr);
	t->eh.e_ehsize = sizeof(Elf64_Ehdr);
	t->eh.e_phentsize = sizeof(Elf64_Phdr);
	t->eh.e_phnum = TINY_PHNUM;
	t->ph[PH_HEAD] = tiny_load(base, 0, 0x200, 0x200, PF_R);
	t->ph[PH_CODE] =
		tiny_load(base + 0x1000, 0x200, 0x20, 0x20, PF_R | PF_X);
	t->ph[PH_DATA] =
		tiny_load(base + 0x2000, 0x220, 0x20, 0x2de0, PF_R | PF_W);
	t->ph[PH_STACK].p_type = PT_GNU_STACK;
	t->ph[PH_STACK].p_flags = PF_R | PF_W;
	memcpy(t->bytes + 0x200, code, sizeof(code));
	memset(t->bytes + 0x220, 'd', 0x20);
}

#endif
