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
	const struct page *block; /* of whose frames */
	struct pt_gather g;
};

/* Linux try_to_map_unused_to_zeropage. */
static int unuse_leaf(const struct leaf *l, void *ctx)
{
	struct unuse *u = ctx;

	if (l->kind == LEAF_PAGE && parts_are_one(leaf_page(l), u->block) &&
	    frame_is_zero(leaf_page(l)))
		leaf_replace_by_zero(&u->g, l);
	return 0;
}

/* The frame at va that is a part of a huge page, or NULL. */
static struct page *find_part(struct mm *mm, uint64_t va)
{
	struct leaf l = leaf_at(mm, va);

	return l.kind == LEAF_PAGE && leaf_page(&l)->flags & PG_PART
		       ? leaf_page(&l)
		       : NULL;
}

static void split_unused(struct mm *mm, uint64_t va)
{
	struct unuse u;
	uint64_t start = va & HUGE_MASK;
	struct page *page;

	huge_split(mm, va);
	page = find_part(mm, va);
	if (!page)
		return;
	u.block = page;
	parts_split(page);
	pt_gather_init(&u.g, mm);
	leaf_visit(mm->root, start, start + PT_SPAN_2M, unuse_leaf, &u);
	pt_gather_finish(&u.g);
}

void huge_split_unused(struct mm *mm, uint64_t start, uint64_t end)
{
	if (start & ~HUGE_MASK)
		split_unused(mm, start);
	if (end & ~HUGE_MASK)
		split_unused(mm, end);
}

static int page_out_leaf(const struct leaf *l, void *ctx)
{
	if (l->kind == LEAF_PAGE &&
	    (leaf_is_huge(l) || leaf_page(l)->flags & PG_PART))
		split_unused(ctx, l->va);
	return 0;
}

void huge_page_out(struct mm *mm, uint64_t start, uint64_t end)
{
	leaf_visit(mm->root, start, end, page_out_leaf, mm);
}

static int reclaim_leaf(const struct leaf *l, void *ctx)
{
	struct mm *mm = ctx;
	uint64_t had = mm->rss[RSS_ANON];

	if (!leaf_is_huge(l) || l->kind != LEAF_PAGE)
		return 0;
	split_unused(mm, l->va);
	if (mm->rss[RSS_ANON] == had)
		return 0;
	thp_events.underused_split_page++;
	return 1;
}

bool huge_reclaim(struct mm *mm)
{
	return mm->nr_huge &&
	       leaf_visit(mm->root, 0, HV_VA_USER_END, reclaim_leaf, mm);
}
