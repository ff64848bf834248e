/*
 * fuzz_elfload.c: no bytes whatever make the loader misbehave.
 *
 * An input is a file, taken for a program and for an interpreter: of itself if
 * it names one, else of a program made here. What it cannot say for itself
 * (ASLR, stack limit) comes from the padding of e_ident, which the loader
 * ignores, so that every seed remains an ELF file. A plan that breaks a promise
 * of elfload.h aborts.
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
	PROMISE(memchr(img->interp, 0, sizeof(img->interp)));
	PROMISE(img->dynamic || !img->interp[0]);
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

static int is_file(const struct elfload_map *m)
{
	return m->kind == ELFLOAD_MAP_FILE || m->kind == ELFLOAD_MAP_INTERP;
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
		PROMISE(is_file(m) || m->offset == 0);
	}
}

static void check_clears(const struct elfload_plan *p)
{
	PROMISE(p->nr_clears <= 2 * ELFLOAD_LOADS_MAX);
	for (uint32_t i = 0; i < p->nr_clears; i++) {
		const struct elfload_clear *c = &p->clears[i];
		const struct elfload_map *m = map_at(p, c->start);

		PROMISE(c->start < c->end && c->end % PAGE == 0);
		PROMISE(c->end - c->start < PAGE);
		PROMISE(m && is_file(m));
		PROMISE(c->fails || m->prot & ELFLOAD_WRITE);
	}
}

static void check_covered(const struct elfload_plan *p,
			  const struct elfload_image *img, uint64_t bias)
{
	for (uint32_t i = 0; i < img->nr_segments; i++) {
		const struct elfload_segment *s = &img->segments[i];
		uint64_t addr = bias + s->vaddr;

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

static void check_vdso(const struct elfload_plan *p)
{
	const struct elfload_map *m = map_at(p, p->vdso);

	PROMISE(m && m->kind == ELFLOAD_MAP_VDSO && m->start == p->vdso);
	m = map_at(p, p->vdso - 1);
	PROMISE(m && m->kind == ELFLOAD_MAP_VCLOCK && m->end == p->vdso);
	m = map_at(p, m->start - 1);
	PROMISE(m && m->kind == ELFLOAD_MAP_VVAR);
}

static void check_plan(const struct elfload_plan *p,
		       const struct elfload_image *img,
		       const struct elfload_image *interp)
{
	check_maps(p);
	check_clears(p);
	check_covered(p, img, p->load_bias);
	if (img->dynamic)
		check_covered(p, interp, p->interp_bias);
	PROMISE(map_at(p, p->entry));
	check_vdso(p);
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
	p->vvar_size = 4 * PAGE;
	p->vclock_size = p->vdso_size = 2 * PAGE;
	p->interp_thp_files = !!(ident[EI_PAD] & 16);
	p->rlim_stack = limits[ident[EI_PAD + 1] % 5];
	p->rlim_as = p->rlim_data = UINT64_MAX;
	p->mmap_rnd_bits = ELFLOAD_RND_BITS_MAX;
	memcpy(&p->aslr_seed, ident + EI_NIDENT - 4, 4);
}

static void plan(const struct elfload_image *img,
		 const struct elfload_image *interp, const uint8_t *ident)
{
	struct elfload_error e = {0};
	struct elfload_params params;
	struct elfload_plan out;
	int r;

	choose_params(&params, ident);
	params.interp = interp;
	r = elfload_plan(img, &params, &out, &e);
	if (r)
		check_error(r, &e);
	else
		check_plan(&out, img, interp);
	elfload_plan_free(&out);
}

/* A dynamic program of one segment, at 2 MiB or anywhere. */
static void make_program(struct elfload_image *img, int pie)
{
	*img = (struct elfload_image){
		.type = pie ? ELFLOAD_PIE : ELFLOAD_EXEC_FIXED,
		.phnum = 1,
		.dynamic = 1,
		.file_size = 3 * PAGE,
		.nr_segments = 1,
	};
	img->segments[0] = (struct elfload_segment){
		.vaddr = pie ? 0 : 0x200000,
		.filesz = 3 * PAGE,
		.memsz = 5 * PAGE,
		.prot = ELFLOAD_READ,
	};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct elfload_image img, interp, made;
	struct elfload_error e = {0};
	int as_program = elfload_read_memory(data, size, &img, &e);
	int as_interp;

	if (as_program)
		check_error(as_program, &e);
	else
		check_image(&img, size);
	as_interp = elfload_read_interp_memory(data, size, &interp, &e);
	if (as_interp)
		check_error(as_interp, &e);
	else
		check_image(&interp, size);
	if (!as_program)
		plan(&img, as_interp ? NULL : &interp, data);
	if (as_interp)
		return 0;
	make_program(&made, data[EI_PAD] & 32);
	plan(&made, &interp, data);
	return 0;
}
