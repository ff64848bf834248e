/*
 * huge.c: transparent huge pages: private anonymous memory in pages of 2 MiB
 * (Linux mm/huge_memory.c, and MADV_COLLAPSE of mm/khugepaged.c).
 *
 * A huge page is a block of the buddy allocator, mapped by one entry, in one
 * VMA. Before a border of a VMA, or of what an operation is to change, comes to
 * lie inside of it, it is split into 512 entries. The block is split only for
 * some advice, or when no frame is left and it is mapped in part (parts.h).
 *
 * When there is no such block either, huge pages that have frames of zeros are
 * split and these given back.
 *
 * Not as on Linux: nobody collapses pages unasked (khugepaged). No huge pages
 * for files and shared memory.
 */
#include "buddy.h"
#include "fault.h"
#include "panic.h"
#include "parts.h"

#define HUGE_MASK (~(PT_SPAN_2M - 1))

void huge_set_disabled(struct mm *mm, uint32_t disabled)
{
	mm->huge_always = 0;
	mm->huge_mask = 0;
	if (mm_globals.thp == HV_THP_NEVER || disabled == HV_THP_DISABLE_ALL)
		return;
	mm->huge_mask = VMA_HUGE;
	if (mm_globals.thp == HV_THP_ALWAYS && !disabled)
		mm->huge_always = VMA_HUGE;
}

/* Does the huge page's place around va lie in v? */
static bool fits(const struct vma *v, uint64_t va)
{
	uint64_t start = va & HUGE_MASK;

	return start >= v->start && start < v->end &&
	       v->end - start >= PT_SPAN_2M;
}

/* Linux thp_vma_allowable_order. */
static bool is_allowed(const struct vma *v)
{
	return vma_is_anon(v) && !(v->flags & (VMA_NOHUGE | VMA_SPECIAL));
}

/* Is there a place for a huge page in v? */
static bool has_room(const struct vma *v)
{
	return v->end >= PT_SPAN_2M && fits(v, v->end - PT_SPAN_2M);
}

bool huge_is_eligible(const struct mm *mm, const struct vma *v)
{
	return huge_wanted(mm, v) && is_allowed(v) && has_room(v);
}

/* ---- Faults ------------------------------------------------------------ */

/* Linux mm_get_huge_zero_folio. 0: no memory. */
static uint64_t zero_page(void)
{
	struct page *page;

	if (!mm_globals.huge_zero_pfn) {
		page = buddy_alloc(PT_ORDER_2M, GFP_ZERO);
		if (page) {
			mm_globals.huge_zero_pfn = page_to_pfn(page);
			mm_globals.thp_events.zero_page_alloc++;
		}
	}
	return mm_globals.huge_zero_pfn;
}

static bool map_zero_page(struct fault *f, enum hv_outcome *outcome)
{
	uint64_t pfn = zero_page();

	if (!pfn || !pt_fill_2m(f->p, pte_make(pfn, vma_pte_bits(f->vma))))
		return false;
	f->pfn = pfn;
	*outcome = HV_FAULT_ZERO_PAGE;
	return true;
}

/* Give back what fault_anon_frame gave. */
static void uncount(struct mm *mm, struct page *page)
{
	mm->rss[RSS_ANON] -= PT_FRAMES_2M;
	page->flags = 0;
	page->mapcount = 0;
	page_put(page);
}

static bool map_new_page(struct fault *f, enum hv_outcome *outcome)
{
	struct page *page = fault_anon_frame(f, PT_ORDER_2M, GFP_ZERO);

	if (!page)
		return false;
	if (!pt_fill_2m(f->p, fault_anon_pte(f, page_to_pfn(page)))) {
		uncount(f->mm, page);
		return false;
	}
	mm_globals.thp_events.fault_alloc++;
	f->pfn = page_to_pfn(page);
	*outcome = HV_FAULT_HUGE;
	return true;
}

/* Linux do_huge_pmd_anonymous_page. */
bool fault_huge(struct fault *f, enum hv_outcome *outcome)
{
	bool mapped;

	if (!is_allowed(f->vma) || !fits(f->vma, f->va))
		return false;
	f->p = pt_entry_alloc(f->mm->root, f->va, 2);
	if (!f->p || arch_pte_get(f->p).v)
		return false;
	if (!f->vma->anon_id)
		mm_anon_prepare(f->mm, f->vma);
	f->order = PT_ORDER_2M;
	if (!fault_is_write(f) && mm_globals.thp_zero)
		mapped = map_zero_page(f, outcome);
	else
		mapped = map_new_page(f, outcome);
	if (mapped) {
		f->mm->nr_huge++;
	} else {
		f->order = 0;
		mm_globals.thp_events.fault_fallback++;
	}
	return mapped;
}

