/*
 * list.h: circular doubly linked lists, the links inside the objects.
 *
 * An all-zero link is "on no list", so that a zeroed struct page is valid. A
 * head is a link too; it must be initialised before anything else is done.
 */
#ifndef LIST_H
#define LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
	struct list *next, *prev;
};

#define list_entry(ptr, type, member)                                          \
	((type *)((char *)(ptr)-offsetof(type, member)))

/* Make head an empty list. */
static inline void list_init(struct list *head)
{
	head->next = head->prev = head;
}

static inline bool list_empty(const struct list *head)
{
	return head->next == head;
}

/* Put item, which is on no list, first; on what was an item: after it. */
static inline void list_add(struct list *head, struct list *item)
{
	item->next = head->next;
	item->prev = head;
	head->next->prev = item;
	head->next = item;
}

/* Put item, which is on no list, last; on what was an item: before it. */
static inline void list_add_tail(struct list *head, struct list *item)
{
	list_add(head->prev, item);
}

/* Take item off its list, whichever that is; it is all-zero then. */
static inline void list_del(struct list *item)
{
	item->next->prev = item->prev;
	item->prev->next = item->next;
	item->next = item->prev = NULL;
}

#endif
