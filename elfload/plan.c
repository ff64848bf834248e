/*
 * plan.c: what is mapped, and the fields that remember it.
 *
 * The order is Linux's, because it decides what may collide with what: the
 * layout of the mmap region (setup_new_exec), the stack (setup_arg_pages), the
 * segments in file order (load_elf_binary), those of the interpreter
 * (load_elf_interp), the vDSO (ARCH_SETUP_ADDITIONAL_PAGES), the stack's
 * contents (create_elf_tables), brk. Where each lies: place.c.
 */
#include "internal.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BRK_RND (1ull << 30)

/* ---- Mappings ----------------------------------------------------------- */

static int map_has_file(const struct elfload_map *m)
{
	return m->kind == ELFLOAD_MAP_FILE || m->kind == ELFLOAD_MAP_INTERP;
}

/*
 * MAP_FIXED: cut [start, end) out of map i. Segments do not overlap by bytes,
 * so a new mapping never lies in the middle of an old one with pages on both
 * sides; it takes a page at one end, or all.
 */
static void map_cut(struct elfload_map *m, uint64_t start, uint64_t end)
{
	if (start <= m->start) {
		if (map_has_file(m))
			m->offset += end - m->start;
		m->start = end;
	} else {
		m->end = start;
	}
}

static void plan_cut_maps(struct elfload_plan *plan, uint64_t start,
			  uint64_t end)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < plan->nr_maps; i++) {
		struct elfload_map m = plan->maps[i];

		if (m.start < end && start < m.end)
			map_cut(&m, start, end);
		if (m.start < m.end)
			plan->maps[n++] = m;
	}
	plan->nr_maps = n;
}

/* What was cleared in a page that is then replaced is gone. */
static void plan_cut_clears(struct elfload_plan *plan, uint64_t start,
			    uint64_t end)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < plan->nr_clears; i++) {
		struct elfload_clear c = plan->clears[i];

		if (c.start >= end || start >= c.end)
			plan->clears[n++] = c;
	}
	plan->nr_clears = n;
}

/* Only a bias can get a segment there: the file's addresses are checked. */
static int check_place(const struct elfload_plan *plan,
		       const struct elfload_map *m, uint32_t segment,
		       struct elfload_error *e)
{
	if (m->start < ELFLOAD_MIN_ADDR)
		return elfload_fail(e, EPERM,
				    "segment %u: address %#lx is below the "
				    "lowest that may be mapped, %#llx",
				    segment, m->start, ELFLOAD_MIN_ADDR);
	if (m->start >= m->end || m->end > ELFLOAD_USER_END)
		return elfload_fail(e, ENOMEM,
				    "segment %u: no room at [%#lx, %#lx)",
				    segment, m->start, m->end);
	if (m->start < plan->stack_end && plan->stack_start < m->end)
		return elfload_fail(e, EEXIST,
				    "segment %u: [%#lx, %#lx) is where the "
				    "stack is",
				    segment, m->start, m->end);
	return 0;
}

static int plan_add_map(struct elfload_plan *plan, struct elfload_map m,
			uint32_t segment, struct elfload_error *e)
{
	int err = check_place(plan, &m, segment, e);

	if (err)
		return err;
	plan_cut_maps(plan, m.start, m.end);
	plan_cut_clears(plan, m.start, m.end);
	plan->maps[plan->nr_maps++] = m;
	return 0;
}

static void plan_add_stack(struct elfload_plan *plan,
			   const struct elfload_image *img)
{
	plan->maps[plan->nr_maps++] = (struct elfload_map){
		.start = plan->stack_start,
		.end = plan->stack_end,
		.prot = ELFLOAD_READ | ELFLOAD_WRITE |
			(img->stack_exec ? ELFLOAD_EXEC : 0),
		.kind = ELFLOAD_MAP_STACK,
		.growsdown = 1,
	};
}

/* ---- Segments (elf_load, elf_map, padzero) ------------------------------ */

static int plan_file(struct elfload_plan *plan, const struct elfload_segment *s,
		     uint64_t addr, enum elfload_map_kind kind,
		     struct elfload_error *e)
{
	struct elfload_map m = {
		.start = page_down(addr),
		.end = page_up(addr + s->filesz),
		.offset = s->offset - page_offset(s->vaddr),
		.prot = s->prot,
		.kind = kind,
	};

	return plan_add_map(plan, m, s->index, e);
}

static void plan_clear_tail(struct elfload_plan *plan,
			    const struct elfload_segment *s, uint64_t addr)
{
	uint64_t end = addr + s->filesz;

	if (!page_offset(end))
		return;
	plan->clears[plan->nr_clears++] = (struct elfload_clear){
		.start = end,
		.end = page_up(end),
		.fails = !(s->prot & ELFLOAD_WRITE),
	};
}

