/*
 * fuzz_elfload.c: no bytes whatever make the loader misbehave.
 *
 * An input is a file. What it cannot say for itself (ASLR, stack limit) comes
 * from the padding of e_ident, which the loader ignores, so that every seed
 * remains an ELF file. A plan that breaks a promise of elfload.h aborts.
 *
 *   clang -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
 *         fuzz_elfload.c ../../elfload/[a-z]*.c -lelf
 */
#include "../../elfload/elfload.h"
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PAGE ELFLOAD_PAGE_SIZE

#define PROMISE(cond)                                                          \
	do {                                                                   \
		if (!(cond)) {                                                 \
			fprintf(stderr, "broken promise: %s\n", #cond);        \
			abort();                                               \
		}                                                              \
	} while (0)

static void check_error(int r, const struct elfload_error *e)
{
	PROMISE(r < 0 && r == -e->err);
	PROMISE(e->text[0] && memchr(e->text, 0, sizeof(e->text)));
	PROMISE(!strchr(e->text, '\n'));
}

/* ---- The image ---------------------------------------------------------- */

static void check_segment(const struct elfload_image *img,
			  const struct elfload_segment *s)
{
	PROMISE(s->filesz <= s->memsz);
	PROMISE(s->vaddr < ELFLOAD_USER_END);
	PROMISE(s->memsz <= ELFLOAD_USER_END - s->vaddr);
	PROMISE(!s->filesz || (s->vaddr - s->offset) % PAGE == 0);
	PROMISE(s->index < img->phnum);
	PROMISE(s->prot <= 7);
}

static void check_image(const struct elfload_image *img, size_t size)
{
	PROMISE(img->file_size == size);
	PROMISE(img->nr_segments >= 1);
	PROMISE(img->nr_segments <= ELFLOAD_LOADS_MAX);
	for (uint32_t i = 0; i < img->nr_segments; i++)
		check_segment(img, &img->segments[i]);
}

/* ---- The plan ----------------------------------------------------------- */

static const struct elfload_map *map_at(const struct elfload_plan *p,
					uint64_t addr)
{
	const struct elfload_map *found = NULL;

	for (uint32_t i = 0; i < p->nr_maps; i++)
		if (p->maps[i].start <= addr && addr < p->maps[i].end) {
			PROMISE(!found); /* no two maps overlap */
			found = &p->maps[i];
		}
	return found;
}

static void check_maps(const struct elfload_plan *p)
{
	PROMISE(p->nr_maps >= 1 && p->nr_maps <= ELFLOAD_MAPS_MAX);
	for (uint32_t i = 0; i < p->nr_maps; i++) {
		const struct elfload_map *m = &p->maps[i];

		PROMISE((m->start | m->end | m->offset) % PAGE == 0);
		PROMISE(m->start >= ELFLOAD_MIN_ADDR && m->start < m->end);
		PROMISE(m->end <= ELFLOAD_USER_END);
		PROMISE(map_at(p, m->start) == m && map_at(p, m->end - 1) == m);
		PROMISE((m->kind == ELFLOAD_MAP_STACK) == (i == 0));
		PROMISE(m->growsdown == (i == 0));
		PROMISE(m->kind == ELFLOAD_MAP_FILE || m->offset == 0);
	}
}

static void check_clears(const struct elfload_plan *p)
{
	PROMISE(p->nr_clears <= ELFLOAD_LOADS_MAX);
	for (uint32_t i = 0; i < p->nr_clears; i++) {
		const struct elfload_clear *c = &p->clears[i];
		const struct elfload_map *m = map_at(p, c->start);

		PROMISE(c->start < c->end && c->end % PAGE == 0);
		PROMISE(c->end - c->start < PAGE);
		PROMISE(m && m->kind == ELFLOAD_MAP_FILE);
		PROMISE(m->prot & ELFLOAD_WRITE);
	}
}

static void check_covered(const struct elfload_plan *p,
			  const struct elfload_image *img)
{
	PROMISE(map_at(p, p->entry));
	for (uint32_t i = 0; i < img->nr_segments; i++) {
		const struct elfload_segment *s = &img->segments[i];
		uint64_t addr = p->load_bias + s->vaddr;

		if (s->memsz == 0)
			continue;
		PROMISE(map_at(p, addr) && map_at(p, addr + s->memsz - 1));
	}
}

static void check_stack(const struct elfload_plan *p)
{
	uint64_t argc;

	PROMISE(p->sp % 16 == 0 && p->sp == p->start_stack);
	PROMISE(p->sp >= p->stack_start && p->sp < p->arg_start);
	PROMISE(p->sp + p->stack_len == p->stack_end);
	PROMISE(p->maps[0].start == p->stack_start);
	PROMISE(p->maps[0].end == p->stack_end);
	PROMISE(p->arg_start < p->arg_end && p->arg_end == p->env_start);
	PROMISE(p->env_start < p->env_end && p->env_end < p->stack_end);
	memcpy(&argc, p->stack, sizeof(argc));
	PROMISE(argc == 2);
}

static void check_plan(const struct elfload_plan *p,
		       const struct elfload_image *img)
{
	check_maps(p);
	check_clears(p);
	check_covered(p, img);
	check_stack(p);
	PROMISE(p->brk == p->start_brk && p->brk % PAGE == 0);
	PROMISE(p->mmap_base % PAGE == 0 && p->mmap_base < ELFLOAD_USER_END);
}

static void choose_params(struct elfload_params *p, const uint8_t *ident)
{
	static const uint64_t limits[] = {8 << 20, 0, 65536, 1 << 30,
					  UINT64_MAX};
	static const char *const argv[] = {"program", "argument", NULL};
	static const char *const envp[] = {"A=1", "B=2", "C=3", NULL};

	memset(p, 0, sizeof(*p));
	p->argv = argv;
	p->envp = envp;
	p->execfn = "/program";
	p->platform = ident[EI_PAD] & 4 ? NULL : "x86_64";
	p->minsigstksz = ident[EI_PAD] & 8 ? 3632 : 0;
	p->aslr = ident[EI_PAD] & 1 ? ELFLOAD_ASLR_SEED : ELFLOAD_ASLR_OFF;
	p->thp_files = !!(ident[EI_PAD] & 2);
	p->rlim_stack = limits[ident[EI_PAD + 1] % 5];
	memcpy(&p->aslr_seed, ident + EI_NIDENT - 4, 4);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct elfload_error e = {0};
	struct elfload_params params;
	struct elfload_image img;
	struct elfload_plan plan;
	int r = elfload_read_memory(data, size, &img, &e);

	if (r) {
		check_error(r, &e);
		return 0;
	}
	check_image(&img, size);
	choose_params(&params, data);
	r = elfload_plan(&img, &params, &plan, &e);
	if (r)
		check_error(r, &e);
	else
		check_plan(&plan, &img);
	elfload_plan_free(&plan);
	return 0;
}
