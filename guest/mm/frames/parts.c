/*
 * parts.c: see parts.h.
 */
#include "parts.h"

#include "buddy.h"

struct hv_thp_events thp_events;
struct list parts_fresh, parts_deferred;

static struct page *block_of(const struct page *page)
{
	return pfn_to_page(page_to_pfn(page) & ~(PARTS_FRAMES - 1ull));
}

bool parts_are_one(const struct page *a, const struct page *b)
{
	return block_of(a) == block_of(b);
}

bool parts_are_missing(const struct page *page)
{
	return block_of(page)->inuse < PARTS_FRAMES;
}

void parts_make(struct page *head)
{
	uint32_t flags = head->flags | PG_PART;

	head->order = 0;
	head->inuse = PARTS_FRAMES;
	for (unsigned i = 0; i < PARTS_FRAMES; i++) {
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
	for (unsigned i = 0; i < PARTS_FRAMES; i++)
		head[i].flags = head[i].refcount = 0;
	head->refcount = 1;
	head->order = HV_HUGE_ORDER;
	buddy_free(head, HV_HUGE_ORDER);
}

void parts_put(struct page *page)
{
	struct page *head = block_of(page);

	if (!--head->inuse)
		block_free(head);
	else if (!head->list.next)
		list_add_tail(&parts_fresh, &head->list);
}

void parts_settle(void)
{
	while (!list_empty(&parts_fresh)) {
		struct list *l = parts_fresh.next;

		list_del(l);
		list_add_tail(&parts_deferred, l);
		thp_events.deferred_split_page++;
	}
}

void parts_split(struct page *page)
{
	struct page *head = block_of(page);

	dequeue(head);
	thp_events.split_page++;
	for (unsigned i = 0; i < PARTS_FRAMES; i++) {
		head[i].flags &= ~PG_PART;
		if (!head[i].flags)
			page_put(&head[i]);
	}
}

/* Linux deferred_split_scan: the one that was queued first. */
static bool reclaim(void)
{
	if (list_empty(&parts_deferred))
		return false;
	parts_split(list_entry(parts_deferred.next, struct page, list));
	buddy_drain(); /* the allocator has looked into its lists already */
	return true;
}

void parts_init(void)
{
	thp_events = (struct hv_thp_events){0};
	list_init(&parts_fresh);
	list_init(&parts_deferred);
	buddy_set_reclaim(reclaim);
}