static int plan_bss(struct elfload_plan *plan, const struct elfload_segment *s,
		    uint64_t addr, struct elfload_error *e)
{
	uint64_t start =
		s->filesz ? page_up(addr + s->filesz) : page_down(addr);
	struct elfload_map m = {
		.start = start,
		.end = page_up(addr + s->memsz),
		.prot = ELFLOAD_READ | ELFLOAD_WRITE | (s->prot & ELFLOAD_EXEC),
		.kind = ELFLOAD_MAP_ANON,
	};

	/* vm_brk_flags() of nothing succeeds. */
	if (m.start == m.end)
		return 0;
	return plan_add_map(plan, m, s->index, e);
}

static int plan_segment(struct elfload_plan *plan,
			const struct elfload_segment *s, uint64_t bias,
			enum elfload_map_kind kind, struct elfload_error *e)
{
	uint64_t addr = bias + s->vaddr;
	int err = 0;

	if (s->filesz)
		err = plan_file(plan, s, addr, kind, e);
	if (err || s->memsz == s->filesz)
		return err;
	if (s->filesz)
		plan_clear_tail(plan, s, addr);
	return plan_bss(plan, s, addr, e);
}

static int plan_segments(struct elfload_plan *plan,
			 const struct elfload_image *img, uint64_t bias,
			 enum elfload_map_kind kind, struct elfload_error *e)
{
	int err = 0;

	for (uint32_t i = 0; i < img->nr_segments && !err; i++)
		err = plan_segment(plan, &img->segments[i], bias, kind, e);
	return err;
}

static int plan_program(const struct elfload_image *img,
			const struct elfload_params *p, struct exec_random *r,
			struct elfload_plan *plan, struct elfload_error *e)
{
	int err = 0;

	if (img->type != ELFLOAD_EXEC_FIXED)
		err = place_program(img, p, r, plan, e);
	if (!err)
		err = plan_segments(plan, img, plan->load_bias,
				    ELFLOAD_MAP_FILE, e);
	plan->entry = plan->program_entry = img->entry + plan->load_bias;
	return err;
}

static int plan_interp(const struct elfload_image *img,
		       const struct elfload_params *p,
		       struct elfload_plan *plan, struct elfload_error *e)
{
	int err;

	if (!img->dynamic)
		return 0;
	if (!p->interp)
		return elfload_fail(
			e, ELIBACC,
			"a dynamic program without its interpreter");
	err = place_interp(p->interp, p, plan, e);
	if (!err)
		err = plan_segments(plan, p->interp, plan->interp_bias,
				    ELFLOAD_MAP_INTERP, e);
	plan->entry = p->interp->entry + plan->interp_bias;
	return err;
}

/* Linux may_expand_vm(), asked once: what is mapped has only grown. */
static int check_limits(const struct elfload_plan *plan,
			const struct elfload_params *p, struct elfload_error *e)
{
	struct mapped now = place_mapped(plan);

	if (now.all < plan->hiwater_vm)
		now.all = plan->hiwater_vm;
	if (now.data < plan->hiwater_data)
		now.data = plan->hiwater_data;
	if (now.all > page_down(p->rlim_as))
		return elfload_fail(e, ENOMEM,
				    "%#lx bytes of address space, the limit "
				    "is %#lx (ulimit -v)",
				    now.all, p->rlim_as);
	if (now.data > page_down(p->rlim_data))
		return elfload_fail(e, ENOMEM,
				    "%#lx bytes of data, the limit is %#lx "
				    "(ulimit -d)",
				    now.data, p->rlim_data);
	return 0;
}

/* ---- The vDSO and its data (map_vdso) ----------------------------------- */

static void plan_add_area(struct elfload_plan *plan, uint64_t *start,
			  uint64_t size, uint32_t prot,
			  enum elfload_map_kind kind)
{
	if (size)
		plan->maps[plan->nr_maps++] = (struct elfload_map){
			.start = *start,
			.end = *start + size,
			.prot = prot,
			.kind = kind,
		};
	*start += size;
}

static int plan_vdso(const struct elfload_params *p, struct elfload_plan *plan,
		     struct elfload_error *e)
{
	uint64_t size = p->vvar_size + p->vclock_size + p->vdso_size;
	uint64_t at;

	if (!p->vdso_size)
		return 0;
	at = place_find(plan, size, 0, 0);
	if (!at)
		return elfload_fail(e, ENOMEM, "no room for the vDSO");
	plan_add_area(plan, &at, p->vvar_size, ELFLOAD_READ, ELFLOAD_MAP_VVAR);
	plan_add_area(plan, &at, p->vclock_size, ELFLOAD_READ,
		      ELFLOAD_MAP_VCLOCK);
	plan->vdso = at;
	plan_add_area(plan, &at, p->vdso_size, ELFLOAD_READ | ELFLOAD_EXEC,
		      ELFLOAD_MAP_VDSO);
	return 0;
}

