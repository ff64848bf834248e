/*
 * place.c: where everything goes: the mmap region, position-independent
 * programs, interpreters, the vDSO.
 *
 * Says nothing about contents, and maps nothing: plan.c does.
 */
#include "internal.h"
#include <errno.h>

#define GAP_MIN	    (128ull << 20)
#define STACK_RND   (0x3fffffull * ELFLOAD_PAGE_SIZE)
#define ET_DYN_BASE (ELFLOAD_USER_END / 3 * 2)
#define HUGE	    (2ull << 20)

/* Linux arch_mmap_rnd(). */
static uint64_t mmap_rnd(const struct elfload_params *p, struct exec_random *r)
{
	uint64_t mask = (1ull << p->mmap_rnd_bits) - 1;

	return (exec_random_draw(r) & mask) * ELFLOAD_PAGE_SIZE;
}

uint64_t place_mmap_base(const struct elfload_params *p, struct exec_random *r)
{
	uint64_t gap_max = ELFLOAD_USER_END / 6 * 5;
	uint64_t gap = p->rlim_stack;
	uint64_t pad = GUARD_GAP;
	uint64_t rnd = mmap_rnd(p, r);

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

uint64_t place_dyn_base(void)
{
	return ET_DYN_BASE;
}

/* ---- Free ranges (mm/vma.c, unmapped_area_topdown) ----------------------- */

/* Some mapping in [start, end), or in a guard gap that reaches there. */
static const struct elfload_map *find_map(const struct elfload_plan *plan,
					  uint64_t start, uint64_t end)
{
	for (uint32_t i = 0; i < plan->nr_maps; i++) {
		const struct elfload_map *m = &plan->maps[i];
		uint64_t gap = m->growsdown ? GUARD_GAP : 0;

		if (m->start - gap < end && start < m->end)
			return m;
	}
	return NULL;
}

int place_is_free(const struct elfload_plan *plan, uint64_t start, uint64_t end)
{
	return end > start && end <= ELFLOAD_USER_END &&
	       !find_map(plan, start, end);
}

/* The highest below mmap_base; 0 if there is none. */
static uint64_t find_area(const struct elfload_plan *plan, uint64_t size)
{
	uint64_t end = plan->mmap_base;

	while (end > ELFLOAD_MIN_ADDR && size <= end - ELFLOAD_MIN_ADDR) {
		const struct elfload_map *m = find_map(plan, end - size, end);

		if (!m)
			return end - size;
		end = m->start - (m->growsdown ? GUARD_GAP : 0);
	}
	return 0;
}

/* Does it hold a huge page, on a file system with thp_get_unmapped_area? */
static int wants_huge(uint64_t size, uint64_t offset, int thp)
{
	uint64_t huge = (offset + HUGE - 1) & ~(HUGE - 1);

	return thp && offset + size > huge && offset + size - huge >= HUGE;
}

/*
 * Then it is moved up, so that address and file offset agree modulo 2 MiB, in a
 * range with room for that.
 */
uint64_t place_find(const struct elfload_plan *plan, uint64_t size,
		    uint64_t offset, int thp)
{
	uint64_t low, skew;

	if (!wants_huge(size, offset, thp))
		return find_area(plan, size);
	low = find_area(plan, size + HUGE);
	if (!low)
		return find_area(plan, size);
	skew = (offset - low) & (HUGE - 1);
	return skew ? low + skew : low + HUGE;
}

/* ---- Programs and interpreters ------------------------------------------ */

static uint64_t lowest(const struct elfload_image *img)
{
	uint64_t low = UINT64_MAX;

	for (uint32_t i = 0; i < img->nr_segments; i++)
		if (img->segments[i].vaddr < low)
			low = img->segments[i].vaddr;
	return page_down(low);
}

/* total_mapping_size(). */
static uint64_t span_size(const struct elfload_image *img)
{
	uint64_t high = 0;

	for (uint32_t i = 0; i < img->nr_segments; i++) {
		const struct elfload_segment *s = &img->segments[i];

		if (s->vaddr + s->memsz > high)
			high = s->vaddr + s->memsz;
	}
	return page_up(high - lowest(img));
}

struct mapped place_mapped(const struct elfload_plan *plan)
{
	struct mapped sum = {0};

	for (uint32_t i = 0; i < plan->nr_maps; i++) {
		const struct elfload_map *m = &plan->maps[i];

		sum.all += m->end - m->start;
		if (m->prot & ELFLOAD_WRITE && !m->growsdown)
			sum.data += m->end - m->start;
	}
	return sum;
}

/*
 * Linux elf_map(): with the first segment all that the file spans is mapped,
 * and then cut.
 */
static void note_span(const struct elfload_image *img,
		      struct elfload_plan *plan)
{
	struct mapped sum = place_mapped(plan);

	if (!img->segments[0].filesz)
		return;
	sum.all += span_size(img);
	if (img->segments[0].prot & ELFLOAD_WRITE)
		sum.data += span_size(img);
	if (sum.all > plan->hiwater_vm)
		plan->hiwater_vm = sum.all;
	if (sum.data > plan->hiwater_data)
		plan->hiwater_data = sum.data;
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

static int no_room(const struct elfload_image *img,
		   const struct elfload_plan *plan, const char *who,
		   struct elfload_error *e)
{
	return elfload_fail(e, ENOMEM,
			    "the %s spans %#lx bytes, which do not fit below "
			    "%#lx",
			    who, span_size(img), plan->mmap_base);
}

static int place_static_pie(const struct elfload_image *img,
			    const struct elfload_params *p,
			    struct elfload_plan *plan, struct elfload_error *e)
{
	const struct elfload_segment *s = &img->segments[0];
	uint64_t align = span_align(img);
	uint64_t area = place_find(plan, span_size(img), page_down(s->offset),
				   p->thp_files);

	if (!area)
		return no_room(img, plan, "program", e);
	plan->load_bias = area - page_down(s->vaddr);
	/* Linux rounds down before it takes the page offset into account. */
	if (align > ELFLOAD_PAGE_SIZE)
		plan->load_bias = page_down((area & ~(align - 1)) - s->vaddr);
	return 0;
}

/*
 * A dynamic program: MAP_FIXED_NOREPLACE at ELF_ET_DYN_BASE, all that it spans,
 * from its first segment on. The file's addresses are below ELFLOAD_USER_END,
 * so no sum wraps; an image too large for the rest is refused here.
 */
static int place_pie(const struct elfload_image *img,
		     const struct elfload_params *p, struct exec_random *r,
		     struct elfload_plan *plan, struct elfload_error *e)
{
	uint64_t vaddr = img->segments[0].vaddr;
	uint64_t base = ET_DYN_BASE + mmap_rnd(p, r), start;

	base &= ~(span_align(img) - 1);
	plan->load_bias = page_down(base - vaddr);
	start = page_down(plan->load_bias + vaddr);
	if (span_size(img) > ELFLOAD_USER_END - start)
		return no_room(img, plan, "program", e);
	if (start < plan->stack_end &&
	    plan->stack_start < start + span_size(img))
		return elfload_fail(e, EEXIST,
				    "the program spans %#lx bytes from %#lx, "
				    "where the stack is",
				    span_size(img), start);
	return 0;
}

int place_program(const struct elfload_image *img,
		  const struct elfload_params *p, struct exec_random *r,
		  struct elfload_plan *plan, struct elfload_error *e)
{
	note_span(img, plan);
	if (img->type == ELFLOAD_STATIC_PIE)
		return place_static_pie(img, p, plan, e);
	return place_pie(img, p, r, plan, e);
}

/*
 * One with addresses of its own would replace, by MAP_FIXED, whatever of the
 * program is there. Nobody means that.
 */
static int place_fixed_interp(const struct elfload_image *img,
			      const struct elfload_plan *plan,
			      struct elfload_error *e)
{
	uint64_t start = lowest(img);

	if (!place_is_free(plan, start, start + span_size(img)))
		return elfload_fail(e, ELIBBAD,
				    "its addresses, [%#lx, %#lx), are not free",
				    start, start + span_size(img));
	return 0;
}

/*
 * no_base: beside a program without a bias the first address is tried; where
 * huge pages are wanted, with room for them (__thp_get_unmapped_area).
 */
static uint64_t try_hint(const struct elfload_image *img,
			 const struct elfload_params *p,
			 const struct elfload_plan *plan)
{
	const struct elfload_segment *s = &img->segments[0];
	uint64_t hint = page_down(s->vaddr), size = span_size(img);

	if (plan->load_bias || !hint)
		return 0;
	if (hint < ELFLOAD_MIN_ADDR)
		hint = ELFLOAD_MIN_ADDR;
	if (wants_huge(size, page_down(s->offset), p->interp_thp_files))
		size += HUGE;
	return place_is_free(plan, hint, hint + size) ? hint : 0;
}

int place_interp(const struct elfload_image *img,
		 const struct elfload_params *p, struct elfload_plan *plan,
		 struct elfload_error *e)
{
	const struct elfload_segment *s = &img->segments[0];
	uint64_t area;

	note_span(img, plan);
	if (img->type == ELFLOAD_EXEC_FIXED)
		return place_fixed_interp(img, plan, e);
	area = try_hint(img, p, plan);
	if (!area)
		area = place_find(plan, span_size(img), page_down(s->offset),
				  p->interp_thp_files);
	if (!area)
		return no_room(img, plan, "interpreter", e);
	plan->interp_bias = area - page_down(s->vaddr);
	return 0;
}