bool fault_huge_write(struct fault *f, pte_t pte, enum hv_outcome *outcome)
{
	struct page *page = pfn_to_page(pte_pfn(pte));

	f->old_pfn = pte_pfn(pte);
	if (!pte_is_zero_page(pte)) {
		if (page->refcount > 1)
			return false;
		f->pfn = f->old_pfn;
		pt_change(f->p, (pte_t){fault_anon_pte(f, f->pfn).v | PTE_PS});
		*outcome = HV_FAULT_REUSE;
		return true;
	}
	if (!huge_wanted(f->mm, f->vma) || !is_allowed(f->vma))
		return false;
	page = fault_anon_frame(f, PT_ORDER_2M, GFP_ZERO);
	if (!page) {
		mm_globals.thp_events.fault_fallback++;
		return false;
	}
	mm_globals.thp_events.fault_alloc++;
	fault_replace_frame(f, page);
	*outcome = HV_FAULT_COW;
	return true;
}

/* ---- Splitting --------------------------------------------------------- */

void huge_split(struct mm *mm, uint64_t va)
{
	pte_t *p = mm->nr_huge ? pt_walk(mm->root, va) : NULL;
	uint64_t bits, start = va & HUGE_MASK;
	pte_t pte;

	if (!p)
		return;
	pte = arch_pte_get(p);
	if (!pte_is_huge(pte))
		return;
	bits = pte.v & ~(PTE_PFN_MASK | PTE_PS);
	if (pte_is_zero_page(pte)) {
		pt_split_2m(p, pte_make(mm_globals.zero_pfn, bits), 0);
	} else {
		struct page *page = pfn_to_page(pte_pfn(pte));

		/* One owner, so one reference for each frame. */
		BUG_ON(page->refcount != 1 || page->mapcount != 1);
		pt_split_2m(p, pte_make(pte_pfn(pte), bits), 1);
		parts_make(page);
	}
	mm_globals.thp_events.split_pmd++;
	mm->nr_huge--;
	tlb_flush_range(start, start + PT_SPAN_2M);
}

void huge_split_borders(struct mm *mm, uint64_t start, uint64_t end)
{
	if (start & ~HUGE_MASK)
		huge_split(mm, start);
	if (end & ~HUGE_MASK && end < HV_VA_USER_END)
		huge_split(mm, end);
}

static bool frame_is_zero(const struct page *page)
{
	const uint64_t *word = page_to_virt(page);

	for (unsigned i = 0; i < PAGE_SIZE / sizeof(*word); i++)
		if (word[i])
			return false;
	return true;
}

struct unuse {
	struct mm *mm;
	const struct page *block; /* of whose frames */
	struct pt_gather g;
};

/* Linux try_to_map_unused_to_zeropage. */
static int unuse_pte(pte_t *p, pte_t pte, uint64_t va, void *ctx)
{
	struct page *page = pfn_to_page(pte_pfn(pte));
	struct unuse *u = ctx;

	if (!parts_are_one(page, u->block) || !frame_is_zero(page))
		return 0;
	pt_change(p, pte_make(mm_globals.zero_pfn,
			      pte.v & ~(PTE_PFN_MASK | PTE_RW | PTE_D)));
	pt_gather_flush(&u->g, va);
	page->mapcount--;
	u->mm->rss[RSS_ANON]--;
	pt_gather_page(&u->g, page);
	return 0;
}

/* The frame at va that is a part of a huge page, or NULL. */
static struct page *find_part(struct mm *mm, uint64_t va)
{
	pte_t *p = pt_walk(mm->root, va);
	struct page *page = p ? pfn_to_page(pte_pfn(arch_pte_get(p))) : NULL;

	return page && page->flags & PG_PART ? page : NULL;
}

static void split_unused(struct mm *mm, uint64_t va)
{
	struct unuse u = {.mm = mm};
	uint64_t start = va & HUGE_MASK;
	struct page *page;

	huge_split(mm, va);
	page = find_part(mm, va);
	if (!page)
		return;
	u.block = page;
	parts_split(page);
	pt_gather_init(&u.g);
	pt_visit(mm->root, start, start + PT_SPAN_2M, unuse_pte, &u);
	pt_gather_finish(&u.g);
}

void huge_split_unused(struct mm *mm, uint64_t start, uint64_t end)
{
	if (start & ~HUGE_MASK)
		split_unused(mm, start);
	if (end & ~HUGE_MASK)
		split_unused(mm, end);
}

static int page_out_entry(pte_t *p, pte_t pte, uint64_t va, void *ctx)
{
	(void)p;
	if (pte_is_zero_page(pte))
		return 0;
	if (pte_is_huge(pte) || pfn_to_page(pte_pfn(pte))->flags & PG_PART)
		split_unused(ctx, va);
	return 0;
}

void huge_page_out(struct mm *mm, uint64_t start, uint64_t end)
{
	pt_visit(mm->root, start, end, page_out_entry, mm);
}

