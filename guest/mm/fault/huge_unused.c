/*
 * huge_unused.c: see huge_unused.h.
 */
#include "huge_unused.h"

#include "huge.h"
#include "hv_map.h"
#include "leaf.h"
#include "parts.h"

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
	pt_change(p, pte_make(mm_machine.zero_pfn,
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
	thp_events.underused_split_page++;
	return 1;
}

bool huge_reclaim(struct mm *mm)
{
	return mm->nr_huge &&
	       pt_visit(mm->root, 0, HV_VA_USER_END, reclaim_entry, mm);
}
