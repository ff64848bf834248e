/*
 * parts.c: see parts.h.
 */
#include "parts.h"

#include "buddy.h"
#include "internal.h"
#include "wrong.h"

/* Blocks with held frames: `fresh` those that parts_settle has not seen. */
static struct list fresh, deferred;

static struct page *block_of(const struct page *page)
{
	return pfn_to_page(page_to_pfn(page) & ~(PT_FRAMES_2M - 1ull));
}

bool parts_are_one(const struct page *a, const struct page *b)
{
	return block_of(a) == block_of(b);
}

bool parts_are_missing(const struct page *page)
{
	return block_of(page)->inuse < PT_FRAMES_2M;
}

void parts_make(struct page *head)
{
	uint32_t flags = head->flags | PG_PART;

	head->order = 0;
	head->inuse = PT_FRAMES_2M;
	for (unsigned i = 0; i < PT_FRAMES_2M; i++) {
		head[i].flags = flags;
		head[i].refcount = 1;
		head[i].mapcount = 1;
	}
}

static void dequeue(struct page *head)
{
	if (head->list.next)
		list_del(&head->list);
	head->inuse = 0;
}

/* All 512 are held. */
static void block_free(struct page *head)
{
	dequeue(head);
	for (unsigned i = 0; i < PT_FRAMES_2M; i++)
		head[i].flags = head[i].refcount = 0;
	head->refcount = 1;
	head->order = PT_ORDER_2M;
	buddy_free(head, PT_ORDER_2M);
}

void parts_put(struct page *page)
{
	struct page *head = block_of(page);

	if (!--head->inuse)
		block_free(head);
	else if (!head->list.next)
		list_add_tail(&fresh, &head->list);
}

void parts_settle(void)
{
	while (!list_empty(&fresh)) {
		struct list *l = fresh.next;

		list_del(l);
		list_add_tail(&deferred, l);
		mm_globals.thp_events.deferred_split_page++;
	}
}

void parts_split(struct page *page)
{
	struct page *head = block_of(page);

	dequeue(head);
	mm_globals.thp_events.split_page++;
	for (unsigned i = 0; i < PT_FRAMES_2M; i++) {
		head[i].flags &= ~PG_PART;
		if (!head[i].flags)
			page_put(&head[i]);
	}
}

/* Linux deferred_split_scan: the one that was queued first. */
static bool reclaim(void)
{
	if (list_empty(&deferred))
		return false;
	parts_split(list_entry(deferred.next, struct page, list));
	buddy_drain(); /* the allocator has looked into its lists already */
	return true;
}

void parts_init(void)
{
	list_init(&fresh);
	list_init(&deferred);
	buddy_set_reclaim(reclaim);
}

/* ---- Check ------------------------------------------------------------- */

static const char *block_check(const struct page *head)
{
	uint32_t mapped = 0;

	for (unsigned i = 0; i < PT_FRAMES_2M; i++) {
		const struct page *page = &head[i];
		bool held = page->flags == PG_PART;

		if (!(page->flags & PG_PART) || page->order ||
		    (held && (page->refcount != 1 || page->mapcount)))
			return wrong("parts: pfn %#lx flags %#x order %u "
				     "refcount %u mapcount %u",
				     page_to_pfn(page), page->flags,
				     page->order, page->refcount,
				     page->mapcount);
		mapped += !held;
	}
	if (mapped != head->inuse || !mapped || mapped == PT_FRAMES_2M)
		return wrong("parts: %u frames of the queued block at pfn %#lx "
			     "are mapped, counted are %u",
			     mapped, page_to_pfn(head), head->inuse);
	return NULL;
}

const char *parts_check(void)
{
	const char *why = NULL;

	if (!list_empty(&fresh))
		return wrong("parts: a block was not counted as deferred");
	for (struct list *l = deferred.next; l != &deferred && !why;
	     l = l->next)
		why = block_check(list_entry(l, struct page, list));
	return why;
}
