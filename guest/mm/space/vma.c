/*
 * vma.c: the tree of mappings.
 *
 * An AVL tree ordered by start; the VMAs are threaded in a list as well. What a
 * node knows of its subtree (sub_*) depends on the subtree alone, so a change
 * is repaired on the path from that node to the root. Recursion is at most
 * 1.44 log2(65530) = 23 deep.
 */
#include "vma.h"

#include "panic.h"
#include "slab.h"

static struct kmem_cache *vma_cache;
static uint64_t nr_vmas, nr_vmas_peak;

static inline uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

void vma_init(void)
{
	vma_cache = kmem_cache_create("vm_area_struct", sizeof(struct vma), 0);
	if (!vma_cache)
		panic("vma: no memory for the cache of VMAs");
	nr_vmas = nr_vmas_peak = 0;
}

struct vma *vma_new(const struct vma *like)
{
	struct vma *v = kmem_cache_alloc(vma_cache);

	if (!v)
		return NULL;
	*v = *like;
	v->prev = v->next = v->left = v->right = NULL;
	if (v->file) {
		file_get(v->file);
		list_add(&v->file->vmas, &v->file_link);
	}
	if (++nr_vmas > nr_vmas_peak)
		nr_vmas_peak = nr_vmas;
	return v;
}

void vma_free(struct vma *v)
{
	if (v->file) {
		list_del(&v->file_link);
		file_put(v->file);
	}
	kmem_cache_free(vma_cache, v);
	nr_vmas--;
}

uint64_t vma_count(void)
{
	return nr_vmas;
}

uint64_t vma_count_peak(void)
{
	return nr_vmas_peak;
}

/* ---- The tree ---------------------------------------------------------- */

static inline int height(const struct vma *t)
{
	return t ? t->height : 0;
}

static void refresh(struct vma *t)
{
	const struct vma *l = t->left, *r = t->right;
	uint64_t gap = 0;

	t->height = 1 + (height(l) > height(r) ? height(l) : height(r));
	t->sub_start = l ? l->sub_start : t->start;
	t->sub_end = r ? r->sub_end : t->end;
	if (l)
		gap = max_u64(l->sub_gap, t->start - l->sub_end);
	if (r)
		gap = max_u64(gap, max_u64(r->sub_gap, r->sub_start - t->end));
	t->sub_gap = gap;
}

static struct vma *rotate_right(struct vma *t)
{
	struct vma *l = t->left;

	t->left = l->right;
	l->right = t;
	refresh(t);
	refresh(l);
	return l;
}

static struct vma *rotate_left(struct vma *t)
{
	struct vma *r = t->right;

	t->right = r->left;
	r->left = t;
	refresh(t);
	refresh(r);
	return r;
}

/* t's children are balanced and differ by at most 2; make t so. */
static struct vma *balance(struct vma *t)
{
	int lean = height(t->left) - height(t->right);

	if (lean > 1) {
		if (height(t->left->left) < height(t->left->right))
			t->left = rotate_left(t->left);
		return rotate_right(t);
	}
	if (lean < -1) {
		if (height(t->right->right) < height(t->right->left))
			t->right = rotate_right(t->right);
		return rotate_left(t);
	}
	refresh(t);
	return t;
}

static struct vma *tree_insert(struct vma *t, struct vma *v)
{
	if (!t) {
		refresh(v);
		return v;
	}
	if (v->start < t->start)
		t->left = tree_insert(t->left, v);
	else
		t->right = tree_insert(t->right, v);
	return balance(t);
}

static struct vma *tree_pull_first(struct vma *t, struct vma **first)
{
	if (!t->left) {
		*first = t;
		return t->right;
	}
	t->left = tree_pull_first(t->left, first);
	return balance(t);
}

static struct vma *tree_erase(struct vma *t, const struct vma *v)
{
	struct vma *heir;

	BUG_ON(!t);
	if (v->start < t->start) {
		t->left = tree_erase(t->left, v);
		return balance(t);
	}
	if (v->start > t->start) {
		t->right = tree_erase(t->right, v);
		return balance(t);
	}
	BUG_ON(t != v);
	if (!t->left || !t->right)
		return t->left ? t->left : t->right;
	t->right = tree_pull_first(t->right, &heir);
	heir->left = t->left;
	heir->right = t->right;
	return balance(heir);
}

/* v's bounds or guard gap changed, its place in the order did not. */
static void tree_refresh(struct vma *t, const struct vma *v)
{
	if (t != v)
		tree_refresh(v->start < t->start ? t->left : t->right, v);
	refresh(t);
}

struct vma *vma_find(struct vma_tree *t, uint64_t va)
{
	struct vma *found = t->cached;

	if (found && found->start <= va && va < found->end)
		return found;
	found = NULL;
	for (struct vma *v = t->root; v;) {
		if (va >= v->end) {
			v = v->right;
			continue;
		}
		found = v;
		if (va >= v->start)
			break;
		v = v->left;
	}
	if (found)
		t->cached = found;
	return found;
}

struct vma *vma_find_first(struct vma_tree *t, uint64_t start, uint64_t end)
{
	struct vma *v = vma_find(t, start);

	return v && v->start < end ? v : NULL;
}

struct vma *vma_find_below(struct vma_tree *t, uint64_t va)
{
	struct vma *found = NULL;

	for (struct vma *v = t->root; v;) {
		if (v->start < va) {
			found = v;
			v = v->right;
		} else {
			v = v->left;
		}
	}
	return found;
}