/* ---- The mm fields ------------------------------------------------------ */

static void plan_code_data(const struct elfload_image *img,
			   struct elfload_plan *plan)
{
	plan->start_code = UINT64_MAX;
	for (uint32_t i = 0; i < img->nr_segments; i++) {
		const struct elfload_segment *s = &img->segments[i];
		uint64_t file_end = s->vaddr + s->filesz;
		int exec = s->prot & ELFLOAD_EXEC;

		if (exec && s->vaddr < plan->start_code)
			plan->start_code = s->vaddr;
		if (exec && file_end > plan->end_code)
			plan->end_code = file_end;
		if (s->vaddr > plan->start_data)
			plan->start_data = s->vaddr;
		if (file_end > plan->end_data)
			plan->end_data = file_end;
		if (s->vaddr + s->memsz > plan->brk)
			plan->brk = s->vaddr + s->memsz;
	}
	plan->start_code += plan->load_bias;
	plan->end_code += plan->load_bias;
	plan->start_data += plan->load_bias;
	plan->end_data += plan->load_bias;
	plan->brk += plan->load_bias;
}

static void plan_brk(const struct elfload_image *img,
		     const struct elfload_params *p, struct exec_random *r,
		     struct elfload_plan *plan)
{
	int moved = img->type == ELFLOAD_STATIC_PIE;

	/* A static-PIE lies in the mmap region, where brk has no room. */
	if (moved)
		plan->brk = place_dyn_base();
	plan->brk = page_up(plan->brk);
	if (p->aslr != ELFLOAD_ASLR_OFF) {
		if (!moved)
			plan->brk += ELFLOAD_PAGE_SIZE;
		plan->brk += page_down(exec_random_draw(r) % BRK_RND);
	}
	plan->start_brk = plan->brk;
}

/* ---- All together -------------------------------------------------------- */

/*
 * Linux expand_downwards(): the stack may grow to hold the pointers, but not
 * into the guard gap above a segment.
 */
static int plan_grow_stack(struct elfload_plan *plan, struct elfload_error *e)
{
	uint64_t low = plan->stack_start - GUARD_GAP;

	if (plan->stack_start == plan->maps[0].start)
		return 0;
	for (uint32_t i = 1; i < plan->nr_maps; i++)
		if (plan->maps[i].end > low &&
		    plan->maps[i].start < plan->stack_end)
			return elfload_fail(e, E2BIG,
					    "arguments and environment: no "
					    "room for the stack above %#lx",
					    plan->maps[i].end);
	plan->maps[0].start = plan->stack_start;
	return 0;
}

static int late(struct elfload_error *e, int err)
{
	e->late = 1;
	return err;
}

static int plan_mappings(const struct elfload_image *img,
			 const struct elfload_params *p, struct exec_random *r,
			 struct elfload_plan *plan, struct elfload_error *e)
{
	int err;

	plan_add_stack(plan, img);
	err = plan_program(img, p, r, plan, e);
	if (!err)
		err = plan_interp(img, p, plan, e);
	if (!err)
		err = check_limits(plan, p, e);
	if (!err)
		err = plan_vdso(p, plan, e);
	if (err)
		return late(e, err);
	plan_code_data(img, plan);
	return 0;
}

static int plan_build(const struct elfload_image *img,
		      const struct elfload_params *p, struct elfload_plan *plan,
		      struct elfload_error *e)
{
	struct exec_strings strings;
	struct exec_random rnd;
	int err = stack_measure(p, &strings, e);

	if (err)
		return err;
	exec_random_init(&rnd, p);
	plan->mmap_base = place_mmap_base(p, &rnd);
	err = stack_place(p, &strings, &rnd, plan, e);
	if (err)
		return err;
	err = plan_mappings(img, p, &rnd, plan, e);
	if (!err)
		err = stack_fill(img, p, &strings, &rnd, plan, e);
	if (err)
		return err;
	err = plan_grow_stack(plan, e);
	if (err)
		return late(e, err);
	plan_brk(img, p, &rnd, plan);
	return 0;
}

int elfload_plan(const struct elfload_image *img,
		 const struct elfload_params *p, struct elfload_plan *out,
		 struct elfload_error *e)
{
	int err;

	memset(out, 0, sizeof(*out));
	if (p->mmap_rnd_bits > ELFLOAD_RND_BITS_MAX)
		return elfload_fail(e, EINVAL,
				    "vm.mmap_rnd_bits is %u, more than %d",
				    p->mmap_rnd_bits, ELFLOAD_RND_BITS_MAX);
	err = plan_build(img, p, out, e);
	if (err)
		elfload_plan_free(out);
	return err;
}

void elfload_plan_free(struct elfload_plan *plan)
{
	free(plan->stack);
	memset(plan, 0, sizeof(*plan));
}
