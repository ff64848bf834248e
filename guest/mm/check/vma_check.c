/*
 * vma_check.c: order, balance, links, gaps, count of a tree of mappings.
 */
#include "check.h"
#include "hv_map.h"
#include "vma.h"
#include "wrong.h"

struct check {
	const struct vma *prev; /* the one before, in order */
	uint64_t count;
};

static const char *vma_wrong(const struct vma *v, const char *what)
{
	return wrong("vma: %s: [%#lx, %#lx) flags %#x height %d below it "
		     "[%#lx, %#lx) gap %#lx",
		     what, v->start, v->end, v->flags, v->height, v->sub_start,
		     v->sub_end, v->sub_gap);
}

static int height(const struct vma *t)
{
	return t ? t->height : 0;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* What v has to know of its subtree, by what its children know of theirs. */
static struct vma below(const struct vma *v)
{
	const struct vma *l = v->left, *r = v->right;
	struct vma want = {
		.height = 1 + (height(l) > height(r) ? height(l) : height(r)),
		.sub_start = l ? l->sub_start : v->start,
		.sub_end = r ? r->sub_end : v->end,
	};

	if (l)
		want.sub_gap = larger(l->sub_gap, v->start - l->sub_end);
	if (r)
		want.sub_gap = larger(want.sub_gap, r->sub_gap);
	if (r)
		want.sub_gap = larger(want.sub_gap, r->sub_start - v->end);
	return want;
}

static const char *check_one(const struct vma *v, const struct vma *prev)
{
	const struct vma want = below(v);

	if (v->start >= v->end || (v->start | v->end) % HV_PAGE_SIZE ||
	    v->end > HV_VA_USER_END)
		return vma_wrong(v, "bad bounds");
	if (v->prev != prev || (prev && prev->next != v))
		return vma_wrong(v, "not linked with the one before");
	if (prev && prev->end > v->start)
		return vma_wrong(v, "overlaps the one before");
	if (want.height != v->height || want.sub_start != v->sub_start ||
	    want.sub_end != v->sub_end || want.sub_gap != v->sub_gap)
		return vma_wrong(v, "does not know what is below it");
	if (height(v->left) - height(v->right) > 1 ||
	    height(v->right) - height(v->left) > 1)
		return vma_wrong(v, "out of balance");
	return NULL;
}

static const char *check_node(const struct vma *t, struct check *c)
{
	const char *why;

	if (!t)
		return NULL;
	why = check_node(t->left, c);
	why = why ? why : check_one(t, c->prev);
	if (why)
		return why;
	c->prev = t;
	c->count++;
	return check_node(t->right, c);
}

const char *vma_check(const struct vma_tree *t)
{
	struct check c = {NULL, 0};
	const char *why = check_node(t->root, &c);
	bool cached = !t->cached;

	if (why)
		return why;
	if (c.count != t->count)
		return wrong("vma: %lu in the tree, counted are %lu", c.count,
			     t->count);
	if (c.prev && c.prev->next)
		return vma_wrong(c.prev, "the last one has a next one");
	if (!t->first != !t->root || (t->first && t->first->prev))
		return wrong("vma: the first is %p, the root %p",
			     (const void *)t->first, (const void *)t->root);
	for (const struct vma *v = t->first; v; v = v->next)
		cached |= v == t->cached;
	return cached ? NULL
		      : wrong("vma: the one found last, %p, is not in the tree",
			      (const void *)t->cached);
}