void vma_insert(struct vma_tree *t, struct vma *v)
{
	struct vma *prev = vma_find_below(t, v->start);
	struct vma *next = prev ? prev->next : t->first;

	BUG_ON(v->start >= v->end);
	BUG_ON(prev && prev->end > v->start);
	BUG_ON(next && next->start < v->end);
	v->prev = prev;
	v->next = next;
	v->left = v->right = NULL;
	if (prev)
		prev->next = v;
	else
		t->first = v;
	if (next)
		next->prev = v;
	t->root = tree_insert(t->root, v);
	t->count++;
}

void vma_erase(struct vma_tree *t, struct vma *v)
{
	t->root = tree_erase(t->root, v);
	t->count--;
	if (v->prev)
		v->prev->next = v->next;
	else
		t->first = v->next;
	if (v->next)
		v->next->prev = v->prev;
	if (t->cached == v)
		t->cached = NULL;
	v->prev = v->next = v->left = v->right = NULL;
}

void vma_resize(struct vma_tree *t, struct vma *v, uint64_t start, uint64_t end)
{
	BUG_ON(start >= end);
	BUG_ON(v->prev && v->prev->end > start);
	BUG_ON(v->next && v->next->start < end);
	/* Modulo 2^52 pages: a merged mapping may start below offset 0. */
	v->pgoff += (uint64_t)((int64_t)(start - v->start) >> HV_PAGE_SHIFT);
	v->start = start;
	v->end = end;
	tree_refresh(t->root, v);
}

void vma_set_flags(struct vma_tree *t, struct vma *v, uint32_t flags)
{
	uint32_t changed = v->flags ^ flags;

	v->flags = flags;
	if (changed & VMA_GROWSDOWN)
		tree_refresh(t->root, v);
}

struct vma *vma_split(struct vma_tree *t, struct vma *v, uint64_t va)
{
	struct vma *upper = vma_new(v);

	if (!upper)
		return NULL;
	BUG_ON(va <= v->start || va >= v->end);
	upper->pgoff = vma_pgoff(v, va);
	upper->start = va;
	vma_resize(t, v, v->start, va);
	vma_insert(t, upper);
	return upper;
}

bool vma_can_merge(const struct vma *v, const struct vma *like)
{
	if ((v->flags ^ like->flags) & ~VMA_NO_MATTER || v->prot != like->prot)
		return false;
	if (v->flags & VMA_SPECIAL)
		return false;
	if (v->file != like->file || v->opened != like->opened)
		return false;
	if (!vma_anon_compatible(v->anon_id, like->anon_id))
		return false;
	if (v->end == like->start)
		return v->pgoff + vma_pages(v) == like->pgoff;
	return like->end == v->start &&
	       like->pgoff + vma_pages(like) == v->pgoff;
}

/* ---- Room -------------------------------------------------------------- */

struct room {
	uint64_t len, low, high;
	bool topdown;
};

/* The free bytes are [lo, hi). */
static uint64_t room_fit(uint64_t lo, uint64_t hi, const struct room *q)
{
	if (lo < q->low)
		lo = q->low;
	if (hi > q->high)
		hi = q->high;
	if (hi <= lo || hi - lo < q->len)
		return 0;
	return q->topdown ? hi - q->len : lo;
}

/* t's VMAs lie in [lo, hi), which nothing else uses. */
static uint64_t room_find(const struct vma *t, uint64_t lo, uint64_t hi,
			  const struct room *q)
{
	uint64_t va;

	if (!t)
		return room_fit(lo, hi, q);
	if (hi <= q->low || lo >= q->high)
		return 0;
	if (t->sub_start - lo < q->len && t->sub_gap < q->len &&
	    hi - t->sub_end < q->len)
		return 0;
	if (q->topdown) {
		va = room_find(t->right, t->end, hi, q);
		return va ? va : room_find(t->left, lo, t->start, q);
	}
	va = room_find(t->left, lo, t->start, q);
	return va ? va : room_find(t->right, t->end, hi, q);
}

/* The VMA after free memory at va, or NULL. */
static const struct vma *next_after(const struct vma *t, uint64_t va)
{
	const struct vma *best = NULL;

	while (t) {
		if (t->start > va)
			best = t;
		t = t->start > va ? t->left : t->right;
	}
	return best;
}

/*
 * Linux unmapped_area_topdown, unmapped_area: where a guard gap is in the way,
 * the search goes on below it, or above the mapping that has it. What lies
 * beside other mappings inside of the guard gap is not looked at.
 */
uint64_t vma_gap_topdown(const struct vma_tree *t, uint64_t len, uint64_t low,
			 uint64_t high)
{
	struct room q = {len, low, high, true};

	for (;;) {
		uint64_t va = room_find(t->root, 0, HV_VA_USER_END, &q);
		const struct vma *next = va ? next_after(t->root, va) : NULL;

		if (!next || vma_start_gap(next) >= va + len)
			return va;
		q.high = vma_start_gap(next);
	}
}

uint64_t vma_gap_bottomup(const struct vma_tree *t, uint64_t len, uint64_t low,
			  uint64_t high)
{
	struct room q = {len, low, high, false};

	for (;;) {
		uint64_t va = room_find(t->root, 0, HV_VA_USER_END, &q);
		const struct vma *next = va ? next_after(t->root, va) : NULL;

		if (!next || vma_start_gap(next) >= va + len)
			return va;
		q.low = next->end;
	}
}
