/*
 * plan.c: where everything goes.
 *
 * The order is Linux's, because it decides what may collide with what: the
 * layout of the mmap region (setup_new_exec), the stack (setup_arg_pages), the
 * segments in file order (load_elf_binary), the stack's contents
 * (create_elf_tables), brk.
 */
#include "internal.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MMAP_RND    0xfffffffull /* 28 bits of pages: vm.mmap_rnd_bits */
#define GAP_MIN	    (128ull << 20)
#define GUARD_GAP   (256 * ELFLOAD_PAGE_SIZE) /* stack_guard_gap */
#define STACK_RND   (0x3fffffull * ELFLOAD_PAGE_SIZE)
#define ET_DYN_BASE (ELFLOAD_USER_END / 3 * 2)
#define BRK_RND	    (1ull << 30)
#define HUGE	    (2ull << 20)

/* ---- The mmap region (arch/x86/mm/mmap.c, mmap_base) -------------------- */

static uint64_t pick_mmap_base(const struct elfload_params *p,
			       struct exec_random *r)
{
	uint64_t gap_max = ELFLOAD_USER_END / 6 * 5;
	uint64_t gap = p->rlim_stack;
	uint64_t pad = GUARD_GAP;
	uint64_t rnd = (exec_random_draw(r) & MMAP_RND) * ELFLOAD_PAGE_SIZE;

	if (p->aslr != ELFLOAD_ASLR_OFF)
		pad += STACK_RND;
	if (gap + pad > gap)
		gap += pad;
	if (gap < GAP_MIN)
		gap = GAP_MIN;
	if (gap > gap_max)
		gap = gap_max;
	return page_up(ELFLOAD_USER_END - gap - rnd);
}

/* ---- Mappings ----------------------------------------------------------- */

/*
 * MAP_FIXED: cut [start, end) out of map i. Segments do not overlap by bytes,
 * so a new mapping never lies in the middle of an old one with pages on both
 * sides; it takes a page at one end, or all.
 */
static void map_cut(struct elfload_map *m, uint64_t start, uint64_t end)
{
	if (start <= m->start) {
		if (m->kind == ELFLOAD_MAP_FILE)
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
		     uint64_t addr, struct elfload_error *e)
{
	struct elfload_map m = {
		.start = page_down(addr),
		.end = page_up(addr + s->filesz),
		.offset = s->offset - page_offset(s->vaddr),
		.prot = s->prot,
		.kind = ELFLOAD_MAP_FILE,
	};

	return plan_add_map(plan, m, s->index, e);
}

static void plan_clear_tail(struct elfload_plan *plan,
			    const struct elfload_segment *s, uint64_t addr)
{
	uint64_t end = addr + s->filesz;

	if (!(s->prot & ELFLOAD_WRITE) || !page_offset(end))
		return;
	plan->clears[plan->nr_clears++] = (struct elfload_clear){
		.start = end,
		.end = page_up(end),
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
			const struct elfload_segment *s,
			struct elfload_error *e)
{
	uint64_t addr = plan->load_bias + s->vaddr;
	int err = 0;

	if (s->filesz)
		err = plan_file(plan, s, addr, e);
	if (err || s->memsz == s->filesz)
		return err;
	if (s->filesz)
		plan_clear_tail(plan, s, addr);
	return plan_bss(plan, s, addr, e);
}

/* ---- Load bias of a static-PIE ------------------------------------------ */

/* total_mapping_size(). */
static uint64_t span_size(const struct elfload_image *img)
{
	uint64_t low = UINT64_MAX, high = 0;

	for (uint32_t i = 0; i < img->nr_segments; i++) {
		const struct elfload_segment *s = &img->segments[i];

		if (s->vaddr < low)
			low = s->vaddr;
		if (s->vaddr + s->memsz > high)
			high = s->vaddr + s->memsz;
	}
	return page_up(high - page_down(low));
}

/* maximum_alignment(): what is not a power of two is ignored. */
static uint64_t span_align(const struct elfload_image *img)
{
	uint64_t align = ELFLOAD_PAGE_SIZE;

	for (uint32_t i = 0; i < img->nr_segments; i++) {
		uint64_t a = img->segments[i].align;

		if (a > align && (a & (a - 1)) == 0)
			align = a;
	}
	return align;
}

/*
 * Top down below mmap_base, where nothing is yet; a file system with
 * thp_get_unmapped_area moves a mapping that holds a huge page up, so that
 * address and file offset agree modulo 2 MiB.
 */
static uint64_t find_area(uint64_t mmap_base, uint64_t size, uint64_t offset,
			  int thp)
{
	uint64_t low, skew, huge = (offset + HUGE - 1) & ~(HUGE - 1);

	if (size > mmap_base - ELFLOAD_MIN_ADDR)
		return 0;
	if (!thp || offset + size <= huge || offset + size - huge < HUGE ||
	    size + HUGE > mmap_base - ELFLOAD_MIN_ADDR)
		return mmap_base - size;
	low = mmap_base - (size + HUGE);
	skew = (offset - low) & (HUGE - 1);
	return skew ? low + skew : low + HUGE;
}

static int plan_pie_bias(const struct elfload_image *img,
			 const struct elfload_params *p,
			 struct elfload_plan *plan, struct elfload_error *e)
{
	const struct elfload_segment *s = &img->segments[0];
	uint64_t size = span_size(img), align = span_align(img);
	uint64_t area = find_area(plan->mmap_base, size, page_down(s->offset),
				  p->thp_files);

	if (!area)
		return elfload_fail(e, ENOMEM,
				    "the program spans %#lx bytes, which do "
				    "not fit below %#lx",
				    size, plan->mmap_base);
	plan->load_bias = area - page_down(s->vaddr);
	/* Linux rounds down before it takes the page offset into account. */
	if (align > ELFLOAD_PAGE_SIZE)
		plan->load_bias = page_down((area & ~(align - 1)) - s->vaddr);
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
		plan->brk = ET_DYN_BASE;
	plan->brk = page_up(plan->brk);
	if (p->aslr != ELFLOAD_ASLR_OFF) {
		if (!moved)
			plan->brk += ELFLOAD_PAGE_SIZE;
		plan->brk += page_down(exec_random_draw(r) % BRK_RND);
	}
	plan->start_brk = plan->brk;
}

/* ---- All together -------------------------------------------------------- */

static int plan_segments(const struct elfload_image *img,
			 const struct elfload_params *p,
			 struct elfload_plan *plan, struct elfload_error *e)
{
	int err = 0;

	if (img->type == ELFLOAD_STATIC_PIE)
		err = plan_pie_bias(img, p, plan, e);
	for (uint32_t i = 0; i < img->nr_segments && !err; i++)
		err = plan_segment(plan, &img->segments[i], e);
	return err;
}

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
	plan->mmap_base = pick_mmap_base(p, &rnd);
	err = stack_place(p, &strings, &rnd, plan, e);
	if (err)
		return err;
	plan_add_stack(plan, img);
	err = plan_segments(img, p, plan, e);
	if (err)
		return err;
	plan->entry = img->entry + plan->load_bias;
	plan_code_data(img, plan);
	err = stack_fill(img, p, &strings, &rnd, plan, e);
	if (!err)
		err = plan_grow_stack(plan, e);
	if (err)
		return err;
	plan_brk(img, p, &rnd, plan);
	return 0;
}

int elfload_plan(const struct elfload_image *img,
		 const struct elfload_params *p, struct elfload_plan *out,
		 struct elfload_error *e)
{
	int err;

	memset(out, 0, sizeof(*out));
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