static int reclaim_entry(pte_t *p, pte_t pte, uint64_t va, void *ctx)
{
	struct mm *mm = ctx;
	uint64_t had = mm->rss[RSS_ANON];

	(void)p;
	if (!pte_is_huge(pte) || pte_is_zero_page(pte))
		return 0;
	split_unused(mm, va);
	if (mm->rss[RSS_ANON] == had)
		return 0;
	mm_globals.thp_events.underused_split_page++;
	return 1;
}

bool huge_reclaim(struct mm *mm)
{
	return mm->nr_huge &&
	       pt_visit(mm->root, 0, HV_VA_USER_END, reclaim_entry, mm);
}

/* ---- MADV_COLLAPSE ----------------------------------------------------- */

struct collapse {
	struct page *to;
	struct pt_gather g;
	unsigned had; /* frames that were counted already */
};

static int collapse_pte(pte_t *p, pte_t pte, uint64_t va, void *ctx)
{
	struct collapse *c = ctx;
	struct page *from = pfn_to_page(pte_pfn(pte));
	struct page *to = c->to + (va >> PAGE_SHIFT & (PT_FRAMES_2M - 1));

	(void)p;
	if (pte_is_zero_page(pte))
		return 0;
	arch_page_copy(page_to_phys(to), page_to_phys(from));
	from->mapcount--;
	pt_gather_page(&c->g, from);
	c->had++;
	return 0;
}

/* Linux collapse_huge_page: of the table that p names, which is in v alone. */
static int collapse_table(struct mm *mm, struct vma *v, pte_t *p, uint64_t va)
{
	struct fault f = {.mm = mm, .access = HV_ACCESS_WRITE, .vma = v};
	struct collapse c = {
		.to = fault_anon_frame(&f, PT_ORDER_2M, GFP_ZERO),
	};

	if (!c.to) {
		mm_globals.thp_events.collapse_alloc_failed++;
		return -ENOMEM;
	}
	mm_globals.thp_events.collapse_alloc++;
	pt_gather_init(&c.g);
	pt_visit(mm->root, va, va + PT_SPAN_2M, collapse_pte, &c);
	mm->rss[RSS_ANON] -= c.had;
	pt_join_2m(p, fault_anon_pte(&f, page_to_pfn(c.to)));
	pt_gather_flush_entry(&c.g, va, arch_pte_get(p));
	pt_gather_finish(&c.g);
	mm->nr_huge++;
	return 0;
}

/*
 * Linux hpage_collapse_scan_pmd. -EINVAL: nothing was ever there; -ENOENT: nor
 * near it, there is not even a table of tables.
 */
static int collapse_one(struct mm *mm, struct vma *v, uint64_t va)
{
	pte_t *p = pt_entry(mm->root, va, 2);
	pte_t pte;

	if (!p)
		return -ENOENT;
	pte = arch_pte_get(p);
	if (!pte.v)
		return -EINVAL;
	if (pte_is_huge(pte))
		return 0;
	return collapse_table(mm, v, p, va);
}

static int find_guard(pte_t *p, pte_t pte, uint64_t va, void *ctx)
{
	(void)p;
	(void)va;
	(void)ctx;
	return pte_is_guard(pte);
}

/* Linux __collapse_huge_page_swapin: not over a guard marker. */
static bool has_guard(struct mm *mm, const struct vma *v, uint64_t va)
{
	return v->flags & VMA_GUARD &&
	       pt_visit_all(mm->root, va, va + PT_SPAN_2M, find_guard, NULL);
}

/* Linux madvise_collapse: only what has no tables at all does not end it. */
int huge_collapse(struct mm *mm, struct vma *v, uint64_t start, uint64_t end)
{
	int ret = 0;

	if (!is_allowed(v) || !v->anon_id || !has_room(v))
		return -EINVAL;
	start = (start + PT_SPAN_2M - 1) & HUGE_MASK;
	if (start > (end & HUGE_MASK)) /* with no border of huge pages in it */
		return -EINVAL;
	for (; start < end && end - start >= PT_SPAN_2M; start += PT_SPAN_2M) {
		int err;

		if (has_guard(mm, v, start))
			return -EINVAL;
		err = collapse_one(mm, v, start);
		if (err && err != -ENOENT)
			return err;
		if (err)
			ret = -EINVAL;
	}
	return ret;
}

/* ---- Figures ----------------------------------------------------------- */

static int count_entry(pte_t *p, pte_t pte, uint64_t va, void *ctx)
{
	(void)p;
	(void)va;
	if (pte_is_huge(pte) && !pte_is_zero_page(pte))
		*(uint64_t *)ctx += PT_FRAMES_2M;
	return 0;
}

uint64_t mm_huge_frames(struct mm *mm)
{
	uint64_t frames = 0;

	if (mm->nr_huge)
		pt_visit(mm->root, 0, HV_VA_USER_END, count_entry, &frames);
	return frames;
}

const struct hv_thp_events *mm_thp_events(void)
{
	return &mm_globals.thp_events;
}
