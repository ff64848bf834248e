/*
 * make_corpus_elfload.c: write the seeds of fuzz_elfload.c.
 *
 *   gcc -o make_corpus_elfload make_corpus_elfload.c
 *   ./make_corpus_elfload corpus/elfload
 *
 * Each seed is a small program with one property, so that the fuzzer starts
 * from every branch of the loader. Inputs that once failed are in the same
 * directory under the name regress-*, and are not made here.
 */
#include "../unit/test_elfload_build.h"
#include <stdio.h>
#include <stdlib.h>

struct seed {
	const char *name;
	uint16_t type;
	void (*change)(struct tiny *);
};

static void plain(struct tiny *t)
{
	(void)t;
}

static void aslr(struct tiny *t)
{
	t->eh.e_ident[EI_PAD] = 1;
}

static void unlimited_stack(struct tiny *t)
{
	t->eh.e_ident[EI_PAD + 1] = 4;
}

static void execstack(struct tiny *t)
{
	t->ph[PH_STACK].p_flags |= PF_X;
}

static void bss_only(struct tiny *t)
{
	t->ph[PH_DATA].p_filesz = 0;
}

static void shared_page(struct tiny *t)
{
	t->ph[PH_DATA].p_vaddr -= 0x1000;
	t->ph[PH_DATA].p_memsz = 0x100;
}

static void unordered(struct tiny *t)
{
	Elf64_Phdr ph = t->ph[PH_HEAD];

	t->ph[PH_HEAD] = t->ph[PH_DATA];
	t->ph[PH_DATA] = ph;
}

static void huge_align(struct tiny *t)
{
	t->ph[PH_CODE].p_align = 0x200000;
}

static void large_thp(struct tiny *t)
{
	t->eh.e_ident[EI_PAD] = 2;
	t->ph[PH_DATA].p_memsz = 0x600000;
}

static void past_eof(struct tiny *t)
{
	t->ph[PH_CODE].p_filesz = t->ph[PH_CODE].p_memsz = 0x800;
}

static void interp(struct tiny *t)
{
	t->ph[PH_STACK].p_type = PT_INTERP;
	t->ph[PH_STACK].p_offset = t->len;
	t->ph[PH_STACK].p_filesz = 7;
	memcpy(t->bytes + t->len, "/ld.so", 7);
	t->len += 7;
}

static void interp_aslr(struct tiny *t)
{
	interp(t);
	aslr(t);
}

static void interp_huge_align(struct tiny *t)
{
	interp(t);
	t->ph[PH_CODE].p_align = 1 << 30;
}

static void interp_high(struct tiny *t)
{
	interp(t);
	for (int i = 0; i < 3; i++)
		t->ph[i].p_vaddr += 0x7000000;
}

static void interp_no_end(struct tiny *t)
{
	interp(t);
	t->ph[PH_STACK].p_filesz = 6;
}

static void near_stack(struct tiny *t)
{
	t->ph[PH_DATA].p_vaddr = 0x7ffffff00220;
}

static void at_end_of_user_space(struct tiny *t)
{
	t->ph[PH_DATA].p_vaddr = 0x7fffffffe220;
	t->ph[PH_DATA].p_memsz = 0xde0;
}

static void min_addr(struct tiny *t)
{
	t->ph[PH_HEAD].p_vaddr = 0x10000;
}

static void many_loads(struct tiny *t)
{
	t->eh.e_phnum = 30;
	t->len = 64 + 30 * 56;
	for (unsigned i = 3; i < 30; i++)
		t->ph[i] = tiny_load(0x500000 + i * 0x2000, 0, 16, 0x1800,
				     PF_R | PF_W);
}

static void sections(struct tiny *t)
{
	t->eh.e_shoff = 0x80;
	t->eh.e_shentsize = sizeof(Elf64_Shdr);
}

static void truncated_phdrs(struct tiny *t)
{
	t->len = 100;
}

static void truncated_ehdr(struct tiny *t)
{
	t->len = 40;
}

static void script(struct tiny *t)
{
	memcpy(t->bytes, "#!/bin/sh\n", 10);
	t->len = 10;
}

static const struct seed seeds[] = {
	{"exec", ET_EXEC, plain},
	{"exec-aslr", ET_EXEC, aslr},
	{"exec-unlimited-stack", ET_EXEC, unlimited_stack},
	{"exec-execstack", ET_EXEC, execstack},
	{"exec-bss-only", ET_EXEC, bss_only},
	{"exec-shared-page", ET_EXEC, shared_page},
	{"exec-unordered", ET_EXEC, unordered},
	{"exec-past-eof", ET_EXEC, past_eof},
	{"exec-near-stack", ET_EXEC, near_stack},
	{"exec-end-of-user-space", ET_EXEC, at_end_of_user_space},
	{"exec-min-addr", ET_EXEC, min_addr},
	{"exec-many-loads", ET_EXEC, many_loads},
	{"exec-sections", ET_EXEC, sections},
	{"pie", ET_DYN, plain},
	{"pie-aslr", ET_DYN, aslr},
	{"pie-unlimited-stack", ET_DYN, unlimited_stack},
	{"pie-unordered", ET_DYN, unordered},
	{"pie-huge-align", ET_DYN, huge_align},
	{"pie-large-thp", ET_DYN, large_thp},
	{"dynamic", ET_DYN, interp},
	{"dynamic-exec", ET_EXEC, interp},
	{"dynamic-aslr", ET_DYN, interp_aslr},
	{"dynamic-huge-align", ET_DYN, interp_huge_align},
	{"dynamic-high", ET_DYN, interp_high},
	{"dynamic-no-end", ET_DYN, interp_no_end},
	{"truncated-phdrs", ET_EXEC, truncated_phdrs},
	{"truncated-ehdr", ET_EXEC, truncated_ehdr},
	{"script", ET_EXEC, script},
};

static int write_seed(const char *dir, const struct seed *s)
{
	char path[4096];
	struct tiny t;
	FILE *f;
	int ok;

	tiny_build(&t, s->type);
	s->change(&t);
	snprintf(path, sizeof(path), "%s/%s", dir, s->name);
	f = fopen(path, "wb");
	if (!f) {
		perror(path);
		return -1;
	}
	ok = fwrite(t.bytes, 1, t.len, f) == t.len;
	if (fclose(f) != 0 || !ok) {
		perror(path);
		return -1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: %s DIRECTORY\n", argv[0]);
		return 2;
	}
	for (size_t i = 0; i < sizeof(seeds) / sizeof(seeds[0]); i++)
		if (write_seed(argv[1], &seeds[i]) != 0)
			return 1;
	return 0;
}
